/*
 * The kernel as judge: what the program says of a packet and what Linux does with it.
 *
 *     judge [--no-ruleset] SITE…      PORTOLAN_PACKETS for each ruleset, PORTOLAN_SEED
 *
 * Each firewall of each site is printed in each dialect and read back, as `render` and `check` do. Then packets at the
 * edges of its flows (probes.c) are asked about three times: the naive evaluation that `explain` shows, the prover with
 * a set of one packet, and the kernel, in a namespace of a child process with the firewall's interfaces and addresses
 * (engine.c). All three must agree; the answers to what passed go back through as well, in state established. What the
 * ruleset text and the list of packets are is of no matter to the engine. With --no-ruleset the kernel gets none, and
 * must be seen to disagree: that shows that the judge can tell.
 *
 * Exit status: 0, 1 on a disagreement, 77 with the reason in the last line where the machine allows no namespace, has
 * no /dev/net/tun or no nft.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "catalog/builtin.h"
#include "dialect/dialect.h"
#include "packet/naive.h"
#include "plan/plan.h"
#include "probes.h"
#include "prove/walk.h"
#include "site/site.h"
#include "system/file.h"
#include "system/nft.h"

#define TODAY 20261201
#define OWN_MAX 64
#define SHOWN 5

static bool no_ruleset;

enum { STATUS_HOLDS = 0, STATUS_DISAGREES = 1, STATUS_BROKEN = 2, STATUS_SKIPPED = 77 };

/* What a child tells its parent. */
struct tally {
    uint64_t packets;
    uint64_t passed;
    uint64_t answers;
    uint64_t wrong;
    uint64_t by_hook[HOOK_N];
    uint64_t by_family[FAMILY_N];
    double seconds; /* in the engine */
};

/* One ruleset, ready to be judged. */
struct bench {
    struct arena *arena;
    struct arena *scratch; /* of one question */
    struct diags diags;
    struct str title;
    const struct dialect *dialect;
    const struct policy *policy;
    const struct firewall *firewall;
    struct dialect_output files[DIALECT_OUTPUTS_MAX];
    size_t file_n;
    struct ruleset *ruleset;
    struct interface_numbers *numbers;
    struct program *programs[FAMILY_N];
    struct place place;
};

static void say(struct diags *diags)
{
    struct buf out = BUF_EMPTY;

    diags_print(&out, diags, false);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&out)));
    buf_free(&out);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- what the program says ---------------------------------------------------------------------------------------- */

static int skip(const char *why, int error)
{
    printf("SKIP: %s: %s\n", why, strerror(-error));
    return STATUS_SKIPPED;
}

static int read_back(struct bench *bench)
{
    struct dialect_input inputs[DIALECT_OUTPUTS_MAX];

    for (size_t i = 0; i < bench->file_n; i++) {
        struct str text = buf_str(&bench->files[i].text);
        struct source *listing = NULL;
        int error = 0;

        inputs[i] = (struct dialect_input){.text = source_new(bench->arena, bench->files[i].suffix, text)};
        if (bench->dialect->needs_listing(text))
            error = nft_list(bench->arena, inputs[i].text, NULL, false, &listing, &bench->diags);
        if (error < 0 && error != -EINVAL)
            return skip("nft cannot be run in a namespace", error);
        if (error < 0)
            return STATUS_BROKEN;
        inputs[i].listing = listing;
    }
    bench->ruleset = bench->dialect->read(bench->arena, inputs, bench->file_n, &bench->diags);
    return bench->ruleset != NULL && bench->diags.errors == 0 ? STATUS_HOLDS : STATUS_BROKEN;
}

static void number_interfaces(struct bench *bench)
{
    struct interface_patterns patterns = {0};

    vec_each (const struct interface_pattern *, pattern, &bench->ruleset->interfaces)
        *vec_push(bench->arena, &patterns) = *pattern;
    for (size_t i = 0; i < bench->place.interface_n; i++)
        *vec_push(bench->arena, &patterns) = (struct interface_pattern){.name = bench->place.interfaces[i]};
    bench->numbers = interfaces_number(bench->arena, &patterns);
    for (enum family family = 0; family < FAMILY_N; family++) {
        if ((bench->ruleset->families & FAMILY_BIT(family)) != 0)
            bench->programs[family] = program_make(bench->arena, bench->ruleset, family, bench->numbers);
    }
}

static struct cube one_packet(struct bench *bench, const struct packet *packet)
{
    struct cube cube = CUBE_ALL;

