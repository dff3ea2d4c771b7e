/* Firewalls of a site: between zones, or on a host. Whether a dialect of that name exists, the caller knows. */
#include "site/reader.h"

#include <string.h>

static bool read_choice(struct site_reader *reader, struct yaml_node *node, const char *what, const char *const *words,
                        size_t *index)
{
    struct suggest suggest;
    struct str text;
    struct buf list = BUF_EMPTY;

    if (!yaml_string(node, what, reader->diags, &text))
        return false;
    suggest = suggest_for(text);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (str_is(text, words[i])) {
            *index = i;
            buf_free(&list);
            return true;
        }
        suggest_offer(&suggest, str_of(words[i]));
        buf_addf(&list, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
    }
    diag_error(reader->diags, node->span, "%s must be %.*s, not \"%.*s\"", what, STR_ARG(buf_str(&list)),
               STR_ARG(text));
    suggest_hint(&suggest, reader->diags);
    buf_free(&list);
    return false;
}

static void read_files(struct site_reader *reader, struct firewall *firewall, struct yaml_node *node)
{
    struct yaml_node *const *list = &node;
    size_t n = 1;

    if (node == NULL)
        return;
    if (node->kind == YAML_LIST) {
        list = node->items;
        n = node->n;
    }
    firewall->files = arena_new_array(reader->arena, struct str, n);
    firewall->file_spans = arena_new_array(reader->arena, struct span, n);
    for (size_t i = 0; i < n; i++) {
        if (!yaml_string(list[i], "a file of \"ruleset\"", reader->diags, &firewall->files[firewall->file_n]))
            continue;
        firewall->file_spans[firewall->file_n++] = list[i]->span;
    }
}

static const struct zone *find_zone(struct site_reader *reader, const struct yaml_pair *pair)
{
    struct suggest suggest = suggest_for(pair->key);

    for (size_t i = 0; i < reader->site->zone_n; i++) {
        if (str_eq(reader->site->zones[i].name, pair->key))
            return &reader->site->zones[i];
        suggest_offer(&suggest, reader->site->zones[i].name);
    }
    diag_error(reader->diags, pair->key_span, "unknown zone \"%.*s\"", STR_ARG(pair->key));
    suggest_hint(&suggest, reader->diags);
    return NULL;
}

static bool interface_valid(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] == '/' || name.p[i] == '"' || name.p[i] == 0x7f)
            return false;
    }
    return name.n > 0 && name.n <= 15 && !str_is(name, ".") && !str_is(name, "..");
}

static void read_interfaces(struct site_reader *reader, struct firewall *firewall, struct yaml_node *node)
{
    struct VEC(struct zone_interface) made = {0};

    if (!site_section(reader, node, YAML_MAP, "\"interfaces\""))
        return;
    for (size_t i = 0; i < node->n; i++) {
        const struct zone *zone = find_zone(reader, &node->pairs[i]);
        struct yaml_node *value = node->pairs[i].value;
        struct yaml_node *const *list = value->kind == YAML_LIST ? value->items : &value;
        size_t n = value->kind == YAML_LIST ? value->n : 1;

        for (size_t j = 0; j < n; j++) {
            struct str name;

            if (!yaml_string(list[j], "an interface", reader->diags, &name))
                continue;
            if (!interface_valid(name))
                diag_error(reader->diags, list[j]->span,
                           "\"%.*s\" is no interface: up to 15 characters, no blank, no \"/\"", STR_ARG(name));
            else if (zone != NULL)
                *vec_push(reader->arena, &made) = (struct zone_interface){zone, name};
        }
    }
    firewall->interfaces = made.v;
    firewall->interface_n = made.n;
}

static void read_baseline(struct site_reader *reader, struct firewall *firewall, struct yaml_node *node)
{
    const char *words[BASELINE_N + 1] = {NULL};
    size_t index;

    firewall->baseline = BASELINE_DEFAULT;
    if (!site_section(reader, node, YAML_LIST, "\"baseline\""))
        return;
    for (unsigned i = 0; i < BASELINE_N; i++)
        words[i] = baseline_name((enum baseline)i);
    firewall->baseline = 0;
    for (size_t i = 0; i < node->n; i++) {
        if (read_choice(reader, node->items[i], "a piece of the baseline", words, &index))
            firewall->baseline |= 1u << index;
    }
}

