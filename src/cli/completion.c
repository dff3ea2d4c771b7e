/* portolan completion SHELL: made from the tables of commands and options. */
#include "cli/cli.h"

static void add_words(struct buf *out, const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        buf_addf(out, "--%s ", rows->name);
}

static void bash(struct buf *out)
{
    buf_adds(out, "_portolan() {\n  local words word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                  "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words=\"");
    for (size_t i = 0; i < cli_command_n; i++)
        buf_addf(out, "%s ", cli_commands[i]->name);
    buf_adds(out, "\"\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n    return\n  fi\n"
                  "  case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; i < cli_command_n; i++) {
        buf_addf(out, "  %s) words=\"", cli_commands[i]->name);
        add_words(out, cli_commands[i]->options);
        add_words(out, cli_common_options());
        buf_adds(out, "\" ;;\n");
    }
    buf_adds(out, "  esac\n  case \"$word\" in\n  -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
                  "  *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}\ncomplete -F _portolan portolan\n");
}

static void zsh(struct buf *out)
{
    buf_adds(out, "#compdef portolan\nautoload -U +X bashcompinit && bashcompinit\n");
    bash(out);
}

static void fish_rows(struct buf *out, const char *command, const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        buf_addf(out, "complete -c portolan -n '__fish_seen_subcommand_from %s' -l %s -d '%s'%s\n", command, rows->name,
                 rows->help, rows->argument != NULL ? " -r" : "");
    }
}

static void fish(struct buf *out)
{
    for (size_t i = 0; i < cli_command_n; i++) {
        buf_addf(out, "complete -c portolan -n __fish_use_subcommand -a %s -d '%s'\n", cli_commands[i]->name,
                 cli_commands[i]->summary);
        fish_rows(out, cli_commands[i]->name, cli_commands[i]->options);
        fish_rows(out, cli_commands[i]->name, cli_common_options());
    }
}

static int run(struct cli *cli)
{
    struct buf out = BUF_EMPTY;

    if (!cli_operands(cli, 1, 1))
        return EXIT_BAD_INPUT;
    if (str_is(cli->operands.v[0], "bash")) {
        bash(&out);
    } else if (str_is(cli->operands.v[0], "zsh")) {
        zsh(&out);
    } else if (str_is(cli->operands.v[0], "fish")) {
        fish(&out);
    } else {
        diag_error(&cli->diags, SPAN_NONE, "no completion for \"%.*s\": bash, zsh or fish",
                   STR_ARG(cli->operands.v[0]));
        return EXIT_BAD_INPUT;
    }
    return cli_emit(cli, &out, EXIT_HOLDS);
}

const struct command command_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "completion of commands and options for a shell",
    .details = "Prints a script for the shell to read, as in: source <(portolan completion bash)\n",
    .run = run,
};
