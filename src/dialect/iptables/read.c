/*
 * Reader of iptables-save, ip6tables-save and ipset save texts, as people really have them:
 *
 *     text   = { line }
 *     line   = "*" table | ":" chain policy [ counters ] | [ counters ] rule | "COMMIT" | "#" … | ipset's | others
 *     rule   = "-A" chain { … } | "-I" chain [ number ] { … } | "-P" chain policy | "-N" chain | "-F" | "-X"
 *
 * also as `iptables -S` prints it and as a shell would run it (`iptables -t nat -A …`), with the prompts of a terminal
 * and its folds. A text is cut into dumps, of one family each: by its header, its contents, its name. Format:
 * iptables-save(8), iptables-restore(8) 1.8.9.
 */
#include "dialect/iptables/read.h"

#include "dialect/iptables/dumps.h"
#include "dialect/iptables/reader.h"

#include "base/num.h"

#define INSERTS_MAX 1000

struct walk {
    struct reader *reader;
    const struct dump *dump;
    struct table *table; /* between *table and COMMIT */
    uint32_t fold;
    uint32_t fold_line;
    uint32_t folds;
    uint32_t ignored; /* lines that are no rules */
    uint32_t ignored_line;
    uint32_t last_line; /* of a table, a chain or a rule */
};

static void set_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    struct str text = dumps_line(reader->source, line);
    uint32_t at = (uint32_t)(text.p - reader->source->text.p);

    while (text.n > 0 && (text.p[text.n - 1] == '\r' || text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
        text.n--;
    reader->line = (struct line){.text = text, .at = at, .fold_at = UINT32_MAX};
    if (walk->fold > 0 && text.n > FOLD_COLUMN + walk->fold && text.p[0] == '-' && text.p[FOLD_COLUMN] == ' ' &&
        str_trim(str_head(str_from(text, FOLD_COLUMN), walk->fold)).n == 0) {
        reader->line.text = str_printf(reader->arena, "%.*s%.*s", FOLD_COLUMN, text.p,
                                       STR_ARG(str_from(text, FOLD_COLUMN + walk->fold)));
        reader->line.fold_at = FOLD_COLUMN;
        reader->line.fold_n = walk->fold;
        walk->fold_line = walk->folds++ == 0 ? line : walk->fold_line;
    }
    words_split(&reader->words, reader->line.text, reader->scratch, reader->arena);
}

static struct str word(const struct reader *reader, size_t at)
{
    return at < reader->words.n ? reader->words.v[at].text : STR_EMPTY;
}

static struct span line_span(const struct reader *reader)
{
    return reader_span(reader, 0, (uint32_t)reader->line.text.n);
}

static void read_table_line(struct walk *walk)
{
    struct reader *reader = walk->reader;
    struct str name = str_from(word(reader, 0), 1);
    enum table_id id;

    if (walk->table != NULL)
        diag_warning(reader->diags, line_span(reader), "table %s before this one has no COMMIT",
                     table_name(walk->table->id));
    walk->table = NULL;
    if (!table_parse_id(name, &id)) {
        diag_error(reader->diags, reader_word_span(reader, 0), "no table of iptables is called \"%.*s\"",
                   STR_ARG(name));
        return;
    }
    walk->table = table_open(reader, id, line_span(reader));
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
        return NULL;
    }
    return table_get(reader, TABLE_FILTER);
}

/* The word with the command: -A, -I, -P …; behind counters, sudo, the program and the options before it. */
static size_t command_word(const struct reader *reader)
{
    for (size_t i = 0; i < reader->words.n; i++) {
        struct str text = reader->words.v[i].text;

        if (text.n >= 2 && text.p[0] == '-' &&
            (str_is(text, "-A") || str_is(text, "-I") || str_is(text, "-P") || str_is(text, "-N") ||
             str_is(text, "-F") || str_is(text, "-X") || str_is(text, "-Z") || str_is(text, "-D") ||
             str_is(text, "-R") || str_is(text, "-E") || str_is(text, "--append") || str_is(text, "--insert") ||
             str_is(text, "--policy") || str_is(text, "--new-chain") || str_is(text, "--flush") ||
             str_is(text, "--delete-chain") || str_is(text, "--zero") || str_is(text, "--delete")))
            return i;
    }
    return reader->words.n;
}

static bool is(const struct reader *reader, size_t at, const char *brief, const char *full)
{
    return str_is(word(reader, at), brief) || str_is(word(reader, at), full);
}

static bool need_chain(struct reader *reader, size_t command)
{
    if (command + 1 < reader->words.n)
        return true;
    diag_error(reader->diags, line_span(reader), "%.*s needs a chain", STR_ARG(word(reader, command)));
    return false;
}

