/*
 * The address book: names that stand for addresses, prefixes, ranges and other names, resolved in any order. Two limits
 * stop hostile input: how deep names hold names, and how many items all the sets have together.
 */
#include "site/reader.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 200
#define MOST_ITEMS 8000000u

/* A set while it is put together. */
struct gathering {
    struct VEC(struct range) items[FAMILY_N];
    bool any;
    bool failed;
    struct address_set *only; /* the one set that was put in so far; NULL: none, or more than that */
    size_t parts;
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool site_name_valid(struct site_reader *reader, struct str name, struct span span, const char *what)
{
    struct addr_range range;
    bool valid = name.n > 0;

    for (size_t i = 0; i < name.n; i++)
        valid = valid && is_name_byte(name.p[i]);
    if (valid &&
        (!is_name_byte(name.p[0]) || strchr("._-", name.p[0]) != NULL || strchr("._-", name.p[name.n - 1]) != NULL))
        valid = false;
    if (!valid) {
        diag_error(reader->diags, span,
                   "%s \"%.*s\" must be of letters, digits, and dots, underscores or hyphens between them", what,
                   STR_ARG(name));
        return false;
    }
    if (str_is(name, "any") || str_is(name, "none")) {
        diag_error(reader->diags, span, "\"%.*s\" is a word of its own and names no %s", STR_ARG(name), what);
        return false;
    }
    if (addr_range_parse(name, &range) != ADDR_NOT_ADDRESS) {
        diag_error(reader->diags, span, "\"%.*s\" is an address, and cannot name a %s", STR_ARG(name), what);
        return false;
    }
    return true;
}

struct name_entry *site_name_entry(struct site_reader *reader, struct str name, struct span span, bool *fresh)
{
    struct name_entry *entry = map_get(&reader->names, name);

    *fresh = entry == NULL;
    if (entry != NULL)
        return entry;
    entry = arena_new_object(reader->arena, struct name_entry);
    entry->name = name;
    entry->span = span;
    map_set(reader->arena, &reader->names, name, entry);
    return entry;
}

void site_names(struct site_reader *reader, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"names\""))
        return;
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_pair *pair = &node->pairs[i];
        struct name_entry *entry;
        bool fresh;

        if (!site_name_valid(reader, pair->key, pair->key_span, "name"))
            continue;
        entry = site_name_entry(reader, pair->key, pair->key_span, &fresh);
        entry->node = pair->value;
    }
}

static int by_place(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;

    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    return x->hi < y->hi ? -1 : x->hi > y->hi;
}

static void finish_family(struct site_reader *reader, struct range *v, size_t n, struct ends *ends)
{
    size_t kept = 0;

    if (n > 1)
        qsort(v, n, sizeof *v, by_place);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || by_place(&v[kept - 1], &v[i]) != 0)
            v[kept++] = v[i];
    }
    ends->items = v;
    ends->item_n = kept;
    ends->ranges = ranges_of(reader->arena, v, kept);
}

static struct address_set *finish(struct site_reader *reader, struct gathering *gathering)
{
    struct address_set *set;

    if (gathering->failed)
        return NULL;
    if (gathering->parts == 1 && gathering->only != NULL)
        return gathering->only;
    set = arena_new_object(reader->arena, struct address_set);
    set->any = gathering->any;
    for (unsigned f = 0; f < FAMILY_N; f++) {
        struct ends *ends = &set->family[f];

        if (set->any)
            *ends = (struct ends){.ranges = addr_all((enum family)f), .any = true};
        else
            finish_family(reader, gathering->items[f].v, gathering->items[f].n, ends);
        reader->expanded += ends->item_n;
    }
    return set;
}

static void gather_set(struct site_reader *reader, struct gathering *gathering, struct address_set *set,
                       struct span span)
{
    gathering->parts++;
    gathering->only = gathering->parts == 1 ? set : NULL;
    gathering->any = gathering->any || set->any;
    for (unsigned f = 0; f < FAMILY_N && !gathering->failed; f++) {
        const struct ends *ends = &set->family[f];

        if (reader->expanded + ends->item_n + gathering->items[f].n > MOST_ITEMS) {
            diag_error(reader->diags, span, "names stand for more than %u addresses and prefixes", MOST_ITEMS);
            gathering->failed = true;
        }
        for (size_t i = 0; i < ends->item_n && !gathering->failed; i++)
            *vec_push(reader->arena, &gathering->items[f]) = ends->items[i];
    }
}

static void gather_range(struct site_reader *reader, struct gathering *gathering, const struct addr_range *range)
{
    gathering->parts++;
    gathering->only = NULL;
    *vec_push(reader->arena, &gathering->items[range->family]) = range->range;
}

