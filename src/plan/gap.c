/* Flows that have no way through the site. */
#include "plan/plan.h"
#include "plan/router.h"

struct gap_findings VEC(struct finding);

static void place(struct buf *out, const struct zone *zone, enum family family, const struct ranges *ranges)
{
    if (zone != NULL) {
        buf_addf(out, "zone \"%.*s\"", STR_ARG(zone->name));
        return;
    }
    addr_range_format(out, family, ranges->v[0]);
    buf_addf(out, "%s, which %s in no zone", ranges->n > 1 ? " and others" : "", ranges->n > 1 ? "are" : "is");
}

static void add_gap(struct arena *arena, struct gap_findings *findings, const struct flow *flow, const struct gap *gap)
{
    struct finding *finding = vec_push(arena, findings);
    struct buf message = BUF_EMPTY;

    buf_addf(&message, "no firewall joins the ends of %.*s: from ", STR_ARG(flow->id));
    place(&message, gap->from, flow->family, gap->source);
    buf_adds(&message, " to ");
    place(&message, gap->to, flow->family, gap->destination);
    *finding = (struct finding){
        .kind = FINDING_NO_PATH,
        .severity = flow->need == NEED_REQUIRED ? SEVERITY_ERROR : SEVERITY_WARNING,
        .firewall = STR_EMPTY,
        .message = str_dup(arena, buf_str(&message)),
    };
    buf_free(&message);
}

static bool said_before(const struct gap *gaps, size_t n, const struct gap *gap)
{
    for (size_t i = 0; i < n; i++) {
        if (gaps[i].from == gap->from && gaps[i].to == gap->to)
            return true;
    }
    return false;
}

struct finding *plan_gaps(struct arena *arena, const struct plan *plan, size_t *n)
{
    struct router router = {.arena = arena, .site = plan->site};
    struct gap_findings findings = {0};

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];
        struct routes routes = {0};

        if (flow->need == NEED_FORBIDDEN || flow->source.ranges->n == 0 || flow->destination.ranges->n == 0)
            continue;
        router_find(&router, flow->family, flow->source.ranges, flow->destination.ranges, flow->subnet, &routes);
        for (size_t g = 0; g < routes.gap_n; g++) {
            if (!said_before(routes.gaps, g, &routes.gaps[g]))
                add_gap(arena, &findings, flow, &routes.gaps[g]);
        }
    }
    *n = findings.n;
    return findings.v;
}