    for (enum field field = 0; field < FIELD_N; field++) {
        struct interface_pattern pattern = {.name = field == FIELD_IN ? packet->in : packet->out};
        u128 value = packet_field(packet, field);

        if (field == FIELD_IN || field == FIELD_OUT)
            value = pattern.name.n == 0 ? INTERFACE_NONE : interfaces_range(bench->numbers, &pattern).lo;
        cube.field[field] = ranges_one(bench->scratch, value, value);
    }
    return cube;
}

static bool note_leaf(void *context, const struct leaf *leaf)
{
    unsigned *outcomes = context;

    *outcomes |= leaf->action == ACTION_ACCEPT   ? NAIVE_ACCEPT
                 : leaf->action == ACTION_DROP   ? NAIVE_DROP
                 : leaf->action == ACTION_REJECT ? NAIVE_REJECT
                                                 : NAIVE_UNKNOWN;
    return true;
}

static unsigned ask_prover(struct bench *bench, const struct engine_probe *probe)
{
    struct arena_mark mark = arena_mark(bench->scratch);
    struct cube cube = one_packet(bench, &probe->packet);
    unsigned outcomes = 0;
    struct walk walk = {.program = bench->programs[probe->packet.family],
                        .hook = probe->hook,
                        .leaf = note_leaf,
                        .context = &outcomes,
                        .budget = WALK_BUDGET};

    if (walk_run(bench->scratch, &walk, &cube) != WALK_DONE)
        outcomes |= NAIVE_UNKNOWN;
    arena_release(bench->scratch, mark);
    return outcomes;
}

static unsigned ask_naive(struct bench *bench, const struct engine_probe *probe)
{
    struct naive_question question = {.ruleset = bench->ruleset, .hook = probe->hook, .packet = &probe->packet};

    return naive_ask(&question);
}

static void show(const struct bench *bench, const struct engine_probe *probe, unsigned naive, unsigned prover)
{
    struct buf text = BUF_EMPTY;

    packet_format(&text, &probe->packet);
    printf("%.*s, %s: %.*s\n  explain %#x, prover %#x (1 accept, 2 drop, 4 reject, 8 unknown), kernel: %s\n",
           STR_ARG(bench->title), hook_name(probe->hook), STR_ARG(buf_str(&text)), naive, prover,
           probe->passed ? "passed" : "stopped");
    buf_free(&text);
}

/* --- what the kernel does ----------------------------------------------------------------------------------------- */

static int load(struct bench *bench, struct engine *engine)
{
    static const char *const nft[] = {"nft", "-f", "/dev/stdin", NULL};
    static const char *const ipset[] = {"ipset", "restore", NULL};
    static const char *const four[] = {"iptables-restore", NULL};
    static const char *const six[] = {"ip6tables-restore", NULL};
    static const struct {
        const char *suffix;
        const char *const *argv;
    } programs[] = {{"ipset", ipset}, {"nft", nft}, {"v4.rules", four}, {"v6.rules", six}};

    for (size_t p = 0; p < sizeof programs / sizeof *programs; p++) {
        for (size_t i = 0; i < bench->file_n; i++) {
            struct str said;
            int error;

            if (!str_is(bench->files[i].suffix, programs[p].suffix))
                continue;
            error = engine_load(engine, programs[p].argv, buf_str(&bench->files[i].text), &said);
            if (error == -ENOENT)
                return skip(programs[p].argv[0], error);
            if (error < 0) {
                printf("%.*s: %s: %s\n%.*s\n", STR_ARG(bench->title), programs[p].argv[0], strerror(-error),
                       STR_ARG(said));
                return STATUS_BROKEN;
            }
        }
    }
    return STATUS_HOLDS;
}

static bool add_addresses(struct bench *bench, struct engine *engine)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        const struct ranges *own = bench->place.own[family];

        for (size_t i = 0; i < own->n; i++) {
            for (u128 address = own->v[i].lo; address <= own->v[i].hi; address++) {
                int error = engine_address(engine, STR_EMPTY, family, address);

                if (error < 0) {
                    printf("%.*s: an address cannot be added: %s\n", STR_ARG(bench->title), strerror(-error));
                    return false;
                }
            }
        }
    }
    return true;
}

