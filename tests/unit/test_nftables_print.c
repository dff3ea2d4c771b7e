/*
 * Policies printed for nftables: judged by nft, read back and compared with the permits packet by packet; and what nft
 * says about wrong texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "net/proto.h"
#include "nftables_text.h"
#include "system/nft.h"

struct builder {
    struct fixture *fixture;
    struct permits VEC(struct permit) permits;
};

static const struct ranges *addresses(struct arena *arena, const char *list)
{
    struct str rest = str_of(list);
    struct range v[16];
    size_t n = 0;

    while (rest.n > 0) {
        struct addr_range one;

        assert_int_equal(addr_range_parse(str_cut(rest, ',', &rest), &one), ADDR_OK);
        v[n++] = one.range;
    }
    return ranges_of(arena, v, n);
}

static const struct ranges *ports(struct arena *arena, const char *list)
{
    struct str rest = str_of(list);
    struct range v[16];
    size_t n = 0;

    while (rest.n > 0)
        assert_true(port_range_parse(str_cut(rest, ',', &rest), true, &v[n++]));
    return n == 0 ? NULL : ranges_of(arena, v, n);
}

static void permit(struct builder *builder, const char *id, enum hook hook, const char *in, const char *out,
                   enum family family, int transport, const char *source, const char *destination,
                   const char *port_list, const char *source_ports)
{
    struct arena *arena = builder->fixture->arena;
    struct flow *flow = arena_new_object(arena, struct flow);
    struct str *origin = arena_new_object(arena, struct str);

    *origin = STR("ports#\"a / b\"");
    *flow = (struct flow){.id = str_of(id),
                          .family = family,
                          .transport = transport,
                          .ports = ports(arena, port_list),
                          .ports_known = true,
                          .source_ports = ports(arena, source_ports),
                          .purpose = STR("say \"why\"\nhere"),
                          .origins = origin,
                          .origin_n = 1};
    *vec_push(arena, &builder->permits) = (struct permit){.flow = flow,
                                                          .hook = hook,
                                                          .in = str_of(in),
                                                          .out = str_of(out),
                                                          .source = addresses(arena, source),
                                                          .destination = addresses(arena, destination)};
}

static void permits_of_all_kinds(struct builder *b)
{
    permit(b, "p/ntp/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.1-10.0.0.2,10.0.0.9", "10.1.0.1",
           "123", "");
    permit(b, "p/dns/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.1", "53", "");
    permit(b, "p/dns2/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.0/16", "53", "");
    permit(b, "p/dns3/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.0/16", "53", "");
    permit(b, "p/web/tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "0.0.0.0/0", "10.1.0.5", "80,443", "");
    permit(b, "p/any/tcp", HOOK_FORWARD, "eth1", "eth0", FAMILY_V4, PROTO_TCP, "0.0.0.0/0", "0.0.0.0/0", "80,444-450",
           "");
    permit(b, "p/all/any", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, TRANSPORT_ANY, "10.3.0.1", "10.3.0.2,10.3.0.7", "",
           "");
    permit(b, "p/ping", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_ICMP, "fd00::1", "fd00::2", "", "");
    permit(b, "p/ping4", HOOK_INPUT, "", "", FAMILY_V4, PROTO_ICMP, "10.0.0.1,10.0.0.5", "10.0.0.2", "", "");
    permit(b, "p/gre", HOOK_OUTPUT, "", "eth+", FAMILY_V4, PROTO_GRE, "0.0.0.0/0", "0.0.0.0/0", "", "");
    permit(b, "p/ssh/v6", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_TCP, "fd00::/64,fd01::5",
           "fd00:1::1-fd00:1::9", "22", "");
    permit(b, "p/any/v6", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_UDP, "::/0", "fd00:1::1", "1-65535", "");
    permit(b, "p/old/tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "10.0.0.0/24", "10.2.0.0/16", "22",
           "1000-2000,3000");
    permit(b, "p/all-tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "10.7.0.0/24", "10.8.0.0/24", "", "");
    permit(b, "p/sctp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_SCTP, "10.7.0.0/24", "10.8.0.0/24", "5", "");
    permit(b,
           "a-very-long-flow-identifier-that-goes-on-and-on/with-a-requirement-name-that-is-also-rather-long-and-goes-"
           "on-and-on-and-on-until/tcp",
           HOOK_INPUT, "eth0", "", FAMILY_V4, PROTO_TCP, "10.0.0.0/24", "10.1.0.1", "22", "");
}

static struct policy policy_of(const struct builder *builder)
{
    return (struct policy){
        .firewall = STR("edge"),
        .site = STR("east-lab"),
        .hooks = 1u << HOOK_FORWARD | 1u << HOOK_INPUT | 1u << HOOK_OUTPUT,
        .families = FAMILY_BOTH,
        .baseline = BASELINE_DEFAULT,
        .permits = builder->permits.v,
        .permit_n = builder->permits.n,
    };
}

static struct str print(struct fixture *fixture, const struct policy *policy)
{
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct str text;
    size_t n = 0;

    assert_true(nftables_print(policy, outputs, &n, &fixture->diags));
    assert_int_equal(n, 1);
    assert_true(str_is(outputs[0].suffix, "nft"));
    text = str_dup(fixture->arena, buf_str(&outputs[0].text));
    buf_free(&outputs[0].text);
    return text;
}

/* Loads a text with nft and reads it; NULL where this machine does not allow namespaces or has no nft. */
static struct ruleset *load(struct fixture *fixture, struct str text)
{
    struct source *source = source_new(fixture->arena, STR("edge.nft"), text);
    struct source *listing = NULL;
    struct dialect_input input = {.text = source};
    struct buf out = BUF_EMPTY;
    struct ruleset *ruleset;
    int error = nft_check(source, NULL, &fixture->diags);

