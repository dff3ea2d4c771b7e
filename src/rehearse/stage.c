/* The stage as others see it; see stage.h. What it is made of: places.c, wiring.c, load.c. */
#include "rehearse/stage.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rehearse/build.h"
#include "system/conntrack.h"

static int say_no_namespaces(int error, struct diags *diags)
{
    diag_error(diags, SPAN_NONE, "cannot make a network namespace to build the site in: %s", strerror(-error));
    diag_hint(diags, "%s", namespace_hint());
    return error;
}

/* A machine may have no IPv6; then nothing of it can be rehearsed, and that is said. */
static unsigned families_here(const struct cast *cast, struct diags *diags)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        close(fd);
        return FAMILY_BOTH;
    }
    if (cast->entry_n[FAMILY_V6] > 0)
        diag_error(diags, SPAN_NONE, "this machine has no IPv6, and the site has: no flow of it can be rehearsed");
    return FAMILY_BIT(FAMILY_V4);
}

int stage_open(struct arena *arena, const struct stage_wishes *wishes, struct diags *diags, struct stage **opened)
{
    struct stage *stage = arena_new_object(arena, struct stage);
    int error = namespace_settle();

    *stage = (struct stage){
        .arena = arena,
        .site = wishes->site,
        .cast = wishes->cast,
        .ways = ways_make(arena, wishes->site, wishes->prefer),
        .families = families_here(wishes->cast, diags),
        .home = {-1, -1},
        .wires = {-1, -1},
    };
    build_places(stage, diags);
    if (error == 0)
        error = namespace_here(&stage->home);
    if (error < 0)
        return say_no_namespaces(error, diags);
    error = build_network(stage, diags);
    if (error < 0) {
        stage_close(stage);
        return error;
    }
    for (size_t i = 0; wishes->rulesets != NULL && i < wishes->site->firewall_n; i++) {
        struct place *place = &stage->firewalls[i];

        if (place->net.net >= 0)
            place->loaded = build_ruleset(place, &wishes->rulesets[i], diags);
    }
    *opened = stage;
    return 0;
}

void stage_close(struct stage *stage)
{
    if (stage == NULL)
        return;
    for (size_t i = 0; i < stage->crowd_n; i++)
        namespace_close(&stage->crowds[i].net);
    for (size_t i = 0; i < stage->site->firewall_n; i++)
        namespace_close(&stage->firewalls[i].net);
    namespace_close(&stage->wires);
    namespace_close(&stage->home);
}

int stage_reload(struct stage *stage, const struct firewall *firewall, const struct stage_ruleset *ruleset,
                 struct diags *diags)
{
    struct place *place = &stage->firewalls[firewall - stage->site->firewalls];
    int error;

    if (place->net.net < 0)
        return 0;
    place->loaded = build_nothing(place, diags) && build_ruleset(place, ruleset, diags);
    if (!place->loaded)
        return -EINVAL;
    error = conntrack_forget(&place->net, &stage->home);
    if (error < 0)
        diag_error(diags, firewall->span, "firewall \"%.*s\" does not forget its connections: %s",
                   STR_ARG(firewall->name), strerror(-error));
    return error;
}

bool stage_has(const struct stage *stage, enum family family)
{
    return (stage->families & FAMILY_BIT(family)) != 0;
}

struct place *stage_place(struct stage *stage, const struct actor *actor)
{
    if (actor->firewall != NULL)
        return &stage->firewalls[actor->firewall - stage->site->firewalls];
    return &stage->crowds[actor->zone == NULL ? 0 : (size_t)(actor->zone - stage->site->zones)];
}

int stage_socket(struct stage *stage, const struct actor *actor, int family, int type, int protocol)
{
    struct place *place = stage_place(stage, actor);
    int error;
    int fd;

    if (place->net.net < 0)
        return -EADDRNOTAVAIL;
    error = namespace_enter(&place->net);
    if (error < 0)
        return error;
    fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0)
        fd = -errno;
    error = namespace_enter(&stage->home);
    if (error < 0 && fd >= 0)
        close(fd);
    return error < 0 ? error : fd;
}

const struct namespace *stage_namespace(const struct stage *stage, const struct firewall *firewall)
{
    const struct place *place = &stage->firewalls[firewall - stage->site->firewalls];

    return place->net.net < 0 ? NULL : &place->net;
}

bool stage_loaded(const struct stage *stage, const struct firewall *firewall)
{
    return stage->firewalls[firewall - stage->site->firewalls].loaded;
}

/* A firewall that is an end lies at its own node, any other in its zone. */
static size_t node_of(const struct stage *stage, const struct actor *actor)
{
    return actor->zone == NULL ? firewall_node(stage->site, actor->firewall) : zone_node(stage->site, actor->zone);
}

bool stage_follows(struct stage *stage, const struct actor *from, const struct actor *to, const struct route *route)
{
    if (stage->site->zone_n == 0)
        return true;
    return ways_follow(stage->ways, node_of(stage, from), node_of(stage, to), route);
}
