/*
 * Reader of nftables: `nft -j list ruleset` as a ruleset. The listing is the truth of what is loaded; the text that it
 * was loaded from, where that is given, only tells where each rule stands (lines.h). Format: libnftables-json(5).
 *
 *     LISTING := {"nftables": [ {"metainfo": …} | {"table": …} | {"chain": …} | {"rule": …} | {"set": …} | … ]}
 */
#include <limits.h>

#include "base/num.h"
#include "dialect/nftables/lines.h"
#include "dialect/nftables/nftables.h"
#include "dialect/nftables/reader.h"

/* A chain of the listing, while its rules are collected. */
struct chain_entry {
    struct chain *chain;
    struct rules_of rules;
    uint32_t listed; /* rules of nft, not of the model */
    struct strs VEC(struct str) comments;
    json_t *devices;
    bool bound; /* sees the packets of some interfaces only */
};

struct reading {
    struct reader reader;
    struct chain_entries VEC(struct chain_entry) chains;
    struct map by_name; /* "TABLE CHAIN" -> index + 1 */
    struct lines *lines;
};

struct str reader_str(struct reader *reader, const json_t *string)
{
    if (!json_is_string(string))
        return STR_EMPTY;
    return str_dup(reader->arena, (struct str){json_string_value(string), json_string_length(string)});
}

static struct span nowhere(const struct reader *reader)
{
    return (struct span){.source = reader->listing};
}

/* Where a chain stands in the text; nowhere in particular where there is no text of it. */
static struct span chain_span(const struct reading *reading, struct str table, struct str name)
{
    const struct lines_chain *lines = reading->lines == NULL ? NULL : lines_chain(reading->lines, table, name);

    return lines == NULL ? nowhere(&reading->reader) : lines->place;
}

static struct str table_name(struct reader *reader, const json_t *object)
{
    struct str family = reader_str(reader, json_object_get(object, "family"));
    struct str table = reader_str(reader, json_object_get(object, "table"));

    return str_printf(reader->arena, "%.*s %.*s", STR_ARG(family), STR_ARG(table));
}

/* Families of a table; 0 for those that carry no IP to a firewall's hooks. */
static unsigned families_of(struct str table)
{
    if (str_starts(table, "ip "))
        return FAMILY_BIT(FAMILY_V4);
    if (str_starts(table, "ip6 "))
        return FAMILY_BIT(FAMILY_V6);
    return str_starts(table, "inet ") || str_starts(table, "netdev ") ? FAMILY_BOTH : 0;
}

static bool hook_parse(struct str text, enum hook *hook)
{
    if (str_is(text, "egress")) { /* behind everything else that goes out */
        *hook = HOOK_POSTROUTING;
        return true;
    }
    for (enum hook each = HOOK_INGRESS; each < HOOK_N; each++) {
        if (str_is(text, hook_name(each))) {
            *hook = each;
            return true;
        }
    }
    return false;
}

static bool read_priority(struct reader *reader, const json_t *value, int *priority)
{
    if (json_is_integer(value)) {
        json_int_t given = json_integer_value(value);

        *priority = (int)given;
        return given >= INT_MIN && given <= INT_MAX;
    }
    return json_is_string(value) && nft_priority_parse(reader_str(reader, value), priority);
}

static void read_base_chain(struct reading *reading, struct chain_entry *entry, json_t *object)
{
    struct reader *reader = &reading->reader;
    struct chain *chain = entry->chain;
    struct str hook = reader_str(reader, json_object_get(object, "hook"));
    struct str policy = reader_str(reader, json_object_get(object, "policy"));

    if (!hook_parse(hook, &chain->hook))
        diag_error(reader->diags, nowhere(reader), "chain \"%.*s\" has an unknown hook \"%.*s\"", STR_ARG(chain->name),
                   STR_ARG(hook));
    if (!read_priority(reader, json_object_get(object, "prio"), &chain->priority))
        diag_error(reader->diags, nowhere(reader), "chain \"%.*s\" has no priority that is a number",
                   STR_ARG(chain->name));
    if (str_is(hook, "egress"))
        chain->priority = INT_MAX;
    if (policy.n > 0 && !str_is(policy, "accept") && !str_is(policy, "drop"))
        diag_error(reader->diags, nowhere(reader), "policy of chain \"%.*s\" must be accept or drop, not \"%.*s\"",
                   STR_ARG(chain->name), STR_ARG(policy));
    chain->policy = str_is(policy, "drop") ? ACTION_DROP : ACTION_ACCEPT;
    chain->policy_written = policy.n > 0;
    entry->devices = json_object_get(object, "dev");
    entry->bound = chain->hook == HOOK_INGRESS || str_is(hook, "egress");
}

