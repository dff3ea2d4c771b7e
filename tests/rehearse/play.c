/*
 * A site on the stage, with what `render` prints on its firewalls: between actors of every flow real sockets talk there
 * and back, and every packet that must not pass dies, at a firewall and by a rule that has a name.
 *
 *     play [--open] [--dialect D] [--ruleset FILE] SITE
 *
 * With --open the firewalls have no rules: then every packet that must not pass comes to its other end, and none dies.
 * It shows that the stage itself stops nothing, and that what is seen to die dies of the rules.
 * Exit status: 0, 1 with what does not hold, 77 with the reason where the machine allows no namespaces.
 */
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include "net/proto.h"
#include "plan/router.h"
#include "rehearse/fate.h"
#include "rehearse/neighbours.h"
#include "scene.h"
#include "sender.h"

#define PAIRS 4     /* actors of one end of a flow that talk */
#define QUIET_MS 50 /* nothing more is told about packets */
#define SHOWN 10

struct tally {
    size_t passed;
    size_t failed;
};

static void show(const char *what, struct str about, const struct packet *packet, struct tally *tally)
{
    struct buf text = BUF_EMPTY;

    if (tally->failed++ < SHOWN) {
        packet_format(&text, packet);
        printf("%s: %.*s: %.*s\n", what, STR_ARG(about), STR_ARG(buf_str(&text)));
    }
    buf_free(&text);
}

static bool talks(const struct flow *flow)
{
    return flow->need != NEED_FORBIDDEN && flow->status == FLOW_RESOLVED && flow->ports != NULL &&
           (flow->transport == PROTO_TCP || flow->transport == PROTO_UDP) && !flow->subnet && !flow->no_reply;
}

static void play_pair(struct scene *scene, const struct flow *flow, const struct cast_entry *from,
                      const struct cast_entry *to, struct tally *tally)
{
    struct packet packet = {
        .family = flow->family,
        .source = from->address,
        .destination = to->address,
        .protocol = (uint8_t)flow->transport,
        .port = (uint16_t)flow->ports->v[flow->ports->n - 1].hi,
        .source_port = flow->source_ports == NULL ? 0 : (uint16_t)flow->source_ports->v[0].lo,
    };

    if (from->actor == to->actor ||
        (from->actor->firewall == NULL && to->actor->firewall == NULL && from->actor->zone == to->actor->zone))
        return; /* no ruleset between them */
    if (talk(scene->stage, from->actor, to->actor, &packet))
        tally->passed++;
    else
        show("does not pass", flow->id, &packet, tally);
}

static void play_flow(struct scene *scene, const struct flow *flow, struct tally *tally)
{
    for (size_t a = 0; a < flow->source.ranges->n && a < PAIRS; a++) {
        const struct cast_entry *from;
        size_t from_n = cast_within(scene->cast, flow->family, flow->source.ranges->v[a], &from);

        for (size_t b = 0; b < flow->destination.ranges->n && b < PAIRS; b++) {
            const struct cast_entry *to;
            size_t to_n = cast_within(scene->cast, flow->family, flow->destination.ranges->v[b], &to);

            if (from_n == 0 || to_n == 0) {
                printf("nobody plays %.*s\n", STR_ARG(flow->id));
                tally->failed++;
                continue;
            }
            play_pair(scene, flow, &from[0], &to[to_n - 1], tally);
            play_pair(scene, flow, &from[from_n - 1], &to[0], tally);
        }
    }
}

/* What the kernel has to tell about packets that were sent. */
static void settle(struct fates *fates)
{
    struct pollfd one = {fates_fd(fates), POLLIN, 0};

    while (poll(&one, 1, QUIET_MS) > 0)
        fates_read(fates);
}

/* Where packets arrive: a socket for each host in its zone, and for the others of the zone together. */
struct ears {
    struct VEC(struct ear {
        const struct actor *actor;
        enum family family;
        int fd;
    }) open;
};

static int ear_of(struct scene *scene, struct ears *ears, const struct actor *actor, enum family family)
{
    struct ear *ear;

    vec_each (struct ear *, known, &ears->open) {
        if (known->actor->zone == actor->zone && known->actor->firewall == actor->firewall && known->family == family)
            return known->fd;
    }
    ear = vec_push(scene->arena, &ears->open);
    *ear = (struct ear){actor, family, overhear(scene->stage, actor, family)};
    return ear->fd;
}

static void send_neighbour(struct scene *scene, const struct neighbour *neighbour, struct ears *ears,
                           struct tally *tally)
{
    const struct packet *packet = &neighbour->packet;
    int ear = ears == NULL ? -1 : ear_of(scene, ears, neighbour->to, packet->family);

