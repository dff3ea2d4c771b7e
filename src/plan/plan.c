/* Catalog × site -> flows; see plan.h. What is left open is collected for an instance, then said role by role. */
#include "plan/maker.h"

/* Requirements that a role leaves open because nobody fills it. */
struct open_role {
    const struct role *role;
    struct buf required; /* ids, with commas */
    struct buf others;   /* optional and recommended ones */
};

struct work {
    struct maker *maker;
    const struct instance *instance;
    const bool *active;
    struct open_role *open; /* one for each role of the catalog */
    bool *stood_in;         /* roles for which another stood in */
};

static size_t role_index(const struct catalog *catalog, struct str name)
{
    for (size_t i = 0; i < catalog->role_n; i++) {
        if (str_eq(catalog->roles[i].name, name))
            return i;
    }
    return catalog->role_n;
}

static void leave_open(struct work *work, const struct role_end *end, const struct requirement *requirement)
{
    bool required = requirement->need == NEED_REQUIRED || requirement->need == NEED_FORBIDDEN;
    size_t index = end->role == NULL ? SIZE_MAX : role_index(work->instance->catalog, end->role->name);
    struct buf *list;

    if (index >= work->instance->catalog->role_n)
        return;
    work->open[index].role = end->role;
    list = required ? &work->open[index].required : &work->open[index].others;
    buf_addf(list, "%s%.*s", list->n > 0 ? ", " : "", STR_ARG(requirement->id));
}

static void say_open(struct work *work)
{
    const struct instance *instance = work->instance;
    struct diags *diags = work->maker->diags;

    for (size_t i = 0; i < instance->catalog->role_n; i++) {
        struct open_role *open = &work->open[i];

        if (open->required.n > 0) {
            diag_error(diags, instance->span, "nobody fills the role \"%.*s\" of \"%.*s\", which leaves open: %.*s",
                       STR_ARG(open->role->name), STR_ARG(instance->name), STR_ARG(buf_str(&open->required)));
            diag_hint(diags, "bind it under `roles`, or waive it with `%.*s: none`", STR_ARG(open->role->name));
        }
        if (open->others.n > 0)
            diag_warning(diags, instance->span, "nobody fills the role \"%.*s\" of \"%.*s\"; not planned: %.*s",
                         STR_ARG(open->role->name), STR_ARG(instance->name), STR_ARG(buf_str(&open->others)));
        buf_free(&open->required);
        buf_free(&open->others);
    }
}

/* Another way of the same `any-of` has both its ends. */
static bool done_otherwise(struct work *work, const struct requirement *requirement)
{
    const struct instance *instance = work->instance;
    const struct catalog *catalog = instance->catalog;

    for (size_t i = 0; requirement->any_of.n > 0 && i < catalog->requirement_n; i++) {
        const struct requirement *other = &catalog->requirements[i];

        if (other == requirement || !work->active[i] || !str_eq(other->any_of, requirement->any_of))
            continue;
        if (role_resolve(work->maker->arena, work->maker->site, instance, other->from).kind != END_UNFILLED &&
            role_resolve(work->maker->arena, work->maker->site, instance, other->to).kind != END_UNFILLED)
            return true;
    }
    return false;
}

/* The whole requirement is refused by the site. */
static bool omitted(struct work *work, const struct requirement *requirement)
{
    struct maker *maker = work->maker;
    bool whole = false;

    for (size_t i = 0; i < maker->site->omit_n; i++) {
        const struct exception *omit = &maker->site->omit[i];
        struct str id;
        struct str name = str_cut(omit->requirement, '/', &id);

        if (omit->port_n > 0 || !str_eq(name, work->instance->name) || !str_eq(id, requirement->id) ||
            exception_expired(omit, maker->today))
            continue;
        maker->omit_used[i] = true;
        whole = true;
    }
    return whole;
}

static void note_stand_in(struct work *work, struct str role, const struct role_end *end)
{
    const struct instance *instance = work->instance;
    size_t index = role_index(instance->catalog, role);

    if (end->role == NULL || str_eq(end->role->name, role) || end->kind == END_UNFILLED || end->kind == END_WAIVED ||
        index == instance->catalog->role_n || work->stood_in[index])
        return;
    work->stood_in[index] = true;
    diag_note(work->maker->diags, instance->span,
              "nobody fills the role \"%.*s\" of \"%.*s\": all of \"%.*s\" stand in", STR_ARG(role),
              STR_ARG(instance->name), STR_ARG(end->role->name));
}

