/* Policies printed for iptables: the text, that the real programs take it, and that it reads back as it was meant. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect/iptables/print.h"
#include "iptables_text.h"
#include "net/proto.h"

/* A policy to print: a few flows of each kind. */
struct made {
    struct arena *arena;
    struct flow flows[12];
    struct permit permits[16];
    struct policy policy;
};

static const struct ranges *parse_ends(struct arena *arena, const char *text)
{
    struct str rest = str_of(text);
    struct range v[64];
    size_t n = 0;

    while (rest.n > 0) {
        struct addr_range range;

        assert_int_equal(addr_range_parse(str_word(&rest), &range), ADDR_OK);
        v[n++] = range.range;
    }
    return ranges_of(arena, v, n);
}

static struct flow *add_permit(struct made *made, enum hook hook, const char *id, int transport, const char *source,
                               const char *destination)
{
    struct flow *flow = &made->flows[made->policy.permit_n];
    struct permit *permit = &made->permits[made->policy.permit_n++];

    *flow = (struct flow){.id = str_of(id),
                          .purpose = STR("a purpose\nof two lines"),
                          .family = strchr(source, ':') != NULL ? FAMILY_V6 : FAMILY_V4,
                          .transport = transport,
                          .ports_known = true,
                          .status = FLOW_RESOLVED};
    *permit = (struct permit){.flow = flow,
                              .hook = hook,
                              .source = parse_ends(made->arena, source),
                              .destination = parse_ends(made->arena, destination)};
    return flow;
}

static const struct ranges *ports_of(struct arena *arena, unsigned first, unsigned step, size_t n)
{
    struct range v[64];

    for (size_t i = 0; i < n; i++)
        v[i] = (struct range){first + i * step, first + i * step + i % 2};
    return ranges_of(arena, v, n);
}

static void make_policy(struct made *made)
{
    struct flow *flow;

    *made = (struct made){.arena = arena_new()};
    made->policy = (struct policy){.firewall = STR("edge"),
                                   .site = STR("east"),
                                   .hooks = 1u << HOOK_FORWARD | 1u << HOOK_INPUT,
                                   .families = FAMILY_BOTH,
                                   .baseline = BASELINE_DEFAULT | 1u << BASELINE_DHCP,
                                   .permits = made->permits};
    flow = add_permit(made, HOOK_FORWARD, "pool/web/tcp", PROTO_TCP, "10.0.0.0/24", "192.0.2.1");
    flow->ports = ranges_one(made->arena, 443, 443);
    made->permits[0].in = STR("eth0");
    made->permits[0].out = STR("eth1.5");
    flow = add_permit(made, HOOK_FORWARD, "pool/web-too/tcp", PROTO_TCP, "10.0.0.0/24", "192.0.2.1");
    flow->ports = ranges_one(made->arena, 443, 443);
    made->permits[1].in = STR("eth0");
    made->permits[1].out = STR("eth1.5");
    flow = add_permit(made, HOOK_FORWARD, "pool/many/udp", PROTO_UDP, "10.0.0.5-10.0.0.9 10.0.1.0/24", "0.0.0.0/0");
    flow->ports = ports_of(made->arena, 100, 10, 20);
    flow->source_ports = ranges_one(made->arena, 1024, 65535);
    flow = add_permit(made, HOOK_FORWARD, "pool/set/tcp", PROTO_TCP,
                      "10.1.0.1 10.1.0.3 10.1.0.5 10.1.0.7 10.1.0.9 10.1.0.11 10.1.0.13 10.1.0.15 10.1.0.17-10.1.0.24",
                      "192.0.2.0/25");
    flow->ports = ranges_one(made->arena, 8000, 8010);
    add_permit(made, HOOK_FORWARD, "pool/ping/icmp", PROTO_ICMP, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_INPUT, "pool/\"any\"/any", TRANSPORT_ANY, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_FORWARD, "pool/gre/47", PROTO_GRE, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_FORWARD, "pool/ping/icmp/v6", PROTO_ICMP, "fd00::1", "fd01::/64");
    flow = add_permit(made, HOOK_FORWARD, "pool/set/tcp/v6", PROTO_TCP,
                      "fd00::1 fd00::3 fd00::5 fd00::7 fd00::9 fd00::11 fd00::13 fd00::15 fd00::17", "fd02::5-fd02::9");
    flow->ports = ports_of(made->arena, 1, 2, 3);
}

