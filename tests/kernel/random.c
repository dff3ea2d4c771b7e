/*
 * The kernel as judge of random rulesets: what the program says of a packet and what Linux does with it.
 *
 *     kernel_random [--no-ruleset] nftables|iptables|iptables-legacy [PACKETS [SEED [RULES [SETS]]]]
 *
 * Rulesets over the whole modelled language (compose.h), packets at the edges of their rules (aim.h), answers of the
 * naive evaluation and of the prover (answer.h), and the kernel in a namespace (engine.h): whether a packet passes,
 * where it comes out, and with which ends. iptables is judged twice, by the two machines that the kernel has for it.
 * A packet on which the answer hangs on something unknown is counted as undetermined and proves nothing.
 *
 * A disagreement is shown with the least ruleset that still has it, and with its seed: `kernel_random MODE 1 SEED` has
 * the same ruleset again. With --no-ruleset the kernel gets none, and must be seen to disagree.
 *
 * With a file of RULES (and one of ipset's SETS) each ruleset is that one, under other packets; interfaces of other
 * names than the world has (compose.h) are not met. It is for IPv6 where its name says so, as everywhere.
 *
 * Exit status: 0, 1 on a disagreement, 77 with the reason in the last line where the machine does not allow it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "bench.h"
#include "system/file.h"

#define OPENERS 400 /* packets that open connections, for each ruleset */
#define EPOCH 16    /* rulesets in one namespace: what conntrack needs stays in it */
#define SHOWN 3
#define SURE_SHARE 0.9

static const struct mode modes[] = {
    {"nftables", "nftables", {NULL, NULL}},
    {"iptables", "iptables", {"iptables-nft-restore", "ip6tables-nft-restore"}},
    {"iptables-legacy", "iptables", {"iptables-legacy-restore", "ip6tables-legacy-restore"}},
};

/* Instead of random rulesets; none: both NULL. */
struct files {
    const char *rules;
    const char *sets;
};

struct tally {
    uint64_t rulesets;
    uint64_t refused; /* by the dialect's own program */
    uint64_t packets;
    uint64_t passed;
    uint64_t written;
    uint64_t undetermined;
    uint64_t wrong;
    uint64_t by_hook[HOOK_N];
    uint64_t by_family[FAMILY_N];
    uint64_t by_state[STATE_N];
    uint64_t fragments;
};

static bool writes_source_ports(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            const struct rule *rule = &ruleset->chains[i]->rules[k];

            if (rule->action == ACTION_SNAT && (rule->rewrite->has_ports || rule->rewrite->any_port))
                return true;
        }
    }
    return false;
}

/*
 * Leaves out those whose source port NAT may write, but for one of each protocol and port: of two with the same ends on
 * the far side the kernel lets one through.
 */
static void leave_out_clashes(struct bench *bench, struct shots *shots, struct map *used)
{
    size_t n = 0;

    for (size_t i = 0; i < shots->n && writes_source_ports(bench->answerer.ruleset); i++) {
        struct answer answer = answerer_ask(&bench->answerer, &shots->v[i]);
        const struct packet *after = &answer.after.packet;
        struct str key;

        if (answer.after.written) {
            key = str_printf(bench->arena, "clash %u %u %u", after->family, after->protocol, after->port);
            if (map_set(bench->arena, used, key, bench) != NULL)
                continue;
        }
        shots->v[n++] = shots->v[i];
    }
    shots->n = n > 0 ? n : shots->n;
}

/* --- a ruleset of a file ------------------------------------------------------------------------------------------ */

static bool read_lines(struct arena *arena, const char *path, struct lines *lines)
{
    struct diags diags;
    const struct source *source;
    struct str rest;

    diags_init(&diags, arena);
    source = file_read(arena, str_of(path), FILE_LIMIT_RULESET, &diags);
    if (source == NULL)
        return false;
    rest = source->text;
    while (rest.n > 0)
        *vec_push(arena, lines) = str_cut(rest, '\n', &rest);
    return true;
}

/* Whether anything in it lets the kernel follow connections. */
static bool has_tracking(struct str rules)
{
    static const char *const words[] = {"state",  "ct ",      "*nat",      "-j CT",  "nat",   "masquerade",
                                        "helper", "redirect", "connlimit", "socket", "TPROXY"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_contains(rules, words[i]))
            return true;
    }
    return false;
}

/* What is in the files, composed. False: they cannot be read. */
static bool read_composed(struct bench *bench, const struct files *files)
{
    struct composed *composed = &bench->composed;

    *composed = (struct composed){.family = strstr(files->rules, "v6") != NULL ? FAMILY_V6 : FAMILY_V4};
    if (!read_lines(bench->arena, files->rules, &composed->rules) ||
        (files->sets != NULL && !read_lines(bench->arena, files->sets, &composed->sets)))
        return false;
    composed->tracks = has_tracking(bench_text(bench->arena, &composed->rules, NULL));
    return true;
}

