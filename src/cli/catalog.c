/* portolan catalog: the built-in and given catalogs. */
#include "catalog/catalog.h"

#include "base/suggest.h"
#include "catalog/diff.h"
#include "catalog/lint.h"
#include "catalog/write.h"
#include "cli/effect.h"
#include "document/format.h"
#include "import/sheet.h"
#include "report/catalog.h"
#include "report/catalog_diff.h"
#include "system/file.h"

static enum view view_of(const struct cli *cli)
{
    enum view view = VIEW_TEXT;

    while (view + 1 < VIEW_N && !str_is(cli->format, view_name(view)))
        view++;
    return str_is(cli->format, view_name(view)) ? view : VIEW_TEXT;
}

static int list(struct cli *cli)
{
    struct catalogs *catalogs = inputs_catalogs(cli);
    const struct catalog **found = arena_new_array(cli->arena, const struct catalog *, catalogs->n);
    struct buf out = BUF_EMPTY;
    size_t n = 0;

    for (size_t i = 0; i < catalogs->n; i++) {
        const struct catalog *catalog = catalogs_find(catalogs, catalogs->v[i]->product);

        if (catalog != NULL)
            found[n++] = catalog;
    }
    report_catalog_list(&out, cli->arena, found, n, view_of(cli));
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
}

/* A product's name, or a catalog file. */
static const struct catalog *find(struct cli *cli, struct catalogs *catalogs, struct str name)
{
    const struct catalog *catalog = catalogs_find(catalogs, name);
    struct suggest suggest = suggest_for(name);
    const struct source *source;

    if (catalog != NULL || cli->diags.errors > 0)
        return catalog;
    if (str_contains(name, "/") || str_contains(name, ".") || str_is(name, "-")) {
        source = file_read(cli->arena, name, FILE_LIMIT_TEXT, &cli->diags);
        return source == NULL ? NULL : catalog_read(cli->arena, source, &cli->diags);
    }
    diag_error(&cli->diags, SPAN_NONE, "no catalog of a product \"%.*s\"", STR_ARG(name));
    for (size_t i = 0; i < catalogs->n; i++)
        suggest_offer(&suggest, catalogs->v[i]->product);
    suggest_hint(&suggest, &cli->diags);
    return NULL;
}

