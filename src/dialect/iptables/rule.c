/*
 * One rule of iptables:
 *
 *     rule   = { [ "!" ] option [ "!" ] { value } }
 *     option = one of the table in options.c, or any word that begins with "-"
 *
 * An option that the table does not have belongs to the module (-m) or the target (-j) before it, and takes every word
 * up to the next that begins with "-" or is "!". It is never left out: of a module it is an unknown with its text.
 */
#include "dialect/iptables/reader.h"

#include "net/proto.h"

static bool is_option(const struct word *word)
{
    return !word->quoted && word->text.n > 1 && word->text.p[0] == '-' &&
           !(word->text.p[1] >= '0' && word->text.p[1] <= '9' && word->text.n > 2);
}

/* A text of several words: of the line itself where they stand together in it. */
static struct str join_words(struct reading *reading, const struct word *words, size_t n)
{
    struct reader *reader = reading->reader;
    struct buf buf = BUF_EMPTY;
    struct str text;
    bool together = true;

    for (size_t i = 1; i < n; i++)
        together = together && words[i].at == words[i - 1].end + 1;
    if (together)
        return (struct str){reader->line.text.p + words[0].at, words[n - 1].end - words[0].at};
    for (size_t i = 0; i < n; i++) {
        buf_adds(&buf, i > 0 ? " " : "");
        buf_add(&buf, (struct str){reader->line.text.p + words[i].at, words[i].end - words[i].at});
    }
    text = str_dup(reader->arena, buf_str(&buf));
    buf_free(&buf);
    return text;
}

/* What is known about a module that is one unknown as a whole comes out when the next module or the target begins. */
static void end_module(struct reading *reading)
{
    if (reading->opaque.n > 0)
        reading_unknown(reading, join_words(reading, reading->opaque.v, reading->opaque.n), false,
                        reading->module == MODULE_WHOLE ? SAME_UNTIL_WRITTEN : SAME_NEVER);
    reading->opaque.n = 0;
}

/* Said once for each name. */
static void note_stranger(struct reading *reading, size_t word, const char *what)
{
    struct reader *reader = reading->reader;
    struct str name = reader->words.v[word].text;

    if (map_set(reader->scratch, &reader->strangers, str_printf(reader->scratch, "%s %.*s", what, STR_ARG(name)),
                reader) == NULL)
        diag_note(reader->diags, reader_word_span(reader, word),
                  "no %s \"%.*s\" is known here: what it does is left open", what, STR_ARG(name));
}

void reading_note_target(struct reading *reading)
{
    note_stranger(reading, reading->target_word, "target");
}

static void begin_module(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct str name;

    end_module(reading);
    if (reading->negated)
        reading_error(reading, option - 1, "a module cannot be negated");
    if (!reading_value(reading, option, &name))
        return;
    reading->in_target = false;
    reading->module = module_find(name);
    reading->module_word = option;
    reading->does_more = reading->does_more || module_keeps_list(name);
    if (reading->module == MODULE_N)
        note_stranger(reading, option + 1, "match");
    if (reading->module < MODULE_PURE) {
        reading->loaded |= 1u << reading->module;
        match_module(reading, option);
    } else if (reading->module != MODULE_PURE && reading->module != MODULE_FIXED) {
        *vec_push(reader->scratch, &reading->opaque) = reader->words.v[option];
        *vec_push(reader->scratch, &reading->opaque) = reader->words.v[option + 1];
    }
    reading->negated = false;
}

/* Words behind an option that the table does not know, up to the next option. */
static size_t take_values(struct reading *reading)
{
    size_t n = 0;

    while (reading_word(reading, reading->at) != NULL && !word_is_not(reading_word(reading, reading->at)) &&
           !is_option(reading_word(reading, reading->at))) {
        reading->at++;
        n++;
    }
    return n;
}

/* `-m mac ! --mac-source XX` is "-m mac --mac-source XX", negated: the same unknown as without the "!". */
static void pure_option(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct VEC(struct word) words = {0};
    size_t inner = 0;

    if (reading->module_word > 0) {
        *vec_push(reader->scratch, &words) = reader->words.v[reading->module_word];
        *vec_push(reader->scratch, &words) = reader->words.v[reading->module_word + 1];
    }
    *vec_push(reader->scratch, &words) = reader->words.v[option];
    if (word_is_not(reading_word(reading, reading->at))) {
        reading->negated = !reading->negated;
        reading->at++;
    }
    inner = reading->at;
    take_values(reading);
    for (; inner < reading->at; inner++)
        *vec_push(reader->scratch, &words) = reader->words.v[inner];
    reading_unknown(reading, join_words(reading, words.v, words.n), reading->negated,
                    reading->module == MODULE_FIXED ? SAME_ALWAYS : SAME_UNTIL_WRITTEN);
}

