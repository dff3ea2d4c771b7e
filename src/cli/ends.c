/* Ends as users write them; see ends.h. */
#include "cli/ends.h"

#include "base/suggest.h"
#include "model/site.h"

static struct ends no_ends(void)
{
    return (struct ends){.ranges = &ranges_empty};
}

static bool use_set(const struct address_set *set, struct ends ends[FAMILY_N])
{
    if (set == NULL)
        return false;
    for (enum family family = 0; family < FAMILY_N; family++)
        ends[family] = set->family[family];
    return true;
}

/* A domain that flows go to, and that the site does not resolve. */
static bool is_open_domain(const struct plan *plan, struct str text)
{
    for (size_t i = 0; i < plan->n; i++) {
        for (size_t k = 0; k < plan->flows[i]->domain_n; k++) {
            if (str_eq(plan->flows[i]->domains[k], text))
                return true;
        }
    }
    return false;
}

static void unknown_end(struct cli *cli, const struct plan *plan, struct str text)
{
    const struct site *site = plan->site;
    struct suggest suggest = suggest_for(text);

    if (is_open_domain(plan, text)) {
        diag_error(&cli->diags, SPAN_NONE, "the site does not say what \"%.*s\" resolves to", STR_ARG(text));
        return;
    }
    diag_error(&cli->diags, SPAN_NONE, "\"%.*s\" is neither an address nor a name or domain of the site",
               STR_ARG(text));
    for (size_t i = 0; i < site->names.n; i++)
        suggest_offer(&suggest, site->names.entries[i].key);
    for (size_t i = 0; i < site->domain_n; i++)
        suggest_offer(&suggest, site->domains[i].domain);
    suggest_hint(&suggest, &cli->diags);
}

bool ends_read(struct cli *cli, const struct plan *plan, struct str text, struct ends ends[FAMILY_N])
{
    const struct site *site = plan->site;
    struct addr_range addr;

    for (enum family family = 0; family < FAMILY_N; family++)
        ends[family] = no_ends();
    if (addr_range_parse(text, &addr) == ADDR_OK) {
        ends[addr.family].items = arena_copy(cli->arena, &addr.range, sizeof addr.range);
        ends[addr.family].item_n = 1;
        ends[addr.family].ranges = ranges_one(cli->arena, addr.range.lo, addr.range.hi);
        return true;
    }
    if (use_set(map_get(&site->names, text), ends))
        return true;
    for (size_t i = 0; i < site->zone_n; i++) {
        for (enum family family = 0; str_eq(site->zones[i].name, text) && family < FAMILY_N; family++)
            ends[family].ranges = site->zones[i].ranges[family];
        if (str_eq(site->zones[i].name, text))
            return true;
    }
    for (size_t i = 0; i < site->domain_n; i++) {
        if (str_eq(site->domains[i].domain, text) && use_set(site->domains[i].set, ends))
            return true;
    }
    unknown_end(cli, plan, text);
    return false;
}