    if (error == 0)
        error = nft_list(fixture->arena, source, NULL, false, &listing, &fixture->diags);
    if (error != 0 && error != -EINVAL) {
        print_message("# SKIP nft cannot be run here: %s\n", strerror(-error));
        return NULL;
    }
    diags_print(&out, &fixture->diags, false);
    if (error != 0)
        fail_msg("%.*s\n%.*s", (int)out.n, out.p, STR_ARG(text));
    input.listing = listing;
    ruleset = nftables_read(fixture->arena, &input, 1, &fixture->diags);
    assert_non_null(ruleset);
    buf_free(&out);
    return ruleset;
}

struct probe {
    enum family family;
    struct str in;
    struct str out;
    u128 source;
    u128 destination;
    unsigned protocol;
    uint16_t source_port;
    uint16_t port;
};

static bool interface_in(const struct match *match, struct str name)
{
    for (size_t i = 0; i < match->interface_n; i++) {
        struct interface_pattern pattern = match->interfaces[i];

        if (pattern.prefix ? str_eq(str_head(name, pattern.name.n), pattern.name) : str_eq(name, pattern.name))
            return true;
    }
    return false;
}

static u128 value_of(const struct probe *probe, enum field field)
{
    switch (field) {
    case FIELD_SOURCE: return probe->source;
    case FIELD_DESTINATION: return probe->destination;
    case FIELD_PROTOCOL: return probe->protocol;
    case FIELD_SOURCE_PORT: return probe->source_port;
    case FIELD_PORT: return probe->port;
    case FIELD_ICMP: return icmp_message(probe->family == FAMILY_V4 ? 8 : 128, 0);
    case FIELD_STATE: return STATE_NEW;
    case FIELD_TCP_FLAGS: return TCP_SYN;
    case FIELD_FRAGMENT:
    case FIELD_MARK:
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 0;
}

static bool holds(const struct match *matches, size_t n, const struct probe *probe)
{
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &matches[i];
        bool any = false;

        switch (match->kind) {
        case MATCH_RANGES:
            if (!ranges_contain(match->ranges, value_of(probe, match->field)))
                return false;
            break;
        case MATCH_INTERFACES:
            if (interface_in(match, match->field == FIELD_IN ? probe->in : probe->out) == match->negated)
                return false;
            break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
            for (size_t k = 0; k < match->group_n; k++)
                any = any || holds(match->groups[k].v, match->groups[k].n, probe);
            if (any != (match->kind == MATCH_ANY_OF))
                return false;
            break;
        case MATCH_TRANSLATED:
        case MATCH_UNKNOWN:
        case MATCH_N: fail_msg("a printed rule has an unknown");
        }
    }
    return true;
}

