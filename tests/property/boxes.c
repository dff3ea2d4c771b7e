/* Packets against boxes as they are printed, and excess; see oracle.h. */
#include "oracle.h"

#include "net/proto.h"

/* `0-2`: all codes of the types; `3/0-3`: some codes of one. */
static bool message_in(struct str text, unsigned message)
{
    struct str codes;
    struct str type = str_cut(text, '/', &codes);
    struct range range;

    if (codes.n == 0)
        return port_range_parse(type, true, &range) && range.lo <= message >> 8 && message >> 8 <= range.hi;
    return port_range_parse(type, true, &range) && range.lo == message >> 8 && port_range_parse(codes, true, &range) &&
           range.lo <= (message & 255) && (message & 255) <= range.hi;
}

static bool in_values(const struct str *values, size_t n, enum field field, u128 value)
{
    for (size_t i = 0; i < n; i++) {
        struct addr_range addr;
        struct range range;

        if (str_is(values[i], "any"))
            return true;
        if (field == FIELD_SOURCE || field == FIELD_DESTINATION) {
            if (addr_range_parse(values[i], &addr) == ADDR_OK && addr.range.lo <= value && value <= addr.range.hi)
                return true;
        } else if (field == FIELD_STATE) {
            if (str_is(values[i], state_name((enum state)value)))
                return true;
        } else if (field == FIELD_FRAGMENT) {
            static const char *const names[FRAGMENT_N] = {"none", "first", "later"};

            if (str_is(values[i], names[value]))
                return true;
        } else if (field == FIELD_ICMP) {
            if (message_in(values[i], (unsigned)value))
                return true;
        } else if (field == FIELD_PROTOCOL && proto_parse(values[i]) == (int)value) {
            return true;
        } else if (port_range_parse(values[i], true, &range) && range.lo <= value && value <= range.hi) {
            return true;
        }
    }
    return false;
}

/* The most specific entry decides; a list that begins with an exception starts from every interface. */
static bool interface_in(const struct str *values, size_t n, struct str name)
{
    bool inside = str_starts(values[0], "!") || str_is(values[0], "any");
    size_t longest = 0;

    for (size_t i = 0; i < n; i++) {
        bool negative = str_starts(values[i], "!");
        struct str value = str_from(values[i], negative);
        bool wild = str_ends(value, "*");
        struct str head = str_head(value, wild ? value.n - 1 : value.n);

        if (wild ? !str_eq(str_head(name, head.n), head) : !str_eq(name, value))
            continue;
        if (head.n + !wild > longest) {
            longest = head.n + !wild;
            inside = !negative;
        }
    }
    return inside;
}

bool in_box(const struct box *box, const struct packet *packet)
{
    bool has_ports = proto_has_ports(packet->protocol);
    bool icmp = packet->protocol == proto_icmp(packet->family);

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct str *values = box->values[field];

        if (field == FIELD_IN || field == FIELD_OUT) {
            if (!interface_in(values, box->n[field], field == FIELD_IN ? packet->in : packet->out))
                return false;
        } else if (((field == FIELD_SOURCE_PORT || field == FIELD_PORT) && !has_ports) ||
                   (field == FIELD_ICMP && !icmp) || (field == FIELD_TCP_FLAGS && packet->protocol != PROTO_TCP) ||
                   field == FIELD_MARK) {
            continue;
        } else if (!in_values(values, box->n[field], field, packet_field(packet, field))) {
            return false;
        }
    }
    return true;
}

