/* Making firewalls ready to be asked, with a site and without; see checking.h. */
#include "cli/checking.h"

static bool open_gate(struct checking *c, struct gate *gate, const struct ruleset *ruleset)
{
    if (ruleset == NULL || gate->policy == NULL)
        return false;
    gate->prover = prover_new(c->cli->arena, ruleset, gate->policy);
    return true;
}

bool checking_open_site(struct checking *c, struct cli *cli, const struct plan *plan, const struct firewall *only)
{
    const struct site *site = plan->site;

    *c = (struct checking){.cli = cli, .scratch = arena_new(), .plan = plan};
    c->gates = arena_new_array(cli->arena, struct gate, site->firewall_n);
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];
        struct gate *gate = &c->gates[c->gate_n];

        if (only != NULL && firewall != only)
            continue;
        gate->firewall = firewall;
        gate->policy = plan_policy(cli->arena, plan, firewall, cli->today, &cli->diags);
        if (open_gate(c, gate, inputs_firewall(cli, site, firewall)))
            c->gate_n++;
    }
    return cli->diags.errors == 0;
}

void checking_close(struct checking *c)
{
    arena_free(c->scratch);
    c->scratch = NULL;
}

/* --- without a site ---------------------------------------------------------------------------------------------- */

static size_t rules_at(const struct ruleset *ruleset, enum hook hook, size_t *chains)
{
    size_t rules = 0;

    *chains = 0;
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        if (ruleset->chains[i]->hook == hook) {
            rules += ruleset->chains[i]->rule_n;
            *chains += 1;
        }
    }
    return rules;
}

enum hook checking_hook(struct cli *cli, const struct ruleset *ruleset, struct str wanted)
{
    static const enum hook hooks[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};
    enum hook found = HOOK_NONE;
    enum hook only_chain = HOOK_NONE;
    size_t with_rules = 0;
    size_t with_chains = 0;

    for (size_t i = 0; i < 3; i++) {
        size_t chains;
        size_t rules = rules_at(ruleset, hooks[i], &chains);

        if (wanted.n > 0 && str_is(wanted, hook_name(hooks[i])))
            return hooks[i];
        with_rules += rules > 0;
        with_chains += chains > 0;
        found = rules > 0 ? hooks[i] : found;
        only_chain = chains > 0 ? hooks[i] : only_chain;
    }
    if (wanted.n > 0) {
        diag_error(&cli->diags, SPAN_NONE, "--hook is forward, input or output, not \"%.*s\"", STR_ARG(wanted));
        return HOOK_NONE;
    }
    if (with_rules == 1)
        return found;
    if (with_rules == 0 && with_chains == 1)
        return only_chain;
    diag_error(&cli->diags, SPAN_NONE, "%s of forward, input and output have rules: say which with --hook",
               with_rules == 0 ? "none" : "several");
    return HOOK_NONE;
}

struct hosts {
    const struct ranges *v[FAMILY_N];
};

/* The host's own addresses: --host, or what the flows say at its end. */
static bool own_addresses(struct cli *cli, const struct bare_options *options, const struct flows *flows,
                          enum hook hook, struct hosts *hosts)
{
    for (enum family family = 0; family < FAMILY_N; family++)
        hosts->v[family] = &ranges_empty;
    vec_each (const struct str *, text, &options->hosts) {
        struct addr_range addr;
        enum addr_error error = addr_range_parse(*text, &addr);

        if (error != ADDR_OK) {
            diag_error(&cli->diags, SPAN_NONE, "--host %.*s: %s", STR_ARG(*text), addr_error_text(error));
            return false;
        }
        hosts->v[addr.family] =
            ranges_union(cli->arena, hosts->v[addr.family], ranges_one(cli->arena, addr.range.lo, addr.range.hi));
    }
    for (size_t i = 0; options->hosts.n == 0 && i < flows->n; i++) {
        const struct flow *flow = flows->v[i];
        const struct ends *end = hook == HOOK_INPUT ? &flow->destination : &flow->source;

        hosts->v[flow->family] = ranges_union(cli->arena, hosts->v[flow->family], end->ranges);
    }
    return true;
}

/* INPUT destinations: the host, broadcast and multicast. */
static const struct ranges *with_groups(struct cli *cli, const struct ranges *own, enum family family)
{
    struct range v4[] = {{0xe0000000, 0xefffffff}, {0xffffffff, 0xffffffff}};
    struct range v6 = {(u128)0xff << 120, ~(u128)0};

    return ranges_union(cli->arena, own,
                        family == FAMILY_V4 ? ranges_of(cli->arena, v4, 2) : ranges_of(cli->arena, &v6, 1));
}

static void add_face(struct cli *cli, const struct hosts *hosts, const struct bare_options *options, enum hook hook,
                     struct policy *policy)
{
    struct face *face = arena_new_object(cli->arena, struct face);

    face->hook = hook;
    face->in = cli_last(&options->in);
    face->out = cli_last(&options->out);
    for (enum family family = 0; family < FAMILY_N; family++) {
        face->source[family] = hook == HOOK_OUTPUT ? hosts->v[family] : addr_all(family);
        face->destination[family] = hook == HOOK_INPUT ? with_groups(cli, hosts->v[family], family) : addr_all(family);
    }
    policy->faces = face;
    policy->face_n = 1;
}