static int show(struct cli *cli)
{
    const struct catalog *catalog = find(cli, inputs_catalogs(cli), cli->operands.v[1]);
    const struct document_format *format;
    struct buf out = BUF_EMPTY;

    if (catalog == NULL || cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    format = document_format_find(cli->format);
    if (str_is(cli->format, "yaml"))
        catalog_write(&out, catalog);
    else if (format != NULL && format->write != NULL && !str_is(cli->format, "text"))
        format->write(&out, sheet_page(cli->arena, catalog, str_is(cli->format, "csv")));
    else
        report_catalog_show(&out, cli->arena, catalog, view_of(cli));
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
}

/* Exit status: open points are notes and warnings; an error-like finding, or any under --strict, is a finding. */
static int lint(struct cli *cli)
{
    struct catalogs *catalogs = inputs_catalogs(cli);
    size_t wanted = cli->operands.n > 1 ? cli->operands.n - 1 : catalogs->n;
    const struct catalog **found = arena_new_array(cli->arena, const struct catalog *, wanted);
    const struct lint_finding *findings;
    struct buf out = BUF_EMPTY;
    size_t finding_n;
    size_t n = 0;
    int status = EXIT_HOLDS;

    for (size_t i = 0; i < wanted; i++) {
        struct str name = cli->operands.n > 1 ? cli->operands.v[i + 1] : catalogs->v[i]->product;
        const struct catalog *catalog = find(cli, catalogs, name);

        if (catalog != NULL)
            found[n++] = catalog;
    }
    if (cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    findings = catalog_lint(cli->arena, found, n, &finding_n);
    for (size_t i = 0; i < finding_n; i++) {
        if (findings[i].severity == SEVERITY_ERROR || (cli->strict && findings[i].severity == SEVERITY_WARNING))
            status = EXIT_FINDINGS;
    }
    report_catalog_lint(&out, cli->arena, findings, finding_n, view_of(cli));
    return cli_emit(cli, &out, status);
}

static struct values sites;
static bool words;

static const struct option_row options[] = {
    {"site", 0, "SITE", "diff: which flows of the site and which lines of its firewalls change", &sites, NULL},
    {"words", 0, NULL, "diff: changes that open and close nothing too: service, purpose, review", NULL, &words},
    {0},
};

static bool cites_too(const struct catalog *a, const struct catalog *b)
{
    for (size_t i = 0; i < a->document_n; i++) {
        for (size_t k = 0; k < b->document_n; k++) {
            if (a->documents[i].url.n > 0 && str_eq(a->documents[i].url, b->documents[k].url))
                return true;
        }
    }
    return false;
}

/* Other catalogs made of the same document. */
static const struct catalog **siblings_of(struct cli *cli, const struct catalogs *catalogs, const struct catalog *own,
                                          size_t *n)
{
    const struct catalog **found = arena_new_array(cli->arena, const struct catalog *, catalogs->n + 1);

    *n = 0;
    for (size_t i = 0; i < catalogs->n; i++) {
        const struct catalog *one = catalogs_find(catalogs, catalogs->v[i]->product);

        if (one != NULL && !str_eq(one->product, own->product) && cites_too(one, own))
            found[(*n)++] = one;
    }
    return found;
}

static int diff(struct cli *cli)
{
    struct catalogs *catalogs = inputs_catalogs(cli);
    const struct catalog *old = find(cli, catalogs, cli->operands.v[1]);
    const struct catalog *new = find(cli, catalogs, cli->operands.v[2]);
    struct catalog_effect *effect = NULL;
    const struct catalog **siblings;
    struct catalog_diff *found;
    struct buf out = BUF_EMPTY;
    size_t n;

    if (old == NULL || new == NULL || cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    if (sites.n > 0 && (effect = effect_of(cli, cli_last(&sites), old, new)) == NULL)
        return EXIT_BAD_INPUT;
    siblings = siblings_of(cli, catalogs, new, &n);
    if (cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    found = catalog_diff(cli->arena, old, new, siblings, n);
    report_catalog_diff(&out, cli->arena, found, effect, words, view_of(cli));
    return cli_emit(cli, &out, cli_status(cli, catalog_diff_equal(found, words) ? EXIT_HOLDS : EXIT_FINDINGS));
}

static int run(struct cli *cli)
{
    struct str verb = cli->operands.n == 0 ? STR("list") : cli->operands.v[0];

    if (str_is(verb, "list") && cli->operands.n <= 1)
        return list(cli);
    if (str_is(verb, "show") && cli->operands.n == 2)
        return show(cli);
    if (str_is(verb, "lint"))
        return lint(cli);
    if (str_is(verb, "diff") && cli->operands.n == 3 && view_of(cli) != VIEW_CSV)
        return diff(cli);
    diag_error(&cli->diags, SPAN_NONE, "usage: portolan catalog %s", cli->command->arguments);
    return EXIT_BAD_INPUT;
}

const struct command command_catalog = {
    .name = "catalog",
    .arguments = "[list | show PRODUCT|FILE | lint [PRODUCT|FILE…] | diff OLD NEW [--site SITE]]",
    .summary = "the documented requirements of products",
    .details =
        "list: the products there are. show: one product's requirements with their origin. lint: what a person\n"
        "must look at, what a document leaves open, and where documents contradict each other (over all built-in\n"
        "catalogs when none is named). diff: what was added, removed and changed between two versions, or what\n"
        "people made of an imported document, with the reasons that the new one gives, and with a site what\n"
        "follows for its flows and for the configuration of its firewalls, as text, JSON or Markdown; exit status\n"
        "1 when they differ. Where NEW shares its document with other catalogs (those of the console, of tools),\n"
        "they are read with it. A catalog is a YAML file; --catalog adds or overrides.\n"
        "\n"
        "  portolan catalog diff old.yaml new.yaml --site lab.yaml --format markdown\n",
    .options = options,
    .formats = "text json csv markdown html asciidoc yaml",
    .run = run,
};
