/*
 * Printer of nftables: a policy as one table of our own, `inet portolan`. The text replaces that table in one
 * transaction and touches no other. Order within a chain: baseline, flows, what is left. Syntax: nft(8), as nft 1.0.6
 * takes it.
 */
#include "dialect/nftables/print.h"

#include "dialect/nftables/nftables.h"
#include "net/proto.h"

struct printer {
    const struct policy *policy;
    struct buf *out;
};

static bool wants(const struct policy *policy, enum baseline piece)
{
    return (policy->baseline & 1u << piece) != 0;
}

static void rule(const struct printer *printer, const char *match, const char *comment)
{
    buf_addf(printer->out, "        %s %saccept comment \"%s\"\n", match, printer->policy->counters ? "counter " : "",
             comment);
}

static void family_rule(const struct printer *printer, enum family family, const char *match, const char *comment)
{
    if ((printer->policy->families & FAMILY_BIT(family)) != 0)
        rule(printer, match, comment);
}

/* Replies, ICMP errors, and what a host needs to talk to its neighbours at all. */
static void print_baseline(const struct printer *printer, enum hook hook)
{
    const struct policy *policy = printer->policy;
    bool local = hook == HOOK_INPUT || hook == HOOK_OUTPUT;

    if (wants(policy, BASELINE_LOOPBACK) && local)
        rule(printer, hook == HOOK_INPUT ? "iifname \"lo\"" : "oifname \"lo\"", "baseline: loopback");
    if (wants(policy, BASELINE_REPLIES))
        rule(printer, "ct state established,related", "baseline: replies");
    if (wants(policy, BASELINE_ICMP_ERRORS)) {
        family_rule(printer, FAMILY_V4, "icmp type { destination-unreachable, time-exceeded, parameter-problem }",
                    "baseline: icmp-errors");
        family_rule(printer, FAMILY_V6,
                    "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }",
                    "baseline: icmp-errors");
    }
    if (wants(policy, BASELINE_NEIGHBOUR_DISCOVERY) && local)
        family_rule(printer, FAMILY_V6,
                    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }",
                    "baseline: neighbour-discovery");
    if (wants(policy, BASELINE_DHCP) && local) {
        family_rule(printer, FAMILY_V4, "meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 }",
                    "baseline: dhcp");
        family_rule(printer, FAMILY_V6, "meta nfproto ipv6 udp sport . udp dport { 546 . 547, 547 . 546 }",
                    "baseline: dhcp");
    }
}

/*
 * A chain decides on every packet, or only on those with an end in the site. A family that the site does not have is
 * refused like everything else: one table speaks for both, and an open one would be excess.
 */
static bool decides_on_all(const struct policy *policy)
{
    return policy->scope[FAMILY_V4] == NULL && policy->scope[FAMILY_V6] == NULL;
}

static const char *refusal(const struct policy *policy)
{
    if (policy->reject)
        return policy->counters ? "counter reject with icmpx type admin-prohibited"
                                : "reject with icmpx type admin-prohibited";
    return policy->counters ? "counter drop" : "drop";
}

/* The last rules of a chain that does not decide on all: refuse what has an end in the site, leave the rest alone. */
static void print_scope(const struct printer *printer, enum family family)
{
    const struct policy *policy = printer->policy;
    const struct ranges *scope = policy->scope[family];
    const char *object = family == FAMILY_V4 ? "ip" : "ip6";

    if (scope == NULL) {
        buf_addf(printer->out, "        meta nfproto %s %s\n", family == FAMILY_V4 ? "ipv4" : "ipv6", refusal(policy));
        return;
    }
    if (scope->n == 0)
        return;
    for (unsigned end = 0; end < 2; end++) {
        buf_addf(printer->out, "        %s %s ", object, end == 0 ? "saddr" : "daddr");
        print_ranges(printer->out, family, true, scope);
        buf_addf(printer->out, " %s comment \"scope: site\"\n", refusal(policy));
    }
}

static void print_chain(struct arena *arena, const struct printer *printer, const struct groups *groups, enum hook hook)
{
    const struct policy *policy = printer->policy;
    bool all = decides_on_all(policy);

    buf_addf(printer->out, "    chain %s {\n", hook_name(hook));
    buf_addf(printer->out, "        type filter hook %s priority filter; policy %s;\n", hook_name(hook),
             all ? "drop" : "accept");
    print_baseline(printer, hook);
    print_flow_rules(arena, printer->out, policy, groups, hook);
    if (!all) {
        print_scope(printer, FAMILY_V4);
        print_scope(printer, FAMILY_V6);
    } else if (policy->reject || policy->counters) {
        buf_addf(printer->out, "        %s\n", refusal(policy));
    }
    buf_adds(printer->out, "    }\n");
}

static void print_header(struct buf *out, const struct policy *policy)
{
    buf_adds(out, "#!/usr/sbin/nft -f\n");
    buf_addf(out, "# Firewall %.*s of site %.*s: its documented flows and the baseline, nothing else.\n",
             STR_ARG(policy->firewall), STR_ARG(policy->site));
    buf_adds(out, "# Replaces the table inet portolan as a whole and touches no other.\n\n");
    buf_adds(out, "table inet portolan {\n}\ndelete table inet portolan\n\n");
}

/* What nft cannot say, or nobody knows, is an error that names the flow. */
static bool can_say(const struct policy *policy, struct diags *diags)
{
    size_t errors = diags->errors;

    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *permit = &policy->permits[i];
        const struct flow *flow = permit->flow;
        bool ports = flow->ports != NULL || flow->source_ports != NULL;

        if (flow->transport == TRANSPORT_UNSTATED || flow->status != FLOW_RESOLVED)
            diag_error(diags, flow->span, "flow %.*s is unresolved and cannot be printed", STR_ARG(flow->id));
        else if (ports && (flow->transport == TRANSPORT_ANY || !proto_has_ports((unsigned)flow->transport)))
            diag_error(diags, flow->span, "flow %.*s has ports, and its transport has none", STR_ARG(flow->id));
        if (str_contains(permit->in, "\"") || str_contains(permit->out, "\"") || permit->in.n > 15 ||
            permit->out.n > 15)
            diag_error(diags, flow->span, "flow %.*s: \"%.*s\" is no name of an interface that nft takes",
                       STR_ARG(flow->id), STR_ARG(permit->in.n > 15 ? permit->in : permit->out));
    }
    return diags->errors == errors;
}

bool nftables_print(const struct policy *policy, struct dialect_output outputs[DIALECT_OUTPUTS_MAX], size_t *n,
                    struct diags *diags)
{
    static const enum hook order[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};
    struct printer printer = {.policy = policy, .out = &outputs[0].text};
    struct groups groups = {0};
    struct arena *arena;

    if (!can_say(policy, diags))
        return false;
    arena = arena_new();
    outputs[0] = (struct dialect_output){.suffix = STR("nft")};
    groups_make(arena, policy, &groups);
    print_header(printer.out, policy);
    buf_adds(printer.out, "table inet portolan {\n");
    print_sets(arena, printer.out, &groups);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if ((policy->hooks & 1u << order[i]) != 0)
            print_chain(arena, &printer, &groups, order[i]);
    }
    buf_adds(printer.out, "}\n");
    arena_free(arena);
    *n = 1;
    return buf_ok(printer.out);
}