static struct policy *policy_of(struct cli *cli, const struct flows *flows, const struct bare_options *options,
                                enum hook hook)
{
    struct policy *policy = arena_new_object(cli->arena, struct policy);
    struct permit *permits = arena_new_array(cli->arena, struct permit, flows->n);
    struct hosts hosts;

    if (!own_addresses(cli, options, flows, hook, &hosts))
        return NULL;
    policy->hooks = 1u << hook;
    policy->baseline = BASELINE_DEFAULT;
    policy->permits = permits;
    for (size_t i = 0; i < flows->n; i++) {
        const struct flow *flow = flows->v[i];

        policy->families |= FAMILY_BIT(flow->family);
        if (flow->status == FLOW_UNRESOLVED || flow->need == NEED_FORBIDDEN || (flow->subnet && hook == HOOK_FORWARD))
            continue;
        permits[policy->permit_n++] = (struct permit){.flow = flow,
                                                      .hook = hook,
                                                      .in = cli_last(&options->in),
                                                      .out = cli_last(&options->out),
                                                      .source = flow->source.ranges,
                                                      .destination = flow->destination.ranges};
    }
    add_face(cli, &hosts, options, hook, policy);
    return policy;
}

bool checking_open_ruleset(struct checking *c, struct cli *cli, const struct bare_options *options,
                           struct ruleset *ruleset, struct flows *flows)
{
    enum hook hook = HOOK_NONE;

    *c = (struct checking){.cli = cli, .scratch = arena_new()};
    if (options->flows.n > 0) {
        if (!inputs_flows(cli, cli_last(&options->flows), flows) || cli->diags.errors > 0)
            return false;
        hook = checking_hook(cli, ruleset, cli_last(&options->hooks));
        if (hook == HOOK_NONE)
            return false;
    }
    c->gates = arena_new_object(cli->arena, struct gate);
    c->gates[0].policy =
        hook == HOOK_NONE ? arena_new_object(cli->arena, struct policy) : policy_of(cli, flows, options, hook);
    if (!open_gate(c, &c->gates[0], ruleset))
        return false;
    c->gate_n = 1;
    return cli->diags.errors == 0;
}

bool checking_open_gate(struct checking *c, struct cli *cli, const struct plan *plan, const struct firewall *firewall,
                        struct ruleset *ruleset)
{
    *c = (struct checking){.cli = cli, .scratch = arena_new(), .plan = plan};
    c->gates = arena_new_object(cli->arena, struct gate);
    c->gates[0].firewall = firewall;
    c->gates[0].policy = plan_policy(cli->arena, plan, firewall, cli->today, &cli->diags);
    if (!open_gate(c, &c->gates[0], ruleset))
        return false;
    c->gate_n = 1;
    return cli->diags.errors == 0;
}

bool checking_open_bare(struct checking *c, struct cli *cli, const struct bare_options *options, struct flows *flows)
{
    struct ruleset *ruleset =
        inputs_ruleset(cli, options->rulesets.v, options->rulesets.n, cli_last(&options->dialects));

    if (ruleset != NULL && cli->diags.errors == 0)
        return checking_open_ruleset(c, cli, options, ruleset, flows);
    inputs_flows(cli, cli_last(&options->flows), flows); /* its errors at once, too */
    *c = (struct checking){.cli = cli, .scratch = arena_new()};
    return false;
}

/* Any source may come in anywhere. */
static void allow_spoofing(struct checking *c)
{
    for (size_t i = 0; i < c->gate_n; i++) {
        struct policy *policy = c->gates[i].policy;
        struct face *faces = arena_copy(c->cli->arena, policy->faces, policy->face_n * sizeof *faces);

        for (size_t k = 0; k < policy->face_n; k++) {
            for (enum family family = 0; faces[k].hook != HOOK_OUTPUT && family < FAMILY_N; family++)
                faces[k].source[family] = addr_all(family);
        }
        policy->faces = faces;
    }
}

static int run_site(struct cli *cli, const struct bare_options *bare, const struct values *firewalls,
                    checking_work *work)
{
    struct plan *plan = inputs_plan(cli, cli->operands.v[0]);
    const struct firewall *only = NULL;
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (plan == NULL)
        return EXIT_BAD_INPUT;
    if (firewalls->n > 0 && (only = inputs_find_firewall(cli, plan->site, cli_last(firewalls))) == NULL)
        return EXIT_BAD_INPUT;
    if (checking_open_site(&c, cli, plan, only)) {
        if (bare->spoofed)
            allow_spoofing(&c);
        status = work(&c, plan->flows, plan->n, only == NULL);
    }
    checking_close(&c);
    return status;
}

static int run_bare(struct cli *cli, const struct bare_options *bare, checking_work *work)
{
    struct flows flows = {0};
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (checking_open_bare(&c, cli, bare, &flows))
        status = work(&c, flows.v, flows.n, false);
    checking_close(&c);
    return status;
}

int checking_run(struct cli *cli, const struct bare_options *bare, const struct values *firewalls, checking_work *work)
{
    if (bare->flows.n == 0 && bare->rulesets.n == 0)
        return cli_operands(cli, 1, 1) ? run_site(cli, bare, firewalls, work) : EXIT_BAD_INPUT;
    if (bare->flows.n != 1 || bare->rulesets.n == 0)
        diag_error(&cli->diags, SPAN_NONE, "without a site both are needed: one --flows FILE and --ruleset FILE");
    else if (cli_operands(cli, 0, 0))
        return run_bare(cli, bare, work);
    return EXIT_BAD_INPUT;
}
