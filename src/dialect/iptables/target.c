/* What a rule of iptables does: the word behind -j or -g; see reader.h and the table of targets in options.c. */
#include "dialect/iptables/reader.h"

static struct str option_text(const struct reading *reading, size_t i)
{
    return reading->reader->words.v[reading->target_options.v[i]].text;
}

static bool has_option(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->target_options.n; i++) {
        if (str_is(option_text(reading, i), name))
            return true;
    }
    return false;
}

/* Options that a verdict or a chain does not take are a mistake, not a property of the target. */
static void refuse_options(struct reading *reading, const char *allowed)
{
    for (size_t i = 0; i < reading->target_options.n; i++) {
        if (allowed == NULL || !str_is(option_text(reading, i), allowed))
            reading_error(reading, reading->target_options.v[i], "unknown option \"%.*s\"",
                          STR_ARG(option_text(reading, i)));
    }
}

static void call(struct reading *reading, struct building *chain)
{
    refuse_options(reading, NULL);
    reading->action = reading->go_to ? ACTION_GOTO : ACTION_JUMP;
    reading->target = &chain->chain;
}

static void apply(struct reading *reading, const struct target_row *row)
{
    bool marks = reading->reader->marks_matter;

    reading->action = row->action;
    switch (row->kind) {
    case TARGET_VERDICT: refuse_options(reading, row->action == ACTION_REJECT ? "--reject-with" : NULL); break;
    case TARGET_PASSES:
    case TARGET_OPAQUE: break;
    case TARGET_MARKS:
        if (marks)
            reading->action = rewrite_read(reading, str_of(row->name));
        break;
    case TARGET_CONNMARK:
        if (marks && has_option(reading, "--restore-mark"))
            reading->action = ACTION_UNKNOWN;
        break;
    case TARGET_NAT: reading->action = rewrite_read(reading, str_of(row->name)); break;
    case TARGET_NOTRACK:
        if (reading->table->id != TABLE_RAW)
            reading->action = ACTION_UNKNOWN;
        break;
    case TARGET_CT:
        if (has_option(reading, "--notrack"))
            reading->action = reading->table->id == TABLE_RAW ? ACTION_NOTRACK : ACTION_UNKNOWN;
        break;
    case TARGET_SET: break; /* its set moves: read.c has looked for it before */
    case TARGET_KIND_N: break;
    }
}

void target_resolve(struct reading *reading)
{
    struct reader *reader = reading->reader;
    const struct target_row *row;
    struct building *chain;
    struct str name;

    if (reading->target_word == 0)
        return;
    name = reader->words.v[reading->target_word].text;
    chain = map_get(&reading->table->chains, name);
    if (chain != NULL) {
        call(reading, chain);
        return;
    }
    row = target_find(name);
    if (row != NULL && !reading->go_to) {
        apply(reading, row);
    } else if (reading->target_options.n > 0 && !reading->go_to) {
        reading->action = ACTION_UNKNOWN; /* an extension that we do not know: a chain takes no options */
        reading_note_target(reading);
    } else {
        chain = table_chain(reader, reading->table, name);
        chain->wanted = reader_word_span(reader, reading->target_word);
        call(reading, chain);
    }
}