static void opaque_option(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;

    if (reading->negated)
        *vec_push(reader->scratch, &reading->opaque) = reader->words.v[option - 1];
    reading->at = option + 1;
    if (word_is_not(reading_word(reading, reading->at)))
        reading->at++;
    take_values(reading);
    for (size_t i = option; i < reading->at; i++)
        *vec_push(reader->scratch, &reading->opaque) = reader->words.v[i];
}

/* Options that are not modelled, of modules that -p loads by itself. */
static bool comes_with_protocol(const struct reading *reading, struct str option)
{
    static const char *const options[] = {"--chunk-types", "--dccp-types", "--dccp-type", "--dccp-option", "--ahspi",
                                          "--ahlen",       "--ahres",      "--espspi",    "--mh-type"};

    for (size_t i = 0; reading->protocol >= 0 && i < sizeof options / sizeof *options; i++) {
        if (str_is(option, options[i]))
            return true;
    }
    return false;
}

static void unknown_option(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;

    if (reading->in_target) {
        *vec_push(reader->scratch, &reading->target_options) = option;
        take_values(reading);
    } else if (reading->module_word == 0 && !comes_with_protocol(reading, reading_word(reading, option)->text)) {
        reading_error(reading, option, "unknown option \"%.*s\"", STR_ARG(reading_word(reading, option)->text));
        take_values(reading);
    } else if (reading->module == MODULE_WHOLE || reading->module == MODULE_MOVING || reading->module == MODULE_N) {
        opaque_option(reading, option);
    } else if (reading->module == MODULE_SET && str_is(reading_word(reading, option)->text, "--update-counters")) {
        take_values(reading); /* whether the set counts: no question to the packet */
    } else if (reading->module == MODULE_SET && str_is(reading_word(reading, option)->text, "--update-subcounters")) {
        take_values(reading);
    } else {
        pure_option(reading, option);
    }
    reading->negated = false;
}

/* Whether an option of the table is meant here: options of two modules may be spelled alike. */
static bool belongs(const struct reading *reading, const struct option_row *row)
{
    bool protocol = row->module == MODULE_PORTS || row->module == MODULE_ICMP;

    if (row->module == MODULE_GLOBAL || (!reading->in_target && reading->module == row->module))
        return true;
    if ((reading->loaded & 1u << row->module) != 0)
        return true;
    /* -p tcp --dport: the module of the protocol comes by itself. */
    return protocol && (reading->module_word == 0 || reading->in_target || reading->protocol >= 0);
}

static void skip_number(struct reading *reading)
{
    struct word *word = reading_word(reading, reading->at);

    if (word != NULL && word->text.n > 0 && word->text.p[0] >= '0' && word->text.p[0] <= '9')
        reading->at++;
}

static void begin_target(struct reading *reading, size_t option)
{
    struct str name;

    end_module(reading);
    if (reading->negated)
        reading_error(reading, option - 1, "a target cannot be negated");
    if (reading->target_word > 0)
        reading_error(reading, option, "a rule has one target");
    if (!reading_value(reading, option, &name))
        return;
    reading->in_target = true;
    reading->target_word = reading->at - 1;
    reading->go_to =
        str_is(reading_word(reading, option)->text, "-g") || str_is(reading_word(reading, option)->text, "--goto");
}

static void check_table(struct reading *reading, size_t option)
{
    struct str name;

    if (reading_value(reading, option, &name) && !str_is(name, table_name(reading->table->id)))
        reading_error(reading, option + 1, "the rule stands in table %s", table_name(reading->table->id));
}

static void global_option(struct reading *reading, const struct option_row *row, size_t option)
{
    struct str value;

    if (row->option == OPTION_SOURCE || row->option == OPTION_DESTINATION)
        match_addresses(reading, row, option);
    else if (row->option == OPTION_IN || row->option == OPTION_OUT)
        match_interface(reading, row, option);
    else if (row->option == OPTION_PROTOCOL)
        match_protocol(reading, option);
    else if (row->option == OPTION_FRAGMENT)
        reading_add_not(reading, FIELD_FRAGMENT, reader_constant_one(reading->reader, FRAGMENT_LATER, FRAGMENT_LATER));
    else if (row->option == OPTION_MATCH)
        begin_module(reading, option);
    else if (row->option == OPTION_JUMP || row->option == OPTION_GOTO)
        begin_target(reading, option);
    else if (row->option == OPTION_TABLE)
        check_table(reading, option);
    else if (row->option == OPTION_WAIT)
        skip_number(reading);
    else if (row->option == OPTION_COUNTERS && reading_value(reading, option, &value))
        skip_number(reading);
    reading->negated = false;
}

/* `--proto esp` of -m policy and `--protocol NAME` of -m ndpi are not -p. */
static bool is_of_module(const struct reading *reading, size_t option)
{
    const struct words *words = &reading->reader->words;
    bool opaque = reading->module == MODULE_WHOLE || reading->module == MODULE_MOVING || reading->module == MODULE_N;

    if (!opaque || reading->module_word == 0 || reading->in_target || words->v[option].text.n < 3)
        return false;
    return str_is(words->v[option].text, "--proto") ||
           (option + 1 < words->n && proto_parse(words->v[option + 1].text) < 0 &&
            !str_is(words->v[option + 1].text, "all") && !str_is(words->v[option + 1].text, "!"));
}