static void read_chain(struct reading *reading, json_t *object)
{
    struct reader *reader = &reading->reader;
    struct str table = table_name(reader, object);
    struct str name = reader_str(reader, json_object_get(object, "name"));
    struct chain_entry *entry;
    struct str key;

    if (families_of(table) == 0) {
        if (json_object_get(object, "hook") != NULL)
            diag_warning(reader->diags, chain_span(reading, table, name),
                         "table \"%.*s\": chain \"%.*s\" is not read, only ip, ip6, inet and netdev are",
                         STR_ARG(table), STR_ARG(name));
        return;
    }
    key = str_printf(reader->arena, "%.*s %.*s", STR_ARG(table), STR_ARG(name));
    if (name.n == 0 || map_get(&reading->by_name, key) != NULL) {
        diag_error(reader->diags, nowhere(reader), "table \"%.*s\" has %s", STR_ARG(table),
                   name.n == 0 ? "a chain without a name" : "two chains of the same name");
        return;
    }
    entry = vec_push(reader->arena, &reading->chains);
    map_set(reader->arena, &reading->by_name, key, (void *)(uintptr_t)reading->chains.n);
    entry->chain = arena_new_object(reader->arena, struct chain);
    *entry->chain =
        (struct chain){.table = table, .name = name, .families = families_of(table), .place = {.source = reader->text}};
    if (json_object_get(object, "hook") != NULL)
        read_base_chain(reading, entry, object);
}

static bool is_mark(const json_t *key)
{
    const char *name = json_string_value(json_object_get(json_object_get(key, "meta"), "key"));

    return name != NULL && strcmp(name, "mark") == 0;
}

/* Whether an expression asks for the packet's mark; writing it is not asking. */
static bool asks_mark(json_t *value, unsigned depth)
{
    const char *name;
    json_t *inner;
    size_t i;

    if (depth == 0 || is_mark(value))
        return true;
    json_array_foreach(value, i, inner)
    {
        if (asks_mark(inner, depth - 1))
            return true;
    }
    json_object_foreach(value, name, inner)
    {
        if (asks_mark(strcmp(name, "mangle") == 0 ? json_object_get(inner, "value") : inner, depth - 1))
            return true;
    }
    return false;
}

/* What one rule means for all others: that marks matter, that sets change, that unknowns change. */
static void survey_rule(struct reader *reader, json_t *rule)
{
    json_t *expressions = json_object_get(rule, "expr");

    sets_note_rule(reader, rule);
    reader->marks_matter = reader->marks_matter || asks_mark(expressions, 64);
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        json_t *mangle = json_object_get(json_array_get(expressions, i), "mangle");

        if (mangle != NULL && !is_mark(json_object_get(mangle, "key")))
            reader->unknowns_change = true;
    }
}

static void read_rule_object(struct reading *reading, json_t *object)
{
    struct reader *reader = &reading->reader;
    json_t *expressions = json_object_get(object, "expr");
    struct str name = reader_str(reader, json_object_get(object, "chain"));
    struct chain_entry *entry;
    uintptr_t index;
    struct str comment;
    size_t before;

    reader->table = table_name(reader, object);
    if (families_of(reader->table) == 0)
        return;
    index = (uintptr_t)map_get(&reading->by_name,
                               str_printf(reader->arena, "%.*s %.*s", STR_ARG(reader->table), STR_ARG(name)));
    if (index == 0) {
        diag_error(reader->diags, nowhere(reader),
                   "a rule stands in chain \"%.*s\" of table \"%.*s\", which is not there", STR_ARG(name),
                   STR_ARG(reader->table));
        return;
    }
    if (!json_is_array(expressions)) {
        diag_error(reader->diags, nowhere(reader), "a rule of chain \"%.*s\" has no list of expressions",
                   STR_ARG(name));
        return;
    }
    entry = &reading->chains.v[index - 1];
    comment = reader_str(reader, json_object_get(object, "comment"));
    reader->chain = entry->chain;
    reader->index = ++entry->listed;
    reader->rule_text = text_rule(reader, expressions);
    before = entry->rules.n;
    read_rule(reader, expressions, &entry->rules);
    for (size_t i = before; i < entry->rules.n; i++)
        entry->rules.v[i].comment = comment;
    *vec_push(reader->arena, &entry->comments) = comment;
}

