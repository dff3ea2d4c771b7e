/*
 * The site file, section by section in the order in which one needs the other: names, zones, instances, then what
 * speaks of them. See DESIGN, section 4.
 */
#include "site/reader.h"

bool site_is_null(const struct yaml_node *node)
{
    return node != NULL && node->kind == YAML_SCALAR && !node->quoted && (node->text.n == 0 || str_is(node->text, "~"));
}

bool site_section(struct site_reader *reader, struct yaml_node *node, enum yaml_kind kind, const char *what)
{
    if (node == NULL || site_is_null(node))
        return false;
    return kind == YAML_MAP ? yaml_is_map(node, what, reader->diags) : yaml_is_list(node, what, reader->diags);
}

static void read_head(struct site_reader *reader, struct yaml_node *root)
{
    struct yaml_node *kind = yaml_need(root, "portolan", reader->diags);
    struct yaml_node *name = yaml_need(root, "site", reader->diags);
    struct str text;

    if (yaml_string(kind, "\"portolan\"", reader->diags, &text) && !str_is(text, "site/1"))
        diag_error(reader->diags, kind->span, "\"portolan\" must be site/1, not \"%.*s\"", STR_ARG(text));
    if (yaml_string(name, "\"site\"", reader->diags, &text) && site_name_valid(reader, text, name->span, "site"))
        reader->site->name = text;
}

struct site *site_read(struct arena *arena, const struct source *source, const struct catalogs *catalogs,
                       const struct site_files *files, struct diags *diags)
{
    static const char *const keys[] = {"portolan",  "site",  "names",    "names-from", "instances",
                                       "domains",   "extra", "omit",     "accept",     "zones",
                                       "firewalls", "tests", "resolver", "proxy",      NULL};
    struct yaml_node *root = yaml_parse(arena, source, diags);
    struct site_reader reader = {
        .arena = arena, .source = source, .catalogs = catalogs, .files = files, .diags = diags};

    if (!yaml_is_map(root, "a site", diags))
        return NULL;
    reader.site = arena_new_object(arena, struct site);
    reader.site->source = source;
    reader.site->name = STR_EMPTY;
    read_head(&reader, root);
    site_names(&reader, yaml_get(root, "names"));
    site_names_from(&reader, yaml_get(root, "names-from"));
    site_names_resolve(&reader);
    site_zones(&reader, yaml_get(root, "zones"));
    site_instances(&reader, yaml_get(root, "instances"));
    site_domains(&reader, yaml_get(root, "domains"));
    site_lock(&reader);
    site_firewalls(&reader, yaml_get(root, "firewalls"));
    site_extra(&reader, yaml_get(root, "extra"));
    site_omit(&reader, yaml_get(root, "omit"));
    site_accept(&reader, yaml_get(root, "accept"));
    site_tests(&reader, yaml_get(root, "tests"));
    site_resolver(&reader, yaml_get(root, "resolver"));
    site_proxy(&reader, yaml_get(root, "proxy"));
    yaml_finish(root, keys, "a site", diags);
    return reader.site;
}
