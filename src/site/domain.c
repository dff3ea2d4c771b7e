/*
 * What domains resolve to: the section `domains`, and the lock file SITE.lock.yaml beside the site, of the same shape
 * and with the date on which it was made. What the site says itself goes first.
 */
#include "site/reader.h"

#include "base/num.h"

#include <errno.h>
#include <string.h>

static bool domain_valid(struct str domain)
{
    bool dot = false;
    char before = '.';

    if (str_starts(domain, "*."))
        domain = str_from(domain, 2);
    for (size_t i = 0; i < domain.n; i++) {
        char c = domain.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';

        if (!letter && c != '-' && c != '.')
            return false;
        if ((c == '.' || c == '-') && before == '.')
            return false;
        if (c == '.' && before == '-')
            return false;
        dot = dot || c == '.';
        before = c;
    }
    return dot && domain.n <= 253 && before != '.' && before != '-';
}

/* An empty list is a domain that never resolved. */
static bool read_one(struct site_reader *reader, struct yaml_pair *pair, struct domain_entry *entry)
{
    if (!domain_valid(pair->key)) {
        diag_error(reader->diags, pair->key_span, "\"%.*s\" is not a domain in lower case, like repo.example.org",
                   STR_ARG(pair->key));
        return false;
    }
    *entry = (struct domain_entry){.domain = pair->key, .span = pair->key_span};
    if (pair->value->kind == YAML_LIST && pair->value->n == 0)
        return true;
    entry->set = site_ends(reader, pair->value, "a domain", ENDS_NAMES);
    if (entry->set != NULL && entry->set->any) {
        diag_error(reader->diags, pair->value->span, "a domain resolves to addresses, never to `any`");
        return false;
    }
    return entry->set != NULL;
}

static void read_map(struct site_reader *reader, struct yaml_node *node)
{
    struct site *site = reader->site;
    struct domain_entry *grown = arena_new_array(reader->arena, struct domain_entry, site->domain_n + node->n);
    struct map known = {0};

    if (site->domain_n > 0)
        memcpy(grown, site->domains, site->domain_n * sizeof *grown);
    site->domains = grown;
    for (size_t i = 0; i < site->domain_n; i++)
        map_set(reader->arena, &known, grown[i].domain, &grown[i]);
    for (size_t i = 0; i < node->n; i++) {
        struct domain_entry entry;

        if (read_one(reader, &node->pairs[i], &entry) && map_get(&known, entry.domain) == NULL)
            grown[site->domain_n++] = entry;
    }
}

static bool asked_for(const struct site_reader *reader, struct str domain, struct suggest *suggest)
{
    bool found = false;

    for (size_t i = 0; i < reader->site->instance_n; i++) {
        const struct catalog *catalog = reader->site->instances[i].catalog;

        for (size_t j = 0; catalog != NULL && j < catalog->role_n; j++) {
            for (size_t k = 0; k < catalog->roles[j].domain_n; k++) {
                found = found || str_eq(catalog->roles[j].domains[k], domain);
                suggest_offer(suggest, catalog->roles[j].domains[k]);
            }
        }
    }
    return found;
}

void site_domains(struct site_reader *reader, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"domains\""))
        return;
    read_map(reader, node);
    for (size_t i = 0; i < reader->site->domain_n && reader->diags->warnings < DIAG_KEPT; i++) {
        const struct domain_entry *entry = &reader->site->domains[i];
        struct suggest suggest = suggest_for(entry->domain);

        if (asked_for(reader, entry->domain, &suggest))
            continue;
        diag_warning(reader->diags, entry->span, "no instance asks for the domain \"%.*s\"", STR_ARG(entry->domain));
        suggest_hint(&suggest, reader->diags);
    }
}

static void read_lock(struct site_reader *reader, const struct source *source)
{
    static const char *const keys[] = {"portolan", "date", "domains", NULL};
    struct yaml_node *root = yaml_parse(reader->arena, source, reader->diags);
    struct yaml_node *date;
    struct yaml_node *domains;
    struct str text;
    uint32_t day;

    if (!yaml_is_map(root, "a lock file", reader->diags))
        return;
    if (yaml_string(yaml_get(root, "portolan"), "\"portolan\"", reader->diags, &text) && !str_is(text, "lock/1"))
        diag_error(reader->diags, yaml_get(root, "portolan")->span, "\"portolan\" must be lock/1");
    date = yaml_need(root, "date", reader->diags);
    if (yaml_string(date, "\"date\"", reader->diags, &text) && !num_date(str_head(text, 10), &day))
        diag_error(reader->diags, date->span, "\"date\" must be a date YYYY-MM-DD");
    domains = yaml_need(root, "domains", reader->diags);
    if (site_section(reader, domains, YAML_MAP, "\"domains\""))
        read_map(reader, domains);
    yaml_finish(root, keys, "a lock file", reader->diags);
}

void site_lock(struct site_reader *reader)
{
    const struct source *source;
    struct str path;
    int error = 0;

    if (reader->files == NULL || reader->site->name.n == 0)
        return;
    path = site_path(reader, str_printf(reader->arena, "%.*s.lock.yaml", STR_ARG(reader->site->name)));
    if (reader->files->open(reader->files->context, path, &source, &error))
        read_lock(reader, source);
    else if (error != ENOENT && error != 0)
        diag_error(reader->diags, SPAN_NONE, "cannot read %.*s: %s", STR_ARG(path), strerror(error));
}
