/*
 * Certificates over what people have: every verdict on a site, or on flows and a ruleset, that says permitted or
 * denied throughout is checked again (evidence.h).
 *
 *     recheck SITE…                  each firewall printed in each dialect and read back, as `render` and `check` do
 *     recheck --flows FLOWS RULESET  as iptables-save prints it, at FORWARD
 *
 * Exit status: 0, 1 when a certificate is refused, 2 on bad input, 77 where a listing needs nft and there is none.
 */
#include <errno.h>

#include "catalog/builtin.h"
#include "dialect/dialect.h"
#include "evidence.h"
#include "plan/flows.h"
#include "plan/plan.h"
#include "site/site.h"
#include "system/file.h"
#include "system/nft.h"

#define TODAY 20261201
#define SHOWN 10

enum { STATUS_HOLDS = 0, STATUS_REFUSED = 1, STATUS_BROKEN = 2, STATUS_SKIPPED = 77 };

static unsigned long asked;
static unsigned long checked;
static unsigned long refused;
static unsigned long parts;

static int broken(struct diags *diags)
{
    struct buf out = BUF_EMPTY;

    diags_print(&out, diags, false);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&out)));
    buf_free(&out);
    return STATUS_BROKEN;
}

static void recheck(struct arena *scratch, const struct prover *prover, const struct permit *permit,
                    enum direction direction)
{
    struct arena_mark mark = arena_mark(scratch);
    struct certificate certificate;
    struct verdict verdict;
    const char *why = NULL;

    judge_certified(scratch, prover, permit, direction, &verdict, &certificate);
    asked++;
    if (verdict.kind == VERDICT_PERMITTED || verdict.kind == VERDICT_DENIED) {
        why = evidence_refuse(scratch, prover, permit, direction, &verdict, &certificate);
        checked++;
        parts += certificate.parts.n;
    }
    if (why != NULL && refused++ < SHOWN)
        printf("%.*s, %s, %s: %s\n", STR_ARG(permit->flow->id), verdict_name(verdict.kind), direction_name(direction),
               why);
    arena_release(scratch, mark);
}

static void recheck_policy(struct arena *arena, const struct ruleset *ruleset, const struct policy *policy)
{
    const struct prover *prover = prover_new(arena, ruleset, policy);
    struct arena *scratch = arena_new();

    for (size_t i = 0; i < policy->permit_n; i++) {
        recheck(scratch, prover, &policy->permits[i], DIRECTION_REQUEST);
        recheck(scratch, prover, &policy->permits[i], DIRECTION_REPLY);
    }
    arena_free(scratch);
}

static int read_back(struct arena *arena, const struct dialect *dialect, struct dialect_output *files, size_t n,
                     struct ruleset **ruleset, struct diags *diags)
{
    struct dialect_input inputs[DIALECT_OUTPUTS_MAX];

    for (size_t i = 0; i < n; i++) {
        struct str text = buf_str(&files[i].text);
        struct source *listing = NULL;

        inputs[i] = (struct dialect_input){.text = source_new(arena, files[i].suffix, text)};
        if (dialect->needs_listing(text)) {
            int error = nft_list(arena, inputs[i].text, NULL, false, &listing, diags);

            if (error == -EINVAL)
                return broken(diags);
            if (error < 0)
                return STATUS_SKIPPED;
        }
        inputs[i].listing = listing;
    }
    *ruleset = dialect->read(arena, inputs, n, diags);
    return *ruleset == NULL || diags->errors > 0 ? broken(diags) : STATUS_HOLDS;
}

