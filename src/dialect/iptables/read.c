/*
 * Reader of iptables-save, ip6tables-save and ipset save texts, as people really have them:
 *
 *     text = { line }
 *     line = "*" table | ":" chain policy [ counters ] | [ counters ] command | "COMMIT" | "#" … | ipset's | others
 *
 * also as `iptables -S` prints it and as a shell would run it (`iptables -t nat -A …`), with the prompts of a terminal
 * and its folds. A text is cut into dumps, of one family each: by its header, its contents, its name. Where it has one
 * table several times, the last counts. Format: iptables-save(8), iptables-restore(8) 1.8.9.
 */
#include "dialect/iptables/read.h"

#include "dialect/headers.h"
#include "dialect/iptables/dumps.h"
#include "dialect/iptables/locality.h"
#include "dialect/iptables/reader.h"

struct walk {
    struct reader *reader;
    const struct dump *dump;
    struct table *table;  /* between *table and COMMIT */
    enum table_id listed; /* by the `iptables -t nat -S` before the lines; TABLE_FILTER where nothing says so */
    bool skipping;        /* in a table that a later one replaces */
    bool loose_rules;     /* since the last COMMIT there were some outside of tables */
    bool diff;            /* they are lines of a diff */
    uint32_t cut_at;    /* columns at which a terminal cut lines; 0: words were kept together, UINT32_MAX: not known */
    uint32_t last_line; /* of a table, a chain or a rule */
    struct line_count ignored; /* lines that are no rules */
    struct line_count stray;   /* rules outside of tables */
};

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
    walk->skipping = walk->loose_rules = walk->diff = false;
    if (!table_parse_id(name, &id)) {
        diag_error(reader->diags, reader_word_span(reader, 0), "no table of iptables is called \"%.*s\"",
                   STR_ARG(name));
        return;
    }
    if ((walk->dump->replaced & 1u << id) != 0) {
        diag_warning(reader->diags, line_span(reader), "this %s table of %s is replaced by a later one of this text",
                     table_name(id), reader->family == FAMILY_V4 ? "IPv4" : "IPv6");
        walk->skipping = true;
        return;
    }
    walk->table = table_open(reader, id, line_span(reader));
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

static void note(struct line_count *count, uint32_t line)
{
    if (count->n++ == 0)
        count->first = line;
}

/* The line may have been a rule: in its place stands one that may do anything. */
static void broken_line(struct walk *walk)
{
    struct reader *reader = walk->reader;

    if (walk->table->last != NULL)
        rule_broken(reader, walk->table, walk->table->last);
    else
        reader->unusable = true;
}

static void ignore_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    struct str text = str_trim(reader->line.text);

    if (walk->table != NULL && !dumps_is_prompt(text)) {
        diag_error(reader->diags, line_span(reader), "expected a rule, a chain or COMMIT in table %s",
                   table_name(walk->table->id));
        broken_line(walk);
        return;
    }
    if (!walk->dump->saved && has_rule_words(text)) {
        diag_error(reader->diags, line_span(reader), "this looks like a rule and is none that can be read");
        diag_hint(reader->diags, "scripts are not run: give what iptables-save prints after them");
        reader->unusable = true;
        return;
    }
    walk->diff = walk->diff || str_starts(text, "+-A ") || str_starts(text, "--A ") || str_starts(text, "+:");
    note(&walk->ignored, line);
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

/* A last line that nothing ends, in a table that nothing ends. */
static bool is_cut_off(const struct walk *walk, uint32_t line)
{
    const struct source *source = walk->reader->source;

    return walk->table != NULL && line == source->line_n && source->text.n > 0 &&
           source->text.p[source->text.n - 1] != '\n';
}

/* A command that lists the rules of a table: what follows is of that one. */
static void read_list_command(struct walk *walk)
{
    const struct reader *reader = walk->reader;
    enum table_id id = TABLE_FILTER;
    bool lists = false;

    for (size_t i = 0; i < reader->words.n; i++) {
        lists = lists || str_is(word(reader, i), "-S") || str_is(word(reader, i), "--list-rules");
        if ((str_is(word(reader, i), "-t") || str_is(word(reader, i), "--table")) &&
            !table_parse_id(word(reader, i + 1), &id))
            lists = false;
    }
    if (lists)
        walk->listed = id;
}

static void read_rule_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    struct table *table = walk->table;
    enum family family;

    if (walk->table == NULL && walk->dump->saved) {
        if (dumps_is_shell(str_trim(reader->line.text), &family))
            note(&walk->ignored, line);
        else
            note(&walk->stray, line);
        walk->loose_rules = true;
        return;
    }
    walk->last_line = line;
    if (walk->listed != TABLE_FILTER && str_starts(word(reader, 0), "-") && !str_is(word(reader, 0), "-t"))
        table = table_get(reader, walk->listed);
    if (is_cut_off(walk, line)) {
        broken_line(walk);
    } else if (!command_read(reader, table)) {
        read_list_command(walk);
        note(&walk->ignored, line);
    }
}

