/*
 * Printer of the iptables dialect: a policy as iptables-save and ip6tables-save would print it, and the sets that it
 * asks for as `ipset save` would. Same policy, same text: no times, no counters.
 *
 * A file is one filter table: base chains that drop (or, where the policy leaves what is outside the site alone, accept
 * and drop by rules at the end), then for each hook the baseline, the flows in the order of the plan, the end.
 */
#include "dialect/iptables/print.h"

#include "dialect/iptables/printer.h"
#include "net/proto.h"

#define COMMENT_MAX 255  /* bytes of a rule's comment: xt_comment */
#define INTERFACE_MAX 15 /* bytes of an interface's name */

static const struct {
    enum hook hook;
    const char *chain;
} hooks[] = {{HOOK_INPUT, "INPUT"}, {HOOK_FORWARD, "FORWARD"}, {HOOK_OUTPUT, "OUTPUT"}};

#define HOOKS (sizeof hooks / sizeof *hooks)

static bool decides(const struct printer *printer, enum hook hook)
{
    const struct ranges *scope = printer->policy->scope[printer->family];

    return (printer->policy->hooks & 1u << hook) != 0 && (scope == NULL || scope->n > 0);
}

static bool wants(const struct printer *printer, enum baseline baseline)
{
    return (printer->policy->baseline & 1u << baseline) != 0;
}

static void print_head(struct printer *printer)
{
    const struct policy *policy = printer->policy;
    struct buf *out = printer->out;

    buf_adds(out, "# Firewall ");
    printer_clean(out, policy->firewall, false);
    buf_adds(out, " of site ");
    printer_clean(out, policy->site, false);
    buf_addf(out, ", %s: what its flows need and the baseline, nothing else.\n",
             printer->family == FAMILY_V4 ? "IPv4" : "IPv6");
    for (size_t i = 0; i < HOOKS; i++) {
        if (!decides(printer, hooks[i].hook))
            buf_addf(out, "# %s is not decided here: everything passes.\n", hooks[i].chain);
    }
    buf_adds(out, "*filter\n");
    for (size_t i = 0; i < HOOKS; i++)
        buf_addf(out, ":%s %s [0:0]\n", hooks[i].chain,
                 decides(printer, hooks[i].hook) && policy->scope[printer->family] == NULL ? "DROP" : "ACCEPT");
}

static void print_icmp(struct printer *printer, const char *chain, unsigned type)
{
    bool v4 = printer->family == FAMILY_V4;

    buf_addf(printer->out, "-A %s", chain);
    printer_protocol(printer->out, proto_icmp(printer->family));
    buf_addf(printer->out, " -m %s %s %u -j ACCEPT\n", v4 ? "icmp" : "icmp6", v4 ? "--icmp-type" : "--icmpv6-type",
             type);
}

static void print_dhcp(struct printer *printer, const char *chain, bool input)
{
    unsigned server = printer->family == FAMILY_V4 ? 67 : 547;
    unsigned client = printer->family == FAMILY_V4 ? 68 : 546;

    buf_addf(printer->out, "-A %s -p udp -m udp --sport %u --dport %u -j ACCEPT\n", chain, input ? server : client,
             input ? client : server);
}

static void print_baseline(struct printer *printer, enum hook hook, const char *chain)
{
    static const unsigned char errors_v4[] = {3, 11, 12};
    struct buf *out = printer->out;

    if (wants(printer, BASELINE_LOOPBACK) && hook != HOOK_FORWARD)
        buf_addf(out, "-A %s %s lo -j ACCEPT\n", chain, option_name(hook == HOOK_INPUT ? OPTION_IN : OPTION_OUT));
    if (wants(printer, BASELINE_REPLIES))
        buf_addf(out, "-A %s -m conntrack %s RELATED,ESTABLISHED -j ACCEPT\n", chain, option_name(OPTION_CTSTATE));
    if (wants(printer, BASELINE_ICMP_ERRORS)) {
        for (unsigned i = 0; i < (printer->family == FAMILY_V4 ? 3 : 4); i++)
            print_icmp(printer, chain, printer->family == FAMILY_V4 ? errors_v4[i] : i + 1);
    }
    if (wants(printer, BASELINE_NEIGHBOUR_DISCOVERY) && printer->family == FAMILY_V6 && hook != HOOK_FORWARD) {
        for (unsigned type = 133; type <= 136; type++)
            print_icmp(printer, chain, type);
    }
    if (wants(printer, BASELINE_DHCP) && hook != HOOK_FORWARD)
        print_dhcp(printer, chain, hook == HOOK_INPUT);
}

