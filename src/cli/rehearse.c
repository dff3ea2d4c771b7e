/* portolan rehearse: the site in network namespaces of this machine, its flows and what must not pass as real packets.
 */
#include "cli/rehearsing.h"

#include "base/num.h"
#include "report/rehearse.h"
#include "system/namespace.h"

#define TIMEOUT_MS 1000
#define TIMEOUT_MAX_S 600

static struct values replaced_values;
static struct values before_values;
static struct values after_values;
static struct values firewalls;
static struct values pcap_values;
static struct values timeout_values;
static bool all;
static bool clean;

static const struct option_row options[] = {
    {"ruleset", 0, "F=FILE", "rehearse FILE in the place of firewall F's ruleset (repeatable)", &replaced_values, NULL},
    {"before", 0, "FILE", "with --after: what changes when one ruleset takes the place of another", &before_values,
     NULL},
    {"after", 0, "FILE", "the ruleset that comes after (repeatable, as --before, for IPv4 and IPv6)", &after_values,
     NULL},
    {"firewall", 0, "NAME", "whose rulesets --before and --after are, where the site has several", &firewalls, NULL},
    {"all", 0, NULL, "every host that the site names, not one of each kind", NULL, &all},
    {"pcap", 0, "FILE", "keep the packets, for tcpdump and Wireshark", &pcap_values, NULL},
    {"timeout", 0, "SECONDS", "how long a flow's answer may take (1)", &timeout_values, NULL},
    {"clean", 0, NULL, "remove what a rehearsal left behind: nothing, and it says so", NULL, &clean},
    INPUTS_LENIENT,
    {0},
};

/* --- the result --------------------------------------------------------------------------------------------------- */

static int status_of(const struct cli *cli, const struct rehearsal *rehearsal)
{
    const struct rehearsal_summary *summary = &rehearsal->summary;

    if (summary->failing + summary->neighbours_pass + summary->tests_fail + summary->disagreements > 0)
        return EXIT_FINDINGS;
    return summary->open > 0 ? EXIT_UNDETERMINED : cli_status(cli, EXIT_HOLDS);
}

static int emit(struct cli *cli, const struct rehearsal *rehearsal)
{
    struct buf out = BUF_EMPTY;

    if (str_is(cli->format, "json"))
        report_rehearse_json(&out, rehearsal);
    else if (str_is(cli->format, "csv"))
        report_rehearse_csv(&out, rehearsal);
    else if (str_is(cli->format, "markdown"))
        report_rehearse_markdown(&out, rehearsal);
    else if (str_is(cli->format, "html"))
        report_rehearse_html(&out, rehearsal);
    else if (str_is(cli->format, "junit"))
        report_rehearse_junit(&out, rehearsal);
    else
        report_rehearse_text(&out, rehearsal, cli->color_out);
    return cli_emit(cli, &out, status_of(cli, rehearsal));
}

/* --- playing ------------------------------------------------------------------------------------------------------ */

static bool play_side(struct cli *cli, const struct play *play, const struct side *side, bool keep, unsigned timeout_ms,
                      struct played *result)
{
    struct play_side with = {.rulesets = side->rulesets,
                             .texts = side->texts,
                             .provers = side->provers,
                             .proofs = side->checking.scratch,
                             .verdicts = side->checking.verdicts.v,
                             .verdict_n = side->checking.verdicts.n,
                             .pcap = keep ? cli_last(&pcap_values) : STR_EMPTY,
                             .timeout_ms = timeout_ms};

    return play_run(cli->arena, play, &with, &cli->diags, result) == 0 && cli->diags.errors == 0;
}

/* One side, or what was before and what comes after. */
static int play_sides(struct cli *cli, const struct plan *plan, const struct side *sides, size_t n, unsigned timeout_ms)
{
    const struct side *last = &sides[n - 1];
    struct witnesses packets = {0};
    struct played played[2];
    struct play_wishes wishes = {.plan = plan, .policies = last->policies, .today = cli->today, .all = all};
    struct play *play;

    for (size_t i = 0; i < n; i++)
        side_witnesses(&sides[i], cli, &packets);
    wishes.witness_n = packets.n;
    for (size_t i = 0; i < n; i++)
        side_flow_packets(&sides[i], cli, &packets);
    wishes.witnesses = packets.v;
    wishes.asked = packets.v == NULL ? NULL : packets.v + wishes.witness_n;
    wishes.asked_n = packets.n - wishes.witness_n;
    wishes.cast = sides_cast(cli, plan, sides, n, &packets, all);
    if (wishes.cast == NULL)
        return EXIT_BAD_INPUT;
    play = play_make(cli->arena, &wishes);
    for (size_t i = 0; i < n; i++) {
        if (!play_side(cli, play, &sides[i], i + 1 == n, timeout_ms, &played[i]))
            return EXIT_UNDETERMINED;
    }
    if (n == 2)
        play_compare(cli->arena, play, &played[0], &played[1]);
    played[n - 1].rehearsal.title = plan->site->name;
    return emit(cli, &played[n - 1].rehearsal);
}

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static bool read_timeout(struct cli *cli, unsigned *ms)
{
    uint64_t seconds = 0;

    *ms = TIMEOUT_MS;
    if (timeout_values.n == 0)
        return true;
    if (!num_decimal(cli_last(&timeout_values), TIMEOUT_MAX_S, &seconds) || seconds == 0) {
        diag_error(&cli->diags, SPAN_NONE, "--timeout needs a number from 1 to %d", TIMEOUT_MAX_S);
        return false;
    }
    *ms = (unsigned)seconds * 1000;
    return true;
}