    if (send_opener(scene->stage, neighbour->from, packet) == SENT_NOTHING)
        show("cannot be sent", neighbour->why, packet, tally);
    else if (ears != NULL && !arrives(ear, packet))
        show("does not arrive", neighbour->why, packet, tally);
}

static void judge_neighbour(struct fates *fates, const struct neighbour *neighbour, bool open, struct tally *tally)
{
    struct fate fate;

    if (!fates_find(fates, &neighbour->packet, &fate))
        show("is not seen", neighbour->why, &neighbour->packet, tally);
    else if (fate.stopped == open)
        show(open ? "dies" : "passes", neighbour->why, &neighbour->packet, tally);
    else if (fate.stopped && (!fate.rule.present || fate.rule.text.n == 0))
        show("dies without a name", neighbour->why, &neighbour->packet, tally);
    else
        tally->passed++;
}

static void play_neighbours(struct scene *scene, struct fates *fates, bool open, struct tally *tally)
{
    struct neighbours_wishes wishes = {
        .plan = scene->plan,
        .cast = scene->cast,
        .policies = (const struct policy *const *)scene->policies,
        .today = SCENE_TODAY,
    };
    const struct neighbours *neighbours = neighbours_find(scene->arena, &wishes);
    size_t kinds[NEIGHBOUR_N] = {0};
    struct ears ears = {0};

    vec_each (const struct neighbour *, neighbour, neighbours) {
        kinds[neighbour->kind]++;
        send_neighbour(scene, neighbour, open ? &ears : NULL, tally);
        if ((neighbour - neighbours->v) % 64 != 63)
            continue;
        fates_read(fates);
        vec_each (struct ear *, ear, &ears.open)
            pass_over(ear->fd);
    }
    settle(fates);
    vec_each (struct ear *, ear, &ears.open)
        close(ear->fd);
    vec_each (const struct neighbour *, neighbour, neighbours)
        judge_neighbour(fates, neighbour, open, tally);
    for (unsigned kind = 0; kind < NEIGHBOUR_N; kind++)
        printf("%s%s %zu", kind == 0 ? "neighbours: " : ", ", neighbour_name((enum neighbour_kind)kind), kinds[kind]);
    printf("\n");
}

/* Names of the interfaces that the machine has, one behind the other; where it is told is the process's own network. */
static struct str interfaces_here(struct arena *arena)
{
    struct if_nameindex *list = if_nameindex();
    struct str names = STR_EMPTY;

    for (size_t i = 0; list != NULL && list[i].if_name != NULL; i++)
        names = str_printf(arena, "%.*s %u:%s", STR_ARG(names), list[i].if_index, list[i].if_name);
    if_freenameindex(list);
    return names;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct str before = interfaces_here(arena);
    struct scene_wishes wishes = {0};
    struct scene scene;
    struct fates *fates;
    struct tally flows = {0};
    struct tally neighbours = {0};
    int status;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--open") == 0)
            wishes.open = true;
        else if (strcmp(argv[i], "--dialect") == 0 && i + 1 < argc)
            wishes.dialect = argv[++i];
        else if (strcmp(argv[i], "--ruleset") == 0 && i + 1 < argc)
            wishes.ruleset = argv[++i];
        else
            wishes.site = argv[i];
    }
    status = scene_open(&scene, &wishes);
    if (status != 0)
        return status;
    if (fates_open(scene.arena, scene.stage, (const struct ruleset *const *)scene.rulesets, &scene.diags, &fates) < 0) {
        scene_say(&scene);
        return 1;
    }
    for (size_t i = 0; i < scene.plan->n; i++) {
        if (talks(scene.plan->flows[i]))
            play_flow(&scene, scene.plan->flows[i], &flows);
    }
    fates_forget(fates);
    settle(fates);
    fates_forget(fates);
    play_neighbours(&scene, fates, wishes.open, &neighbours);
    /* An ordinary user's process is in another network by now. */
    if (geteuid() == 0 && !str_eq(before, interfaces_here(arena)) && !str_is(interfaces_here(arena), " 1:lo")) {
        printf("the network of the machine is not what it was\n");
        flows.failed++;
    }
    printf("flows: %zu talk, %zu do not; neighbours: %zu %s, %zu do not\n", flows.passed, flows.failed,
           neighbours.passed, wishes.open ? "arrive" : "die", neighbours.failed);
    printf("%zu passed, %zu failed\n", flows.passed + neighbours.passed, flows.failed + neighbours.failed);
    status = flows.failed + neighbours.failed > 0 || flows.passed == 0 || neighbours.passed == 0;
    fates_close(fates);
    scene_close(&scene);
    arena_free(arena);
    return status;
}