static const char expected_v4[] =
    "# The sets come first: ipset -exist restore < the file that ends in .ipset\n"
    "# Firewall edge of site east, IPv4: what its flows need and the baseline, nothing else.\n"
    "# OUTPUT is not decided here: everything passes.\n"
    "*filter\n"
    ":INPUT DROP [0:0]\n"
    ":FORWARD DROP [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 3 -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 11 -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 12 -j ACCEPT\n"
    "-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
    "# pool/\"any\"/any: a purpose of two lines\n"
    "-A INPUT -s 10.0.0.1/32 -d 192.0.2.1/32 -m conntrack --ctstate NEW -m comment --comment \"pool/'any'/any\" -j "
    "ACCEPT\n"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 3 -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 11 -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 12 -j ACCEPT\n"
    "# pool/web/tcp: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.0/24 -d 192.0.2.1/32 -i eth0 -o eth1.5 -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/web/tcp pool/web-too/tcp\" -j ACCEPT\n"
    "# pool/web-too/tcp: a purpose of two lines: by a rule above or below that names it\n"
    "# pool/many/udp: a purpose of two lines\n"
    "-A FORWARD -p udp -m iprange --src-range 10.0.0.5-10.0.0.9 -m udp --sport 1024:65535 -m multiport --dports "
    "100,110:111,120,130:131,140,150:151,160,170:171,180,190:191 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -p udp -m iprange --src-range 10.0.0.5-10.0.0.9 -m udp --sport 1024:65535 -m multiport --dports "
    "200,210:211,220,230:231,240,250:251,260,270:271,280,290:291 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -s 10.0.1.0/24 -p udp -m udp --sport 1024:65535 -m multiport --dports "
    "100,110:111,120,130:131,140,150:151,160,170:171,180,190:191 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -s 10.0.1.0/24 -p udp -m udp --sport 1024:65535 -m multiport --dports "
    "200,210:211,220,230:231,240,250:251,260,270:271,280,290:291 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "# pool/set/tcp: a purpose of two lines\n"
    "-A FORWARD -d 192.0.2.0/25 -p tcp -m set --match-set SET src -m tcp --dport 8000:8010 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/set/tcp\" -j ACCEPT\n"
    "# pool/ping/icmp: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.1/32 -d 192.0.2.1/32 -p icmp -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/ping/icmp\" -j ACCEPT\n"
    "# pool/gre/47: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.1/32 -d 192.0.2.1/32 -p 47 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/gre/47\" -j ACCEPT\n"
    "COMMIT\n";

/* The text with the name of its set, which is a hash, written SET. */
static void without_hash(struct buf *out, struct str text)
{
    while (text.n > 0) {
        const char *found = memmem(text.p, text.n, "ptl-", 4);
        size_t before = found == NULL ? text.n : (size_t)(found - text.p);

        buf_add(out, str_head(text, before));
        text = str_from(text, before);
        if (found != NULL) {
            buf_adds(out, "SET");
            text = str_from(text, strlen("ptl-4-0123456789abcdef"));
        }
    }
    buf_addc(out, '\0');
}

static void free_outputs(struct dialect_output *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_free(&outputs[i].text);
}