/* The objects of the listing, one kind at a time: chains may be named before they are listed. */
static void each_object(struct reading *reading, json_t *list, const char *kind,
                        void (*take)(struct reading *reading, json_t *object))
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        json_t *object = json_object_get(item, kind);

        if (json_is_object(object))
            take(reading, object);
    }
}

static void take_set(struct reading *reading, json_t *object)
{
    sets_add(&reading->reader, object);
}

static void take_rule_survey(struct reading *reading, json_t *object)
{
    survey_rule(&reading->reader, object);
}

/* A list of commands (`{"add": …}`, `{"flush": …}`) says what to do, not what is there. */
static bool is_listing(struct reader *reader, json_t *list)
{
    static const char *const kinds[] = {"metainfo",  "table",      "chain",          "rule",     "set",
                                        "map",       "flowtable",  "counter",        "quota",    "limit",
                                        "ct helper", "ct timeout", "ct expectation", "synproxy", "secmark"};
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        const char *name;
        json_t *value;

        if (!json_is_object(item)) {
            diag_error(reader->diags, nowhere(reader), "item %zu of \"nftables\" must be an object", i + 1);
            return false;
        }
        json_object_foreach(item, name, value)
        {
            bool known = false;

            for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
                known = known || strcmp(name, kinds[k]) == 0;
            if (known && json_is_object(value))
                continue;
            diag_error(reader->diags, nowhere(reader), "item %zu of \"nftables\" is \"%.64s\", which no listing has",
                       i + 1, name);
            diag_hint(reader->diags, "give what `nft -j list ruleset` prints");
            return false;
        }
    }
    return true;
}

/* Whether a statement of the text can be the rule of this text and comment: a cheap guard against wrong lines. */
static bool may_be(struct reading *reading, struct span span, const struct rule *rule, struct str comment)
{
    struct str text = str_head(str_from(span.source->text, span.at), span.n);
    const char *word = NULL;

    if (comment.n > 0 && !str_contains(text, str_cstr(reading->reader.arena, comment)) && !str_contains(text, "$"))
        return false;
    switch (rule->action) {
    case ACTION_ACCEPT: word = str_ends(rule->text, "accept") ? "accept" : NULL; break;
    case ACTION_DROP: word = "drop"; break;
    case ACTION_REJECT: word = "reject"; break;
    case ACTION_RETURN: word = "return"; break;
    case ACTION_JUMP: word = "jump"; break;
    case ACTION_GOTO: word = "goto"; break;
    case ACTION_NONE:
    case ACTION_UNKNOWN:
    case ACTION_N: break;
    }
    return word == NULL || str_contains(text, word) || str_contains(text, "$") || str_contains(text, "@");
}

/* A statement in one line: runs of white space and line ends as one blank, comments left out. */
static struct str one_line(struct arena *arena, struct span span)
{
    struct buf out = BUF_EMPTY;
    bool quoted = false;
    struct str text;

    for (uint32_t i = 0; i < span.n; i++) {
        char c = span.source->text.p[span.at + i];

        if (c == '#' && !quoted) {
            while (i + 1 < span.n && span.source->text.p[span.at + i + 1] != '\n')
                i++;
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\')) {
            if (out.n > 0 && out.p[out.n - 1] != ' ')
                buf_addc(&out, ' ');
            continue;
        }
        buf_addc(&out, c);
    }
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}

static void place_rules(struct reading *reading, struct chain_entry *entry, const struct lines_chain *lines)
{
    struct str *texts;

    if (lines->uncertain || lines->rules.n != entry->listed)
        return;
    for (size_t i = 0; i < entry->rules.n; i++) {
        const struct rule *rule = &entry->rules.v[i];

        if (!may_be(reading, lines->rules.v[rule->index - 1], rule, entry->comments.v[rule->index - 1]))
            return;
    }
    texts = arena_new_array(reading->reader.arena, struct str, entry->listed);
    for (size_t i = 0; i < lines->rules.n; i++)
        texts[i] = one_line(reading->reader.arena, lines->rules.v[i]);
    for (size_t i = 0; i < entry->rules.n; i++) {
        struct rule *rule = &entry->rules.v[i];

        rule->place = lines->rules.v[rule->index - 1];
        rule->has_line = true;
        rule->text = texts[rule->index - 1];
    }
}

