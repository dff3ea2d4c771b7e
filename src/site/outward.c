/* How this site looks names up, and how its machines get to the domains outside: `resolver` and `proxy`. */
#include "site/reader.h"

#define MOST_RESOLVERS 16u

void site_resolver(struct site_reader *reader, struct yaml_node *node)
{
    struct address_set *set = site_ends(reader, node, "\"resolver\"", ENDS_NAMES);
    size_t n = 0;

    if (set == NULL)
        return;
    for (enum family family = 0; family < FAMILY_N; family++) {
        const struct ends *ends = &set->family[family];

        n += ends->item_n;
        for (size_t i = 0; i < ends->item_n; i++)
            n += ends->items[i].lo != ends->items[i].hi ? MOST_RESOLVERS : 0;
    }
    if (set->any || n > MOST_RESOLVERS)
        diag_error(reader->diags, node->span, "a resolver is one address, or a list of at most %u", MOST_RESOLVERS);
    else
        reader->site->resolver = set;
}

void site_proxy(struct site_reader *reader, struct yaml_node *node)
{
    struct str text;
    const char *problem;

    if (node == NULL || !yaml_string(node, "\"proxy\"", reader->diags, &text))
        return;
    problem = proxy_url_parse(reader->arena, text, &reader->site->proxy);
    if (problem != NULL)
        diag_error(reader->diags, node->span, "%s", problem);
}
