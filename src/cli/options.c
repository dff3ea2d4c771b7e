/* Arguments of a command by its table of options; see cli.h. */
#include <errno.h>

#include "base/num.h"
#include "base/suggest.h"
#include "cli/cli.h"
#include "system/file.h"

static struct values formats;
static struct values outputs;
static struct values colors;
static struct values days;
static struct values catalog_dirs;
static bool strict;
static bool help_wanted;

static const struct option_row common[] = {
    {"format", 0, "FORMAT", "view of the result", &formats, NULL},
    {"output", 'o', "PATH", "write there instead of standard output", &outputs, NULL},
    {"color", 0, "WHEN", "auto, always or never", &colors, NULL},
    {"on", 0, "DATE", "the day for which expiry dates count (YYYY-MM-DD)", &days, NULL},
    {"strict", 0, NULL, "warnings count as findings", NULL, &strict},
    {"catalog", 0, "PATH", "a catalog file, or a directory of them, beside the built-in ones", &catalog_dirs, NULL},
    {"help", 'h', NULL, "this text", NULL, &help_wanted},
    {0},
};

const struct option_row *cli_common_options(void)
{
    return common;
}

static const struct option_row *find_in(const struct option_row *rows, struct str name, char letter)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (letter != 0 ? rows->letter == letter : str_is(name, rows->name))
            return rows;
    }
    return NULL;
}

static const struct option_row *find(const struct cli *cli, struct str name, char letter)
{
    const struct option_row *row = find_in(cli->command->options, name, letter);

    return row != NULL ? row : find_in(common, name, letter);
}

static void unknown(struct cli *cli, struct str name)
{
    struct suggest suggest = suggest_for(name);

    diag_error(&cli->diags, SPAN_NONE, "%s: unknown option --%.*s", cli->command->name, STR_ARG(name));
    for (const struct option_row *row = cli->command->options; row != NULL && row->name != NULL; row++)
        suggest_offer(&suggest, str_of(row->name));
    for (const struct option_row *row = common; row->name != NULL; row++)
        suggest_offer(&suggest, str_of(row->name));
    suggest_hint(&suggest, &cli->diags);
}

/* --name, --name=value, --name value. Returns how many arguments were used. */
static int read_long(struct cli *cli, int argc, char **argv)
{
    struct str value;
    struct str text = str_of(argv[0] + 2);
    struct str name = str_cut(text, '=', &value);
    const struct option_row *row = find(cli, name, 0);
    bool has_value = name.n < text.n;

    if (row == NULL) {
        unknown(cli, name);
        return 1;
    }
    if (row->argument == NULL) {
        *row->flag = true;
        if (has_value)
            diag_error(&cli->diags, SPAN_NONE, "--%s takes no value", row->name);
        return 1;
    }
    if (!has_value && argc < 2) {
        diag_error(&cli->diags, SPAN_NONE, "--%s needs %s", row->name, row->argument);
        return 1;
    }
    *vec_push(cli->arena, row->values) = has_value ? value : str_of(argv[1]);
    return has_value ? 1 : 2;
}

static int read_short(struct cli *cli, int argc, char **argv)
{
    const struct option_row *row = find(cli, STR_EMPTY, argv[0][1]);

    if (row == NULL) {
        diag_error(&cli->diags, SPAN_NONE, "%s: unknown option %s", cli->command->name, argv[0]);
        return 1;
    }
    if (row->argument == NULL) {
        *row->flag = true;
        return 1;
    }
    if (argv[0][2] != '\0') {
        *vec_push(cli->arena, row->values) = str_of(argv[0] + 2);
        return 1;
    }
    if (argc < 2) {
        diag_error(&cli->diags, SPAN_NONE, "-%c needs %s", row->letter, row->argument);
        return 1;
    }
    *vec_push(cli->arena, row->values) = str_of(argv[1]);
    return 2;
}

static void set_format(struct cli *cli)
{
    struct suggest suggest;
    struct str rest;

    if (formats.n == 0)
        return;
    cli->format = cli_last(&formats);
    suggest = suggest_for(cli->format);
    rest = str_of(cli->command->formats);
    while (rest.n > 0) {
        struct str one = str_word(&rest);

        if (str_eq(one, cli->format))
            return;
        suggest_offer(&suggest, one);
    }
    if (cli->command->formats == NULL) {
        diag_error(&cli->diags, SPAN_NONE, "%s has no --format", cli->command->name);
        return;
    }
    diag_error(&cli->diags, SPAN_NONE, "%s has no format \"%.*s\"; it has: %s", cli->command->name,
               STR_ARG(cli->format), cli->command->formats);
    suggest_hint(&suggest, &cli->diags);
}