/* Sends the probes and counts; false when the engine failed. */
static bool judge(struct bench *bench, struct engine *engine, struct probes *probes, struct tally *tally)
{
    double start;
    uint64_t shown = tally->wrong;

    vec_each (struct engine_probe *, probe, probes)
        probe->expected = ask_naive(bench, probe) == NAIVE_ACCEPT;
    start = now();
    if (!engine_run(engine, probes->v, probes->n))
        return false;
    tally->seconds += now() - start;
    vec_each (struct engine_probe *, probe, probes) {
        unsigned naive = ask_naive(bench, probe);
        unsigned prover = ask_prover(bench, probe);

        tally->packets++;
        tally->passed += probe->passed;
        tally->by_hook[probe->hook]++;
        tally->by_family[probe->packet.family]++;
        if (naive == prover && probe->passed == (naive == NAIVE_ACCEPT) && (naive & NAIVE_UNKNOWN) == 0)
            continue;
        if (tally->wrong++ < shown + SHOWN)
            show(bench, probe, naive, prover);
    }
    return true;
}

/* In the child. */
static int run_bench(struct bench *bench, size_t n, struct tally *tally)
{
    struct probes probes = {0};
    struct probes kept = {0};
    struct probes answers = {0};
    struct engine *engine;
    const char *why;
    int error;
    int status;

    error = engine_open(bench->arena, bench->place.interfaces, bench->place.interface_n, &engine, &why);
    if (error < 0)
        return skip(why, error);
    status = no_ruleset ? STATUS_HOLDS : load(bench, engine);
    if (status != STATUS_HOLDS)
        return status;
    if (!add_addresses(bench, engine))
        return STATUS_BROKEN;
    probes_make(&bench->place, n, &probes);
    vec_each (const struct engine_probe *, probe, &probes) {
        /* iptables of one family says nothing about the other. */
        if (bench->programs[probe->packet.family] != NULL)
            *vec_push(bench->arena, &kept) = *probe;
    }
    if (!judge(bench, engine, &kept, tally))
        return STATUS_BROKEN;
    probes_answers(&bench->place, &kept, &answers);
    if (!judge(bench, engine, &answers, tally))
        return STATUS_BROKEN;
    tally->answers += answers.n;
    engine_close(engine);
    return tally->wrong > 0 ? STATUS_DISAGREES : STATUS_HOLDS;
}

static int fork_bench(struct bench *bench, size_t n, struct tally *total)
{
    struct tally tally = {0};
    int status = 0;
    int ends[2];
    pid_t pid;

    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
        return STATUS_BROKEN;
    if (pid == 0) {
        status = run_bench(bench, n, &tally);
        fflush(NULL);
        if (write(ends[1], &tally, sizeof tally) != (ssize_t)sizeof tally)
            status = STATUS_BROKEN;
        _exit(status);
    }
    close(ends[1]);
    if (read(ends[0], &tally, sizeof tally) != (ssize_t)sizeof tally)
        tally = (struct tally){0};
    close(ends[0]);
    waitpid(pid, &status, 0);
    total->packets += tally.packets;
    total->passed += tally.passed;
    total->answers += tally.answers;
    total->wrong += tally.wrong;
    total->seconds += tally.seconds;
    for (size_t i = 0; i < HOOK_N; i++)
        total->by_hook[i] += tally.by_hook[i];
    for (size_t i = 0; i < FAMILY_N; i++)
        total->by_family[i] += tally.by_family[i];
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_BROKEN;
}

/* --- sites -------------------------------------------------------------------------------------------------------- */

static void add_interface(struct bench *bench, struct str name)
{
    struct place *place = &bench->place;

    if (name.n == 0)
        return;
    for (size_t i = 0; i < place->interface_n; i++) {
        if (str_eq(place->interfaces[i], name))
            return;
    }
    place->interfaces[place->interface_n++] = name;
}

static void make_place(struct bench *bench, uint64_t seed)
{
    struct place *place = &bench->place;
    const struct policy *policy = bench->policy;

    *place = (struct place){
        .arena = bench->arena, .policy = policy, .random = seed * 0x9e3779b97f4a7c15u + 1, .next_port = 1024};
    place->interfaces = arena_new_array(bench->arena, struct str, 2 * (policy->face_n + policy->permit_n) + 2);
    for (size_t i = 0; i < policy->face_n; i++) {
        add_interface(bench, policy->faces[i].in);
        add_interface(bench, policy->faces[i].out);
    }
    for (size_t i = 0; i < policy->permit_n; i++) {
        add_interface(bench, policy->permits[i].in);
        add_interface(bench, policy->permits[i].out);
    }
    add_interface(bench, STR("other0")); /* one that the site does not know */
    add_interface(bench, STR("other1"));
    for (size_t f = 0; f < FAMILY_N; f++) {
        const struct address_set *own = bench->firewall->addresses;

        place->own[f] = own == NULL ? &ranges_empty : own->family[f].ranges;
        if (ranges_count(place->own[f]) > OWN_MAX)
            place->own[f] = &ranges_empty;
    }
}

