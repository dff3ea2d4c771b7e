/*
 * The kernel as judge of random rulesets: what the program says of a packet and what Linux does with it.
 *
 *     kernel_random [--no-ruleset] nftables|iptables|iptables-legacy [PACKETS [SEED]]
 *
 * Rulesets over the whole modelled language (compose.h), packets at the edges of their rules (aim.h), answers of the
 * naive evaluation and of the prover (answer.h), and the kernel in a namespace (engine.h): whether a packet passes,
 * where it comes out, and with which ends. iptables is judged twice, by the two machines that the kernel has for it.
 * A packet on which the answer hangs on something unknown is counted as undetermined and proves nothing.
 *
 * A disagreement is shown with the least ruleset that still has it, and with its seed: `kernel_random MODE 1 SEED` has
 * the same ruleset again. With --no-ruleset the kernel gets none, and must be seen to disagree.
 *
 * Exit status: 0, 1 on a disagreement, 77 with the reason in the last line where the machine does not allow it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "base/num.h"
#include "dialect/dialect.h"
#include "net/proto.h"

#define OPENERS 400 /* packets that open connections, for each ruleset */
#define EPOCH 16    /* rulesets in one namespace: what conntrack needs stays in it */
#define SHOWN 3
#define SURE_SHARE 0.9

enum { STATUS_HOLDS = 0, STATUS_DISAGREES = 1, STATUS_BROKEN = 2, STATUS_SKIPPED = 77 };

struct mode {
    const char *name;
    const char *dialect;
    const char *restore[FAMILY_N]; /* NULL: nft */
};