static enum action decide(const struct chain *chain, const struct probe *probe)
{
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];

        if ((rule->families & FAMILY_BIT(probe->family)) != 0 && holds(rule->matches, rule->match_n, probe) &&
            rule->action != ACTION_NONE)
            return rule->action;
    }
    return chain->policy;
}

static bool name_fits(struct str pattern, struct str name)
{
    if (str_ends(pattern, "+"))
        return str_eq(str_head(name, pattern.n - 1), str_head(pattern, pattern.n - 1));
    return pattern.n == 0 || str_eq(pattern, name);
}

static bool permitted(const struct policy *policy, enum hook hook, const struct probe *probe)
{
    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *each = &policy->permits[i];
        const struct flow *flow = each->flow;

        if (each->hook == hook && flow->family == probe->family && name_fits(each->in, probe->in) &&
            name_fits(each->out, probe->out) &&
            (flow->transport == TRANSPORT_ANY || flow_protocol(flow) == probe->protocol) &&
            ranges_contain(each->source, probe->source) && ranges_contain(each->destination, probe->destination) &&
            (flow->ports == NULL || ranges_contain(flow->ports, probe->port)) &&
            (flow->source_ports == NULL || ranges_contain(flow->source_ports, probe->source_port)))
            return true;
    }
    return false;
}

/* An end of one of the ranges, or the value beside it. */
static u128 edge(const struct ranges *ranges, u128 max, unsigned *seed)
{
    const struct range *range = &ranges->v[(unsigned)rand_r(seed) % ranges->n];

    switch (rand_r(seed) % 5) {
    case 0: return range->lo == 0 ? 0 : range->lo - 1;
    case 1: return range->hi == max ? max : range->hi + 1;
    case 2: return range->hi;
    default: return range->lo;
    }
}

static struct probe random_probe(const struct permit *permit, unsigned *seed)
{
    static const unsigned protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, PROTO_GRE, PROTO_SCTP};
    const struct flow *flow = permit->flow;
    struct probe probe = {.family = flow->family, .source_port = 1500, .port = 22};

    probe.in = permit->hook == HOOK_OUTPUT ? STR_EMPTY : rand_r(seed) % 8 == 0 ? STR("eth1") : STR("eth0");
    probe.out = permit->hook == HOOK_INPUT ? STR_EMPTY : rand_r(seed) % 8 == 0 ? STR("wan0") : STR("eth1");
    if (permit->in.n > 0 && rand_r(seed) % 2 == 0)
        probe.in = permit->in;
    if (permit->out.n > 0 && rand_r(seed) % 2 == 0 && !str_ends(permit->out, "+"))
        probe.out = permit->out;
    probe.source = edge(permit->source, addr_max(flow->family), seed);
    probe.destination = edge(permit->destination, addr_max(flow->family), seed);
    probe.protocol =
        flow->transport == TRANSPORT_ANY || rand_r(seed) % 8 == 0 ? protocols[rand_r(seed) % 6] : flow_protocol(flow);
    if (flow->ports != NULL)
        probe.port = (uint16_t)edge(flow->ports, 65535, seed);
    if (flow->source_ports != NULL)
        probe.source_port = (uint16_t)edge(flow->source_ports, 65535, seed);
    return probe;
}