/* --- one ruleset -------------------------------------------------------------------------------------------------- */

static void count(struct tally *tally, const struct shot *shot, const struct answer *answer, enum judgement judgement)
{
    const struct packet *packet = &shot->probe.packet;

    tally->packets++;
    tally->passed += shot->probe.passed;
    tally->written += answer->after.written;
    tally->undetermined += judgement == UNDETERMINED;
    tally->wrong += judgement == DISAGREES;
    tally->by_hook[shot->probe.hook]++;
    tally->by_family[packet->family]++;
    tally->by_state[packet->state]++;
    tally->fragments += packet->fragment != FRAGMENT_NONE;
}

/* Judges the shots from `first` on. Of those that disagree the first is shown, when the ruleset is done. */
static bool judge(struct bench *bench, struct shots *shots, size_t first, struct tally *tally, size_t *wrong,
                  struct answer *wrong_answer)
{
    struct answer *answers = arena_new_array(bench->arena, struct answer, shots->n - first);

    for (size_t i = first; i < shots->n; i++)
        answers[i - first] = bench_prepare(bench, &shots->v[i], i);
    if (!bench_fire(bench, shots, first, answers))
        return false;
    for (size_t i = first; i < shots->n; i++) {
        enum judgement judgement = answerer_judge(&bench->answerer, &shots->v[i], &answers[i - first]);

        count(tally, &shots->v[i], &answers[i - first], judgement);
        if (judgement == DISAGREES && *wrong == SIZE_MAX) {
            *wrong = i;
            *wrong_answer = answers[i - first];
        }
    }
    return true;
}

static int judge_ruleset(struct bench *bench, const struct files *files, struct tally *tally)
{
    struct draw draw = draw_from(bench->seed);
    bool tracks = bench->seed / EPOCH % 3 != 0;
    struct aim aim = {.arena = bench->arena, .draw = &draw, .peeks = bench->peeks, .next_port = 1024};
    struct shots shots = {0};
    struct answer wrong_answer;
    size_t wrong = SIZE_MAX;
    struct str rules;
    struct str said;
    enum loaded loaded;
    size_t first;

    if (files->rules != NULL && !read_composed(bench, files))
        return STATUS_BROKEN;
    if (files->rules != NULL)
        tracks = bench->composed.tracks;
    else if (bench->mode->restore[0] == NULL)
        compose_nftables(bench->arena, &draw, tracks, &bench->composed);
    else
        compose_iptables(bench->arena, &draw, tracks, &bench->composed);
    rules = bench_text(bench->arena, &bench->composed.rules, NULL);
    loaded = bench_load(bench, bench_text(bench->arena, &bench->composed.sets, NULL), rules, &said);
    tally->rulesets++;
    tally->refused += loaded == REFUSED;
    if (loaded != LOADED) {
        if (loaded == UNREAD || getenv("PORTOLAN_REFUSED") != NULL)
            printf("%s, seed %llu: the kernel %s it: %.*s\n%.*s\n", bench->mode->name, (unsigned long long)bench->seed,
                   loaded == REFUSED ? "refuses" : "has, and we cannot read", STR_ARG(said), STR_ARG(rules));
        tally->wrong += loaded == UNREAD;
        return STATUS_HOLDS;
    }
    aim.tracks = tracks;
    aim.ruleset = bench->answerer.ruleset;
    aim.translates = bench->answerer.translates;
    aim.peeks_any = bench->peeks && str_contains(rules, " th ");
    aim_openers(&aim, OPENERS, &shots);
    leave_out_clashes(bench, &shots, &aim.used);
    if (!judge(bench, &shots, 0, tally, &wrong, &wrong_answer))
        return STATUS_BROKEN;
    first = shots.n;
    aim_replies(&aim, &shots);
    if (!judge(bench, &shots, first, tally, &wrong, &wrong_answer))
        return STATUS_BROKEN;
    first = shots.n;
    aim_more(&aim, &shots);
    if (!judge(bench, &shots, first, tally, &wrong, &wrong_answer))
        return STATUS_BROKEN;
    if (wrong != SIZE_MAX && tally->wrong < 1000)
        bench_show(bench, &shots, &shots.v[wrong], &wrong_answer);
    return STATUS_HOLDS;
}

/* --- namespaces --------------------------------------------------------------------------------------------------- */

