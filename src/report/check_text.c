/* `check` and `excess` for a terminal: what does not hold first, each with flow, document, rule and packet. */
#include "net/proto.h"
#include "report/check.h"
#include "report/values.h"

#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define YELLOW "\033[1;33m"
#define PLAIN "\033[0m"

static void add_ends(struct buf *out, const struct flow *flow, const struct ends *ends)
{
    if (ends->any) {
        buf_adds(out, "any");
        return;
    }
    if (ends->item_n == 0 && flow->domain_n > 0) {
        for (size_t i = 0; i < flow->domain_n && i < 3; i++)
            buf_addf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(flow->domains[i]));
        return;
    }
    for (size_t i = 0; i < ends->item_n && i < 3; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        addr_range_format(out, flow->family, ends->items[i]);
    }
    if (ends->item_n > 3)
        buf_addf(out, " and %zu more", ends->item_n - 3);
}

static void add_ports(struct buf *out, const struct flow *flow)
{
    if (flow->ports != NULL) {
        for (size_t i = 0; i < flow->ports->n; i++) {
            buf_addf(out, "%s%u", i > 0 ? "," : " ", (unsigned)flow->ports->v[i].lo);
            if (flow->ports->v[i].hi > flow->ports->v[i].lo)
                buf_addf(out, "-%u", (unsigned)flow->ports->v[i].hi);
        }
        buf_addc(out, '/');
    } else if (!flow->ports_known) {
        buf_adds(out, " dynamic/");
    } else {
        buf_addc(out, ' ');
    }
    transport_format(out, flow->transport);
}

void report_line_flow(struct buf *out, const struct flow *flow)
{
    buf_addf(out, "%.*s: ", STR_ARG(flow->id));
    add_ends(out, flow, &flow->source);
    buf_adds(out, " > ");
    add_ends(out, flow, &flow->destination);
    add_ports(out, flow);
}

static void add_origin(struct buf *out, const struct flow *flow)
{
    if (flow->purpose.n > 0 || flow->origin_n > 0)
        buf_adds(out, "    asked  ");
    if (flow->purpose.n > 0)
        buf_addf(out, "%.*s", STR_ARG(flow->purpose));
    for (size_t i = 0; i < flow->origin_n; i++)
        buf_addf(out, "%s%.*s %.*s",
                 i == 0 && flow->purpose.n > 0 ? "; "
                 : i > 0                       ? ", "
                                               : "",
                 STR_ARG(flow->product), STR_ARG(flow->origins[i]));
    if (flow->purpose.n > 0 || flow->origin_n > 0)
        buf_addc(out, '\n');
}

static void add_rule(struct buf *out, const struct rule_ref *rule)
{
    if (!rule->present)
        return;
    buf_adds(out, "    rule   ");
    report_line_rule(out, rule);
    buf_addc(out, '\n');
}

static void add_packet(struct buf *out, const struct packet *packet)
{
    buf_adds(out, "    packet ");
    packet_format(out, packet);
    buf_addc(out, '\n');
}

static void add_verdict(struct buf *out, const struct verdict *verdict, bool color)
{
    const char *paint = !color ? "" : verdict_fails(verdict) ? RED : YELLOW;

    buf_addf(out, "%s%s%s ", paint, verdict_name(verdict->kind), color ? PLAIN : "");
    report_line_flow(out, verdict->flow);
    buf_addc(out, '\n');
    buf_adds(out, "    at     ");
    if (verdict->firewall.n > 0)
        buf_addf(out, "%.*s ", STR_ARG(verdict->firewall));
    if (verdict->hook != HOOK_NONE)
        buf_addf(out, "%s, ", hook_name(verdict->hook));
    buf_adds(out, direction_name(verdict->direction));
    if (verdict->flow->need != NEED_REQUIRED)
        buf_addf(out, " (%s)", need_name(verdict->flow->need));
    if (verdict->reason.n > 0)
        buf_addf(out, ": %.*s", STR_ARG(verdict->reason));
    buf_addc(out, '\n');
    add_rule(out, &verdict->rule);
    if (verdict->has_packet)
        add_packet(out, &verdict->packet);
    if (verdict->has_rewritten) {
        buf_adds(out, "    after NAT ");
        packet_format(out, &verdict->rewritten);
        buf_addc(out, '\n');
    }
    add_origin(out, verdict->flow);
}

static void add_finding(struct buf *out, const struct finding *finding, bool color)
{
    const char *paint = !color ? "" : finding->severity == SEVERITY_ERROR ? RED : YELLOW;

    buf_addf(out, "%s%s%s ", paint, finding_name(finding->kind), color ? PLAIN : "");
    if (finding->firewall.n > 0)
        buf_addf(out, "at %.*s: ", STR_ARG(finding->firewall));
    if (finding->message.n > 0)
        buf_add(out, finding->message);
    else if (finding->has_box)
        report_line_box(out, &finding->box);
    buf_addc(out, '\n');
    if (finding->reason.n > 0)
        buf_addf(out, "    %.*s\n", STR_ARG(finding->reason));
    add_rule(out, &finding->rule);
    if (finding->has_packet)
        add_packet(out, &finding->packet);
}

static void add_test(struct buf *out, const struct test_result *test, bool color)
{
    const char *paint = test->undetermined ? YELLOW : test->holds ? GREEN : RED;

    buf_addf(out, "%stest %s%s: %.*s\n", color ? paint : "",
             test->undetermined ? "undetermined"
             : test->holds      ? "holds"
                                : "fails",
             color ? PLAIN : "", STR_ARG(test->name));
    if (test->holds && !test->undetermined)
        return;
    if (test->reason.n > 0)
        buf_addf(out, "    %.*s\n", STR_ARG(test->reason));
    add_rule(out, &test->rule);
    if (test->has_packet)
        add_packet(out, &test->packet);
}

static void add_summary(struct buf *out, const struct check_result *result)
{
    const struct check_summary *s = &result->summary;
    size_t failed = 0;

    for (size_t i = 0; i < result->test_n; i++)
        failed += !result->tests[i].holds;
    buf_addf(out, "%zu flow%s: %zu permitted, %zu denied, %zu partial, %zu undetermined", s->flows,
             s->flows == 1 ? "" : "s", s->permitted, s->denied, s->partial, s->undetermined);
    if (result->excess_searched || s->excess > 0)
        buf_addf(out, "; excess: %zu", s->excess);
    if (result->test_n > 0)
        buf_addf(out, "; tests: %zu of %zu hold", result->test_n - failed, result->test_n);
    buf_addc(out, '\n');
}

void report_check_text(struct buf *out, const struct check_result *result, bool color)
{
    size_t before = out->n;

    for (size_t i = 0; i < result->verdict_n; i++) {
        if (result->verdicts[i].kind != VERDICT_PERMITTED)
            add_verdict(out, &result->verdicts[i], color);
    }
    for (size_t i = 0; i < result->finding_n; i++)
        add_finding(out, &result->findings[i], color);
    for (size_t i = 0; i < result->test_n; i++)
        add_test(out, &result->tests[i], color);
    if (out->n > before)
        buf_addc(out, '\n');
    add_summary(out, result);
}

void report_excess_text(struct buf *out, const struct check_result *result, bool color)
{
    for (size_t i = 0; i < result->finding_n; i++)
        add_finding(out, &result->findings[i], color);
    if (result->summary.excess == 0)
        buf_adds(out, "nothing is permitted beyond the flows\n");
    else
        buf_addf(out, "\nexcess: %zu\n", result->summary.excess);
}