static void read_rule(struct walk *walk, struct table *table, size_t command)
{
    struct reader *reader = walk->reader;
    struct building *chain = table_chain(reader, table, word(reader, command + 1));
    size_t at = command + 2;
    uint64_t position = 0;

    if (!chain->declared && chain->wanted.source == NULL)
        chain->wanted = reader_word_span(reader, command + 1);
    table->last = chain;
    if (is(reader, command, "-I", "--insert")) {
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

static void read_command(struct walk *walk)
{
    struct reader *reader = walk->reader;
    size_t command = command_word(reader);
    struct table *table = walk->table != NULL ? walk->table : loose_table(reader);

    if (table == NULL)
        return;
    if (command == reader->words.n) {
        walk->ignored_line = walk->ignored++ == 0 ? source_line(reader->source, reader->line.at) : walk->ignored_line;
        return; /* iptables -L, iptables --version … */
    }
    if (is(reader, command, "-A", "--append")) { /* nearly all of them */
        if (need_chain(reader, command))
            read_rule(walk, table, command);
        return;
    }
    if (is(reader, command, "-F", "--flush")) {
        flush_chains(table, word(reader, command + 1));
        return;
    }
    if (is(reader, command, "-X", "--delete-chain") || is(reader, command, "-Z", "--zero") ||
        !need_chain(reader, command))
        return;
    if (is(reader, command, "-I", "--insert"))
        read_rule(walk, table, command);
    else if (is(reader, command, "-P", "--policy"))
        table_declare(reader, table, command + 1, word(reader, command + 2), command + 2);
    else if (is(reader, command, "-N", "--new-chain"))
        table_declare(reader, table, command + 1, STR("-"), command + 1);
    else
        diag_error(reader->diags, reader_word_span(reader, command), "%.*s changes rules that are not in this text",
                   STR_ARG(word(reader, command)));
}

/* A line of a terminal: `root@host:~# iptables-save`, `$ …`. */
static bool is_prompt(struct str text)
{
    struct str first = str_word(&text);

    if (memchr(first.p, '@', first.n) != NULL || str_ends(first, "#") || str_ends(first, "$") || str_ends(first, ">"))
        return true;
    return str_starts(first, "[root") || str_is(first, "exit") || str_is(first, "logout");
}

static bool has_rule_words(struct str text)
{
    struct str last = STR_EMPTY;

    while (text.n > 0) {
        last = str_word(&text);
        if (str_is(last, "-j") || str_is(last, "-A") || str_is(last, "-g") || str_is(last, "-I"))
            return true;
    }
    return false;
}

static void ignore_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    struct str text = str_trim(reader->line.text);

    if (walk->table != NULL && !is_prompt(text)) {
        diag_error(reader->diags, line_span(reader), "expected a rule, a chain or COMMIT in table %s",
                   table_name(walk->table->id));
        return;
    }
    if (!walk->dump->saved && has_rule_words(text)) {
        diag_error(reader->diags, line_span(reader), "this looks like a rule and is none that can be read");
        diag_hint(reader->diags, "scripts are not run: give what iptables-save prints after them");
        return;
    }
    walk->ignored_line = walk->ignored++ == 0 ? line : walk->ignored_line;
}

/* `:INPUT DROP [0:0]`; of the filter table where a text lost its *filter. */
static void read_chain_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    bool loose = walk->table == NULL && !walk->dump->saved && walk->dump->rules;

    if (walk->table == NULL && !loose)
        ignore_line(walk, line);
    else if (reader->words.n < 2)
        diag_error(reader->diags, line_span(reader), "a chain has a policy, or -");
    else
        table_declare(reader, loose ? table_get(reader, TABLE_FILTER) : walk->table, 0, word(reader, 1), 1);
}

static void read_line(struct walk *walk, enum line_kind kind, uint32_t line)
{
    struct reader *reader = walk->reader;

    switch (kind) {
    case LINE_TABLE:
        walk->last_line = line;
        read_table_line(walk);
        break;
    case LINE_CHAIN:
        walk->last_line = line;
        read_chain_line(walk, line);
        break;
    case LINE_RULE:
        if (walk->table == NULL && walk->dump->saved) {
            if (dumps_is_shell(str_trim(reader->line.text)))
                ignore_line(walk, line);
            else
                diag_error(reader->diags, line_span(reader), "a rule outside of *table … COMMIT");
            break;
        }
        walk->last_line = line;
        read_command(walk);
        break;
    case LINE_COMMIT: walk->table = NULL; break;
    case LINE_OTHER: ignore_line(walk, line); break;
    case LINE_BLANK:
    case LINE_COMMENT:
    case LINE_SET: break;
    }
}

