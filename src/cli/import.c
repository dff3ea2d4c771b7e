/* portolan import: vendors' documents -> a catalog. */
#include "import/import.h"

#include <unistd.h>

#include "base/suggest.h"
#include "catalog/write.h"
#include "cli/cli.h"
#include "document/format.h"
#include "import/sheet.h"
#include "report/catalog.h"
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

static const struct page *read_page(struct cli *cli, struct str path)
{
    const struct source *source = file_read(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags);
    const struct document_format *format = source == NULL ? NULL : format_of(cli, source);

    if (format == NULL)
        return NULL;
    say_progress(source);
    return format->read(cli->arena, source, &cli->diags);
}

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

static int run(struct cli *cli)
{
    const struct page **pages = arena_new_array(cli->arena, const struct page *, cli->operands.n);
    struct import_options wanted = {.product = cli_last(&products), .title = cli_last(&titles)};
    struct buf out = BUF_EMPTY;
    const struct catalog *catalog;

    if (!cli_operands(cli, 1, 1000))
        return EXIT_BAD_INPUT;
    for (size_t i = 0; i < cli->operands.n; i++)
        pages[i] = read_page(cli, cli->operands.v[i]);
    if (cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    wanted.retrieved =
        str_printf(cli->arena, "%04u-%02u-%02u", cli->today / 10000, cli->today / 100 % 100, cli->today % 100);
    catalog = cli->operands.n == 1 && sheet_is(pages[0])
                  ? sheet_catalog(cli->arena, pages[0], &cli->diags)
                  : import_pages(cli->arena, pages, cli->operands.n, &wanted, &cli->diags);
    if (catalog != NULL)
        print(&out, cli, catalog);
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
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