static void plan_requirement(struct work *work, const struct requirement *requirement)
{
    struct maker *maker = work->maker;
    struct role_end from;
    struct role_end to;

    if (omitted(work, requirement))
        return;
    from = role_resolve(maker->arena, maker->site, work->instance, requirement->from);
    to = role_resolve(maker->arena, maker->site, work->instance, requirement->to);
    note_stand_in(work, requirement->from, &from);
    note_stand_in(work, requirement->to, &to);
    if (from.kind == END_WAIVED || to.kind == END_WAIVED)
        return;
    if (from.kind == END_UNFILLED || to.kind == END_UNFILLED) {
        if (done_otherwise(work, requirement))
            return;
        if (from.kind == END_UNFILLED)
            leave_open(work, &from, requirement);
        if (to.kind == END_UNFILLED && to.role != (from.kind == END_UNFILLED ? from.role : NULL))
            leave_open(work, &to, requirement);
        return;
    }
    flows_of_requirement(maker, work->instance, requirement, &from, &to);
}

static void plan_instance(struct maker *maker, const struct instance *instance)
{
    const struct catalog *catalog = instance->catalog;
    struct work work = {.maker = maker, .instance = instance};

    if (catalog == NULL)
        return;
    work.active = requirements_active(maker->arena, instance);
    work.open = arena_new_array(maker->arena, struct open_role, catalog->role_n);
    work.stood_in = arena_new_array(maker->arena, bool, catalog->role_n);
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        if (work.active[i])
            plan_requirement(&work, &catalog->requirements[i]);
    }
    say_open(&work);
}

static void say_expired(struct maker *maker, const struct exception *exception, const char *what, struct str name)
{
    if (exception_expired(exception, maker->today))
        diag_warning(maker->diags, exception->span, "%s \"%.*s\" expired on %04u-%02u-%02u and counts no more", what,
                     STR_ARG(name), exception->expires / 10000, exception->expires / 100 % 100,
                     exception->expires % 100);
}

static void plan_extra(struct maker *maker)
{
    for (size_t i = 0; i < maker->site->extra_n; i++) {
        const struct exception *extra = &maker->site->extra[i];

        say_expired(maker, extra, "the extra flow", extra->id);
        if (!exception_expired(extra, maker->today))
            flows_of_exception(maker, extra, str_printf(maker->arena, "extra/%.*s", STR_ARG(extra->id)));
    }
}

static void check_exceptions(struct maker *maker)
{
    const struct site *site = maker->site;

    for (size_t i = 0; i < site->omit_n; i++) {
        const struct exception *omit = &site->omit[i];

        say_expired(maker, omit, "the omission of", omit->requirement);
        if (!exception_expired(omit, maker->today) && !maker->omit_used[i] && maker->diags->errors == 0)
            diag_warning(maker->diags, omit->span,
                         "the omission of \"%.*s\" changes nothing: it is off here, or has no such ports",
                         STR_ARG(omit->requirement));
    }
    for (size_t i = 0; i < site->accept_n; i++) {
        struct str name = str_printf(maker->arena, "%.*s > %.*s", STR_ARG(site->accept[i].from_text),
                                     STR_ARG(site->accept[i].to_text));

        say_expired(maker, &site->accept[i], "the accepted excess", name);
    }
}

struct plan *plan_make(struct arena *arena, const struct site *site, uint32_t today, struct diags *diags)
{
    struct maker maker = {.arena = arena, .site = site, .today = today, .diags = diags};
    struct plan *plan = arena_new_object(arena, struct plan);

    maker.omit_used = arena_new_array(arena, bool, site->omit_n);
    for (size_t i = 0; i < site->instance_n; i++)
        plan_instance(&maker, &site->instances[i]);
    plan_extra(&maker);
    check_exceptions(&maker);
    *plan = (struct plan){.site = site, .flows = maker.flows.v, .n = maker.flows.n};
    return plan;
}
