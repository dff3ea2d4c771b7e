/*
 * Of several shortest ways the stage takes the one that is asked for, there and back.
 *
 *     ways SITE FROM TO
 *
 * Builds the stage without rules for each alternative from one IPv4 address to the other, and sends a packet and its
 * answer: each must be seen at the firewalls of that alternative, and at no firewall that others take instead. Only
 * firewalls with an address can be listened at. Exit status: 0, 1, 77 as play.c.
 */
#include <unistd.h>

#include "net/proto.h"
#include "plan/router.h"
#include "scene.h"
#include "sender.h"

static const struct actor *actor_of(const struct scene *scene, const struct firewall *firewall)
{
    for (size_t i = 0; i < scene->cast->n; i++) {
        if (scene->cast->v[i]->firewall == firewall)
            return scene->cast->v[i];
    }
    return NULL;
}

static bool is_on(const struct route *route, const struct firewall *firewall)
{
    for (size_t i = 0; i < route->hop_n; i++) {
        if (route->hops[i].firewall == firewall)
            return true;
    }
    return false;
}

/* A packet that comes to its end was at every firewall of its way before. */
static size_t send_one(struct scene *scene, const struct route *route, const struct packet *packet)
{
    const struct site *site = scene->plan->site;
    const struct actor *from = cast_find(scene->cast, packet->family, packet->source);
    const struct actor *to = cast_find(scene->cast, packet->family, packet->destination);
    int *ears = arena_new_array(scene->arena, int, site->firewall_n);
    int end = overhear(scene->stage, to, packet->family);
    size_t failed = 0;

    for (size_t f = 0; f < site->firewall_n; f++) {
        const struct actor *actor = actor_of(scene, &site->firewalls[f]);

        ears[f] =
            actor == NULL || !firewall_between(actor->firewall) ? -1 : overhear(scene->stage, actor, packet->family);
    }
    if (!stage_follows(scene->stage, from, to, route) || send_opener(scene->stage, from, packet) != SENT ||
        !arrives(end, packet))
        failed++;
    for (size_t f = 0; f < site->firewall_n; f++) {
        if (ears[f] < 0)
            continue;
        if (came(ears[f], packet) != is_on(route, &site->firewalls[f])) {
            printf("alternative %u: %.*s\n", route->alternative, STR_ARG(site->firewalls[f].name));
            failed++;
        }
        close(ears[f]);
    }
    close(end);
    return failed;
}

static size_t play_way(struct scene *scene, const struct route *route, u128 from, u128 to)
{
    struct stage_wishes wishes = {.site = scene->plan->site, .cast = scene->cast, .prefer = route};
    struct packet packet = {.source = from, .destination = to, .protocol = PROTO_UDP, .source_port = 40000, .port = 9};
    struct packet answer = {.source = to, .destination = from, .protocol = PROTO_UDP, .source_port = 9, .port = 40000};
    struct routes back = {0};
    size_t failed;

    stage_close(scene->stage);
    scene->stage = NULL;
    if (stage_open(scene->arena, &wishes, &scene->diags, &scene->stage) < 0) {
        scene_say(scene);
        return 1;
    }
    failed = send_one(scene, route, &packet);
    routes_find(scene->arena, scene->plan->site, FAMILY_V4, ranges_value(scene->arena, to),
                ranges_value(scene->arena, from), false, &back);
    for (size_t i = 0; i < back.n; i++) {
        bool same = true;

        for (size_t h = 0; h < back.v[i].hop_n; h++)
            same = same && is_on(route, back.v[i].hops[h].firewall);
        if (same)
            failed += send_one(scene, &back.v[i], &answer);
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct scene_wishes wishes = {.site = argc > 1 ? argv[1] : NULL, .open = true};
    struct scene scene;
    struct routes routes = {0};
    enum family family;
    u128 from;
    u128 to;
    size_t failed = 0;
    int status;

    if (argc != 4 || !addr_parse(str_of(argv[2]), &family, &from) || !addr_parse(str_of(argv[3]), &family, &to))
        return 2;
    status = scene_open(&scene, &wishes);
    if (status != 0)
        return status;
    routes_find(scene.arena, scene.plan->site, FAMILY_V4, ranges_value(scene.arena, from),
                ranges_value(scene.arena, to), false, &routes);
    for (size_t i = 0; i < routes.n; i++)
        failed += play_way(&scene, &routes.v[i], from, to);
    printf("%zu passed, %zu failed\n", routes.n, failed);
    status = failed > 0 || routes.n < 2;
    scene_close(&scene);
    return status;
}
