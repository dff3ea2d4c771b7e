/* A rehearsal as one table, for CSV and Markdown; see rehearse.h. */
#include "report/rehearse.h"
#include "report/table.h"
#include "report/values.h"

static const char *const columns[] = {"what",     "name", "rehearsal", "proof", "agree",
                                      "firewall", "rule", "packet",    "reason"};
#define COLUMNS (sizeof columns / sizeof *columns)

static const char *agreement_word(enum agreement agreement)
{
    switch (agreement) {
    case AGREES: return "yes";
    case DISAGREES: return "no";
    case AGREEMENT_OPEN:
    case AGREEMENT_N: break;
    }
    return "";
}

static void add_row(struct table *table, const char *what, struct str name, const char *rehearsal, const char *proof,
                    const char *agree, const struct played_packet *played, struct str reason)
{
    table_add(table, str_of(what));
    table_add(table, name);
    table_add(table, str_of(rehearsal));
    table_add(table, str_of(proof));
    table_add(table, str_of(agree));
    table_add(table, played == NULL ? STR_EMPTY : played->firewall);
    table_add(table, played == NULL ? STR_EMPTY : report_cell_rule(table->arena, &played->rule));
    table_add(table, report_cell_packet(table->arena, played != NULL, played == NULL ? NULL : &played->packet));
    table_add(table, played != NULL && reason.n == 0 ? played->reason : reason);
}

static void add_results(struct table *table, const struct rehearsal *rehearsal)
{
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        const struct rehearsed_flow *flow = &rehearsal->flows[i];

        add_row(table, "flow", flow->flow->id, playing_name(flow->rehearsal), verdict_name(flow->proof),
                agreement_word(flow->agreement), flow->shown, flow->reason);
    }
    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        const struct rehearsed_neighbour *neighbour = &rehearsal->neighbours[i];

        add_row(table, "neighbour", neighbour->why, playing_name(neighbour->played.kernel),
                verdict_name(neighbour->played.proof), agreement_word(neighbour->played.agreement), &neighbour->played,
                STR_EMPTY);
    }
    for (size_t i = 0; i < rehearsal->test_n; i++) {
        const struct rehearsed_test *test = &rehearsal->tests[i];

        add_row(table, "test", test->name,
                test->undetermined ? "not-played"
                : test->holds      ? "holds"
                                   : "fails",
                "", "", test->shown, STR_EMPTY);
    }
    for (size_t i = 0; i < rehearsal->finding_n; i++) {
        const struct played_packet *played = rehearsal->findings[i].played;

        add_row(table, "disagreement", rehearsal->findings[i].about, playing_name(played->kernel),
                verdict_name(played->proof), "no", played, STR_EMPTY);
    }
    for (size_t i = 0; i < rehearsal->change_n; i++) {
        const struct rehearsal_change *change = &rehearsal->changes[i];
        struct played_packet *played = arena_new_object(table->arena, struct played_packet);

        *played = (struct played_packet){.packet = change->packet, .rule = change->rule};
        add_row(table, "change", change->about, playing_name(change->after), "", "", played,
                str_printf(table->arena, "%s before", playing_name(change->before)));
    }
}

static void print(struct buf *out, const struct rehearsal *rehearsal, void (*view)(struct buf *, const struct table *))
{
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, COLUMNS);
    add_results(&table, rehearsal);
    view(out, &table);
    arena_free(arena);
}

void report_rehearse_csv(struct buf *out, const struct rehearsal *rehearsal)
{
    print(out, rehearsal, table_print_csv);
}

void report_rehearse_markdown(struct buf *out, const struct rehearsal *rehearsal)
{
    print(out, rehearsal, table_print_markdown);
}
