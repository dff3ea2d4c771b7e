/* portolan why: which flow, requirement and document row ask for a packet, and which rules decide it. */
#include "report/why.h"
#include "cli/checking.h"
#include "cli/ends.h"
#include "net/proto.h"

static const struct option_row options[] = {INPUTS_LENIENT, {0}};

struct question {
    struct str text;
    struct ends source[FAMILY_N];
    struct ends destination[FAMILY_N];
    int transport;
    const struct ranges *ports; /* NULL: any */
};

/* HOST[:PORT]/proto, an IPv6 address with a port in brackets. */
static bool read_target(struct cli *cli, const struct plan *plan, struct str text, struct question *question)
{
    size_t slash = text.n;
    struct str host;
    struct str port = STR_EMPTY;
    struct range range;

    while (slash > 0 && text.p[slash - 1] != '/')
        slash--;
    host = str_head(text, slash > 0 ? slash - 1 : 0);
    if (slash == 0 || !transport_parse(str_from(text, slash), &question->transport)) {
        diag_error(&cli->diags, SPAN_NONE, "the question ends in a transport, as in 10.0.0.2:443/tcp");
        return false;
    }
    if (str_starts(host, "[")) {
        host = str_cut(str_from(host, 1), ']', &port);
        port = str_from(port, port.n > 0);
    } else if (proto_has_ports((unsigned)question->transport)) {
        struct str rest;
        struct str head = str_cut(host, ':', &rest);

        if (!str_contains(rest, ":")) {
            port = rest;
            host = head;
        }
    }
    if (port.n > 0 && !port_range_parse(port, false, &range)) {
        diag_error(&cli->diags, SPAN_NONE, "\"%.*s\" is no port", STR_ARG(port));
        return false;
    }
    if (port.n > 0)
        question->ports = ranges_one(cli->arena, range.lo, range.hi);
    return ends_read(cli, plan, host, question->destination);
}

static bool read_question(struct cli *cli, const struct plan *plan, struct str text, struct question *question)
{
    struct str to;
    struct str from = str_trim(str_cut(text, '>', &to));
    size_t errors = cli->diags.errors;

    *question = (struct question){.text = text};
    if (from.n == 0 || str_trim(to).n == 0) {
        diag_error(&cli->diags, SPAN_NONE, "the question reads 'SRC > DST:PORT/proto'");
        return false;
    }
    ends_read(cli, plan, from, question->source);
    read_target(cli, plan, str_trim(to), question);
    if (cli->diags.errors > errors)
        return false;
    for (enum family family = 0; family < FAMILY_N; family++) {
        if (question->source[family].ranges->n > 0 && question->destination[family].ranges->n > 0)
            return true;
    }
    diag_error(&cli->diags, SPAN_NONE, "the ends of \"%.*s\" have no address family in common", STR_ARG(text));
    return false;
}

static bool asks_for(const struct flow *flow, const struct question *question)
{
    const struct ends *from = &question->source[flow->family];
    const struct ends *to = &question->destination[flow->family];

    if (flow->transport != TRANSPORT_ANY && flow->transport != question->transport)
        return false;
    if (question->ports != NULL && flow->ports != NULL && !ranges_overlap(flow->ports, question->ports))
        return false;
    return ranges_overlap(flow->source.ranges, from->ranges) && ranges_overlap(flow->destination.ranges, to->ranges);
}

static void judge_hop(struct checking *c, const struct flow *flow, const struct route *route, const struct hop *hop)
{
    const struct gate *gate = checking_gate(c, hop->firewall);
    struct permit permit = route_permit(flow, route, hop);

    for (enum direction direction = DIRECTION_REQUEST; gate != NULL && direction <= DIRECTION_REPLY; direction++) {
        struct verdict *verdict = vec_push(c->cli->arena, &c->verdicts);

        judge_permit(c->scratch, gate->prover, &permit, direction, verdict);
        verdict->firewall = gate->policy->firewall;
        if (verdict->kind == VERDICT_DENIED)
            break; /* nothing comes that could be replied to */
    }
}

