/*
 * One command of iptables, as iptables-save, iptables -S and scripts write them:
 *
 *     command = "-A" chain { … } | "-I" chain [ number ] { … } | "-P" chain policy | "-N" chain | "-F" | "-X" | "-Z"
 *
 * behind counters, or the program and its options.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"

#define INSERTS_MAX 1000

enum command {
    COMMAND_APPEND,
    COMMAND_INSERT,
    COMMAND_POLICY,
    COMMAND_NEW,
    COMMAND_FLUSH,
    COMMAND_DELETE_CHAIN,
    COMMAND_ZERO,
    COMMAND_DELETE,
    COMMAND_RENAME,
    COMMAND_REPLACE,
    COMMAND_N
};

static const struct {
    struct str brief;
    struct str full;
} commands[COMMAND_N] = {
    [COMMAND_APPEND] = {STR("-A"), STR("--append")},       [COMMAND_INSERT] = {STR("-I"), STR("--insert")},
    [COMMAND_POLICY] = {STR("-P"), STR("--policy")},       [COMMAND_NEW] = {STR("-N"), STR("--new-chain")},
    [COMMAND_FLUSH] = {STR("-F"), STR("--flush")},         [COMMAND_DELETE_CHAIN] = {STR("-X"), STR("--delete-chain")},
    [COMMAND_ZERO] = {STR("-Z"), STR("--zero")},           [COMMAND_DELETE] = {STR("-D"), STR("--delete")},
    [COMMAND_RENAME] = {STR("-E"), STR("--rename-chain")}, [COMMAND_REPLACE] = {STR("-R"), STR("--replace")},
};

static struct str word(const struct reader *reader, size_t at)
{
    return at < reader->words.n ? reader->words.v[at].text : STR_EMPTY;
}

/* COMMAND_N: the word is none. */
static enum command command_of(struct str text)
{
    enum command command = 0;

    while (command < COMMAND_N && !str_eq(text, commands[command].brief) && !str_eq(text, commands[command].full))
        command++;
    return command;
}

static enum command find_command(const struct reader *reader, size_t *at)
{
    for (*at = 0; *at < reader->words.n; ++*at) {
        enum command command = command_of(word(reader, *at));

        if (command != COMMAND_N)
            return command;
    }
    return COMMAND_N;
}

/* The table of a rule that stands in no *table … COMMIT: -t NAME, else filter. */
static struct table *loose_table(struct reader *reader)
{
    for (size_t i = 0; i + 1 < reader->words.n; i++) {
        enum table_id id;

        if (!str_is(word(reader, i), "-t") && !str_is(word(reader, i), "--table"))
            continue;
        if (table_parse_id(word(reader, i + 1), &id))
            return table_get(reader, id);
        diag_error(reader->diags, reader_word_span(reader, i + 1), "no table of iptables is called \"%.*s\"",
                   STR_ARG(word(reader, i + 1)));
        reader->unusable = true;
        return NULL;
    }
    return table_get(reader, TABLE_FILTER);
}

/* The word behind `at`. */
static bool need_chain(struct reader *reader, size_t at)
{
    if (at + 1 < reader->words.n && !words_is_variable(&reader->words.v[at + 1], true))
        return true;
    if (at + 1 < reader->words.n)
        diag_error(reader->diags, reader_word_span(reader, at + 1),
                   "\"%.*s\" is a variable: which chain it stood for is not known here", STR_ARG(word(reader, at + 1)));
    else
        diag_error(reader->diags, reader_span(reader, 0, (uint32_t)reader->line.text.n), "%.*s needs a chain",
                   STR_ARG(word(reader, at)));
    reader->unusable = true;
    return false;
}

/* `-6` in a text of IPv4: iptables-restore leaves such a rule to ip6tables-restore, which reads the same text. */
static bool is_of_other_family(struct reader *reader, size_t at)
{
    bool v6 = reader->family == FAMILY_V6;

    for (; at < reader->words.n; at++) {
        struct str text = word(reader, at);

        if (reader->words.v[at].quoted || str_is(word(reader, at - 1), "--comment") ||
            !(str_is(text, v6 ? "-4" : "-6") || str_is(text, v6 ? "--ipv4" : "--ipv6")))
            continue;
        diag_note(reader->diags, reader_word_span(reader, at), "this rule is for %s only: left out here",
                  v6 ? "IPv4" : "IPv6");
        return true;
    }
    return false;
}