/* In a child: rulesets from `seed` to the end of its epoch, or until there are packets enough. */
static int run_epoch(const struct mode *mode, bool no_ruleset, const struct files *files, uint64_t seed,
                     uint64_t packets, struct tally *tally)
{
    struct bench bench = {.arena = arena_new(), .scratch = arena_new(), .mode = mode, .no_ruleset = no_ruleset};
    uint64_t epoch = seed / EPOCH;
    int status = bench_open(&bench);

    for (; status == STATUS_HOLDS && seed / EPOCH == epoch && tally->packets < packets && tally->wrong < SHOWN;
         seed++) {
        bench.seed = seed;
        status = judge_ruleset(&bench, files, tally);
    }
    fflush(stdout);
    return status;
}

static int fork_epoch(const struct mode *mode, bool no_ruleset, const struct files *files, uint64_t seed,
                      uint64_t packets, struct tally *tally)
{
    int status = 0;
    int ends[2];
    pid_t pid;

    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
        return STATUS_BROKEN;
    if (pid == 0) {
        status = run_epoch(mode, no_ruleset, files, seed, packets, tally);
        if (write(ends[1], tally, sizeof *tally) != (ssize_t)sizeof *tally)
            status = STATUS_BROKEN;
        _exit(status);
    }
    close(ends[1]);
    if (read(ends[0], tally, sizeof *tally) != (ssize_t)sizeof *tally)
        *tally = (struct tally){0};
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_BROKEN;
}

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#define N(x) ((unsigned long long)(x))

static void tell(const struct mode *mode, const struct tally *t, double took)
{
    printf("%s: %llu rulesets (%llu more refused by it), %llu packets (%llu IPv4, %llu IPv6; %llu forwarded, %llu in, "
           "%llu out; %llu new, %llu established, %llu related, %llu invalid, %llu untracked; %llu fragments; "
           "%llu written), %llu passed; %llu undetermined (%.2f %%), %llu disagreements; %.1f s\n",
           mode->name, N(t->rulesets - t->refused), N(t->refused), N(t->packets), N(t->by_family[FAMILY_V4]),
           N(t->by_family[FAMILY_V6]), N(t->by_hook[HOOK_FORWARD]), N(t->by_hook[HOOK_INPUT]),
           N(t->by_hook[HOOK_OUTPUT]), N(t->by_state[STATE_NEW]), N(t->by_state[STATE_ESTABLISHED]),
           N(t->by_state[STATE_RELATED]), N(t->by_state[STATE_INVALID]), N(t->by_state[STATE_UNTRACKED]),
           N(t->fragments), N(t->written), N(t->passed), N(t->undetermined),
           100.0 * (double)t->undetermined / (double)(t->packets > 0 ? t->packets : 1), N(t->wrong), took);
}

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    bool no_ruleset = argc > 1 && strcmp(argv[1], "--no-ruleset") == 0;
    int at = no_ruleset ? 2 : 1;
    const struct mode *mode = argc > at ? find_mode(argv[at]) : NULL;
    uint64_t packets = 10000;
    uint64_t seed = 1;
    struct files files = {0};
    struct tally tally = {0};
    int status = STATUS_HOLDS;
    double start = seconds();

    if (mode == NULL || (argc > at + 1 && !num_decimal(str_of(argv[at + 1]), UINT32_MAX, &packets)) ||
        (argc > at + 2 && !num_decimal(str_of(argv[at + 2]), UINT32_MAX, &seed))) {
        fprintf(stderr, "usage: kernel_random [--no-ruleset] nftables|iptables|iptables-legacy [PACKETS [SEED "
                        "[RULES [SETS]]]]\n");
        return STATUS_BROKEN;
    }
    files.rules = argc > at + 3 ? argv[at + 3] : NULL;
    files.sets = argc > at + 4 ? argv[at + 4] : NULL;
    while (status == STATUS_HOLDS && tally.packets < packets && tally.wrong < SHOWN &&
           !(files.rules != NULL && tally.rulesets > 0 && tally.packets == 0)) {
        status = fork_epoch(mode, no_ruleset, &files, seed, packets, &tally);
        seed = (seed / EPOCH + 1) * EPOCH;
    }
    if (status == STATUS_SKIPPED)
        return status; /* the child said why */
    tell(mode, &tally, seconds() - start);
    if (status == STATUS_HOLDS && files.rules == NULL && tally.rulesets > EPOCH &&
        ((double)tally.refused > (1 - SURE_SHARE) * (double)tally.rulesets ||
         (double)tally.undetermined > (1 - SURE_SHARE) * (double)tally.packets)) {
        printf("too much was refused or undetermined for this to judge anything\n");
        return STATUS_BROKEN;
    }
    if (!no_ruleset) /* that it fails there is what passes */
        printf("%llu passed, %llu failed\n", N(tally.packets - tally.undetermined - tally.wrong), N(tally.wrong));
    return tally.wrong > 0 ? STATUS_DISAGREES : status;
}