static void compare(const struct policy *policy, const struct ruleset *ruleset)
{
    unsigned seed = 1;
    size_t accepted = 0;

    for (size_t i = 0; i < 20000; i++) {
        const struct permit *each = &policy->permits[(unsigned)rand_r(&seed) % policy->permit_n];
        struct probe probe = random_probe(each, &seed);
        struct chain *chain = ruleset_chain(ruleset, STR("inet portolan"), str_of(hook_name(each->hook)));
        bool expected = permitted(policy, each->hook, &probe);

        assert_non_null(chain);
        if ((decide(chain, &probe) == ACTION_ACCEPT) != expected)
            fail_msg("packet %zu like %.*s must%s pass", i, STR_ARG(each->flow->id), expected ? "" : " not");
        accepted += expected;
    }
    assert_true(accepted > 1000);
}

static void test_print_and_read(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct policy policy;
    struct ruleset *ruleset;
    struct str text;

    permits_of_all_kinds(&builder);
    policy = policy_of(&builder);
    text = print(fixture, &policy);
    assert_false(str_contains(text, "flush"));
    assert_true(str_contains(text, "delete table inet portolan\n"));
    assert_true(str_contains(text, "# p/ntp/udp: say 'why' here (ports#\"a / b\")\n"));
    assert_true(str_contains(text, "10.0.0.0/24 . 10.1.0.0/16 . 53 comment \"p/dns2/udp, p/dns3/udp\""));
    assert_true(str_eq(text, print(fixture, &policy)));
    ruleset = load(fixture, text);
    if (ruleset == NULL)
        skip();
    assert_int_equal(ruleset->chain_n, 3);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        assert_int_equal(ruleset->chains[i]->policy, ACTION_DROP);
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++)
            assert_true(ruleset->chains[i]->rules[k].has_line);
    }
    compare(&policy, ruleset);
}

static void test_print_variants(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct policy policy;
    struct ruleset *ruleset;

    permits_of_all_kinds(&builder);
    policy = policy_of(&builder);
    policy.reject = true;
    policy.counters = true;
    policy.baseline |= 1u << BASELINE_DHCP;
    ruleset = load(fixture, print(fixture, &policy));
    if (ruleset == NULL)
        skip();
    compare(&policy, ruleset);
    assert_int_equal(ruleset->chains[0]->rules[ruleset->chains[0]->rule_n - 1].action, ACTION_REJECT);
    policy.scope[FAMILY_V4] = addresses(fixture->arena, "10.0.0.0/8,192.168.0.0/16");
    policy.scope[FAMILY_V6] = &ranges_empty;
    ruleset = load(fixture, print(fixture, &policy));
    assert_non_null(ruleset);
    for (size_t i = 0; i < 3; i++) {
        struct probe probe = {.family = FAMILY_V4, .in = STR("x"), .out = STR("x"), .protocol = 99};

        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_ACCEPT); /* neither end in the site */
        probe.destination = 0x0a000001;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_REJECT);
        probe.family = FAMILY_V6;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_ACCEPT);
    }
    policy = policy_of(&builder);
    policy.families = FAMILY_BIT(FAMILY_V6);
    ruleset = load(fixture, print(fixture, &policy));
    assert_non_null(ruleset);
    for (size_t i = 0; i < 3; i++) {
        struct probe probe = {.family = FAMILY_V4, .in = STR("x"), .out = STR("x"), .protocol = 99};

        assert_int_equal(decide(ruleset->chains[i], &probe),
                         ACTION_DROP); /* a family that the site has not is refused */
        probe.family = FAMILY_V6;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_DROP);
    }
}