static const struct mode modes[] = {
    {"nftables", "nftables", {NULL, NULL}},
    {"iptables", "iptables", {"iptables-nft-restore", "ip6tables-nft-restore"}},
    {"iptables-legacy", "iptables", {"iptables-legacy-restore", "ip6tables-legacy-restore"}},
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

/* One ruleset in the kernel and in the program. */
struct bench {
    struct arena *arena;
    struct arena *scratch;
    const struct mode *mode;
    struct engine *engine;
    struct composed composed;
    uint64_t seed;
    bool no_ruleset;
    bool peeks; /* see kernel_peeks */
    struct answerer answerer;
};

/* --- a ruleset into the kernel, and into the program -------------------------------------------------------------- */

static struct str text_of(struct arena *arena, const struct lines *lines, const bool *without)
{
    struct buf text = BUF_EMPTY;
    struct str copy;

    for (size_t i = 0; i < lines->n; i++) {
        if (without != NULL && without[i])
            continue;
        buf_add(&text, lines->v[i]);
        buf_addc(&text, '\n');
    }
    copy = str_dup(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

static int run(struct bench *bench, const char *const *argv, struct str input, struct str *said)
{
    int error = engine_load(bench->engine, argv, input, said);

    if (error == -ENOENT) {
        printf("SKIP: %s: %s\n", argv[0], strerror(-error));
        fflush(stdout);
        _exit(STATUS_SKIPPED);
    }
    return error;
}

/* The kernel as it was before. A table of legacy iptables stays, and with nat conntrack: only where it is wanted. */
static bool empty(struct bench *bench)
{
    static const char *const flush[] = {"nft", "flush", "ruleset", NULL};
    static const char *const ipset[] = {"ipset", "restore", NULL};
    static const char nothing[] =
        "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
        "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n"
        "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n";
    static const char no_nat[] =
        "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n";
    struct str said;
    bool done = true;

    if (strcmp(bench->mode->name, "iptables-legacy") != 0)
        done = run(bench, flush, STR_EMPTY, &said) == 0;
    for (enum family family = 0; family < FAMILY_N && strcmp(bench->mode->name, "iptables-legacy") == 0; family++) {
        const char *const restore[] = {bench->mode->restore[family], NULL};

        done = done && run(bench, restore, str_of(nothing), &said) == 0 &&
               (!bench->composed.tracks || run(bench, restore, str_of(no_nat), &said) == 0);
    }
    if (bench->mode->restore[0] != NULL)
        done = run(bench, ipset, STR("flush\ndestroy\n"), &said) == 0 && done;
    return done && engine_forget(bench->engine) == 0;
}

enum loaded { LOADED, REFUSED, UNREAD };

/* The same text to both, or part of it. `said`: what was wrong with it. */
static enum loaded load(struct bench *bench, struct arena *arena, struct str sets, struct str rules, struct str *said)
{
    static const char *const nft[] = {"nft", "-f", "/dev/stdin", NULL};
    static const char *const list[] = {"nft", "-j", "list", "ruleset", NULL};
    static const char *const ipset[] = {"ipset", "-exist", "restore", NULL};
    const char *const restore[] = {bench->mode->restore[bench->composed.family % FAMILY_N], NULL};
    const struct dialect *dialect = dialect_find(str_of(bench->mode->dialect));
    bool six = bench->composed.family == FAMILY_V6;
    struct dialect_input inputs[2] = {{.text = source_new(arena, six ? STR("v6.rules") : STR("v4.rules"), rules)},
                                      {.text = source_new(arena, STR("sets.ipset"), sets)}};
    struct str listing = STR_EMPTY;
    struct ruleset *ruleset;
    struct diags diags;
    struct buf words = BUF_EMPTY;

    if (!empty(bench)) {
        *said = STR("the kernel cannot be emptied");
        return REFUSED;
    }
    if (sets.n > 0 && run(bench, ipset, sets, said) < 0)
        return REFUSED;
    if (run(bench, restore[0] == NULL ? nft : restore, rules, said) < 0 ||
        (restore[0] == NULL && run(bench, list, STR_EMPTY, &listing) < 0))
        return REFUSED;
    if (restore[0] == NULL)
        inputs[0].listing = source_new(arena, STR("listing"), listing);
    diags_init(&diags, arena);
    ruleset = dialect->read(arena, inputs, sets.n > 0 ? 2 : 1, &diags);
    if (bench->no_ruleset && !empty(bench))
        return REFUSED;
    if (ruleset != NULL && diags.errors == 0 && ruleset->chain_n > 0) {
        answerer_open(arena, bench->scratch, ruleset, &bench->answerer);
        return LOADED;
    }
    diags_print(&words, &diags, false);
    *said = str_dup(arena, buf_str(&words));
    buf_free(&words);
    return UNREAD;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

/* What is for the host and DNAT sends elsewhere is forwarded. */
static struct answer prepare(struct bench *bench, struct shot *shot, size_t number)
{
    struct packet *packet = &shot->probe.packet;
    struct answer answer;

    shot->probe.hook = aim_hook(packet);
    if (shot->probe.hook == HOOK_INPUT)
        packet->out = STR_EMPTY;
    answer = answerer_ask(&bench->answerer, shot);
    if (answer.elsewhere) {
        shot->probe.hook = HOOK_FORWARD;
        packet->out = str_of(world_interfaces[number % WORLD_INTERFACES]);
        answer = answerer_ask(&bench->answerer, shot);
    }
    shot->probe.passed = false;
    shot->probe.expected = answer.naive == NAIVE_ACCEPT;
    return answer;
}

static bool writes_source_ports(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            const struct rule *rule = &ruleset->chains[i]->rules[k];

            if (rule->action == ACTION_SNAT && rule->rewrite->has_ports)
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
        const struct packet *packet = &shots->v[i].probe.packet;
        struct answer answer = answerer_ask(&bench->answerer, &shots->v[i]);
        const struct packet *after = &answer.after.packet;
        struct str key;

        if (answer.after.written && (!answer.after.sure || packet->source_port != after->source_port)) {
            key = str_printf(bench->arena, "clash %u %u %u", packet->family, packet->protocol, after->port);
            if (map_set(bench->arena, used, key, bench) != NULL)
                continue;
        }
        shots->v[n++] = shots->v[i];
    }
    shots->n = n > 0 ? n : shots->n;
}

/* Sends shots from `first` on and keeps what became of them. False: the machine failed. */
static bool fire(struct bench *bench, struct shots *shots, size_t first, struct answer *answers)
{
    size_t n = shots->n - first;
    struct engine_probe *probes = arena_new_array(bench->arena, struct engine_probe, n);

    for (size_t i = 0; i < n; i++) {
        probes[i] = shots->v[first + i].probe;
        if (answers[i].after.to_host)
            probes[i].hook = HOOK_INPUT;
    }
    if (!engine_run(bench->engine, probes, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct shot *shot = &shots->v[first + i];

        shot->probe.passed = probes[i].passed;
        shot->probe.seen = probes[i].seen;
        shot->connected = probes[i].passed && answers[i].naive == NAIVE_ACCEPT &&
                          (answers[i].after.sure || !answers[i].after.written) &&
                          answers[i].after.packet.state != STATE_UNTRACKED && !answers[i].after.to_host;
    }
    return true;
}

/* --- showing a disagreement --------------------------------------------------------------------------------------- */

/* A shot with those before it that make its connection what it is, in this order. */
static struct shots history(struct bench *bench, const struct shots *shots, const struct shot *last)
{
    struct shots all = {0};

    if (last->opener > 0) {
        *vec_push(bench->arena, &all) = shots->v[last->opener - 1];
        vec_each (const struct shot *, shot, shots) {
            if (!last->reply && shot->opener == last->opener && shot->reply && shot->probe.about == NULL)
                *vec_push(bench->arena, &all) = *shot;
        }
    }
    *vec_push(bench->arena, &all) = *last;
    return all;
}

/* Whether part of the ruleset still disagrees on the last shot. */
static bool still_wrong(struct bench *bench, struct shots *all, struct str sets, struct str rules)
{
    struct str said;

    if (load(bench, bench->arena, sets, rules, &said) != LOADED)
        return false;
    for (size_t i = 0; i < all->n; i++) {
        struct shots one = {.v = &all->v[i], .n = 1, .capacity = 1};
        struct answer answer = prepare(bench, &all->v[i], i);

        if (!fire(bench, &one, 0, &answer))
            return false;
        if (i + 1 == all->n)
            return answerer_judge(&bench->answerer, &all->v[i], &answer) == DISAGREES;
        if (!all->v[i].connected)
            return false;
    }
    return false;
}

/* Leaves out lines, many at once and then one by one, while the disagreement stays. */
static void reduce(struct bench *bench, struct shots *all, const struct lines *lines, bool *without, bool rules,
                   struct str other)
{
    bool *before = arena_new_array(bench->arena, bool, lines->n + 1);

    for (size_t step = lines->n / 2; step > 0; step = step == 1 ? 0 : (step + 1) / 2) {
        for (size_t i = 0; i < lines->n; i += step) {
            struct str text;

            memcpy(before, without, lines->n * sizeof *before);
            for (size_t k = i; k < i + step && k < lines->n; k++)
                without[k] = true;
            text = text_of(bench->arena, lines, without);
            if (memcmp(before, without, lines->n * sizeof *before) != 0 &&
                !still_wrong(bench, all, rules ? other : text, rules ? text : other))
                memcpy(without, before, lines->n * sizeof *before);
        }
    }
}

static void show_outcomes(struct buf *out, unsigned outcomes)
{
    static const char *const names[] = {"accept", "drop", "reject", "unknown"};

    for (unsigned i = 0; i < 4; i++) {
        if ((outcomes & 1u << i) != 0)
            buf_addf(out, "%s%s", out->n > 0 && out->p[out->n - 1] != ' ' ? "|" : "", names[i]);
    }
}

static void show_answers(struct buf *out, const struct shot *shot, const struct answer *answer)
{
    buf_adds(out, "  explain: ");
    show_outcomes(out, answer->naive);
    if (answer->after.written) {
        buf_adds(out, ", as ");
        packet_format(out, &answer->after.packet);
    }
    buf_adds(out, "\n  prover:  ");
    show_outcomes(out, answer->prover);
    buf_adds(out, "\n  kernel:  ");
    buf_adds(out, shot->probe.passed ? "passed as " : "stopped");
    if (shot->probe.passed)
        packet_format(out, &shot->probe.seen);
    buf_addc(out, '\n');
}

static void show(struct bench *bench, const struct shots *shots, const struct shot *shot, const struct answer *answer)
{
    struct shots all = history(bench, shots, shot);
    const struct lines *rules = &bench->composed.rules;
    const struct lines *sets = &bench->composed.sets;
    bool *without = arena_new_array(bench->arena, bool, rules->n + 1);
    bool *without_set = arena_new_array(bench->arena, bool, sets->n + 1);
    struct str set_text = text_of(bench->arena, sets, NULL);
    struct str text = text_of(bench->arena, rules, NULL);
    struct buf out = BUF_EMPTY;

    buf_addf(&out, "%s, seed %llu, at %s", bench->mode->name, (unsigned long long)bench->seed,
             hook_name(shot->probe.hook));
    vec_each (const struct shot *, each, &all) {
        buf_adds(&out, each->probe.about != NULL ? "\n  an ICMP error about it: " : "\n  ");
        packet_format(&out, &each->probe.packet);
    }
    buf_addc(&out, '\n');
    show_answers(&out, shot, answer);
    if (!bench->no_ruleset && still_wrong(bench, &all, set_text, text)) {
        reduce(bench, &all, rules, without, true, set_text);
        text = text_of(bench->arena, rules, without);
        reduce(bench, &all, sets, without_set, false, text);
        set_text = text_of(bench->arena, sets, without_set);
    } else {
        buf_adds(&out, "  (not seen again by itself; the whole ruleset:)\n");
    }
    buf_add(&out, set_text);
    buf_add(&out, text);
    printf("%.*s\n", STR_ARG(buf_str(&out)));
    buf_free(&out);
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
        answers[i - first] = prepare(bench, &shots->v[i], i);
    if (!fire(bench, shots, first, answers))
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

static int judge_ruleset(struct bench *bench, struct tally *tally)
{
    struct draw draw = draw_from(bench->seed);
    bool tracks = bench->seed / EPOCH % 3 != 0;
    struct aim aim = {.arena = bench->arena, .draw = &draw, .tracks = tracks, .peeks = bench->peeks, .next_port = 1024};
    struct shots shots = {0};
    struct answer wrong_answer;
    size_t wrong = SIZE_MAX;
    struct str rules;
    struct str said;
    enum loaded loaded;
    size_t first;

    if (bench->mode->restore[0] == NULL)
        compose_nftables(bench->arena, &draw, tracks, &bench->composed);
    else
        compose_iptables(bench->arena, &draw, tracks, &bench->composed);
    rules = text_of(bench->arena, &bench->composed.rules, NULL);
    loaded = load(bench, bench->arena, text_of(bench->arena, &bench->composed.sets, NULL), rules, &said);
    tally->rulesets++;
    tally->refused += loaded == REFUSED;
    if (loaded != LOADED) {
        if (loaded == UNREAD || getenv("PORTOLAN_REFUSED") != NULL)
            printf("%s, seed %llu: the kernel %s it: %.*s\n%.*s\n", bench->mode->name, (unsigned long long)bench->seed,
                   loaded == REFUSED ? "refuses" : "has, and we cannot read", STR_ARG(said), STR_ARG(rules));
        tally->wrong += loaded == UNREAD;
        return STATUS_HOLDS;
    }
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
        show(bench, &shots, &shots.v[wrong], &wrong_answer);
    return STATUS_HOLDS;
}

/* --- namespaces --------------------------------------------------------------------------------------------------- */

static int open_world(struct bench *bench)
{
    struct str names[WORLD_INTERFACES];
    const char *why;
    int error;

    for (size_t i = 0; i < WORLD_INTERFACES; i++)
        names[i] = str_of(world_interfaces[i]);
    error = engine_open(bench->arena, names, WORLD_INTERFACES, &bench->engine, &why);
    for (size_t i = 0; error == 0 && i < FAMILY_N * (WORLD_INTERFACES + 2); i++) {
        enum family family = (enum family)(i % FAMILY_N);
        size_t at = i / FAMILY_N;

        why = "an address cannot be added";
        error =
            engine_address(bench->engine, at < WORLD_INTERFACES ? names[at] : STR_EMPTY, family, aim_own(family, at));
    }
    if (error == 0)
        return STATUS_HOLDS;
    printf("SKIP: %s: %s\n", why, strerror(-error));
    return STATUS_SKIPPED;
}

/*
 * Whether nf_tables takes bytes of a later fragment for ports: a fault of Linux up to 6.18 at least, where
 * nft_payload_fast_eval does not ask which fragment it is, as nft_payload_eval does. What becomes of such a fragment
 * then hangs on what is in it, and it judges nothing.
 */
static bool kernel_peeks(struct bench *bench)
{
    static const char *const nft[] = {"nft", "-f", "/dev/stdin", NULL};
    static const char rules[] =
        "table ip t {\n chain c {\n  type filter hook forward priority 0\n  udp dport 80 drop\n }\n}\n";
    struct str said;
    struct engine_probe probe = {.hook = HOOK_FORWARD,
                                 .any_ends = true,
                                 .packet = {.family = FAMILY_V4,
                                            .in = str_of(world_interfaces[0]),
                                            .out = str_of(world_interfaces[1]),
                                            .source = world_address(FAMILY_V4, NET_SOURCES, 1),
                                            .destination = world_address(FAMILY_V4, NET_DESTINATIONS, 1),
                                            .protocol = PROTO_UDP,
                                            .port = 80,
                                            .fragment = FRAGMENT_LATER}};

    return run(bench, nft, str_of(rules), &said) == 0 && engine_run(bench->engine, &probe, 1) && !probe.passed;
}

/* In a child: rulesets from `seed` to the end of its epoch, or until there are packets enough. */
static int run_epoch(const struct mode *mode, bool no_ruleset, uint64_t seed, uint64_t packets, struct tally *tally)
{
    struct bench bench = {.arena = arena_new(), .scratch = arena_new(), .mode = mode, .no_ruleset = no_ruleset};
    uint64_t epoch = seed / EPOCH;
    int status = open_world(&bench);

    if (status == STATUS_HOLDS && strcmp(mode->name, "iptables-legacy") != 0)
        bench.peeks = kernel_peeks(&bench);
    for (; status == STATUS_HOLDS && seed / EPOCH == epoch && tally->packets < packets && tally->wrong < SHOWN;
         seed++) {
        bench.seed = seed;
        status = judge_ruleset(&bench, tally);
    }
    fflush(stdout);
    return status;
}

static int fork_epoch(const struct mode *mode, bool no_ruleset, uint64_t seed, uint64_t packets, struct tally *tally)
{
    int status = 0;
    int ends[2];
    pid_t pid;

    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
        return STATUS_BROKEN;
    if (pid == 0) {
        status = run_epoch(mode, no_ruleset, seed, packets, tally);
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
    struct tally tally = {0};
    int status = STATUS_HOLDS;
    double start = seconds();

    if (mode == NULL || (argc > at + 1 && !num_decimal(str_of(argv[at + 1]), UINT32_MAX, &packets)) ||
        (argc > at + 2 && !num_decimal(str_of(argv[at + 2]), UINT32_MAX, &seed))) {
        fprintf(stderr, "usage: kernel_random [--no-ruleset] nftables|iptables|iptables-legacy [PACKETS [SEED]]\n");
        return STATUS_BROKEN;
    }
    while (status == STATUS_HOLDS && tally.packets < packets && tally.wrong < SHOWN) {
        status = fork_epoch(mode, no_ruleset, seed, packets, &tally);
        seed = (seed / EPOCH + 1) * EPOCH;
    }
    if (status == STATUS_SKIPPED)
        return status; /* the child said why */
    tell(mode, &tally, seconds() - start);
    if (status == STATUS_HOLDS && tally.rulesets > EPOCH &&
        ((double)tally.refused > (1 - SURE_SHARE) * (double)tally.rulesets ||
         (double)tally.undetermined > (1 - SURE_SHARE) * (double)tally.packets)) {
        printf("too much was refused or undetermined for this to judge anything\n");
        return STATUS_BROKEN;
    }
    printf("%llu passed, %llu failed\n", N(tally.packets - tally.undetermined - tally.wrong), N(tally.wrong));
    return tally.wrong > 0 ? STATUS_DISAGREES : status;
}