/* The packets of the question, as a flow of their own, along their way. */
static void judge_question(struct checking *c, const struct question *question, struct str id, struct answer *answer)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        struct flow *flow = arena_new_object(c->cli->arena, struct flow);
        struct routes routes = {0};

        if (question->source[family].ranges->n == 0 || question->destination[family].ranges->n == 0)
            continue;
        *flow = (struct flow){.id = id,
                              .family = family,
                              .source = question->source[family],
                              .destination = question->destination[family],
                              .transport = question->transport,
                              .ports = question->ports,
                              .ports_known = true};
        routes_find(c->cli->arena, c->plan->site, family, flow->source.ranges, flow->destination.ranges, false,
                    &routes);
        answer->gap = answer->gap || routes.gap_n > 0;
        answer->routed = answer->routed || routes.n > 0;
        for (size_t i = 0; i < routes.n; i++) {
            for (size_t k = 0; k < routes.v[i].hop_n; k++)
                judge_hop(c, flow, &routes.v[i], &routes.v[i].hops[k]);
        }
    }
}

/* Asked for and stopped, or let through and asked for by nothing: findings. */
static int status_of(const struct answer *answer)
{
    bool stopped = answer->gap;
    bool unsure = false;

    for (size_t i = 0; i < answer->verdict_n; i++) {
        stopped = stopped || answer->verdicts[i].kind == VERDICT_DENIED || answer->verdicts[i].kind == VERDICT_PARTIAL;
        unsure = unsure || answer->verdicts[i].kind == VERDICT_UNDETERMINED;
    }
    if (stopped)
        return answer->flow_n > 0 ? EXIT_FINDINGS : EXIT_HOLDS;
    if (unsure)
        return EXIT_UNDETERMINED;
    return answer->flow_n > 0 ? EXIT_HOLDS : EXIT_FINDINGS;
}

static int answer_question(struct cli *cli, const struct plan *plan)
{
    struct flow_list VEC(const struct flow *) flows = {0};
    struct question question;
    struct answer answer = {0};
    struct buf out = BUF_EMPTY;
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (!read_question(cli, plan, cli->operands.v[1], &question))
        return EXIT_BAD_INPUT;
    for (size_t i = 0; i < plan->n; i++) {
        if (asks_for(plan->flows[i], &question))
            *vec_push(cli->arena, &flows) = plan->flows[i];
    }
    if (checking_open_site(&c, cli, plan, NULL)) {
        judge_question(&c, &question, flows.n > 0 ? flows.v[0]->id : question.text, &answer);
        checking_translated(&c);
        answer.question = question.text;
        answer.flows = flows.v;
        answer.flow_n = flows.n;
        answer.verdicts = c.verdicts.v;
        answer.verdict_n = c.verdicts.n;
        status = status_of(&answer);
        if (str_is(cli->format, "json"))
            report_why_json(&out, &answer);
        else
            report_why_text(&out, &answer, cli->color_out);
        status = cli_emit(cli, &out, status);
    }
    checking_close(&c);
    return status;
}

static int run(struct cli *cli)
{
    struct plan *plan = cli_operands(cli, 2, 2) ? inputs_plan(cli, cli->operands.v[0]) : NULL;

    return plan == NULL ? EXIT_BAD_INPUT : answer_question(cli, plan);
}

const struct command command_why = {
    .name = "why",
    .arguments = "SITE 'SRC > DST:PORT/proto'",
    .summary = "who asks for these packets, and which rules decide them",
    .details = "Names the flows, requirements and document rows that ask for the packets, and what each firewall on\n"
               "their way does with them. Ends are addresses or names of the site.\n\n"
               "  portolan why examples/three-vendors.yaml 'xcp1 > ntp:123/udp'\n\n"
               "Exit status 1: asked for and stopped, or let through and asked for by nothing.\n",
    .options = options,
    .formats = "text json",
    .run = run,
};