/* Addresses that are the firewall's own: those written, and those of its host. */
static struct address_set *join(struct site_reader *reader, struct address_set *a, struct address_set *b)
{
    struct address_set *set;

    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    set = arena_new_object(reader->arena, struct address_set);
    set->any = a->any || b->any;
    for (unsigned f = 0; f < FAMILY_N; f++) {
        const struct ends *x = &a->family[f];
        const struct ends *y = &b->family[f];
        struct ends *ends = &set->family[f];

        ends->any = set->any;
        ends->ranges = ranges_union(reader->arena, x->ranges, y->ranges);
        ends->item_n = ends->ranges->n;
        ends->items = arena_copy(reader->arena, ends->ranges->v, ends->item_n * sizeof *ends->items);
    }
    return set;
}

static void read_own(struct site_reader *reader, struct firewall *firewall, struct yaml_node *map)
{
    struct yaml_node *addresses = yaml_get(map, "addresses");
    struct yaml_node *host = yaml_get(map, "host");
    struct address_set *own = site_ends(reader, addresses, "\"addresses\"", ENDS_NAMES);

    if (own != NULL && own->any)
        diag_error(reader->diags, addresses->span, "\"addresses\" are the firewall's own, never `any`");
    if (yaml_string(host, "\"host\"", reader->diags, &firewall->host)) {
        struct address_set *set = site_ends(reader, host, "\"host\"", ENDS_NAMES);

        if (set != NULL && set->any)
            diag_error(reader->diags, host->span, "\"host\" is one host, never `any`");
        own = join(reader, own, set);
    }
    firewall->addresses = own;
}

static void read_firewall(struct site_reader *reader, struct yaml_pair *pair)
{
    static const char *const keys[] = {"dialect", "ruleset", "interfaces", "addresses", "host",
                                       "deny",    "scope",   "baseline",   NULL};
    static const char *const deny[] = {"drop", "reject", NULL};
    static const char *const scope[] = {"all", "site", NULL};
    struct firewall *firewall = &reader->site->firewalls[reader->site->firewall_n];
    struct yaml_node *dialect;
    size_t index = 0;

    site_name_valid(reader, pair->key, pair->key_span, "firewall");
    if (!yaml_is_map(pair->value, "a firewall", reader->diags))
        return;
    *firewall = (struct firewall){.name = pair->key, .span = pair->key_span};
    dialect = yaml_need(pair->value, "dialect", reader->diags);
    if (yaml_string(dialect, "\"dialect\"", reader->diags, &firewall->dialect))
        firewall->dialect_span = dialect->span;
    read_files(reader, firewall, yaml_get(pair->value, "ruleset"));
    read_interfaces(reader, firewall, yaml_get(pair->value, "interfaces"));
    read_own(reader, firewall, pair->value);
    if (read_choice(reader, yaml_get(pair->value, "deny"), "\"deny\"", deny, &index))
        firewall->reject = index == 1;
    if (read_choice(reader, yaml_get(pair->value, "scope"), "\"scope\"", scope, &index))
        firewall->scope_site = index == 1;
    read_baseline(reader, firewall, yaml_get(pair->value, "baseline"));
    yaml_finish(pair->value, keys, "a firewall", reader->diags);
    if (firewall->host.n == 0 && firewall->addresses == NULL && reader->site->zone_n > 0 && firewall->interface_n == 0)
        diag_warning(reader->diags, pair->key_span, "firewall \"%.*s\" joins no zones and is no host: no flow meets it",
                     STR_ARG(pair->key));
    reader->site->firewall_n++;
}

void site_firewalls(struct site_reader *reader, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"firewalls\""))
        return;
    reader->site->firewalls = arena_new_array(reader->arena, struct firewall, node->n);
    for (size_t i = 0; i < node->n; i++)
        read_firewall(reader, &node->pairs[i]);
}
