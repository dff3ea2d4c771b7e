/* A site with a ruleset for each of its firewalls, on the stage: what the tests of rehearsals begin with. */
#ifndef PORTOLAN_TESTS_SCENE_H
#define PORTOLAN_TESTS_SCENE_H

#include "rehearse/stage.h"

#define SCENE_TODAY 20261201

struct scene {
    struct arena *arena;
    struct diags diags;
    struct plan *plan;
    struct policy **policies; /* by firewall of the site */
    struct ruleset **rulesets;
    struct stage_ruleset *texts;
    struct cast *cast;
    struct stage *stage;
};

/*
 * Reads a site and prints what each firewall should run, in `dialect` or (NULL) in the site's own, reads it back, casts
 * and builds. With `ruleset` it is the ruleset of the first firewall; with `open` no firewall gets one. Exit status: 0,
 * 1 with what is wrong on standard error, or 77 with the reason printed where the machine allows no namespaces.
 */
struct scene_wishes {
    const char *site;
    const char *dialect;
    const char *ruleset;
    bool open;
    bool unread; /* the rulesets are not read back: printed and loaded alone */
};

int scene_open(struct scene *scene, const struct scene_wishes *wishes);
void scene_say(struct scene *scene);
void scene_close(struct scene *scene);

#endif