static void set_common(struct cli *cli)
{
    struct str color = cli_last(&colors);

    set_format(cli);
    cli->output = cli_last(&outputs);
    cli->strict = strict;
    cli->catalogs = catalog_dirs;
    if (str_is(color, "always"))
        cli->color = cli->color_out = true;
    else if (str_is(color, "never"))
        cli->color = cli->color_out = false;
    else if (color.n > 0 && !str_is(color, "auto"))
        diag_error(&cli->diags, SPAN_NONE, "--color is auto, always or never");
    if (cli->output.n > 0)
        cli->color_out = false;
    if (days.n > 0 && !num_date(cli_last(&days), &cli->today))
        diag_error(&cli->diags, SPAN_NONE, "--on needs a date, YYYY-MM-DD");
}

bool cli_parse(struct cli *cli, int argc, char **argv, bool *help)
{
    bool options_end = false;

    for (int i = 0; i < argc;) {
        const char *argument = argv[i];

        if (options_end || argument[0] != '-' || argument[1] == '\0') {
            *vec_push(cli->arena, &cli->operands) = str_of(argument);
            i++;
        } else if (argument[1] != '-') {
            i += read_short(cli, argc - i, argv + i);
        } else if (argument[2] == '\0') {
            options_end = true;
            i++;
        } else {
            i += read_long(cli, argc - i, argv + i);
        }
    }
    *help = help_wanted;
    if (!help_wanted)
        set_common(cli);
    return cli->diags.errors == 0;
}

static void help_rows(const struct option_row *rows, bool has_formats, struct buf *out)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        size_t start = out->n;

        if (rows->values == &formats && !has_formats)
            continue;
        buf_addf(out, "  --%s", rows->name);
        if (rows->argument != NULL)
            buf_addf(out, " %s", rows->argument);
        if (rows->letter != 0)
            buf_addf(out, ", -%c", rows->letter);
        buf_fill(out, ' ', out->n - start < 26 ? 26 - (out->n - start) : 1);
        buf_addf(out, "%s\n", rows->help);
    }
}

void cli_help(const struct command *command, struct buf *out)
{
    buf_addf(out, "usage: portolan %s%s%s\n\n%s\n", command->name, command->arguments[0] != '\0' ? " " : "",
             command->arguments, command->details);
    if (command->options != NULL) {
        buf_adds(out, "options:\n");
        help_rows(command->options, true, out);
        buf_addc(out, '\n');
    }
    buf_adds(out, "common options:\n");
    help_rows(common, command->formats != NULL, out);
    if (command->formats != NULL)
        buf_addf(out, "\nformats: %s\n", command->formats);
}

struct str cli_last(const struct values *values)
{
    return values->n == 0 ? STR_EMPTY : values->v[values->n - 1];
}

bool cli_operands(struct cli *cli, size_t least, size_t most)
{
    if (cli->operands.n >= least && cli->operands.n <= most)
        return true;
    diag_error(&cli->diags, SPAN_NONE, "usage: portolan %s %s", cli->command->name, cli->command->arguments);
    return false;
}

int cli_emit(struct cli *cli, struct buf *out, int status)
{
    if (!buf_ok(out)) {
        diag_error(&cli->diags, SPAN_NONE, "out of memory for the output");
        status = EXIT_BAD_INPUT;
    } else if (cli->diags.errors > 0) {
        status = EXIT_BAD_INPUT; /* half a result is none */
    } else if (cli->output.n == 0 || str_is(cli->output, "-")) {
        if (out->n > 0 && fwrite(out->p, 1, out->n, stdout) < out->n && errno != EPIPE) {
            diag_error(&cli->diags, SPAN_NONE, "cannot write to standard output: %s", strerror(errno));
            status = EXIT_BAD_INPUT;
        }
    } else if (!file_write(cli->output, buf_str(out), &cli->diags)) {
        status = EXIT_BAD_INPUT;
    }
    buf_free(out);
    return status;
}

int cli_status(const struct cli *cli, int status)
{
    if (cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    if (status != EXIT_FINDINGS && cli->strict && cli->diags.warnings > 0)
        return EXIT_FINDINGS;
    return status;
}
