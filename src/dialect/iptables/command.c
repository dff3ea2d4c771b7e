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

static const struct {
    const char *brief;
    const char *full;
} commands[] = {
    {"-A", "--append"},       {"-I", "--insert"}, {"-P", "--policy"}, {"-N", "--new-chain"},    {"-F", "--flush"},
    {"-X", "--delete-chain"}, {"-Z", "--zero"},   {"-D", "--delete"}, {"-E", "--rename-chain"}, {"-R", "--replace"},
};

static struct str word(const struct reader *reader, size_t at)
{
    return at < reader->words.n ? reader->words.v[at].text : STR_EMPTY;
}

static bool is(const struct reader *reader, size_t at, const char *brief)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].brief, brief) == 0)
            return str_is(word(reader, at), brief) || str_is(word(reader, at), commands[i].full);
    }
    return false;
}

static size_t command_word(const struct reader *reader)
{
    for (size_t i = 0; i < reader->words.n; i++) {
        if (!str_starts(word(reader, i), "-"))
            continue;
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++) {
            if (is(reader, i, commands[k].brief))
                return i;
        }
    }
    return reader->words.n;
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

static bool need_chain(struct reader *reader, size_t command)
{
    if (command + 1 < reader->words.n && !words_is_variable(&reader->words.v[command + 1], true))
        return true;
    if (command + 1 < reader->words.n)
        diag_error(reader->diags, reader_word_span(reader, command + 1),
                   "\"%.*s\" is a variable: which chain it stood for is not known here",
                   STR_ARG(word(reader, command + 1)));
    else
        diag_error(reader->diags, reader_span(reader, 0, (uint32_t)reader->line.text.n), "%.*s needs a chain",
                   STR_ARG(word(reader, command)));
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

static void read_rule(struct reader *reader, struct table *table, size_t command)
{
    struct building *chain = table_chain(reader, table, word(reader, command + 1));
    size_t at = command + 2;
    uint64_t position = 0;

    if (!chain->declared && chain->wanted.source == NULL)
        chain->wanted = reader_word_span(reader, command + 1);
    table->last = chain;
    if (is_of_other_family(reader, at))
        return;
    if (is(reader, command, "-I")) {
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

bool command_read(struct reader *reader, struct table *table)
{
    size_t command;

    end_command(reader);
    command = command_word(reader);
    if (command == reader->words.n)
        return false; /* iptables -L, iptables --version … */
    if (table == NULL)
        table = loose_table(reader);
    if (table == NULL)
        return true;
    if (is(reader, command, "-A") || is(reader, command, "-I")) {
        if (need_chain(reader, command))
            read_rule(reader, table, command);
        return true;
    }
    if (is(reader, command, "-X") || is(reader, command, "-Z"))
        return true;
    if (is(reader, command, "-F")) {
        flush_chains(table, word(reader, command + 1));
    } else if (is(reader, command, "-P")) {
        if (need_chain(reader, command))
            table_declare(reader, table, command + 1, word(reader, command + 2), command + 2);
    } else if (is(reader, command, "-N")) {
        if (need_chain(reader, command))
            table_declare(reader, table, command + 1, STR("-"), command + 1);
    } else {
        diag_error(reader->diags, reader_word_span(reader, command), "%.*s changes rules that are not in this text",
                   STR_ARG(word(reader, command)));
        reader->unusable = true;
    }
    if (reader->perhaps && !is(reader, command, "-N"))
        reader->unusable = true;
    return true;
}