/* Whether a permit's flow has the packet; `mirrored`: as an answer, in a ruleset that keeps no state. */
static bool permit_has(const struct permit *permit, const struct packet *packet, bool mirrored)
{
    const struct flow *flow = permit->flow;
    bool any = flow->transport == TRANSPORT_ANY;
    struct str in = mirrored ? permit->out : permit->in;
    struct str out = mirrored ? permit->in : permit->out;
    const struct ranges *from = mirrored ? permit->destination : permit->source;
    const struct ranges *to = mirrored ? permit->source : permit->destination;
    const struct ranges *from_ports = mirrored ? flow->ports : flow->source_ports;
    const struct ranges *to_ports = mirrored ? flow->source_ports : flow->ports;

    return (in.n == 0 || str_eq(in, packet->in)) && (out.n == 0 || str_eq(out, packet->out)) &&
           ranges_contain(from, packet->source) && ranges_contain(to, packet->destination) &&
           (any || flow_protocol(flow) == packet->protocol) &&
           (any || from_ports == NULL || ranges_contain(from_ports, packet->source_port)) &&
           (any || to_ports == NULL || ranges_contain(to_ports, packet->port)) &&
           (!mirrored || packet->protocol != PROTO_TCP || (packet->tcp_flags & (TCP_ACK | TCP_RST)) != 0);
}

static bool excused(const struct ruleset *ruleset, const struct policy *policy, const struct packet *packet)
{
    bool stateless = region_stateless(ruleset);

    for (size_t i = 0; i < policy->permit_n; i++) {
        if (permit_has(&policy->permits[i], packet, false) ||
            (stateless && permit_has(&policy->permits[i], packet, true)))
            return true;
    }
    if ((policy->baseline & 1u << BASELINE_ICMP_ERRORS) == 0 || packet->protocol != proto_icmp(family))
        return false;
    return family == FAMILY_V4 ? packet->icmp_type == 3 || packet->icmp_type == 11 || packet->icmp_type == 12
                               : packet->icmp_type >= 1 && packet->icmp_type <= 4;
}

struct accepted {
    const struct rule *by; /* the last rule that accepted the packet */
    bool unsure;
};

static void note_accepted(void *context, const struct naive_step *step)
{
    struct accepted *accepted = context;

    accepted->unsure = accepted->unsure || step->matched == TERNARY_MAYBE;
    if (step->rule != NULL && step->matched == TERNARY_YES && step->action == ACTION_ACCEPT)
        accepted->by = step->rule;
}

/* The packet of an excess passes, and where no unknown has a part in it the rule that is named lets it through. */
static void compare_witness(const struct ruleset *ruleset, const struct finding *finding, unsigned long number)
{
    struct accepted accepted = {0};
    struct naive_question question = {.ruleset = ruleset,
                                      .hook = HOOK_FORWARD,
                                      .packet = &finding->packet,
                                      .step = note_accepted,
                                      .context = &accepted};

    if (fate(ruleset, finding->packet, finding->packet.in, finding->packet.out) == 0)
        complain("the packet of an excess does not pass", number, &finding->packet);
    naive_ask(&question);
    if (!accepted.unsure && accepted.by != (finding->rule.index == 0 ? NULL : rule_of_finding(ruleset, finding)))
        complain("another rule lets the packet of an excess through", number, &finding->packet);
}

void compare_excess(struct arena *arena, const struct prover *prover, const struct policy *policy, unsigned long number)
{
    struct findings findings = {0};
    bool open = false; /* some rule opens so much that not all is listed; must stay the exception */

    if (!excess_find(arena, prover, policy, &findings, &(struct rule_ref){0}))
        complain("gave up", number, NULL);
    vec_each (struct finding *, finding, &findings)
        open = open || str_ends(finding->reason, "not listed");
    excess_open += open;
    for (unsigned i = 0; i < 100; i++) {
        struct packet packet = random_packet(&policy->faces[0]);
        bool may_pass = fate(prover->ruleset, packet, packet.in, packet.out) != 0;
        bool beyond = may_pass && !excused(prover->ruleset, policy, &packet);
        bool found = false;

        if (packet.source == packet.destination)
            continue;
        vec_each (struct finding *, finding, &findings)
            found = found || in_box(&finding->box, &packet);
        if (found != beyond && !(open && beyond))
            complain(beyond ? "excess is not found" : "this is no excess", number, &packet);
    }
    vec_each (struct finding *, finding, &findings)
        compare_witness(prover->ruleset, finding, number);
}