static int recheck_firewall(struct arena *arena, const struct plan *plan, const struct firewall *firewall,
                            const struct dialect *dialect, struct diags *diags)
{
    const struct policy *policy = plan_policy(arena, plan, firewall, TODAY, diags);
    struct dialect_output files[DIALECT_OUTPUTS_MAX];
    struct ruleset *ruleset = NULL;
    size_t n;
    int status;

    if (!dialect->print(policy, files, &n, diags))
        return broken(diags);
    status = read_back(arena, dialect, files, n, &ruleset, diags);
    if (status == STATUS_HOLDS)
        recheck_policy(arena, ruleset, policy);
    for (size_t i = 0; i < n; i++)
        buf_free(&files[i].text);
    return status;
}

static bool no_files(void *context, struct str path, const struct source **source, int *error)
{
    (void)context;
    (void)path;
    *source = NULL;
    *error = ENOENT;
    return false;
}

static int recheck_site(struct arena *arena, const char *path)
{
    struct site_files files = {.open = no_files};
    const struct dialect *const *dialects;
    const struct source *source;
    struct site *site = NULL;
    struct plan *plan = NULL;
    struct diags diags;
    size_t dialect_n;
    int worst = STATUS_HOLDS;

    diags_init(&diags, arena);
    source = file_read(arena, str_of(path), FILE_LIMIT_TEXT, &diags);
    if (source != NULL)
        site = site_read(arena, source, catalogs_load(arena, NULL, 0, &diags), &files, &diags);
    if (site != NULL)
        plan = plan_make(arena, site, TODAY, &diags);
    if (plan == NULL || diags.errors > 0)
        return broken(&diags);
    dialects = dialect_all(&dialect_n);
    for (size_t i = 0; i < site->firewall_n; i++) {
        for (size_t d = 0; d < dialect_n; d++) {
            int status = recheck_firewall(arena, plan, &site->firewalls[i], dialects[d], &diags);

            worst = status > worst ? status : worst;
        }
    }
    return worst;
}

static int recheck_flows(struct arena *arena, const char *flows_path, const char *ruleset_path)
{
    struct policy policy = {.firewall = STR("fw"), .hooks = 1u << HOOK_FORWARD, .families = FAMILY_BOTH};
    struct flows flows = {0};
    struct diags diags;
    const struct source *text;
    struct dialect_input input;
    struct ruleset *ruleset;
    struct permit *permits;

    diags_init(&diags, arena);
    text = file_read(arena, str_of(flows_path), FILE_LIMIT_TEXT, &diags);
    input = (struct dialect_input){.text = file_read(arena, str_of(ruleset_path), FILE_LIMIT_TEXT, &diags)};
    if (text == NULL || input.text == NULL || !flows_read(arena, text, &diags, &flows))
        return broken(&diags);
    ruleset = dialect_find(STR("iptables"))->read(arena, &input, 1, &diags);
    if (ruleset == NULL || diags.errors > 0)
        return broken(&diags);
    permits = arena_new_array(arena, struct permit, flows.n);
    for (size_t i = 0; i < flows.n; i++)
        permits[i] = (struct permit){.flow = flows.v[i],
                                     .hook = HOOK_FORWARD,
                                     .source = flows.v[i]->source.ranges,
                                     .destination = flows.v[i]->destination.ranges};
    policy.permits = permits;
    policy.permit_n = flows.n;
    recheck_policy(arena, ruleset, &policy);
    return STATUS_HOLDS;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    bool bare = argc == 4 && str_is(str_of(argv[1]), "--flows");
    int worst = argc < 2 ? STATUS_BROKEN : STATUS_HOLDS;

    if (bare)
        worst = recheck_flows(arena, argv[2], argv[3]);
    for (int i = 1; i < argc && !bare; i++) {
        int status = recheck_site(arena, argv[i]);

        worst = status > worst ? status : worst;
    }
    arena_free(arena);
    printf("%lu verdicts, %lu certificates of %lu parts\n%lu passed, %lu failed\n", asked, checked, parts,
           checked - refused, refused);
    if (worst == STATUS_SKIPPED)
        printf("SKIP: nft, or a namespace for it, is not there: rulesets of nftables were not looked at\n");
    return refused > 0 ? STATUS_REFUSED : worst;
}