static void say_loop(struct site_reader *reader, const struct name_entry *entry, struct span span)
{
    struct buf path = BUF_EMPTY;
    bool inside = false;

    vec_each (struct name_entry **, open, &reader->open) {
        inside = inside || *open == entry;
        if (inside)
            buf_addf(&path, "%.*s -> ", STR_ARG((*open)->name));
    }
    diag_error(reader->diags, span, "names loop: %.*s%.*s", STR_ARG(buf_str(&path)), STR_ARG(entry->name));
    buf_free(&path);
}

static void gather_node(struct site_reader *reader, struct gathering *gathering, struct yaml_node *node,
                        const char *what, unsigned words);
static void gather_name(struct site_reader *reader, struct gathering *gathering, struct name_entry *entry,
                        struct span span);

static void gather_entry(struct site_reader *reader, struct gathering *gathering, struct name_entry *entry)
{
    if (entry->node != NULL) {
        gather_node(reader, gathering, entry->node, "a name's value", ENDS_NAMES);
        return;
    }
    vec_each (struct addr_range *, range, &entry->ranges)
        gather_range(reader, gathering, range);
    vec_each (struct str *, member, &entry->members) {
        struct name_entry *other = map_get(&reader->names, *member);

        if (other != NULL)
            gather_name(reader, gathering, other, entry->span);
    }
    if (gathering->parts == 0 && !gathering->failed) {
        diag_error(reader->diags, entry->span, "\"%.*s\" has no address", STR_ARG(entry->name));
        gathering->failed = true;
    }
}

static struct address_set *resolve(struct site_reader *reader, struct name_entry *entry, struct span span)
{
    struct gathering gathering = {0};

    if (entry->state == NAME_DONE)
        return entry->set;
    if (entry->state == NAME_OPEN) {
        say_loop(reader, entry, span);
        return NULL;
    }
    if (reader->open.n >= DEEPEST) {
        diag_error(reader->diags, span, "names hold names deeper than %d levels", DEEPEST);
        return NULL;
    }
    entry->state = NAME_OPEN;
    *vec_push(reader->arena, &reader->open) = entry;
    gather_entry(reader, &gathering, entry);
    reader->open.n--;
    entry->set = finish(reader, &gathering);
    entry->state = NAME_DONE;
    return entry->set;
}

static void gather_name(struct site_reader *reader, struct gathering *gathering, struct name_entry *entry,
                        struct span span)
{
    struct address_set *set = NULL;

    if (entry->hollow != NULL)
        diag_error(reader->diags, entry->span, "\"%.*s\" %s", STR_ARG(entry->name), entry->hollow);
    else
        set = resolve(reader, entry, span);
    if (set == NULL)
        gathering->failed = true;
    else
        gather_set(reader, gathering, set, span);
}

static void say_bad_address(struct site_reader *reader, const struct yaml_node *node, enum addr_error error,
                            const struct addr_range *range)
{
    diag_error(reader->diags, node->span, "\"%.*s\": %s", STR_ARG(node->text), addr_error_text(error));
    if (error == ADDR_HOST_BITS) {
        struct buf right = BUF_EMPTY;

        addr_range_format(&right, range->family, range->range);
        diag_hint(reader->diags, "the prefix is %.*s", STR_ARG(buf_str(&right)));
        buf_free(&right);
    }
}

/* Only digits and dots, or a colon in it: nobody would name a host so. */
static bool looks_like_address(struct str text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ':')
            return true;
        digits += strchr("0123456789./-", text.p[i]) != NULL;
    }
    return digits == text.n;
}

static void say_unknown(struct site_reader *reader, const struct yaml_node *node, unsigned words)
{
    struct suggest suggest = suggest_for(node->text);

    if (looks_like_address(node->text)) {
        diag_error(reader->diags, node->span, "\"%.*s\" is not an address, a prefix or a range", STR_ARG(node->text));
        return;
    }
    diag_error(reader->diags, node->span, "unknown name \"%.*s\"", STR_ARG(node->text));
    if (reader->diags->errors > DIAG_KEPT)
        return;
    for (size_t i = 0; i < reader->names.n; i++)
        suggest_offer(&suggest, reader->names.entries[i].key);
    for (size_t i = 0; (words & ENDS_ZONES) != 0 && i < reader->site->zone_n; i++)
        suggest_offer(&suggest, reader->site->zones[i].name);
    suggest_hint(&suggest, reader->diags);
}