static void refuse(struct printer *printer, const struct permit *permit, const char *why)
{
    diag_error(printer->diags, permit->flow->span, "flow %.*s: iptables cannot say it: %s", STR_ARG(permit->flow->id),
               why);
    printer->failed = true;
}

static bool check_interface(struct printer *printer, const struct permit *permit, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (c <= ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\' || c == '/') {
            refuse(printer, permit, "the name of its interface has characters that no interface has");
            return false;
        }
    }
    if (name.n > INTERFACE_MAX)
        refuse(printer, permit, "the name of its interface is longer than 15 bytes");
    else if (str_ends(name, "+"))
        refuse(printer, permit, "the name of its interface ends in +, which would mean many");
    else if (str_starts(name, "-") || str_is(name, "!"))
        refuse(printer, permit, "the name of its interface looks like an option");
    else
        return true;
    return false;
}

static bool check_permit(struct printer *printer, const struct permit *permit)
{
    const struct flow *flow = permit->flow;

    if (flow->transport == TRANSPORT_UNSTATED || flow->status != FLOW_RESOLVED)
        refuse(printer, permit, "it is not resolved");
    else if (flow->transport != TRANSPORT_ANY && proto_has_ports((unsigned)flow->transport) && !flow->ports_known)
        refuse(printer, permit, "its ports are not known");
    else if (permit->source->n == 0 || permit->destination->n == 0)
        refuse(printer, permit, "one of its ends has no address");
    else if (flow->ports != NULL && flow->ports->n == 0)
        refuse(printer, permit, "it has no port");
    else if ((flow->ports != NULL || flow->source_ports != NULL) &&
             (flow->transport == TRANSPORT_ANY || !proto_has_ports((unsigned)flow->transport)))
        refuse(printer, permit, "it has ports, and its transport has none");
    else if (permit->hook != HOOK_INPUT && permit->hook != HOOK_FORWARD && permit->hook != HOOK_OUTPUT)
        refuse(printer, permit, "it passes at a hook that the filter table does not have");
    else if ((permit->hook == HOOK_INPUT && permit->out.n > 0) || (permit->hook == HOOK_OUTPUT && permit->in.n > 0))
        refuse(printer, permit, "it is bound to an interface that its hook does not see");
    else
        return check_interface(printer, permit, permit->in) && check_interface(printer, permit, permit->out);
    return false;
}

/* The words between the addresses and the ports, and those behind them, are the same for all rules of a permit. */
static struct str rule_body(struct printer *printer, const struct permit *permit, struct str source,
                            struct str destination, struct str source_ports, struct str ports)
{
    struct buf buf = BUF_EMPTY;
    struct str body;

    /* As iptables-save orders them: addresses, interfaces, protocol, then the modules. */
    if (str_starts(source, " -s"))
        buf_add(&buf, source);
    if (str_starts(destination, " -d"))
        buf_add(&buf, destination);
    if (permit->in.n > 0)
        buf_addf(&buf, " %s %.*s", option_name(OPTION_IN), STR_ARG(permit->in));
    if (permit->out.n > 0)
        buf_addf(&buf, " %s %.*s", option_name(OPTION_OUT), STR_ARG(permit->out));
    if (permit->flow->transport != TRANSPORT_ANY)
        printer_protocol(&buf, flow_protocol(permit->flow));
    if (!str_starts(source, " -s"))
        buf_add(&buf, source);
    if (!str_starts(destination, " -d"))
        buf_add(&buf, destination);
    buf_add(&buf, source_ports);
    buf_add(&buf, ports);
    buf_addf(&buf, " -m conntrack %s NEW", option_name(OPTION_CTSTATE));
    body = str_dup(printer->arena, buf_str(&buf));
    buf_free(&buf);
    return body;
}

struct printed_rules VEC(struct printed_rule *);

struct hook_rules {
    struct map by_body;
    struct printed_rules all;
};

