/* portolan version */
#include "cli/cli.h"

static int run(struct cli *cli)
{
    struct buf out = BUF_EMPTY;

    if (!cli_operands(cli, 0, 0))
        return EXIT_BAD_INPUT;
    if (str_is(cli->format, "json"))
        buf_addf(&out, "{\"schema_version\": 1, \"name\": \"portolan\", \"version\": \"%s\"}\n", PORTOLAN_VERSION);
    else
        buf_addf(&out, "portolan %s\n", PORTOLAN_VERSION);
    return cli_emit(cli, &out, EXIT_HOLDS);
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "the version of this program",
    .details = "Prints the program's name and version.\n",
    .formats = "text json",
    .run = run,
};
