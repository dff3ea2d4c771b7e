/* portolan schema: the JSON Schemas of the files that users write. */
#include "catalog/builtin.h"
#include "cli/cli.h"

static int run(struct cli *cli)
{
    struct buf out = BUF_EMPTY;

    if (cli->operands.n == 0) {
        for (size_t i = 0; i < builtin_schema_n; i++)
            buf_addf(&out, "%s\n", builtin_schema[i].name);
        return cli_emit(cli, &out, EXIT_HOLDS);
    }
    if (!cli_operands(cli, 1, 1))
        return EXIT_BAD_INPUT;
    for (size_t i = 0; i < builtin_schema_n; i++) {
        struct str rest;
        struct str name = str_cut(str_of(builtin_schema[i].name), '.', &rest);

        if (!str_eq(cli->operands.v[0], name) && !str_is(cli->operands.v[0], builtin_schema[i].name))
            continue;
        buf_add(&out, (struct str){builtin_schema[i].text, builtin_schema[i].size});
        return cli_emit(cli, &out, EXIT_HOLDS);
    }
    diag_error(&cli->diags, SPAN_NONE, "no schema \"%.*s\": catalog or site", STR_ARG(cli->operands.v[0]));
    return EXIT_BAD_INPUT;
}

const struct command command_schema = {
    .name = "schema",
    .arguments = "[catalog | site]",
    .summary = "JSON Schema of the files that users write",
    .details = "Prints the schema of a catalog or of a site, for editors and other programs; without a name it lists\n"
               "those there are. An editor finds it by a first line such as\n\n"
               "  # yaml-language-server: $schema=site.schema.json\n",
    .run = run,
};
