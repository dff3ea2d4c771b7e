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

#include <assert.h>

#include "net/proto.h"

void reading_error(struct reading *reading, size_t word, const char *format, ...)
{
    va_list args;
    struct str message;
    struct buf buf = BUF_EMPTY;

    va_start(args, format);
    buf_vaddf(&buf, format, args);
    va_end(args);
    message = buf_str(&buf);
    diag_error(reading->reader->diags, reader_word_span(reading->reader, word), "%.*s", STR_ARG(message));
    buf_free(&buf);
    reading->bad = true;
}

static struct word *word_at(struct reading *reading, size_t at)
{
    return at < reading->reader->words.n ? &reading->reader->words.v[at] : NULL;
}

static bool is_not(const struct word *word)
{
    return word != NULL && !word->quoted && str_is(word->text, "!");
}

static bool is_option(const struct word *word)
{
    return !word->quoted && word->text.n > 1 && word->text.p[0] == '-' &&
           !(word->text.p[1] >= '0' && word->text.p[1] <= '9' && word->text.n > 2);
}

bool reading_value(struct reading *reading, size_t option, struct str *value)
{
    if (is_not(word_at(reading, reading->at))) {
        reading->negated = !reading->negated;
        reading->at++;
    }
    if (word_at(reading, reading->at) == NULL) {
        reading_error(reading, option, "%.*s needs a value", STR_ARG(word_at(reading, option)->text));
        return false;
    }
    *value = word_at(reading, reading->at++)->text;
    return true;
}

void reading_add(struct reading *reading, enum field field, const struct ranges *ranges)
{
    *vec_push(reading->reader->scratch, &reading->reader->matches) =
        (struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges};
}

void reading_add_not(struct reading *reading, enum field field, const struct ranges *ranges)
{
    if (reading->negated)
        ranges = reader_complement(reading->reader, ranges, field_max(field, reading->reader->family));
    reading_add(reading, field, ranges);
}

static struct match unknown_match(struct reader *reader, struct str text, bool negated, enum sameness same)
{
    return (struct match){
        .kind = MATCH_UNKNOWN, .negated = negated, .text = text, .literal = reader_literal(reader, text, same)};
}

void reading_unknown(struct reading *reading, struct str text, bool negated, enum sameness same)
{
    struct reader *reader = reading->reader;

    *vec_push(reader->scratch, &reader->matches) = unknown_match(reader, text, negated, same);
}

/* Parts of x behind digits, and of digits: `10.x.x.x`, `19x.xx.xx.xx/32`, `XX:XX:XX:XX:XX:XX`. */
static bool is_hidden(struct str value)
{
    bool hidden = false;
    bool in_x = false;

    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (c == 'x' || c == 'X' || c == '*')
            hidden = in_x = true;
        else if (c == '.' || c == ':' || c == '/' || c == '-')
            in_x = false;
        else if (c < '0' || c > '9' || in_x)
            return false;
    }
    return hidden;
}

bool reading_hidden(struct reading *reading, const char *option, struct str value)
{
    struct reader *reader = reading->reader;

    if (!is_hidden(value))
        return false;
    if (map_set(reader->scratch, &reader->strangers, STR("hidden value"), reader) == NULL)
        diag_warning(reader->diags, reader_word_span(reader, reading->at - 1),
                     "\"%.*s\" hides a value: what it was is left open, here and wherever it is like this",
                     STR_ARG(value));
    reading_unknown(reading, str_printf(reader->arena, "%s %.*s", option, STR_ARG(value)), reading->negated,
                    SAME_NEVER);
    return true;
}

void grouping_field(struct reading *reading, struct grouping *grouping, enum field field, const struct ranges *ranges)
{
    (void)reading;
    assert(grouping->n < sizeof grouping->v / sizeof *grouping->v);
    grouping->v[grouping->n++] = (struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges};
}