static void place_chain(struct reading *reading, struct chain_entry *entry)
{
    struct chain *chain = entry->chain;
    const struct lines_chain *lines;

    if (reading->lines == NULL)
        return;
    lines = lines_chain(reading->lines, chain->table, chain->name);
    if (lines == NULL)
        return;
    chain->place = lines->place;
    chain->has_line = true;
    chain->policy_written = lines->policy;
    place_rules(reading, entry, lines);
}

static void place_sets(struct reading *reading)
{
    struct ruleset *ruleset = reading->reader.ruleset;

    for (size_t i = 0; i < ruleset->set_n && reading->lines != NULL; i++) {
        const struct span *span = lines_set(reading->lines, ruleset->sets[i].table, ruleset->sets[i].name);

        if (span != NULL) {
            ruleset->sets[i].place = *span;
            ruleset->sets[i].has_line = true;
        }
    }
}

static void add_device(struct reader *reader, struct match *match, struct interface_pattern *v, struct str name)
{
    v[match->interface_n] = (struct interface_pattern){.name = name};
    *vec_push(reader->arena, &reader->ruleset->interfaces) = v[match->interface_n++];
}

/* The interfaces that a chain of ingress or egress is bound to: from the listing, else from the text. */
static bool read_devices(struct reading *reading, struct chain_entry *entry, struct match *match)
{
    struct reader *reader = &reading->reader;
    const struct lines_chain *lines =
        reading->lines == NULL ? NULL : lines_chain(reading->lines, entry->chain->table, entry->chain->name);
    struct str rest = lines == NULL ? STR_EMPTY : lines->devices;
    struct interface_pattern *v =
        arena_new_array(reader->arena, struct interface_pattern, json_array_size(entry->devices) + rest.n / 2 + 1);

    match->interfaces = v;
    if (json_is_string(entry->devices))
        add_device(reader, match, v, reader_str(reader, entry->devices));
    for (size_t i = 0; i < json_array_size(entry->devices); i++) {
        if (json_is_string(json_array_get(entry->devices, i)))
            add_device(reader, match, v, reader_str(reader, json_array_get(entry->devices, i)));
    }
    if (entry->devices != NULL || str_contains(rest, "$"))
        return match->interface_n > 0;
    while (rest.n > 0) {
        size_t n = 0;

        while (n < rest.n && strchr(" \t\r\n\"{},=;", rest.p[n]) == NULL)
            n++;
        if (n > 0)
            add_device(reader, match, v, str_head(rest, n));
        rest = str_from(rest, n == 0 ? 1 : n);
    }
    return match->interface_n > 0;
}

/*
 * A chain that is bound to interfaces lets all others pass: each of its rules also asks for the interface, and its
 * policy becomes a last rule. nft 1.0.6 does not list the device of netdev chains; without text it is an unknown.
 */
static void bind_devices(struct reading *reading, struct chain_entry *entry)
{
    struct reader *reader = &reading->reader;
    struct match match = {
        .kind = MATCH_INTERFACES,
        .field = entry->chain->hook == HOOK_INGRESS ? FIELD_IN : FIELD_OUT,
    };

    if (!read_devices(reading, entry, &match))
        match = reader_unknown(reader,
                               str_printf(reader->arena, "device of chain %.*s %.*s", STR_ARG(entry->chain->table),
                                          STR_ARG(entry->chain->name)),
                               false);
    if (entry->chain->policy == ACTION_DROP) {
        *vec_push(reader->arena, &entry->rules) = (struct rule){
            .place = entry->chain->place,
            .has_line = entry->chain->has_line,
            .index = entry->listed + 1,
            .text = STR("policy drop"),
            .families = entry->chain->families,
            .action = ACTION_DROP,
            .chain = entry->chain,
        };
        entry->chain->policy = ACTION_ACCEPT;
    }
    vec_each (struct rule *, rule, &entry->rules) {
        struct match *matches = arena_new_array(reader->arena, struct match, rule->match_n + 1);

        matches[0] = match;
        if (rule->match_n > 0)
            memcpy(matches + 1, rule->matches, rule->match_n * sizeof *matches);
        rule->matches = matches;
        rule->match_n++;
    }
}

enum colour { WHITE, GREY, BLACK };

/* The kernel goes no deeper than 16 calls. */
#define CALLS_MAX 64

