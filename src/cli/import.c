/* portolan import: vendors' documents -> a catalog. */
#include "import/import.h"

#include <errno.h>
#include <unistd.h>

#include "base/suggest.h"
#include "catalog/write.h"
#include "cli/cli.h"
#include "document/format.h"
#include "import/sheet.h"
#include "report/catalog.h"
#include "system/confine.h"
#include "system/file.h"

#define LONG_BYTES ((size_t)4 << 20)

static struct values froms;
static struct values products;
static struct values titles;

static const struct option_row options[] = {
    {"from", 0, "FORMAT", "the documents' format; told from name and text when left out", &froms, NULL},
    {"product", 0, "NAME", "what the documents are about; their title when left out", &products, NULL},
    {"title", 0, "TEXT", "the product's name for people", &titles, NULL},
    {0},
};

static const struct document_format *format_of(struct cli *cli, const struct source *source)
{
    struct str name = cli_last(&froms);
    const struct document_format *format;
    const struct document_format *const *all;
    struct suggest suggest = suggest_for(name);
    size_t n;

    if (name.n == 0)
        return document_format_of(source->name, source->text);
    format = document_format_find(name);
    if (format != NULL)
        return format;
    diag_error(&cli->diags, SPAN_NONE, "no document format \"%.*s\"", STR_ARG(name));
    all = document_format_all(&n);
    for (size_t i = 0; i < n; i++)
        suggest_offer(&suggest, str_of(all[i]->name));
    suggest_hint(&suggest, &cli->diags);
    return NULL;
}

/* A long document takes a while; somebody who sits in front of it is told. */
static void say_progress(const struct source *source)
{
    if (source->text.n >= LONG_BYTES && isatty(STDERR_FILENO))
        fprintf(stderr, "reading %.*s, %zu MB\n", STR_ARG(source->name), source->text.n >> 20);
}

/* What the confined part knows: everything was read, nothing was understood. */
struct work {
    struct cli *cli;
    const struct source **sources;
    const struct document_format **formats;
    struct import_options options;
};

static void print(struct buf *out, struct cli *cli, const struct catalog *catalog)
{
    const struct document_format *format = document_format_find(cli->format);

    if (str_is(cli->format, "json"))
        report_catalog_show(out, cli->arena, catalog, VIEW_JSON);
    else if (format != NULL && format->write != NULL && !str_is(cli->format, "text"))
        format->write(out, sheet_page(cli->arena, catalog, str_is(cli->format, "csv")));
    else
        catalog_write(out, catalog);
}

/* Strangers' text is understood in a process of its own, which can reach nothing. */
static int understand(void *context, struct buf *out, struct buf *said)
{
    struct work *work = context;
    struct cli *cli = work->cli;
    size_t n = cli->operands.n;
    const struct page **pages = arena_new_array(cli->arena, const struct page *, n);
    const struct catalog *catalog;

    for (size_t i = 0; i < n; i++)
        pages[i] = work->formats[i]->read(cli->arena, work->sources[i], &cli->diags);
    catalog = n == 1 && sheet_is(pages[0]) ? sheet_catalog(cli->arena, pages[0], &cli->diags)
                                           : import_pages(cli->arena, pages, n, &work->options, &cli->diags);
    if (catalog != NULL && cli->diags.errors == 0)
        print(out, cli, catalog);
    diags_print(said, &cli->diags, cli->color);
    return cli_status(cli, EXIT_HOLDS);
}

static bool read_sources(struct cli *cli, struct work *work)
{
    size_t n = cli->operands.n;

    work->sources = arena_new_array(cli->arena, const struct source *, n);
    work->formats = arena_new_array(cli->arena, const struct document_format *, n);
    for (size_t i = 0; i < n; i++) {
        work->sources[i] = file_read(cli->arena, cli->operands.v[i], FILE_LIMIT_TEXT, &cli->diags);
        if (work->sources[i] == NULL)
            continue;
        say_progress(work->sources[i]);
        work->formats[i] = format_of(cli, work->sources[i]);
    }
    return cli->diags.errors == 0;
}

static int run(struct cli *cli)
{
    struct work work = {.cli = cli, .options = {.product = cli_last(&products), .title = cli_last(&titles)}};
    struct confined result;
    int error;
    int status;

    if (!cli_operands(cli, 1, 1000) || !read_sources(cli, &work))
        return EXIT_BAD_INPUT;
    work.options.retrieved =
        str_printf(cli->arena, "%04u-%02u-%02u", cli->today / 10000, cli->today / 100 % 100, cli->today % 100);
    error = confine(understand, &work, &result);
    if (error != 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot read the documents: %s",
                   error == -EFAULT ? "the process that reads them died" : strerror(-error));
        return EXIT_BAD_INPUT;
    }
    status = result.status == EXIT_BAD_INPUT ? EXIT_BAD_INPUT : cli_emit(cli, &result.out, result.status);
    fflush(stdout);
    if (result.said.n > 0)
        fwrite(result.said.p, 1, result.said.n, stderr);
    buf_free(&result.said);
    return status;
}

const struct command command_import = {
    .name = "import",
    .arguments = "DOC… [--from FORMAT] [--product NAME]",
    .summary = "a catalog out of vendors' documents, to be reviewed",
    .details =
        "Reads port requirements out of pages as vendors publish them and prints a catalog with the origin of each\n"
        "fact. What is not in a row itself is marked as inferred with its reason; what cannot be read, or could be\n"
        "meant in two ways, is a warning with its place and stays as review. --on sets the day of retrieval.\n\n"
        "  portolan import ports.html --product acme -o acme.yaml && portolan catalog lint acme.yaml\n",
    .options = options,
    .formats = "text yaml json html markdown asciidoc csv",
    .run = run,
};