static struct address_set *zone_set(struct site_reader *reader, struct str name)
{
    for (size_t i = 0; i < reader->site->zone_n; i++) {
        const struct zone *zone = &reader->site->zones[i];
        struct address_set *set;

        if (!str_eq(zone->name, name))
            continue;
        set = arena_new_object(reader->arena, struct address_set);
        for (unsigned f = 0; f < FAMILY_N; f++) {
            struct ends *ends = &set->family[f];

            ends->ranges = zone->ranges[f];
            ends->item_n = zone->ranges[f]->n;
            ends->items = arena_copy(reader->arena, zone->ranges[f]->v, ends->item_n * sizeof *ends->items);
        }
        return set;
    }
    return NULL;
}

/* INSTANCE/ROLE: what fills a role. */
static struct address_set *role_set(const struct site_reader *reader, struct str text)
{
    struct str role;
    struct str name = str_cut(text, '/', &role);

    for (size_t i = 0; i < reader->site->instance_n; i++) {
        const struct instance *instance = &reader->site->instances[i];

        for (size_t j = 0; str_eq(instance->name, name) && j < instance->binding_n; j++) {
            if (str_eq(instance->bindings[j].role, role))
                return instance->bindings[j].set;
        }
    }
    return NULL;
}

static void gather_scalar(struct site_reader *reader, struct gathering *gathering, struct yaml_node *node,
                          unsigned words)
{
    struct addr_range range;
    enum addr_error error;
    struct name_entry *entry;
    struct address_set *set = NULL;

    if (str_is(node->text, "any")) {
        gathering->any = true;
        gathering->parts++;
        gathering->only = NULL;
        return;
    }
    entry = map_get(&reader->names, node->text);
    if (entry != NULL) {
        gather_name(reader, gathering, entry, node->span);
        return;
    }
    error = addr_range_parse(node->text, &range);
    if (error == ADDR_OK) {
        gather_range(reader, gathering, &range);
        return;
    }
    if (error != ADDR_NOT_ADDRESS) {
        say_bad_address(reader, node, error, &range);
        gathering->failed = true;
        return;
    }
    if ((words & ENDS_ZONES) != 0)
        set = zone_set(reader, node->text);
    if (set == NULL && (words & ENDS_ROLES) != 0)
        set = role_set(reader, node->text);
    if (set != NULL) {
        gather_set(reader, gathering, set, node->span);
        return;
    }
    say_unknown(reader, node, words);
    gathering->failed = true;
}

static void gather_node(struct site_reader *reader, struct gathering *gathering, struct yaml_node *node,
                        const char *what, unsigned words)
{
    if (node->kind == YAML_MAP || (node->kind == YAML_SCALAR && node->text.n == 0)) {
        diag_error(reader->diags, node->span, "%s must be an address, a prefix, a range, a name or a list of them%s",
                   what, node->kind == YAML_MAP ? ", not a map" : "; nothing stands here");
        gathering->failed = true;
    } else if (node->kind == YAML_SCALAR) {
        gather_scalar(reader, gathering, node, words);
    } else if (node->n == 0) {
        diag_error(reader->diags, node->span, "%s is an empty list", what);
        gathering->failed = true;
    } else {
        for (size_t i = 0; i < node->n; i++) {
            if (node->items[i]->kind == YAML_LIST) {
                diag_error(reader->diags, node->items[i]->span, "%s must not have a list inside a list", what);
                gathering->failed = true;
            } else {
                gather_node(reader, gathering, node->items[i], what, words);
            }
        }
    }
}

struct address_set *site_ends(struct site_reader *reader, struct yaml_node *node, const char *what, unsigned words)
{
    struct gathering gathering = {0};

    if (node == NULL)
        return NULL;
    gather_node(reader, &gathering, node, what, words);
    return finish(reader, &gathering);
}

/* Entries of other files are resolved when they are used: an inventory may hold hosts that no site asks for. */
void site_names_resolve(struct site_reader *reader)
{
    for (size_t i = 0; i < reader->names.n; i++) {
        struct name_entry *entry = reader->names.entries[i].value;

        if (entry->node != NULL)
            resolve(reader, entry, entry->span);
    }
    for (size_t i = 0; i < reader->names.n; i++) {
        struct name_entry *entry = reader->names.entries[i].value;

        if (entry->set != NULL)
            map_set(reader->arena, &reader->site->names, entry->name, entry->set);
    }
}

struct str site_text(struct site_reader *reader, const struct yaml_node *node)
{
    struct buf text = BUF_EMPTY;
    struct str made;

    if (node == NULL)
        return STR("any");
    if (node->kind == YAML_SCALAR)
        return node->text;
    for (size_t i = 0; node->kind == YAML_LIST && i < node->n; i++) {
        if (node->items[i]->kind == YAML_SCALAR)
            buf_addf(&text, "%s%.*s", text.n > 0 ? ", " : "", STR_ARG(node->items[i]->text));
    }
    made = str_dup(reader->arena, buf_str(&text));
    buf_free(&text);
    return made;
}