/* `if …`: what follows may be run or not, and how often. */
static void read_script_line(struct walk *walk, uint32_t line)
{
    struct reader *reader = walk->reader;
    struct str text = str_trim(reader->line.text);

    if (walk->dump->saved || walk->table != NULL) {
        ignore_line(walk, line);
        return;
    }
    if (!reader->perhaps) {
        diag_error(reader->diags, line_span(reader), "a script decides here which rules there are");
        diag_hint(reader->diags, "scripts are not run: give what iptables-save prints after them");
    }
    if (has_rule_words(text))
        reader->unusable = true;
    reader->perhaps = true;
}

/* A COMMIT behind rules that no *table began ends one whose head was lost. */
static void read_commit(struct walk *walk)
{
    struct reader *reader = walk->reader;

    if (walk->table == NULL && walk->dump->saved && walk->loose_rules && !walk->diff) {
        diag_error(reader->diags, line_span(reader), "COMMIT of a table whose beginning is not in this text");
        reader->unusable = true;
    }
    walk->table = NULL;
    walk->loose_rules = false;
}

static void read_line(struct walk *walk, enum line_kind kind, uint32_t line)
{
    if (walk->skipping && kind != LINE_TABLE) {
        walk->skipping = kind != LINE_COMMIT;
        return;
    }
    switch (kind) {
    case LINE_TABLE:
        walk->last_line = line;
        read_table_line(walk);
        break;
    case LINE_CHAIN:
        walk->last_line = line;
        read_chain_line(walk, line);
        break;
    case LINE_RULE: read_rule_line(walk, line); break;
    case LINE_COMMIT: read_commit(walk); break;
    case LINE_SCRIPT: read_script_line(walk, line); break;
    case LINE_LISTING:
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

    if (walk->ignored.n > 0)
        diag_note(reader->diags, span_line(source, walk->ignored.first), "%u line%s: ignored", walk->ignored.n,
                  walk->ignored.n > 1 ? "s like this one are no rules" : " is no rule");
    if (walk->stray.n > 0)
        diag_warning(reader->diags, span_line(source, walk->stray.first),
                     "%u rule%s outside of *table … COMMIT: not used", walk->stray.n,
                     walk->stray.n > 1 ? "s like this one stand" : " stands");
    if (walk->table == NULL)
        return;
    if (is_cut_off(walk, walk->last_line))
        diag_error(reader->diags, span_line(source, walk->last_line),
                   "the text ends in the middle: this line has no end, and table %s no COMMIT",
                   table_name(walk->table->id));
    else
        diag_warning(reader->diags, walk->table->place, "table %s has no COMMIT: its end may be missing",
                     table_name(walk->table->id));
}

/* A line that goes on where a rule was broken: inside a table anything that is nothing else, else only options. */
static bool goes_on(const struct walk *walk, uint32_t line)
{
    struct str text;

    if (line >= walk->dump->to || dumps_line(walk->dump->lines, line) != LINE_OTHER)
        return false;
    text = lines_look(walk->dump->lines, line);
    if (dumps_is_prompt(text))
        return false;
    return walk->table != NULL ||
           (!walk->dump->saved && text.n > 2 && text.p[0] == '-' && (text.p[1] == '-' || text.p[2] == ' '));
}

/* Terminals cut at one column, whatever stands there; editors break between words. */
static uint32_t find_cut(const struct walk *walk)
{
    const struct source *source = walk->reader->source;
    uint32_t longest = 0;
    uint32_t n = 0;

    for (uint32_t line = walk->dump->from; line + 1 < walk->dump->to; line++) {
        uint32_t length = (uint32_t)source_line_text(source, line).n;

        if (length < longest || dumps_line(walk->dump->lines, line) != LINE_RULE || !goes_on(walk, line + 1))
            continue;
        n = length == longest ? n + 1 : 1;
        longest = length;
    }
    return n > 1 || longest == FOLD_COLUMN ? longest : 0;
}

/* The line and those that continue it; the number of the one behind. */
static uint32_t take_line(struct walk *walk, enum line_kind kind, uint32_t line)
{
    struct reader *reader = walk->reader;
    uint32_t last = line;
    bool cut = false;

    while (kind == LINE_RULE && !walk->skipping && last < UINT32_MAX && goes_on(walk, last + 1))
        last++;
    if (last > line) {
        if (walk->cut_at == UINT32_MAX)
            walk->cut_at = find_cut(walk);
        cut = source_line_text(reader->source, line).n == walk->cut_at;
    }
    last = lines_take(walk->dump->lines, line, last, cut, &reader->line);
    words_split(&reader->words, reader->line.text, reader->scratch, reader->arena);
    return last;
}

/* What iptables-nft-save says of rules that it cannot print, and of those of the other iptables. */
static void read_comment(struct reader *reader, uint32_t line)
{
    struct str text = source_line_text(reader->source, line);

    if (str_contains(text, "is incompatible, use 'nft'") || str_contains(text, "incompatible base-chains") ||
        str_contains(text, "iptables-legacy tables present") || str_contains(text, "ip6tables-legacy tables present"))
        diag_warning(reader->diags, span_line(reader->source, line),
                     "the firewall has rules that this text does not show");
}

static void read_dump(struct reader *reader, const struct dump *dump)
{
    struct walk walk = {.reader = reader, .dump = dump, .listed = TABLE_FILTER, .cut_at = UINT32_MAX};

    reader->source = dump->lines->source;
    reader->family = dump->family;
    for (uint32_t line = dump->from; line < dump->to;) {
        enum line_kind kind = dumps_line(dump->lines, line);
        uint32_t at = line++;

        if (kind == LINE_COMMENT)
            read_comment(reader, at);
        if (kind == LINE_BLANK || kind == LINE_COMMENT || kind == LINE_SET)
            continue;
        line = take_line(&walk, kind, at);
        read_line(&walk, kind, line - 1);
    }
    end_dump(&walk);
}

/* Sets come first: rules in any file may ask for them. */
static bool read_sets(struct reader *reader, struct lines *lines)
{
    const struct source *source = lines->source;
    bool any = false;

    reader->source = source;
    for (uint32_t line = 1; line <= source->line_n; line++) {
        if (dumps_line(lines, line) != LINE_SET)
            continue;
        lines_take(lines, line, line, false, &reader->line);
        words_split(&reader->words, reader->line.text, reader->scratch, reader->arena);
        ipset_read(reader);
        any = true;
    }
    return any;
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

/* What neither its header nor its contents tell the family of is told by its name, or by the caller, else IPv4. */
static void settle_family(struct reader *reader, struct dump *dump, enum family said)
{
    if (dump->family != FAMILY_N || (!dump->rules && !dump->saved))
        return;
    dump->family = dumps_family_of_name(dump->lines->source->name);
    if (dump->family == FAMILY_N)
        dump->family = said;
    if (dump->family != FAMILY_N)
        return;
    dump->family = FAMILY_V4;
    diag_note(reader->diags, span_line(dump->lines->source, dump->from),
              "nothing here says whether these are rules of IPv4 or IPv6: taken for IPv4");
    diag_hint(reader->diags, "--dialect ip6tables says IPv6, and so does a file's name with \"v6\" in it");
}

/* Of several dumps in one text the last counts, table by table, as iptables-restore would leave it. */
static void find_replaced(struct dumps *dumps)
{
    unsigned later[FAMILY_N] = {0};

    for (size_t i = dumps->n; i-- > 0;) {
        struct dump *dump = &dumps->v[i];

        if (i + 1 < dumps->n && dumps->v[i + 1].lines != dump->lines)
            memset(later, 0, sizeof later);
        if (dump->family == FAMILY_N)
            continue;
        dump->replaced = dump->tables & later[dump->family];
        later[dump->family] |= dump->tables;
    }
}

static bool read_all(struct reader *reader, const struct dialect_input *inputs, size_t n)
{
    struct lines *lines = arena_new_array(reader->scratch, struct lines, n);
    struct dumps dumps = {0};
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        size_t first = dumps.n;

        lines_open(&lines[i], reader->arena, inputs[i].text);
        survey_text(reader, inputs[i].text->text);
        dumps_find(reader->scratch, &dumps, &lines[i]);
        any = read_sets(reader, &lines[i]) || any;
        for (size_t k = first; k < dumps.n; k++)
            settle_family(reader, &dumps.v[k], inputs[i].family);
    }
    find_replaced(&dumps);
    for (size_t i = 0; i < dumps.n; i++) {
        struct dump *dump = &dumps.v[i];

        if (!dump->rules && !dump->saved)
            continue;
        reader->ruleset->families |= FAMILY_BIT(dump->family);
        read_dump(reader, dump);
        any = true;
    }
    for (size_t i = 0; i < n; i++)
        lines_tell(&lines[i], reader->diags);
    return any;
}

/* What `iptables -L` prints is often given, and cannot be read. */
static void report_nothing(struct diags *diags, const struct dialect_input *input)
{
    const struct source *source = input->text;

    for (uint32_t line = 1; line <= source->line_n; line++) {
        if (dumps_kind(str_trim(source_line_text(source, line))) != LINE_LISTING)
            continue;
        diag_error(diags, span_line(source, line),
                   "this is what iptables -L prints, which does not say all that a rule asks for");
        diag_hint(diags, "give what iptables-save or iptables -S prints");
        return;
    }
    diag_error(diags, span_at(source, 0, 0), "no rules, chains or sets of iptables in this text");
    diag_hint(diags, "give what iptables-save, iptables -S or ipset save prints");
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
    if (any && !reader.unusable) {
        headers_settle(reader.ruleset);
        locality_settle(arena, reader.ruleset);
    }
    arena_free(reader.scratch);
    if (!any && n > 0)
        report_nothing(diags, &inputs[0]);
    return any && !reader.unusable ? reader.ruleset : NULL;
}
