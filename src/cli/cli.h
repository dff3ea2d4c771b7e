/*
 * The command line: what every command shares. A command is a file with a `const struct command` at its end and a line
 * in commands.def; its options are one table, which makes parsing, --help and completion.
 */
#ifndef PORTOLAN_CLI_CLI_H
#define PORTOLAN_CLI_CLI_H

#include "base/diag.h"
#include "base/map.h"

/* Exit status, the first that applies (DESIGN, "Commands"). */
enum { EXIT_BAD_INPUT = 2, EXIT_FINDINGS = 1, EXIT_UNDETERMINED = 3, EXIT_HOLDS = 0 };

/* Values of an option that may be given several times. */
struct values VEC(struct str);

struct option_row {
    const char *name;     /* without the dashes; NULL ends the table */
    char letter;          /* 0: none */
    const char *argument; /* what it takes, for the help; NULL: nothing */
    const char *help;
    struct values *values; /* each argument, in order; or */
    bool *flag;            /* set */
};

struct command;

struct cli {
    struct arena *arena;
    struct diags diags;
    const struct command *command;
    struct values operands;
    struct str format; /* "text" when not given */
    struct str output; /* -o; empty: standard output */
    bool color;        /* of diagnostics */
    bool color_out;    /* of text on standard output */
    bool strict;
    uint32_t today;         /* YYYYMMDD; --on, else the clock */
    struct values catalogs; /* --catalog */
};

struct command {
    const char *name;
    const char *arguments;            /* "SITE [--against OLD]" */
    const char *summary;              /* one line */
    const char *details;              /* for --help; ends with a newline */
    const struct option_row *options; /* its own; NULL: none */
    const char *formats;              /* "text json csv"; NULL: no --format */
    int (*run)(struct cli *cli);
};

extern const struct command *const cli_commands[];
extern const size_t cli_command_n;
extern const struct option_row *cli_common_options(void);

/* Reads the arguments behind the command's name. False: usage error (in diags) or help was shown (*help). */
bool cli_parse(struct cli *cli, int argc, char **argv, bool *help);
void cli_help(const struct command *command, struct buf *out);

/* The last of an option's values, or the empty slice. */
struct str cli_last(const struct values *values);
/* Operands between these bounds, or a usage error that says what is expected. */
bool cli_operands(struct cli *cli, size_t least, size_t most);
/* Writes the result to standard output or -o; EXIT_BAD_INPUT when that fails, and without writing anything where there
 * were errors; else `status`. */
int cli_emit(struct cli *cli, struct buf *out, int status);
/* EXIT_BAD_INPUT when there were errors, else EXIT_HOLDS; warnings count under --strict as findings. */
int cli_status(const struct cli *cli, int status);

#endif