/* A dump that ends without COMMIT lost its end; where its last line has no end, it lost part of that too. */
static void end_dump(struct walk *walk)
{
    struct reader *reader = walk->reader;
    const struct source *source = reader->source;

    if (walk->ignored > 0) {
        diag_note(reader->diags, span_line(source, walk->ignored_line), "%u line%s: ignored", walk->ignored,
                  walk->ignored > 1 ? "s like this one are no rules" : " is no rule");
    }
    if (walk->folds > 0)
        diag_warning(reader->diags, span_line(source, walk->fold_line),
                     "%u line%s folded by a terminal at column %d: joined again", walk->folds,
                     walk->folds > 1 ? "s were" : " was", FOLD_COLUMN);
    if (walk->table == NULL)
        return;
    if (walk->last_line == source->line_n && source->text.n > 0 && source->text.p[source->text.n - 1] != '\n')
        diag_error(reader->diags, span_line(source, walk->last_line),
                   "the text ends in the middle: this line has no end, and table %s no COMMIT",
                   table_name(walk->table->id));
    else
        diag_warning(reader->diags, walk->table->place, "table %s has no COMMIT: its end may be missing",
                     table_name(walk->table->id));
}

static void read_dump(struct reader *reader, const struct dump *dump)
{
    struct walk walk = {.reader = reader, .dump = dump};

    reader->source = dump->source;
    reader->family = dump->family;
    walk.fold = dumps_fold(dump->source);
    for (uint32_t line = dump->from; line < dump->to; line++) {
        enum line_kind kind = dumps_kind(str_trim(dumps_line(dump->source, line)));

        if (kind == LINE_BLANK || kind == LINE_COMMENT || kind == LINE_SET)
            continue;
        set_line(&walk, line);
        read_line(&walk, kind, line);
    }
    end_dump(&walk);
}

/* Sets come first: rules in any file may ask for them. */
static bool read_sets(struct reader *reader, const struct source *source)
{
    struct walk walk = {.reader = reader};
    bool any = false;

    reader->source = source;
    for (uint32_t line = 1; line <= source->line_n; line++) {
        if (dumps_kind(str_trim(dumps_line(source, line))) != LINE_SET)
            continue;
        set_line(&walk, line);
        ipset_read(reader);
        any = true;
    }
    return any;
}

/* Sets that some rule changes: `-j SET --add-set NAME src`. */
static void find_moving_sets(struct reader *reader, struct str text)
{
    static const char *const options[] = {"--add-set", "--del-set", "--map-set"};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct str rest = text;

        while (str_contains(rest, options[i])) {
            const char *found = memmem(rest.p, rest.n, options[i], strlen(options[i]));
            struct str name;

            rest = str_from(rest, (size_t)(found - rest.p) + strlen(options[i]));
            name = rest;
            map_set(reader->scratch, &reader->moving, str_word(&name), reader);
        }
    }
}

static void finish(struct reader *reader)
{
    struct ruleset *ruleset = reader->ruleset;
    size_t n = 0;

    for (size_t i = 0; i < reader->order.n; i++) {
        if (reader->order.v[i] != NULL) {
            table_finish(reader, reader->order.v[i]);
            n += reader->order.v[i]->order.n;
        }
    }
    ruleset->chains = arena_new_array(reader->arena, struct chain *, n);
    for (size_t i = 0; i < reader->order.n; i++) {
        const struct table *table = reader->order.v[i];

        for (size_t k = 0; table != NULL && k < table->order.n; k++)
            ruleset->chains[ruleset->chain_n++] = &table->order.v[k]->chain;
    }
    ipset_finish(reader);
}

static bool read_all(struct reader *reader, const struct dialect_input *inputs, size_t n)
{
    struct dumps dumps = {0};
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        find_moving_sets(reader, inputs[i].text->text);
        reader->marks_matter = reader->marks_matter || str_contains(inputs[i].text->text, "--mark");
        any = read_sets(reader, inputs[i].text) || any;
        dumps_find(reader->scratch, &dumps, inputs[i].text);
    }
    for (size_t i = 0; i < dumps.n; i++) {
        struct dump *dump = &dumps.v[i];

        if (!dump->rules && !dump->saved)
            continue;
        if (dump->family == FAMILY_N)
            dump->family = dumps_names_v6(dump->source->name) ? FAMILY_V6 : FAMILY_V4;
        reader->ruleset->families |= FAMILY_BIT(dump->family);
        read_dump(reader, dump);
        any = true;
    }
    return any;
}

struct ruleset *iptables_read(struct arena *arena, const struct dialect_input *inputs, size_t n, struct diags *diags)
{
    struct reader reader = {.arena = arena, .scratch = arena_new(), .diags = diags};
    bool any;

    reader.ruleset = arena_new_object(arena, struct ruleset);
    reader.ruleset->dialect = STR("iptables");
    reader.ruleset->file = n > 0 ? inputs[0].text->name : STR_EMPTY;
    any = read_all(&reader, inputs, n);
    finish(&reader);
    arena_free(reader.scratch);
    if (!any && n > 0) {
        diag_error(diags, span_at(inputs[0].text, 0, 0), "no rules, chains or sets of iptables in this text");
        diag_hint(diags, "what iptables-save prints can be read; what iptables -L prints cannot");
    }
    return any ? reader.ruleset : NULL;
}