/* One rule, or one more flow of a rule that is there already; whether it is new. */
static bool add_rule(struct printer *printer, struct hook_rules *rules, struct str body, struct str id)
{
    struct printed_rule *rule = map_get(&rules->by_body, body);

    if (rule == NULL) {
        rule = arena_new_object(printer->arena, struct printed_rule);
        *rule = (struct printed_rule){.body = body, .ids = id, .flow_n = 1};
        map_set(printer->arena, &rules->by_body, body, rule);
        *vec_push(printer->arena, &rules->all) = rule;
        return true;
    }
    if (rule->ids.n < COMMENT_MAX && !str_eq(rule->ids, id)) {
        rule->ids = str_printf(printer->arena, "%.*s %.*s", STR_ARG(rule->ids), STR_ARG(id));
        rule->flow_n++;
    }
    return false;
}

static size_t add_permit(struct printer *printer, struct hook_rules *rules, const struct permit *permit)
{
    const struct flow *flow = permit->flow;
    unsigned protocol = flow->transport == TRANSPORT_ANY ? 0 : flow_protocol(flow);
    struct variants sources = printer_ends(printer, permit->source, OPTION_SOURCE);
    struct variants destinations = printer_ends(printer, permit->destination, OPTION_DESTINATION);
    struct variants source_ports = printer_ports(printer, flow->source_ports, protocol, OPTION_SPORT, OPTION_SPORTS);
    struct variants ports = printer_ports(printer, flow->ports, protocol, OPTION_DPORT, OPTION_DPORTS);
    size_t fresh = 0;

    vec_each (struct str *, source, &sources) {
        vec_each (struct str *, destination, &destinations) {
            vec_each (struct str *, source_port, &source_ports) {
                vec_each (struct str *, port, &ports) {
                    struct str body = rule_body(printer, permit, *source, *destination, *source_port, *port);

                    fresh += add_rule(printer, rules, body, flow->id);
                }
            }
        }
    }
    return fresh;
}

static void print_comment(struct buf *out, const struct printed_rule *rule)
{
    struct str ids = rule->ids;

    buf_adds(out, " -m comment --comment \"");
    if (ids.n <= COMMENT_MAX) {
        printer_clean(out, ids, true);
    } else {
        /* Cut between two names, or in a very long one; the lines above the rules have them all. */
        ids = str_head(ids, COMMENT_MAX - 3);
        for (size_t i = ids.n; i > COMMENT_MAX / 2; i--) {
            if (ids.p[i - 1] == ' ') {
                ids.n = i - 1;
                break;
            }
        }
        printer_clean(out, ids, true);
        buf_adds(out, "...");
    }
    buf_addc(out, '"');
}

static void print_flow_line(struct printer *printer, const struct flow *flow, bool fresh)
{
    struct buf *out = printer->out;

    buf_adds(out, "# ");
    printer_clean(out, flow->id, false);
    buf_adds(out, ": ");
    printer_clean(out, flow->purpose.n > 0 ? flow->purpose : STR("no purpose given"), false);
    for (size_t i = 0; i < flow->origin_n; i++) {
        buf_adds(out, i > 0 ? "; " : " (");
        printer_clean(out, flow->origins[i], false);
    }
    buf_adds(out, flow->origin_n > 0 ? ")" : "");
    buf_adds(out, fresh ? "\n" : ": by a rule above or below that names it\n");
}

struct flow_rules {
    const struct flow *flow;
    size_t from; /* of the hook's rules, those that are its own */
    size_t to;
};

static void print_flows(struct printer *printer, enum hook hook, const char *chain)
{
    const struct policy *policy = printer->policy;
    struct VEC(struct flow_rules) flows = {0};
    struct hook_rules rules = {0};

    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *permit = &policy->permits[i];
        size_t from = rules.all.n;

        if (permit->hook != hook || permit->flow->family != printer->family)
            continue;
        if (!check_permit(printer, permit))
            continue;
        if ((policy->hooks & 1u << hook) == 0) {
            refuse(printer, permit, "the firewall does not decide on packets at its hook");
            continue;
        }
        add_permit(printer, &rules, permit);
        if (flows.n == 0 || flows.v[flows.n - 1].flow != permit->flow)
            *vec_push(printer->arena, &flows) = (struct flow_rules){.flow = permit->flow, .from = from};
        flows.v[flows.n - 1].to = rules.all.n;
    }
    vec_each (struct flow_rules *, flow, &flows) {
        print_flow_line(printer, flow->flow, flow->to > flow->from);
        for (size_t i = flow->from; i < flow->to; i++) {
            buf_addf(printer->out, "-A %s", chain);
            buf_add(printer->out, rules.all.v[i]->body);
            print_comment(printer->out, rules.all.v[i]);
            buf_adds(printer->out, " -j ACCEPT\n");
        }
    }
}