static void read_word(struct reading *reading)
{
    size_t option = reading->at++;
    const struct word *word = reading_word(reading, option);
    const struct option_row *row;

    if (word_is_not(word)) {
        if (reading->negated)
            reading_error(reading, option, "two ! in a row");
        reading->negated = true;
        return;
    }
    if (!is_option(word)) {
        reading_error(reading, option, "expected an option, found \"%.*s\"", STR_ARG(word->text));
        reading->negated = false;
        return;
    }
    row = option_find(word->text);
    if (row != NULL && row->option == OPTION_DPORT && reading->module == MODULE_MULTIPORT && !reading->in_target &&
        (reading->loaded & 1u << MODULE_PORTS) == 0)
        row = &option_rows[OPTION_DPORTS]; /* getopt takes --dport for --dports there */
    else if (row != NULL && row->option == OPTION_SPORT && reading->module == MODULE_MULTIPORT && !reading->in_target &&
             (reading->loaded & 1u << MODULE_PORTS) == 0)
        row = &option_rows[OPTION_SPORTS];
    if (row == NULL || !belongs(reading, row) || (row->option == OPTION_PROTOCOL && is_of_module(reading, option))) {
        unknown_option(reading, option);
        return;
    }
    if (row->module == MODULE_GLOBAL) {
        global_option(reading, row, option);
        return;
    }
    match_read(reading, row, option);
    reading->negated = false;
}

/* What could not be read may match or not, and do anything: a lenient proof must not count on it. */
static void make_unknown(struct reading *reading, struct str text)
{
    reading->reader->matches.n = 0;
    reading->source_n = 0;
    reading->destination_n = 0;
    reading_unknown(reading, text, false, SAME_NEVER);
    reading->action = ACTION_UNKNOWN;
    reading->target = NULL;
    reading->rewrite = NULL;
}

static struct rule rule_of(struct reading *reading, struct building *chain, uint32_t from)
{
    struct reader *reader = reading->reader;
    uint32_t end = (uint32_t)reader->line.text.n;

    while (end > from && (reader->line.text.p[end - 1] == ' ' || reader->line.text.p[end - 1] == '\t'))
        end--;
    return (struct rule){
        .place = reader_span(reader, from, end),
        .has_line = true,
        .text = {reader->line.text.p + from, end - from},
        .comment = reading->comment,
        .families = FAMILY_BIT(reading->table->family),
        .chain = &chain->chain,
        .action = reading->action,
        .target = reading->target,
        .rewrite = reading->rewrite,
        .does_more = reading->does_more,
    };
}

static size_t first_word(const struct reader *reader)
{
    for (size_t i = 0; i < reader->words.n; i++) {
        if (str_starts(reader->words.v[i].text, "-"))
            return i;
    }
    return 0;
}

static void read_words(struct reading *reading)
{
    struct reader *reader = reading->reader;

    reader->matches.n = 0;
    if (!prepare_words(reading))
        return;
    if (reader->words.open_quote)
        reading_error(reading, reader->words.n - 1, "a quote is not closed in this line");
    while (reading->at < reader->words.n)
        read_word(reading);
    if (reading->negated)
        reading_error(reading, reader->words.n - 1, "! stands before nothing");
    end_module(reading);
    target_resolve(reading);
    if (reader->perhaps)
        reading_unknown(reading, STR("a script decides whether this rule is there"), false, SAME_NEVER);
}

static struct reading reading_of(struct reader *reader, struct table *table, const struct building *chain)
{
    reader->table_id = table == NULL ? TABLE_FILTER : table->id;
    return (struct reading){.reader = reader,
                            .table = table,
                            .module = MODULE_N,
                            .protocol = -1,
                            .action = ACTION_NONE,
                            .chain = &chain->chain};
}

void rule_broken(struct reader *reader, struct table *table, struct building *chain)
{
    struct reading reading = reading_of(reader, table, chain);
    struct rule rule;

    make_unknown(&reading, reader->line.text);
    rule = rule_of(&reading, chain, 0);
    place_rules(&reading, chain, &rule, 0);
}

void rule_read(struct reader *reader, struct table *table, struct building *chain, size_t at, size_t position)
{
    struct reading reading = reading_of(reader, table, chain);
    uint32_t from = reader->words.v[first_word(reader)].at;
    struct rule rule;

    reading.at = at;
    read_words(&reading);
    if (reading.bad)
        make_unknown(&reading, (struct str){reader->line.text.p + from, reader->line.text.n - from});
    rule = rule_of(&reading, chain, from);
    reader->ruleset->rewrites |= action_writes(rule.action);
    place_rules(&reading, chain, &rule, position);
}
