/* Addresses of this machine and of --from; see probe_acting.h. */
#include "cli/probe_acting.h"

#include "cli/ends.h"
#include "system/addresses.h"

static bool act_as(struct acting *acting)
{
    struct cli *cli = acting->probing->cli;
    struct str from = cli_last(&acting->probing->options->from);
    const struct ranges *own[FAMILY_N];
    struct ends wanted[FAMILY_N];
    bool present = false;
    int error;

    error = addresses_own(cli->arena, own);
    if (error < 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot list the addresses of this machine: %s", strerror(-error));
        return false;
    }
    acting->bind = true;
    for (enum family family = 0; family < FAMILY_N; family++)
        acting->as[family] = own[family];
    if (from.n == 0)
        return true;
    if (!ends_read(cli, acting->probing->plan, from, wanted))
        return false;
    for (enum family family = 0; family < FAMILY_N; family++) {
        acting->as[family] = ranges_intersect(cli->arena, wanted[family].ranges, own[family]);
        present = present || acting->as[family]->n > 0;
    }
    for (enum family family = 0; present && family < FAMILY_N; family++) {
        if (wanted[family].ranges->n > 0 && acting->as[family]->n == 0)
            diag_warning(&cli->diags, SPAN_NONE,
                         "this machine has none of the %s addresses of %.*s: its %s flows are "
                         "not asked",
                         family == FAMILY_V4 ? "IPv4" : "IPv6", STR_ARG(from), family == FAMILY_V4 ? "IPv4" : "IPv6");
    }
    if (present)
        return true;
    diag_warning(&cli->diags, SPAN_NONE,
                 "this machine has no address of %.*s: what is found is true from here, and not from there",
                 STR_ARG(from));
    acting->bind = false;
    for (enum family family = 0; family < FAMILY_N; family++)
        acting->as[family] = wanted[family].ranges;
    return true;
}

static void name_addresses(struct acting *acting, const struct site *site)
{
    struct arena *arena = acting->probing->cli->arena;

    for (size_t i = 0; i < site->names.n; i++) {
        const struct address_set *set = site->names.entries[i].value;

        for (enum family family = 0; !set->any && family < FAMILY_N; family++) {
            const struct ends *ends = &set->family[family];
            struct str text;

            if (ends->item_n != 1 || ends->items[0].lo != ends->items[0].hi)
                continue;
            text = addr_text(arena, family, ends->items[0].lo);
            if (map_get(&acting->names, text) == NULL)
                map_set(arena, &acting->names, text, &site->names.entries[i].key);
        }
    }
}

struct str acting_name(const struct acting *acting, enum family family, u128 address)
{
    struct str text = addr_text(acting->probing->cli->arena, family, address);
    const struct str *name = map_get(&acting->names, text);

    return name != NULL ? *name : text;
}

bool acting_open(struct acting *acting, struct probing *probing)
{
    *acting = (struct acting){.probing = probing};
    if (!act_as(acting))
        return false;
    name_addresses(acting, probing->plan->site);
    return true;
}