/* `at` is behind the name of the chain, which stands before it. */
static void read_rule(struct reader *reader, struct table *table, enum command command, size_t at)
{
    struct building *chain = table_chain(reader, table, word(reader, at - 1));
    uint64_t position = 0;

    if (!chain->declared && chain->wanted.source == NULL)
        chain->wanted = reader_word_span(reader, at - 1);
    table->last = chain;
    if (is_of_other_family(reader, at))
        return;
    if (command == COMMAND_INSERT) {
        position = 1;
        if (num_decimal(word(reader, at), UINT32_MAX, &position))
            at++;
        if (position == 0 || (position > 1 && ++chain->inserts > INSERTS_MAX)) {
            diag_error(reader->diags, reader_word_span(reader, at - 1),
                       position == 0 ? "rules are counted from 1" : "too many rules put in by number");
            return;
        }
        if (position > chain->front.n + chain->rules.n + 1) {
            diag_error(reader->diags, reader_word_span(reader, at - 1), "the chain has only %zu rules before this one",
                       chain->front.n + chain->rules.n);
            return;
        }
    }
    rule_read(reader, table, chain, at, (size_t)position);
}

static void flush_chains(struct table *table, struct str name)
{
    for (size_t i = 0; i < table->order.n; i++) {
        struct building *chain = table->order.v[i];

        if (name.n > 0 && !str_eq(name, chain->chain.name))
            continue;
        chain->rules.n = 0;
        chain->front.n = 0;
    }
}

/* What a shell makes of the line ends the command: `; …`, `|| true`, `2>/dev/null`. Another command behind is lost. */
static void end_command(struct reader *reader)
{
    struct words *words = &reader->words;
    size_t n = words->n;
    enum family family;

    if (!dumps_is_shell(str_trim(reader->line.text), &family))
        return;
    for (size_t i = 1; i < n; i++) {
        struct word *word = &words->v[i];
        struct str text = word->text;

        if (word->quoted || text.n == 0)
            continue;
        if (words->n < n) {
            if (!dumps_is_shell(str_from(reader->line.text, word->at), &family))
                continue;
            diag_error(reader->diags, reader_span(reader, word->at, word->end), "a second command in this line");
            reader->unusable = true;
            return;
        }
        if (str_is(text, "||") || str_is(text, "&&") || str_is(text, ";") || str_is(text, "|") || str_is(text, "&") ||
            text.p[0] == '>' || str_starts(text, "1>") || str_starts(text, "2>") || str_starts(text, "&>")) {
            words->n = i;
        } else if (str_ends(text, ";")) {
            word->text.n--;
            word->end--;
            words->n = i + 1;
        }
    }
}

/* The command at word `at` does its work. */
static void run(struct reader *reader, struct table *table, enum command command, size_t at)
{
    switch (command) {
    case COMMAND_APPEND:
    case COMMAND_INSERT:
        if (need_chain(reader, at))
            read_rule(reader, table, command, at + 2);
        return;
    case COMMAND_DELETE_CHAIN:
    case COMMAND_ZERO: return;
    case COMMAND_FLUSH: flush_chains(table, word(reader, at + 1)); break;
    case COMMAND_POLICY:
        if (need_chain(reader, at))
            table_declare(reader, table, at + 1, word(reader, at + 2), at + 2);
        break;
    case COMMAND_NEW:
        if (need_chain(reader, at))
            table_declare(reader, table, at + 1, STR("-"), at + 1);
        return;
    case COMMAND_DELETE:
    case COMMAND_RENAME:
    case COMMAND_REPLACE:
    case COMMAND_N:
        diag_error(reader->diags, reader_word_span(reader, at), "%.*s changes rules that are not in this text",
                   STR_ARG(word(reader, at)));
        reader->unusable = true;
        break;
    }
    if (reader->perhaps)
        reader->unusable = true;
}

bool command_read(struct reader *reader, struct table *table)
{
    enum command command;
    size_t at;

    end_command(reader);
    command = find_command(reader, &at);
    if (command == COMMAND_N)
        return false; /* iptables -L, iptables --version … */
    if (table == NULL)
        table = loose_table(reader);
    if (table != NULL)
        run(reader, table, command, at);
    return true;
}