void grouping_unknown(struct reading *reading, struct grouping *grouping, struct str text, bool negated,
                      enum sameness same)
{
    assert(grouping->n < sizeof grouping->v / sizeof *grouping->v);
    grouping->v[grouping->n++] = unknown_match(reading->reader, text, negated, same);
}

void grouping_next(struct reading *reading, struct grouping *grouping)
{
    struct arena *arena = reading->reader->arena;
    const struct match *v = arena_copy(arena, grouping->v, grouping->n * sizeof *v);

    *vec_push(arena, &grouping->groups) = (struct match_group){.v = v, .n = grouping->n};
    grouping->n = 0;
}

void grouping_add(struct reading *reading, struct grouping *grouping)
{
    struct reader *reader = reading->reader;

    *vec_push(reader->scratch, &reader->matches) =
        (struct match){.kind = reading->negated ? MATCH_NONE_OF : MATCH_ANY_OF,
                       .field = FIELD_N,
                       .groups = grouping->groups.v,
                       .group_n = grouping->groups.n};
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

    while (word_at(reading, reading->at) != NULL && !is_not(word_at(reading, reading->at)) &&
           !is_option(word_at(reading, reading->at))) {
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
    if (is_not(word_at(reading, reading->at))) {
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
    if (is_not(word_at(reading, reading->at)))
        reading->at++;
    take_values(reading);
    for (size_t i = option; i < reading->at; i++)
        *vec_push(reader->scratch, &reading->opaque) = reader->words.v[i];
}

static void unknown_option(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;

    if (reading->in_target) {
        *vec_push(reader->scratch, &reading->target_options) = option;
        take_values(reading);
    } else if (reading->module_word == 0) {
        reading_error(reading, option, "unknown option \"%.*s\"", STR_ARG(word_at(reading, option)->text));
        take_values(reading);
    } else if (reading->module == MODULE_WHOLE || reading->module == MODULE_MOVING || reading->module == MODULE_N) {
        opaque_option(reading, option);
    } else if (reading->module == MODULE_SET && str_is(word_at(reading, option)->text, "--update-counters")) {
        take_values(reading); /* whether the set counts: no question to the packet */
    } else if (reading->module == MODULE_SET && str_is(word_at(reading, option)->text, "--update-subcounters")) {
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
    struct word *word = word_at(reading, reading->at);

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
    reading->go_to = str_is(word_at(reading, option)->text, "-g") || str_is(word_at(reading, option)->text, "--goto");
}

static void check_table(struct reading *reading, size_t option)
{
    struct str name;

    if (reading_value(reading, option, &name) && !str_is(name, table_name(reading->table->id)))
        reading_error(reading, option + 1, "the rule stands in table %s", table_name(reading->table->id));
}

static void check_version(struct reading *reading, size_t option)
{
    enum family family = str_ends(word_at(reading, option)->text, "6") ? FAMILY_V6 : FAMILY_V4;

    if (family != reading->reader->family)
        reading_error(reading, option, "the rule is for the other address family than its text");
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
    else if (row->option == OPTION_IP_VERSION)
        check_version(reading, option);
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
    const struct word *word = word_at(reading, option);
    const struct option_row *row;

    if (is_not(word)) {
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

/* The matches of a rule, behind those for one pair of a list's addresses. */
static void emit(struct reading *reading, struct building *chain, struct rule *rule, const struct ranges *source,
                 const struct ranges *destination)
{
    struct reader *reader = reading->reader;
    bool nat = chain->chain.hook != HOOK_NONE && reading->table->id == TABLE_NAT;
    size_t extra = (source != NULL) + (destination != NULL) + (nat ? NAT_GATE_MATCHES : 0);
    struct match *matches = arena_new_array(reader->arena, struct match, reader->matches.n + extra);
    size_t n = 0;

    if (source != NULL)
        matches[n++] = (struct match){.kind = MATCH_RANGES, .field = FIELD_SOURCE, .ranges = source};
    if (destination != NULL)
        matches[n++] = (struct match){.kind = MATCH_RANGES, .field = FIELD_DESTINATION, .ranges = destination};
    if (reader->matches.n > 0)
        memcpy(matches + n, reader->matches.v, reader->matches.n * sizeof *matches);
    n += reader->matches.n;
    for (size_t i = 0; nat && i < NAT_GATE_MATCHES; i++)
        matches[n++] = nat_gate[i];
    rule->matches = matches;
    rule->match_n = n;
}

/* How many lines directly behind this one append to the same chain: they begin as it does, `-A CHAIN `. */
static size_t rules_behind(const struct reader *reader)
{
    const struct word *name = reader->words.n > 1 ? &reader->words.v[1] : NULL;
    struct str rest = str_from(reader->source->text, reader->line.at);
    struct str begin = reader->line.text;
    size_t n = 0;

    if (name == NULL || reader->words.v[0].at != 0 || !str_is(reader->words.v[0].text, "-A") || name->end >= begin.n ||
        reader->line.piece_n > 0)
        return 0;
    begin = str_head(begin, name->end + 1);
    for (;;) {
        const char *end = memchr(rest.p, '\n', rest.n);

        if (end == NULL)
            return n;
        rest = str_from(rest, (size_t)(end - rest.p) + 1);
        if (rest.n < begin.n || memcmp(rest.p, begin.p, begin.n) != 0)
            return n;
        n++;
    }
}

/*
 * Room for what is coming: iptables-save prints a chain in one piece, and doubling would leave as much behind as there
 * is. What is counted has to be a good part of what is there, so that the copies stay few whatever the text is like.
 */
static void make_room(const struct reader *reader, struct rule_list *rules)
{
    size_t behind;
    struct rule *larger;

    if (rules->n < rules->capacity || rules->n < 64)
        return;
    behind = rules_behind(reader);
    if (behind < rules->n / 4)
        return;
    rules->capacity = rules->n + behind + 1;
    larger = arena_new_array(reader->arena, struct rule, rules->capacity);
    memcpy(larger, rules->v, rules->n * sizeof *larger);
    rules->v = larger;
}

static void place_rule(struct reader *reader, struct building *chain, const struct rule *rule, size_t position)
{
    struct rule_list *rules = &chain->rules;

    if (position == 1) {
        *vec_push(reader->arena, &chain->front) = *rule;
        return;
    }
    make_room(reader, rules);
    *vec_push(reader->arena, rules) = *rule;
    if (position == 0 || position - 1 >= chain->front.n + rules->n)
        return;
    /* Before a rule: those that -I put first come to their place now. */
    for (size_t i = 0; i < chain->front.n; i++)
        *vec_push(reader->arena, rules) = (struct rule){0};
    memmove(rules->v + chain->front.n, rules->v, (rules->n - chain->front.n) * sizeof *rules->v);
    for (size_t i = 0; i < chain->front.n; i++)
        rules->v[i] = chain->front.v[chain->front.n - 1 - i];
    chain->front.n = 0;
    memmove(rules->v + position, rules->v + position - 1, (rules->n - position) * sizeof *rules->v);
    rules->v[position - 1] = *rule;
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

/* `-j DROP # everything else` */
static void cut_comment(struct reader *reader, size_t at)
{
    for (; at < reader->words.n; at++) {
        if (reader->words.v[at].text.n > 0 && reader->words.v[at].text.p[0] == '#' && !reader->words.v[at].quoted) {
            reader->words.n = at;
            return;
        }
    }
}

/* Parts a word behind its first n bytes (without the next `skip`) in two. */
static void part_word(struct reader *reader, size_t at, size_t n, size_t skip)
{
    struct words *words = &reader->words;
    struct word second = words->v[at];

    vec_push(reader->scratch, words);
    memmove(&words->v[at + 2], &words->v[at + 1], (words->n - at - 2) * sizeof *words->v);
    second.text = str_from(second.text, n + skip);
    if (!second.quoted)
        second.at += (uint32_t)(n + skip);
    words->v[at].text.n = n;
    if (!second.quoted)
        words->v[at].end = words->v[at].at + (uint32_t)n;
    words->v[at].quoted = false;
    words->v[at + 1] = second;
}

/* `-ptcp` and `--dport=80` are two words each. */
static void part_words(struct reader *reader, size_t at)
{
    for (; at < reader->words.n; at++) {
        struct str text = reader->words.v[at].text;
        struct str rest;
        const struct option_row *row;

        if (text.n < 3 || text.p[0] != '-' || (at > 0 && str_starts(reader->words.v[at - 1].text, "--")))
            continue;
        if (text.p[1] == '-') {
            struct str name = str_cut(text, '=', &rest);

            if (name.n < text.n && option_find(name) != NULL)
                part_word(reader, at, name.n, 1);
        } else if (memchr("psdiojmgt", text.p[1], 9) != NULL) {
            row = option_find(str_head(text, 2));
            if (row != NULL && option_find(text) == NULL)
                part_word(reader, at, 2, 0);
        }
    }
}

/* A word that only a shell could fill in; the text of a log line or a comment may be one. */
static bool has_variable(struct reading *reading)
{
    struct reader *reader = reading->reader;
    enum family family;
    bool script = dumps_is_shell(str_trim(reader->line.text), &family);

    if (memchr(reader->line.text.p, '$', reader->line.text.n) == NULL)
        return false;
    for (size_t i = reading->at; i < reader->words.n; i++) {
        struct str before = reader->words.v[i - 1].text;

        if (str_ends(before, "-prefix") || str_is(before, "--comment") ||
            !words_is_variable(&reader->words.v[i], script))
            continue;
        reading_error(reading, i, "\"%.*s\" is a variable: what it stood for is not known here",
                      STR_ARG(reader->words.v[i].text));
        diag_hint(reader->diags, "scripts are not run: give what iptables-save prints after them");
        return true;
    }
    return false;
}

/* The one protocol that the rule asks for, wherever its -p stands: `-m tcp -p tcp --dport 22` is common. */
static void find_protocol(struct reading *reading)
{
    const struct words *words = &reading->reader->words;

    for (size_t i = reading->at; i + 1 < words->n; i++) {
        struct str name = words->v[i].text;

        if ((str_is(name, "-p") || str_is(name, "--protocol")) && !is_not(&words->v[i + 1]) &&
            !is_not(&words->v[i - 1])) {
            reading->protocol_name = words->v[i + 1].text;
            reading->protocol = match_protocol_parse(reading->protocol_name);
            if (reading->protocol == 0)
                reading->protocol = -1;
            return;
        }
    }
}

static void read_words(struct reading *reading)
{
    struct reader *reader = reading->reader;

    reader->matches.n = 0;
    cut_comment(reader, reading->at);
    part_words(reader, reading->at);
    find_protocol(reading);
    if (has_variable(reading))
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
    emit(&reading, chain, &rule, NULL, NULL);
    place_rule(reader, chain, &rule, 0);
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
    if (reading.source_n <= 1 && reading.destination_n <= 1) {
        emit(&reading, chain, &rule, reading.source_n > 0 ? reading.sources[0] : NULL,
             reading.destination_n > 0 ? reading.destinations[0] : NULL);
        place_rule(reader, chain, &rule, position);
        return;
    }
    for (size_t i = 0; i < (reading.source_n == 0 ? 1 : reading.source_n); i++) {
        for (size_t k = 0; k < (reading.destination_n == 0 ? 1 : reading.destination_n); k++) {
            emit(&reading, chain, &rule, reading.source_n > 0 ? reading.sources[i] : NULL,
                 reading.destination_n > 0 ? reading.destinations[k] : NULL);
            place_rule(reader, chain, &rule, position);
        }
    }
}
