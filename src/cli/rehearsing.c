/* See rehearsing.h. */
#include "cli/rehearsing.h"

#include "rehearse/dialogue.h"
#include "system/file.h"

void replaced_add(struct cli *cli, struct replaced_list *list, const struct firewall *firewall, struct str file)
{
    struct replaced *made = NULL;
    struct str *files;

    vec_each (struct replaced *, known, list) {
        if (known->firewall == firewall)
            made = known;
    }
    if (made == NULL) {
        made = vec_push(cli->arena, list);
        made->firewall = firewall;
    }
    files = arena_new_array(cli->arena, struct str, made->file_n + 1);
    for (size_t i = 0; i < made->file_n; i++)
        files[i] = made->files[i];
    files[made->file_n++] = file;
    made->files = files;
}

bool replaced_read(struct cli *cli, const struct site *site, struct str text, struct replaced_list *list)
{
    struct str file;
    struct str name = str_cut(text, '=', &file);
    const struct firewall *firewall;

    if (name.n == 0 || file.n == 0) {
        diag_error(&cli->diags, SPAN_NONE, "--ruleset needs FIREWALL=FILE, not \"%.*s\"", STR_ARG(text));
        return false;
    }
    firewall = inputs_find_firewall(cli, site, name);
    if (firewall != NULL)
        replaced_add(cli, list, firewall, file);
    return firewall != NULL;
}

static const struct replaced *replaced_find(const struct replaced_list *list, const struct firewall *firewall)
{
    vec_each (const struct replaced *, one, list) {
        if (one->firewall == firewall)
            return one;
    }
    return NULL;
}

static bool read_firewall(struct side *side, size_t at, const struct replaced_list *replaced)
{
    struct cli *cli = side->checking.cli;
    const struct site *site = side->checking.plan->site;
    const struct firewall *firewall = &site->firewalls[at];
    const struct replaced *other = replaced_find(replaced, firewall);
    size_t n = other == NULL ? 0 : other->file_n;
    struct str *files = other == NULL ? inputs_firewall_files(cli, site, firewall, &n) : other->files;
    struct str dialect = other == NULL ? firewall->dialect : STR_EMPTY;
    const struct source **texts;

    if (files == NULL)
        return false;
    side->rulesets[at] = inputs_ruleset(cli, files, n, dialect);
    if (side->rulesets[at] == NULL)
        return false;
    texts = arena_new_array(cli->arena, const struct source *, n);
    for (size_t i = 0; i < n; i++) {
        texts[i] = file_read(cli->arena, files[i], FILE_LIMIT_RULESET, &cli->diags);
        if (texts[i] == NULL)
            return false;
    }
    side->texts[at] = (struct stage_ruleset){
        .texts = texts,
        .n = n,
        .dialect = dialect_find(side->rulesets[at]->dialect),
        .directory = str_cstr(cli->arena, file_beside(cli->arena, files[0], STR("."))),
    };
    return true;
}

static bool read_all(struct side *side, const struct replaced_list *replaced)
{
    struct cli *cli = side->checking.cli;
    const struct plan *plan = side->checking.plan;
    size_t n = plan->site->firewall_n;
    bool good = true;

    side->policies = arena_new_array(cli->arena, const struct policy *, n);
    side->rulesets = arena_new_array(cli->arena, const struct ruleset *, n);
    side->texts = arena_new_array(cli->arena, struct stage_ruleset, n);
    side->provers = arena_new_array(cli->arena, struct prover *, n);
    side->checking.gates = arena_new_array(cli->arena, struct gate, n);
    for (size_t i = 0; i < n; i++) {
        const struct firewall *firewall = &plan->site->firewalls[i];
        struct policy *policy = plan_policy(cli->arena, plan, firewall, cli->today, &cli->diags);

        side->policies[i] = policy;
        if (policy == NULL || !read_firewall(side, i, replaced)) {
            good = false;
            continue;
        }
        side->provers[i] = prover_new(cli->arena, side->rulesets[i], policy);
        side->checking.gates[side->checking.gate_n++] = (struct gate){firewall, policy, side->provers[i]};
    }
    return good && cli->diags.errors == 0;
}

bool side_open(struct side *side, struct cli *cli, const struct plan *plan, const struct replaced_list *replaced)
{
    struct checking *c = &side->checking;

    *side = (struct side){.checking = {.cli = cli, .scratch = arena_new(), .plan = plan}};
    if (!read_all(side, replaced))
        return false;
    checking_flows(c);
    checking_translated(c);
    checking_unresolved(c, plan->flows, plan->n);
    checking_gaps(c);
    checking_excess(c);
    checking_tests(c);
    return cli->diags.errors == 0;
}

void side_close(struct side *side)
{
    checking_close(&side->checking);
}

void side_witnesses(const struct side *side, struct cli *cli, struct witnesses *witnesses)
{
    vec_each (const struct finding *, finding, &side->checking.findings) {
        if (finding->kind == FINDING_EXCESS && finding->has_packet)
            *vec_push(cli->arena, witnesses) = finding->packet;
    }
    vec_each (const struct test_result *, test, &side->checking.tests) {
        if (!test->holds && test->has_packet && (test->test == NULL || !test->test->allow))
            *vec_push(cli->arena, witnesses) = test->packet;
    }
}

void side_flow_packets(const struct side *side, struct cli *cli, struct witnesses *packets)
{
    vec_each (const struct verdict *, verdict, &side->checking.verdicts) {
        if (verdict->kind != VERDICT_PERMITTED && verdict->has_packet)
            *vec_push(cli->arena, packets) =
                verdict->direction == DIRECTION_REQUEST ? verdict->packet : dialogue_opener(&verdict->packet);
    }
}

/* Chains of both as if they were of one ruleset, for the addresses that they name. */
static const struct ruleset *joined(struct cli *cli, const struct ruleset *a, const struct ruleset *b)
{
    struct ruleset *both = arena_new_object(cli->arena, struct ruleset);

    *both = *a;
    both->chains = arena_new_array(cli->arena, struct chain *, a->chain_n + b->chain_n);
    both->chain_n = 0;
    for (size_t i = 0; i < a->chain_n; i++)
        both->chains[both->chain_n++] = a->chains[i];
    for (size_t i = 0; i < b->chain_n; i++)
        both->chains[both->chain_n++] = b->chains[i];
    return both;
}

struct cast *sides_cast(struct cli *cli, const struct plan *plan, const struct side *sides, size_t n,
                        const struct witnesses *packets, bool all)
{
    const struct ruleset **rulesets = arena_new_array(cli->arena, const struct ruleset *, plan->site->firewall_n);
    struct cast_wishes wishes = {
        .plan = plan, .rulesets = rulesets, .packets = packets->v, .packet_n = packets->n, .all = all};
    struct cast *cast;

    for (size_t i = 0; i < plan->site->firewall_n; i++)
        rulesets[i] = n == 1 ? sides[0].rulesets[i] : joined(cli, sides[0].rulesets[i], sides[1].rulesets[i]);
    cast = cast_make(cli->arena, &wishes, &cli->diags);
    return cli->diags.errors > 0 ? NULL : cast;
}
