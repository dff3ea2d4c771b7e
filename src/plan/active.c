/* Which requirements of a product are on in an instance: by feature, and unless one that is on replaces them. */
#include "plan/maker.h"

#include "catalog/when.h"

enum { UNDECIDED, DECIDING, OFF, ON };

struct decision {
    const struct catalog *catalog;
    const bool *wanted; /* the condition holds */
    unsigned char *state;
};

static bool replaces(const struct requirement *requirement, struct str id)
{
    for (size_t i = 0; i < requirement->replaces_n; i++) {
        if (str_eq(requirement->replaces[i], id))
            return true;
    }
    return false;
}

/* Two that replace each other are both on: neither is certain to do for the other. */
static bool decide(struct decision *decision, size_t index)
{
    const struct catalog *catalog = decision->catalog;
    bool on = decision->wanted[index];

    if (decision->state[index] == DECIDING)
        return false;
    if (decision->state[index] != UNDECIDED)
        return decision->state[index] == ON;
    decision->state[index] = DECIDING;
    for (size_t i = 0; on && i < catalog->requirement_n; i++) {
        if (i != index && decision->wanted[i] && replaces(&catalog->requirements[i], catalog->requirements[index].id) &&
            decide(decision, i))
            on = false;
    }
    decision->state[index] = on ? ON : OFF;
    return on;
}

bool *requirements_active(struct arena *arena, const struct instance *instance)
{
    const struct catalog *catalog = instance->catalog;
    bool *active = arena_new_array(arena, bool, catalog->requirement_n);
    bool *wanted = arena_new_array(arena, bool, catalog->requirement_n);
    struct decision decision = {
        .catalog = catalog,
        .wanted = wanted,
        .state = arena_new_array(arena, unsigned char, catalog->requirement_n),
    };

    for (size_t i = 0; i < catalog->requirement_n; i++)
        wanted[i] = when_holds(catalog->requirements[i].when, &instance->features);
    for (size_t i = 0; i < catalog->requirement_n; i++)
        active[i] = decide(&decision, i);
    return active;
}
