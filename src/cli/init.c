/* portolan init: a site to fill in. */
#include "base/suggest.h"
#include "cli/inputs.h"
#include "site/site.h"

static int run(struct cli *cli)
{
    struct catalogs *catalogs = inputs_catalogs(cli);
    const struct catalog **products = arena_new_array(cli->arena, const struct catalog *, cli->operands.n);
    struct buf out = BUF_EMPTY;

    if (!cli_operands(cli, 1, 64))
        return EXIT_BAD_INPUT;
    for (size_t i = 0; i < cli->operands.n; i++) {
        struct suggest suggest = suggest_for(cli->operands.v[i]);

        products[i] = catalogs_find(catalogs, cli->operands.v[i]);
        if (products[i] != NULL)
            continue;
        diag_error(&cli->diags, SPAN_NONE, "no catalog of a product \"%.*s\"", STR_ARG(cli->operands.v[i]));
        for (size_t k = 0; k < catalogs->n; k++)
            suggest_offer(&suggest, catalogs->v[k]->product);
        suggest_hint(&suggest, &cli->diags);
    }
    if (cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    site_init(&out, products, cli->operands.n);
    return cli_emit(cli, &out, EXIT_HOLDS);
}

const struct command command_init = {
    .name = "init",
    .arguments = "PRODUCT…",
    .summary = "a site to fill in, for these products",
    .details = "Prints a site file with one instance of each product: its roles, features and parameters, with their\n"
               "meaning as comments. `portolan catalog list` names the products.\n\n"
               "  portolan init xcp-ng xen-orchestra qumulo-core -o site.yaml\n",
    .run = run,
};
