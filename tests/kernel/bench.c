/* See bench.h. What the kernel had before is taken away each time: rules, sets, connections. */
#include "bench.h"

#include <errno.h>
#include <unistd.h>

#include "dialect/dialect.h"
#include "net/proto.h"

/* --- a ruleset into the kernel, and into the program -------------------------------------------------------------- */

struct str bench_text(struct arena *arena, const struct lines *lines, const bool *without)
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

enum loaded bench_load(struct bench *bench, struct str sets, struct str rules, struct str *said)
{
    static const char *const nft[] = {"nft", "-f", "/dev/stdin", NULL};
    static const char *const list[] = {"nft", "-j", "list", "ruleset", NULL};
    static const char *const ipset[] = {"ipset", "-exist", "restore", NULL};
    const char *const restore[] = {bench->mode->restore[bench->composed.family % FAMILY_N], NULL};
    const struct dialect *dialect = dialect_find(str_of(bench->mode->dialect));
    bool six = bench->composed.family == FAMILY_V6;
    struct dialect_input inputs[2] = {
        {.text = source_new(bench->arena, six ? STR("v6.rules") : STR("v4.rules"), rules)},
        {.text = source_new(bench->arena, STR("sets.ipset"), sets)}};
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
        inputs[0].listing = source_new(bench->arena, STR("listing"), listing);
    diags_init(&diags, bench->arena);
    ruleset = dialect->read(bench->arena, inputs, sets.n > 0 ? 2 : 1, &diags);
    if (bench->no_ruleset && !empty(bench))
        return REFUSED;
    if (ruleset != NULL && diags.errors == 0 && ruleset->chain_n > 0) {
        answerer_open(bench->arena, bench->scratch, ruleset, &bench->answerer);
        return LOADED;
    }
    diags_print(&words, &diags, false);
    *said = str_dup(bench->arena, buf_str(&words));
    buf_free(&words);
    return UNREAD;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

/* What is for the host and DNAT sends elsewhere is forwarded. */
struct answer bench_prepare(struct bench *bench, struct shot *shot, size_t number)
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

bool bench_fire(struct bench *bench, struct shots *shots, size_t first, const struct answer *answers)
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

/* --- the namespace ------------------------------------------------------------------------------------------------ */

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

int bench_open(struct bench *bench)
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
    if (error == 0) {
        bench->peeks = strcmp(bench->mode->name, "iptables-legacy") != 0 && kernel_peeks(bench);
        return STATUS_HOLDS;
    }
    printf("SKIP: %s: %s\n", why, strerror(-error));
    return STATUS_SKIPPED;
}