/* Chains that call themselves, by whatever way, never end. */
static bool find_loop(struct reading *reading, size_t at, enum colour *colours, unsigned depth)
{
    const struct chain *chain = reading->chains.v[at].chain;

    if (colours[at] == BLACK)
        return false;
    if (colours[at] == GREY || depth > CALLS_MAX) {
        diag_error(reading->reader.diags, nowhere(&reading->reader), "chain \"%.*s\" of table \"%.*s\" %s",
                   STR_ARG(chain->name), STR_ARG(chain->table),
                   colours[at] == GREY ? "calls itself" : "is called deeper than the kernel goes");
        return true;
    }
    colours[at] = GREY;
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct chain *target = chain->rules[i].target;
        uintptr_t next;

        if (target == NULL)
            continue;
        next = (uintptr_t)map_get(&reading->by_name, str_printf(reading->reader.arena, "%.*s %.*s",
                                                                STR_ARG(target->table), STR_ARG(target->name)));
        if (next != 0 && find_loop(reading, next - 1, colours, depth + 1))
            return true;
    }
    colours[at] = BLACK;
    return false;
}

static void finish_chains(struct reading *reading)
{
    struct reader *reader = &reading->reader;
    enum colour *colours = arena_new_array(reader->arena, enum colour, reading->chains.n);

    for (size_t i = 0; i < reading->chains.n; i++) {
        struct chain_entry *entry = &reading->chains.v[i];

        place_chain(reading, entry);
        if (entry->bound)
            bind_devices(reading, entry);
        entry->chain->rules = entry->rules.v;
        entry->chain->rule_n = entry->rules.n;
    }
    place_sets(reading);
    for (size_t i = 0; i < reading->chains.n; i++) {
        if (find_loop(reading, i, colours, 0))
            break;
    }
}

static void read_objects(struct reading *reading, json_t *list)
{
    struct reader *reader = &reading->reader;
    struct ruleset *ruleset = reader->ruleset;

    ruleset->sets = arena_new_array(reader->arena, struct named_set, json_array_size(list));
    each_object(reading, list, "set", take_set);
    each_object(reading, list, "map", take_set);
    each_object(reading, list, "rule", take_rule_survey);
    each_object(reading, list, "chain", read_chain);
    ruleset->chains = arena_new_array(reader->arena, struct chain *, reading->chains.n);
    ruleset->chain_n = reading->chains.n;
    for (size_t i = 0; i < reading->chains.n; i++)
        ruleset->chains[i] = reading->chains.v[i].chain;
    each_object(reading, list, "rule", read_rule_object);
    finish_chains(reading);
}

static json_t *parse(struct reader *reader)
{
    struct str text = reader->listing->text;
    json_error_t error;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL) {
        size_t at = error.position < 0 || (size_t)error.position > text.n ? text.n : (size_t)error.position;

        diag_error(reader->diags, span_at(reader->listing, at == 0 ? 0 : at - 1, 1), "not JSON: %s", error.text);
    }
    return root;
}

static struct ruleset *read_input(struct arena *arena, const struct dialect_input *input, struct diags *diags)
{
    struct reading reading = {
        .reader = {.arena = arena,
                   .diags = diags,
                   .text = input->text,
                   .listing = input->listing == NULL ? input->text : input->listing,
                   .ruleset = arena_new_object(arena, struct ruleset)},
    };
    size_t errors = diags->errors;
    json_t *root = parse(&reading.reader);
    json_t *list = json_object_get(root, "nftables");

    reading.reader.ruleset->dialect = STR("nftables");
    reading.reader.ruleset->file = input->text->name;
    reading.reader.ruleset->families = FAMILY_BOTH;
    if (root != NULL && !json_is_array(list)) {
        diag_error(diags, span_at(reading.reader.listing, 0, 1), "no list \"nftables\" in the JSON");
        diag_hint(diags, "give what `nft -j list ruleset` prints");
    } else if (root != NULL && is_listing(&reading.reader, list)) {
        if (input->listing != NULL)
            reading.lines = lines_scan(arena, input->text);
        read_objects(&reading, list);
    }
    json_decref(root);
    return diags->errors == errors ? reading.reader.ruleset : NULL;
}

struct ruleset *nftables_read(struct arena *arena, const struct dialect_input *inputs, size_t n, struct diags *diags)
{
    struct ruleset **parts = arena_new_array(arena, struct ruleset *, n);
    size_t good = 0;

    for (size_t i = 0; i < n; i++) {
        parts[good] = read_input(arena, &inputs[i], diags);
        good += parts[good] != NULL;
    }
    return good == n && n > 0 ? ruleset_join(arena, parts, n) : NULL;
}
