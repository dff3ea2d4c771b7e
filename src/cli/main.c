/* portolan COMMAND …: finds the command, reads its arguments, runs it, prints what it has to say on standard error. */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cli/cli.h"

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

#define COMMAND(name) &command_##name,
const struct command *const cli_commands[] = {
#include "cli/commands.def"
};
#undef COMMAND
const size_t cli_command_n = sizeof cli_commands / sizeof *cli_commands;

static void usage(struct buf *out)
{
    buf_adds(out, "portolan - network requirements, from the vendor's document to the proof\n\n"
                  "usage: portolan COMMAND [ARGUMENT…]\n\n");
    for (size_t i = 0; i < cli_command_n; i++)
        buf_addf(out, "  %-11s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    buf_adds(out,
             "\n`portolan COMMAND --help` tells more. Exit status: 0 all holds, 1 findings, 2 usage or bad input,\n"
             "3 could not be determined or done.\n");
}

static void put(struct buf *buf, FILE *to)
{
    if (buf->n > 0)
        fwrite(buf->p, 1, buf->n, to);
    buf_free(buf);
}

static const struct command *find_command(struct cli *cli, struct str name)
{
    struct suggest suggest = suggest_for(name);

    for (size_t i = 0; i < cli_command_n; i++) {
        if (str_is(name, cli_commands[i]->name))
            return cli_commands[i];
        suggest_offer(&suggest, str_of(cli_commands[i]->name));
    }
    diag_error(&cli->diags, SPAN_NONE, "unknown command \"%.*s\"", STR_ARG(name));
    suggest_hint(&suggest, &cli->diags);
    return NULL;
}

static uint32_t day_of_clock(void)
{
    time_t now = time(NULL);
    struct tm day;

    localtime_r(&now, &day);
    return (uint32_t)((day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday);
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct buf out = BUF_EMPTY;
    bool help = false;

    if (argc < 2 || str_is(str_of(argv[1]), "--help") || str_is(str_of(argv[1]), "-h") ||
        str_is(str_of(argv[1]), "help")) {
        usage(&out);
        put(&out, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_BAD_INPUT : EXIT_HOLDS;
    }
    cli->command = find_command(cli, str_of(str_is(str_of(argv[1]), "--version") ? "version" : argv[1]));
    if (cli->command == NULL)
        return EXIT_BAD_INPUT;
    if (!cli_parse(cli, argc - 2, argv + 2, &help))
        return EXIT_BAD_INPUT;
    if (help) {
        cli_help(cli->command, &out);
        put(&out, stdout);
        return EXIT_HOLDS;
    }
    return cli->command->run(cli);
}

int main(int argc, char **argv)
{
    struct cli cli = {.arena = arena_new(), .format = STR("text"), .today = day_of_clock()};
    bool plain = getenv("NO_COLOR") != NULL && getenv("NO_COLOR")[0] != '\0';
    struct buf errors = BUF_EMPTY;
    int status;

    signal(SIGPIPE, SIG_IGN);
    cli.color = !plain && isatty(STDERR_FILENO);
    cli.color_out = !plain && isatty(STDOUT_FILENO);
    diags_init(&cli.diags, cli.arena);
    status = run(&cli, argc, argv);
    if (fflush(stdout) != 0 && cli.diags.errors == 0 && errno != EPIPE) {
        diag_error(&cli.diags, SPAN_NONE, "cannot write to standard output: %s", strerror(errno));
        status = EXIT_BAD_INPUT;
    }
    diags_print(&errors, &cli.diags, cli.color);
    put(&errors, stderr);
    arena_free(cli.arena);
    return status;
}
