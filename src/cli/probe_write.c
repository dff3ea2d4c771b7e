/*
 * --write: the ports that rpcbind named, as parameters in the site file; see probing.h. All of them or none. What is
 * written was planned before, and its plan is the old one but for ports of these instances.
 */
#include "cli/inputs.h"
#include "cli/probing.h"
#include "site/site.h"
#include "system/file.h"

struct pinned VEC(struct site_pin);

static const struct site_pin *pin_of(const struct pinned *pins, const struct probe_port *port)
{
    vec_each (const struct site_pin *, pin, pins) {
        if (str_eq(pin->instance, port->instance) && str_eq(pin->parameter, port->parameter))
            return pin;
    }
    return NULL;
}

/* One value for each parameter; two servers, or TCP and UDP, at different ports are an error. */
static void collect(struct probing *probing, struct pinned *pins)
{
    struct cli *cli = probing->cli;

    vec_each (const struct probe_port *, port, &probing->ports) {
        const struct site_pin *known = pin_of(pins, port);
        struct str value = str_printf(cli->arena, "%u", port->port);

        if (port->parameter.n == 0)
            diag_warning(&cli->diags, SPAN_NONE, "no parameter of \"%.*s\" says where %.*s is: port %u is not written",
                         STR_ARG(port->instance), STR_ARG(port->service), port->port);
        else if (known == NULL)
            *vec_push(cli->arena, pins) =
                (struct site_pin){.instance = port->instance, .parameter = port->parameter, .value = value};
        else if (!str_eq(known->value, value))
            diag_error(&cli->diags, SPAN_NONE,
                       "%.*s of \"%.*s\" would be %.*s and %.*s (%.*s): one parameter cannot say both",
                       STR_ARG(port->parameter), STR_ARG(port->instance), STR_ARG(known->value), STR_ARG(value),
                       STR_ARG(port->target));
    }
}

static bool of_pinned(const struct pinned *pins, const struct changed_flow *changed)
{
    bool ours = false;

    vec_each (const struct site_pin *, pin, pins)
        ours = ours || str_eq(pin->instance, changed->new->instance);
    for (enum change_field field = 0; field < CHANGE_FIELD_N; field++) {
        if (field != CHANGE_PORTS && field != CHANGE_STATUS)
            ours = ours && changed->fields[field].added_n + changed->fields[field].removed_n == 0;
    }
    return ours;
}

/* Plans the new text as the old one was, and holds the two plans against each other. */
static bool planned_again(struct probing *probing, const struct source *source, const struct pinned *pins)
{
    struct cli *cli = probing->cli;
    struct cli again = *cli; /* what is said of the plan was said */
    const struct plan *plan;
    const struct change *change;
    bool same;

    diags_init(&again.diags, cli->arena);
    plan = inputs_plan_of(&again, source);
    if (plan == NULL) {
        diags_append(&cli->diags, &again.diags);
        diag_error(&cli->diags, SPAN_NONE, "with these ports the site has no plan");
        return false;
    }
    change = plan_change(cli->arena, probing->plan, plan);
    same = change->open_n == 0 && change->close_n == 0;
    for (size_t i = 0; i < change->changed_n; i++)
        same = same && of_pinned(pins, &change->changed[i]);
    if (!same)
        diag_error(&cli->diags, SPAN_NONE, "with these ports the plan would change in more than them");
    return same;
}

static void say(struct probing *probing, const struct pinned *pins)
{
    struct diags *diags = &probing->cli->diags;

    vec_each (const struct site_pin *, pin, pins) {
        if (pin->before.n == 0)
            diag_note(diags, pin->span, "%.*s of \"%.*s\" is %.*s now, and was not set", STR_ARG(pin->parameter),
                      STR_ARG(pin->instance), STR_ARG(pin->value));
        else if (!str_eq(pin->before, pin->value))
            diag_note(diags, pin->span, "%.*s of \"%.*s\" is %.*s now, and was %.*s", STR_ARG(pin->parameter),
                      STR_ARG(pin->instance), STR_ARG(pin->value), STR_ARG(pin->before));
    }
}

static bool write_ports(struct probing *probing, const struct source *before)
{
    struct cli *cli = probing->cli;
    size_t errors = cli->diags.errors;
    const struct source *after;
    struct pinned pins = {0};

    collect(probing, &pins);
    if (cli->diags.errors > errors)
        return false;
    after = site_pinned(cli->arena, before, pins.v, pins.n, &cli->diags);
    if (after == NULL ||
        (after != before && (!planned_again(probing, after, &pins) || !file_replace(before, after->text, &cli->diags))))
        return false;
    if (after == before)
        diag_note(&cli->diags, SPAN_NONE, "%.*s stays as it is: there is no port to write", STR_ARG(before->name));
    say(probing, &pins);
    return true;
}

bool probing_write(struct probing *probing)
{
    const struct source *site = probing->plan->site->source;
    struct diags *diags = &probing->cli->diags;

    if (probing->interrupted) {
        diag_warning(diags, SPAN_NONE, "nothing is written to %.*s: not all was asked", STR_ARG(site->name));
        return true;
    }
    if (write_ports(probing, site))
        return true;
    diag_note(diags, SPAN_NONE, "nothing is written to %.*s", STR_ARG(site->name));
    return false;
}