static void prints(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct dialect_output again[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    struct buf got = BUF_EMPTY;
    size_t n;

    (void)state;
    make_policy(&made);
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    assert_int_equal(n, 3);
    assert_int_equal(diags.n, 0);
    without_hash(&got, buf_str(&outputs[0].text));
    assert_string_equal(got.p, expected_v4);
    assert_true(str_starts(buf_str(&outputs[2].text), "create ptl-4-"));
    assert_true(str_contains(buf_str(&outputs[2].text), " hash:net family inet6\n"));
    assert_true(iptables_print(&made.policy, again, &n, &diags));
    for (size_t i = 0; i < n; i++)
        assert_true(str_eq(buf_str(&outputs[i].text), buf_str(&again[i].text)));
    free_outputs(outputs, n);
    free_outputs(again, n);
    buf_free(&got);
    arena_free(made.arena);
}

static void reads_what_it_prints(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct text text = {0};
    struct buf got = BUF_EMPTY;
    struct diags diags;
    size_t n;

    (void)state;
    make_policy(&made);
    made.policy.reject = true;
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    for (size_t i = 0; i < n; i++)
        add_input(&text, str_cstr(made.arena, outputs[i].suffix), buf_str(&outputs[i].text));
    read_inputs(&text);
    if (text.diags.n > 0)
        show_diags(&text);
    assert_int_equal(text.diags.n, 0);
    assert_int_equal(text.ruleset->literal_n, 0);
    assert_int_equal(text.ruleset->families, FAMILY_BOTH);
    for (size_t i = 0; i < text.ruleset->set_n; i++)
        assert_true(text.ruleset->sets[i].used);
    ruleset_text(&got, text.ruleset);
    assert_true(str_contains(buf_str(&got),
                             "any(source=10.1.0.1,10.1.0.3,10.1.0.5,10.1.0.7,10.1.0.9,10.1.0.11,10.1.0.13,"
                             "10.1.0.15,10.1.0.17-10.1.0.24) fragment=0-1 ports=8000-8010 state=new accept"));
    assert_true(str_contains(buf_str(&got), "reject\n"));
    buf_free(&got);
    free_outputs(outputs, n);
    arena_free(text.arena);
    arena_free(made.arena);
}

/* What has no end in the site passes; the rest is denied at the end, by either end. */
static void leaves_others_alone(void **state)
{
    static const char end[] = "# what else has an end in the site\n"
                              "-A FORWARD -s 10.0.0.0/8 -j DROP\n"
                              "-A FORWARD -m iprange --src-range 192.0.2.0-192.0.2.9 -j DROP\n"
                              "-A FORWARD -d 10.0.0.0/8 -j DROP\n"
                              "-A FORWARD -m iprange --dst-range 192.0.2.0-192.0.2.9 -j DROP\n";
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n;

    (void)state;
    make_policy(&made);
    made.policy.scope[FAMILY_V4] = parse_ends(made.arena, "10.0.0.0/8 192.0.2.0-192.0.2.9");
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    assert_true(str_contains(buf_str(&outputs[0].text), ":FORWARD ACCEPT [0:0]\n"));
    assert_true(str_contains(buf_str(&outputs[0].text), end));
    assert_true(str_contains(buf_str(&outputs[1].text), ":FORWARD DROP [0:0]\n"));
    free_outputs(outputs, n);
    arena_free(made.arena);
}

static void refuses(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n = 77;

    (void)state;
    make_policy(&made);
    diags_init(&diags, made.arena);
    made.permits[0].in = STR("eth+");
    made.flows[2].ports_known = false;
    made.permits[3].destination = &ranges_empty;
    made.permits[4].in = STR("an-interface-too-long");
    assert_false(iptables_print(&made.policy, outputs, &n, &diags));
    assert_int_equal(diags.errors, 4);
    assert_int_equal(n, 77);
    for (size_t i = 0; i < 4; i++)
        assert_true(str_starts(diags.v[i].message, "flow pool/"));
    arena_free(made.arena);
}

/* Runs a program with a text as its input in a network namespace of its own; its exit status, or -1. */
static int run_isolated(const char *const *argv, struct str input)
{
    int ends[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[0], 0);
        dup2(2, 1); /* standard output is the test's own protocol */
        close(ends[1]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[0]);
    while (input.n > 0) {
        ssize_t n = write(ends[1], input.p, input.n);

        if (n <= 0)
            break;
        input = str_from(input, (size_t)n);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void real_programs_take_it(void **state)
{
    static const char *const probe[] = {"unshare", "-n", "iptables-restore", "--test", NULL};
    static const char *const v4[] = {
        "unshare", "-n", "sh", "-c", "ipset -exist restore < \"$0\" && iptables-restore --test", NULL, NULL};
    static const char *const v6[] = {
        "unshare", "-n", "sh", "-c", "ipset -exist restore < \"$0\" && ip6tables-restore --test", NULL, NULL};
    char path[] = "/tmp/test_iptables.XXXXXX";
    const char *const ipset[] = {"unshare", "-n", "ipset", "list", "-n", NULL};
    char long_id[300] = "";
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n;
    int file;

    (void)state;
    if (run_isolated(probe, STR_EMPTY) != 0) {
        print_message("# SKIPPED: no iptables-restore, or no network namespace is allowed here\n");
        return; /* cmocka says "not ok # SKIP", which is a failure to TAP */
    }
    make_policy(&made);
    memset(long_id, 'x', sizeof long_id - 1);
    add_permit(&made, HOOK_FORWARD, long_id, PROTO_TCP, "10.0.0.1", "192.0.2.1");
    add_permit(&made, HOOK_FORWARD, "after/the/long/one", PROTO_TCP, "10.0.0.1", "192.0.2.1");
    made.policy.scope[FAMILY_V4] = parse_ends(made.arena, "10.0.0.0/8 192.0.2.0-192.0.2.9");
    diags_init(&diags, made.arena);
    /* Without the flows that need sets, where there is no ipset. */
    if (run_isolated(ipset, STR_EMPTY) != 0) {
        print_message("note: no ipset here: the rules with sets are not tried\n");
        made.policy.permit_n = 3;
    }
    made.policy.reject = true;
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    file = mkstemp(path);
    assert_true(file >= 0);
    if (n > 2)
        assert_int_equal(write(file, outputs[2].text.p, outputs[2].text.n), (ssize_t)outputs[2].text.n);
    close(file);
    if (n > 2) {
        const char *with_v4[] = {v4[0], v4[1], v4[2], v4[3], v4[4], path, NULL};
        const char *with_v6[] = {v6[0], v6[1], v6[2], v6[3], v6[4], path, NULL};

        assert_int_equal(run_isolated(with_v4, buf_str(&outputs[0].text)), 0);
        assert_int_equal(run_isolated(with_v6, buf_str(&outputs[1].text)), 0);
    } else {
        static const char *const plain_v6[] = {"unshare", "-n", "ip6tables-restore", "--test", NULL};

        assert_int_equal(run_isolated(probe, buf_str(&outputs[0].text)), 0);
        assert_int_equal(run_isolated(plain_v6, buf_str(&outputs[1].text)), 0);
    }
    unlink(path);
    free_outputs(outputs, n);
    arena_free(made.arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints),  cmocka_unit_test(reads_what_it_prints),  cmocka_unit_test(leaves_others_alone),
        cmocka_unit_test(refuses), cmocka_unit_test(real_programs_take_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