static const char *denial(const struct printer *printer)
{
    if (!printer->policy->reject)
        return "DROP";
    return printer->family == FAMILY_V4 ? "REJECT --reject-with icmp-admin-prohibited"
                                        : "REJECT --reject-with icmp6-adm-prohibited";
}

static void print_end(struct printer *printer, const char *chain)
{
    const struct ranges *scope = printer->policy->scope[printer->family];
    static const enum option ends[] = {OPTION_SOURCE, OPTION_DESTINATION};

    if (scope == NULL) {
        if (printer->policy->reject)
            buf_addf(printer->out, "-A %s -j %s\n", chain, denial(printer));
        return;
    }
    buf_adds(printer->out, "# what else has an end in the site\n");
    for (size_t i = 0; i < 2; i++) {
        struct variants variants = printer_ends(printer, scope, ends[i]);

        vec_each (struct str *, variant, &variants)
            buf_addf(printer->out, "-A %s%.*s -j %s\n", chain, STR_ARG(*variant), denial(printer));
    }
}

static void print_family(struct printer *printer)
{
    print_head(printer);
    for (size_t i = 0; i < HOOKS; i++) {
        if (decides(printer, hooks[i].hook))
            print_baseline(printer, hooks[i].hook, hooks[i].chain);
        print_flows(printer, hooks[i].hook, hooks[i].chain);
        if (decides(printer, hooks[i].hook))
            print_end(printer, hooks[i].chain);
    }
    buf_adds(printer->out, "COMMIT\n");
}

static void check_families(struct printer *printer)
{
    for (size_t i = 0; i < printer->policy->permit_n; i++) {
        const struct permit *permit = &printer->policy->permits[i];

        if ((printer->policy->families & FAMILY_BIT(permit->flow->family)) == 0)
            refuse(printer, permit, "the firewall is not printed for its address family");
    }
}

/* A file that asks for sets says so, where a person begins to read. */
static void put_note(struct buf *out)
{
    struct buf noted = BUF_EMPTY;

    buf_adds(&noted, "# The sets come first: ipset -exist restore < the file that ends in .ipset\n");
    buf_add(&noted, buf_str(out));
    buf_free(out);
    *out = noted;
}

bool iptables_print(const struct policy *policy, struct dialect_output outputs[DIALECT_OUTPUTS_MAX], size_t *n,
                    struct diags *diags)
{
    static const char *const suffixes[FAMILY_N] = {"v4.rules", "v6.rules"};
    struct printer printer = {.policy = policy, .diags = diags, .arena = arena_new()};
    size_t made = 0;
    bool ok = true;

    check_families(&printer);
    if ((policy->baseline & 1u << BASELINE_REPLIES) == 0 && policy->permit_n > 0)
        diag_warning(diags, SPAN_NONE, "firewall %.*s: replies are not in its baseline, so no flow gets an answer",
                     STR_ARG(policy->firewall));
    for (enum family family = 0; family < FAMILY_N; family++) {
        size_t sets = printer.sets.n;

        if ((policy->families & FAMILY_BIT(family)) == 0)
            continue;
        outputs[made] = (struct dialect_output){.suffix = str_of(suffixes[family])};
        printer.out = &outputs[made++].text;
        printer.family = family;
        print_family(&printer);
        if (printer.sets.n > sets)
            put_note(printer.out);
    }
    if (printer.ipset.n > 0)
        outputs[made++] = (struct dialect_output){.suffix = STR("ipset"), .text = printer.ipset};
    for (size_t i = 0; i < made; i++)
        ok = ok && buf_ok(&outputs[i].text);
    for (size_t i = 0; i < made && (printer.failed || !ok); i++)
        buf_free(&outputs[i].text);
    ok = ok && !printer.failed;
    arena_free(printer.arena);
    if (ok)
        *n = made;
    return ok;
}
