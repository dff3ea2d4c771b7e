/*
 * Reader of nftables: `nft -j list ruleset` as a ruleset. The listing is the truth of what is loaded; the text that it
 * was loaded from, where that is given, only tells where each rule stands (lines.h). Format: libnftables-json(5).
 *
 *     LISTING := {"nftables": [ {"metainfo": …} | {"table": …} | {"chain": …} | {"rule": …} | {"set": …} | … ]}
 */
#include <limits.h>

#include "base/num.h"
#include "dialect/headers.h"
#include "dialect/loadable.h"
#include "dialect/nftables/lines.h"
#include "dialect/nftables/nftables.h"
#include "dialect/nftables/reader.h"

struct reading {
    struct reader reader;
    struct chain_entries VEC(struct chain_entry) chains;
    struct map by_name; /* "TABLE CHAIN" -> index + 1 */
    struct map dormant; /* names of tables that are switched off */
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

/* A table that is switched off: the kernel calls none of its chains. */
static void take_table(struct reading *reading, json_t *object)
{
    struct reader *reader = &reading->reader;
    struct str table =
        str_printf(reader->arena, "%.*s %.*s", STR_ARG(reader_str(reader, json_object_get(object, "family"))),
                   STR_ARG(reader_str(reader, json_object_get(object, "name"))));
    json_t *flags = json_object_get(object, "flags");
    bool dormant =
        str_is(view(flags), "dormant") || (reading->lines != NULL && map_get(&reading->lines->dormant, table) != NULL);
    json_t *flag;
    size_t i;

    json_array_foreach(flags, i, flag) dormant = dormant || str_is(view(flag), "dormant");
    if (!dormant)
        return;
    diag_note(reader->diags, (struct span){.source = reader->text}, "table \"%.*s\" is dormant: it decides nothing",
              STR_ARG(table));
    map_set(reader->arena, &reading->dormant, table, reading);
}

static bool is_dormant(const struct reading *reading, struct str table)
{
    return map_get(&reading->dormant, table) != NULL;
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
    chain->nat = str_is(reader_str(reader, json_object_get(object, "type")), "nat");
    entry->bound = chain->hook == HOOK_INGRESS || str_is(hook, "egress");
}

static void read_chain(struct reading *reading, json_t *object)
{
    struct reader *reader = &reading->reader;
    struct str table = table_name(reader, object);
    struct str name = reader_str(reader, json_object_get(object, "name"));
    struct chain_entry *entry;
    struct str key;

    if (is_dormant(reading, table))
        return;
    if (families_of(table) == 0) {
        if (json_object_get(object, "hook") != NULL && !str_starts(table, "arp "))
            diag_warning(
                reader->diags, chain_span(reading, table, name),
                "table \"%.*s\": chain \"%.*s\" decides on frames of a bridge and is no part of any answer here",
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
    map_set(reader->arena, &reader->chains, key, entry->chain);
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

/* Bits that a value written to the mark may have, beside those it had: all numbers in it but masks. */
static uint32_t bits_of(json_t *value, unsigned depth)
{
    uint32_t bits = 0;
    const char *name;
    json_t *inner;

    if (json_is_integer(value))
        return (uint32_t)json_integer_value(value);
    if (depth == 0)
        return UINT32_MAX;
    json_object_foreach(value, name, inner)
    {
        bool masked = strcmp(name, "&") == 0;

        for (size_t i = 0; i < (masked ? 1 : json_array_size(inner)); i++)
            bits |= bits_of(json_array_get(inner, i), depth - 1);
    }
    return bits;
}

/* What one rule means for all others: that marks matter, that sets change, that unknowns change. */
static void survey_rule(struct reader *reader, json_t *rule)
{
    static const char *const writers[] = {"dnat", "snat", "redirect", "masquerade", "tproxy", "synproxy", "xt"};
    json_t *expressions = json_object_get(rule, "expr");

    sets_note_rule(reader, rule);
    reader->marks_matter = reader->marks_matter || asks_mark(expressions, 64);
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        json_t *statement = json_array_get(expressions, i);
        json_t *mangle = json_object_get(statement, "mangle");
        json_t *key = json_object_get(mangle, "key");

        if (is_mark(key))
            reader->mark_bits |= bits_of(json_object_get(mangle, "value"), 16);
        else if (mangle != NULL)
            reader->written = true;
        if (str_is(view(json_object_get(json_object_get(key, "meta"), "key")), "pkttype"))
            reader->pkttype_written = true;
        for (size_t k = 0; k < sizeof writers / sizeof *writers; k++)
            reader->written = reader->written || json_object_get(statement, writers[k]) != NULL;
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
    bool more;

    reader->table = table_name(reader, object);
    if (families_of(reader->table) == 0 || is_dormant(reading, reader->table))
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
    more = rule_does_more(expressions);
    read_rule(reader, expressions, &entry->rules);
    for (size_t i = before; i < entry->rules.n; i++) {
        entry->rules.v[i].comment = comment;
        entry->rules.v[i].does_more = more;
    }
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
    if (!is_dormant(reading, table_name(&reading->reader, object)))
        sets_add(&reading->reader, object);
}

static void take_rule_survey(struct reading *reading, json_t *object)
{
    survey_rule(&reading->reader, object);
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0)
            return true;
    }
    return false;
}

/* What an object that is no part of a ruleset means for it. */
static void note_object(struct reader *reader, const char *name, json_t *object)
{
    static const char *const known[] = {"metainfo",   "table",          "chain",    "rule",    "set",
                                        "map",        "counter",        "quota",    "limit",   "ct helper",
                                        "ct timeout", "ct expectation", "synproxy", "secmark", NULL};

    if (strcmp(name, "flowtable") == 0)
        diag_note(reader->diags, nowhere(reader),
                  "flowtable \"%.*s\": packets of connections that it took over meet no rules; they are established",
                  STR_ARG(view(json_object_get(object, "name"))));
    else if (!is_one_of(name, known))
        diag_note(reader->diags, nowhere(reader), "an object \"%.64s\" is not known here: ignored", name);
}

/* A list of commands (`{"add": …}`, `{"flush": …}`) says what to do, not what is there. */
static bool is_listing(struct reader *reader, json_t *list)
{
    static const char *const commands[] = {"add",  "replace", "create", "insert", "delete", "destroy",
                                           "list", "reset",   "flush",  "rename", NULL};
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
            if (!is_one_of(name, commands) && json_is_object(value)) {
                note_object(reader, name, value);
                continue;
            }
            diag_error(reader->diags, nowhere(reader), "item %zu of \"nftables\" is \"%.64s\", which no listing has",
                       i + 1, name);
            diag_hint(reader->diags, "give what `nft -j list ruleset` prints");
            return false;
        }
    }
    return true;
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

        place_chain(reader, reading->lines, entry);
        if (entry->bound)
            bind_devices(reader, reading->lines, entry);
        if (entry->chain->nat)
            bind_first(reader, entry);
        entry->chain->rules = entry->rules.v;
        entry->chain->rule_n = entry->rules.n;
    }
    place_sets(reader, reading->lines);
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
    each_object(reading, list, "table", take_table);
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
    struct str json = loadable_json(text);
    json_error_t error;
    json_t *root;

    if (json.n == 0)
        json = text;
    root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        size_t at = error.position < 0 || (size_t)error.position > json.n ? json.n : (size_t)error.position;

        at += (size_t)(json.p - text.p);
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
            reading.lines = lines_scan(arena, input->text, loadable_text(arena, input->text->text));
        read_objects(&reading, list);
        headers_settle(reading.reader.ruleset);
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