/* Many flows that overlap: the kernel takes the sets, and their union is the permits. */
static void test_print_overlaps(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct ruleset *ruleset;
    struct policy policy;
    unsigned seed = 7;

    for (unsigned i = 0; i < 300; i++) {
        char source[64];
        char destination[64];
        char port[32];
        unsigned from = 1 + (unsigned)rand_r(&seed) % 40;

        snprintf(source, sizeof source, "10.0.%u.0-10.0.%u.255", i % 7, i % 7 + (unsigned)rand_r(&seed) % 3);
        snprintf(destination, sizeof destination, "10.1.0.%u-10.1.0.%u", i % 50, i % 50 + (unsigned)rand_r(&seed) % 9);
        snprintf(port, sizeof port, "%u-%u", from, from + (unsigned)rand_r(&seed) % 5);
        permit(&builder, str_cstr(fixture->arena, str_printf(fixture->arena, "pool/flow-%u/tcp", i)), HOOK_FORWARD,
               "eth0", "eth1", FAMILY_V4, PROTO_TCP, source, destination, port, "");
    }
    policy = policy_of(&builder);
    ruleset = load(fixture, print(fixture, &policy));
    if (ruleset == NULL)
        skip();
    compare(&policy, ruleset);
}

static void test_print_refuses(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct policy policy;
    size_t n = 0;

    permit(&builder, "p/x", HOOK_INPUT, "", "", FAMILY_V4, TRANSPORT_UNSTATED, "10.0.0.1", "10.0.0.2", "", "");
    permit(&builder, "p/y", HOOK_INPUT, "", "", FAMILY_V4, PROTO_GRE, "10.0.0.1", "10.0.0.2", "5", "");
    permit(&builder, "p/z", HOOK_INPUT, "a\"b", "", FAMILY_V4, PROTO_TCP, "10.0.0.1", "10.0.0.2", "5", "");
    policy = policy_of(&builder);
    assert_false(nftables_print(&policy, outputs, &n, &fixture->diags));
    assert_int_equal(fixture->diags.errors, 3);
    assert_true(str_contains(fixture->diags.v[1].message, "p/y"));
}

static void test_nft_errors(void **state)
{
    struct fixture *fixture = *state;
    struct source *source = source_new(fixture->arena, STR("x.nft"),
                                       STR("table inet t {\n  chain c {\n    tcp dport foo accept\n  }\n}\n"));
    struct source *listing = NULL;
    int error = nft_list(fixture->arena, source, NULL, false, &listing, &fixture->diags);

    if (error != 0 && error != -EINVAL) {
        print_message("# SKIP nft cannot be run here: %s\n", strerror(-error));
        skip();
    }
    assert_int_equal(error, -EINVAL);
    assert_null(listing);
    assert_true(fixture->diags.errors > 0);
    assert_int_equal(source_line(source, fixture->diags.v[0].span.at), 3);
    assert_int_equal(source_column(source, fixture->diags.v[0].span.at), 15);
    diags_init(&fixture->diags, fixture->arena);
    source = source_new(fixture->arena, STR("x.nft"), STR("table inet t {}\ninclude \"other.nft\"\n"));
    assert_int_equal(nft_list(fixture->arena, source, NULL, false, &listing, &fixture->diags), -EINVAL);
    assert_int_equal(source_line(source, fixture->diags.v[0].span.at), 2);
    /* Interfaces that nft wants to exist are made up. */
    diags_init(&fixture->diags, fixture->arena);
    source =
        source_new(fixture->arena, STR("x.nft"),
                   STR("define wan = wan0\ntable inet t {\n  chain c {\n    iif { lan0, \"lan1\" } oif $wan accept\n"
                       "  }\n}\n"));
    error = nft_list(fixture->arena, source, NULL, false, &listing, &fixture->diags);
    assert_int_equal(error, 0);
    assert_true(str_contains(listing->text, "\"wan0\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_print_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_variants, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_overlaps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nft_errors, setup, teardown),
    };

    return cmocka_run_group_tests_name("nftables_print", tests, NULL, NULL);
}