/* Whose --before and --after are. */
static const struct firewall *changed_firewall(struct cli *cli, const struct site *site)
{
    if (firewalls.n > 0)
        return inputs_find_firewall(cli, site, cli_last(&firewalls));
    if (site->firewall_n == 1)
        return &site->firewalls[0];
    diag_error(&cli->diags, SPAN_NONE, "the site has %zu firewalls: say with --firewall whose rulesets these are",
               site->firewall_n);
    return NULL;
}

static bool read_replaced(struct cli *cli, const struct site *site, const struct values *files,
                          struct replaced_list *list)
{
    const struct firewall *firewall;
    bool good = true;

    vec_each (const struct str *, text, &replaced_values)
        good = replaced_read(cli, site, *text, list) && good;
    if (files == NULL)
        return good;
    firewall = changed_firewall(cli, site);
    vec_each (const struct str *, file, files) {
        if (firewall != NULL)
            replaced_add(cli, list, firewall, *file);
    }
    return good && firewall != NULL;
}

static int rehearse(struct cli *cli, const struct plan *plan, unsigned timeout_ms)
{
    const struct values *states[2] = {&before_values, &after_values};
    size_t n = before_values.n > 0 ? 2 : 1;
    struct side sides[2] = {0};
    bool good = true;
    int status;

    for (size_t i = 0; i < n && good; i++) {
        struct replaced_list list = {0};

        good =
            read_replaced(cli, plan->site, n == 2 ? states[i] : NULL, &list) && side_open(&sides[i], cli, plan, &list);
    }
    status = good ? play_sides(cli, plan, sides, n, timeout_ms) : EXIT_BAD_INPUT;
    for (size_t i = 0; i < n; i++)
        side_close(&sides[i]);
    return status;
}

/* Before anything is read, for that needs them as well. */
static bool namespaces_allowed(struct cli *cli)
{
    struct namespace made;
    int error = namespace_open(&made);

    if (error < 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot make a network namespace to build the site in: %s",
                   strerror(-error));
        diag_hint(&cli->diags, "%s", namespace_hint());
        return false;
    }
    namespace_close(&made);
    return true;
}

static int run(struct cli *cli)
{
    struct plan *plan;
    unsigned timeout_ms;

    if (clean) {
        struct buf out = BUF_EMPTY;

        buf_adds(&out, "nothing to remove: a rehearsal has no names on this machine, and ends with its process\n");
        return cli_operands(cli, 0, 1) ? cli_emit(cli, &out, EXIT_HOLDS) : EXIT_BAD_INPUT;
    }
    if ((before_values.n > 0) != (after_values.n > 0)) {
        diag_error(&cli->diags, SPAN_NONE, "--before and --after are given together");
        return EXIT_BAD_INPUT;
    }
    if (!cli_operands(cli, 1, 1) || !read_timeout(cli, &timeout_ms))
        return EXIT_BAD_INPUT;
    if (!namespaces_allowed(cli))
        return EXIT_UNDETERMINED;
    plan = inputs_plan(cli, cli->operands.v[0]);
    return plan == NULL ? EXIT_BAD_INPUT : rehearse(cli, plan, timeout_ms);
}

const struct command command_rehearse = {
    .name = "rehearse",
    .arguments = "SITE [--ruleset F=FILE]",
    .summary = "the site on this machine: real rulesets, real packets",
    .details =
        "Builds the site in network namespaces of this machine, loads its rulesets into the kernel, and sends every\n"
        "flow (with the handshake of its service, to our stand-ins) and its forbidden neighbours as real packets. "
        "Says\n"
        "what does not come through or should not have, where it died, and whether the prover says the same.\n"
        "Runs as root, or as anybody where user namespaces are allowed; nothing of this machine's network is "
        "touched.\n\n"
        "  portolan rehearse examples/three-vendors.yaml\n"
        "  portolan rehearse site.yaml --ruleset edge=tomorrow.nft --pcap tomorrow.pcap\n"
        "  portolan rehearse site.yaml --firewall edge --before edge.nft --after tomorrow.nft --format markdown\n",
    .options = options,
    .formats = "text json csv markdown html junit",
    .run = run,
};