static int judge_firewall(struct arena *arena, const struct plan *plan, const struct firewall *firewall,
                          const struct dialect *dialect, size_t n, uint64_t seed, struct tally *total)
{
    struct bench bench = {.arena = arena, .scratch = arena_new(), .dialect = dialect, .firewall = firewall};
    int status;

    diags_init(&bench.diags, arena);
    bench.title =
        str_printf(arena, "%.*s/%.*s in %s", STR_ARG(plan->site->name), STR_ARG(firewall->name), dialect->name);
    bench.policy = plan_policy(arena, plan, firewall, TODAY, &bench.diags);
    make_place(&bench, seed);
    status = dialect->print(bench.policy, bench.files, &bench.file_n, &bench.diags) ? read_back(&bench) : STATUS_BROKEN;
    if (status == STATUS_HOLDS) {
        number_interfaces(&bench);
        status = fork_bench(&bench, n, total);
    } else if (status == STATUS_BROKEN) {
        printf("%.*s cannot be printed and read back\n", STR_ARG(bench.title));
        say(&bench.diags);
    }
    for (size_t i = 0; i < bench.file_n; i++)
        buf_free(&bench.files[i].text);
    arena_free(bench.scratch);
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

static int judge_site(const char *path, size_t n, uint64_t seed, struct tally *total)
{
    struct arena *arena = arena_new();
    struct diags diags;
    struct site_files files = {.open = no_files};
    struct catalogs *catalogs;
    const struct source *source;
    const struct dialect *const *dialects;
    struct site *site;
    struct plan *plan;
    size_t dialect_n;
    int worst = STATUS_HOLDS;

    diags_init(&diags, arena);
    catalogs = catalogs_load(arena, NULL, 0, &diags);
    source = file_read(arena, str_of(path), FILE_LIMIT_TEXT, &diags);
    site = source == NULL ? NULL : site_read(arena, source, catalogs, &files, &diags);
    plan = site == NULL ? NULL : plan_make(arena, site, TODAY, &diags);
    if (plan == NULL || diags.errors > 0) {
        say(&diags);
        arena_free(arena);
        return STATUS_BROKEN;
    }
    dialects = dialect_all(&dialect_n);
    for (size_t i = 0; i < site->firewall_n && worst != STATUS_SKIPPED; i++) {
        for (size_t d = 0; d < dialect_n && worst != STATUS_SKIPPED; d++) {
            int status = judge_firewall(arena, plan, &site->firewalls[i], dialects[d], n, seed + 31 * i + d, total);

            worst = status > worst ? status : worst;
        }
    }
    arena_free(arena);
    return worst;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value;

    return text != NULL && num_decimal(str_of(text), UINT32_MAX, &value) ? value : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t each = number_from("PORTOLAN_PACKETS", 400);
    uint64_t seed = number_from("PORTOLAN_SEED", 1);
    struct tally total = {0};
    int first = argc > 1 && strcmp(argv[1], "--no-ruleset") == 0 ? 2 : 1;
    int worst = argc > first ? STATUS_HOLDS : STATUS_BROKEN;
    double start = now();

    no_ruleset = first == 2;
    for (int i = first; i < argc && worst != STATUS_SKIPPED; i++) {
        int status = judge_site(argv[i], each, seed + 1000 * (uint64_t)i, &total);

        worst = status > worst ? status : worst;
    }
    if (worst == STATUS_SKIPPED)
        return worst; /* the child said why */
    printf("%llu packets (%llu IPv4, %llu IPv6; %llu forwarded, %llu in, %llu out; %llu answers), %llu passed; "
           "%llu disagreements; %.2f s in the kernel (%.0f packets/s), %.2f s in all\n",
           (unsigned long long)total.packets, (unsigned long long)total.by_family[FAMILY_V4],
           (unsigned long long)total.by_family[FAMILY_V6], (unsigned long long)total.by_hook[HOOK_FORWARD],
           (unsigned long long)total.by_hook[HOOK_INPUT], (unsigned long long)total.by_hook[HOOK_OUTPUT],
           (unsigned long long)total.answers, (unsigned long long)total.passed, (unsigned long long)total.wrong,
           total.seconds, (double)total.packets / (total.seconds > 0 ? total.seconds : 1), now() - start);
    return worst;
}
