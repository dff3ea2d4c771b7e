/* Reading what commands work on; see inputs.h. */
#include "cli/inputs.h"

#include <pthread.h>

#include "base/suggest.h"
#include "catalog/builtin.h"
#include "dialect/dialect.h"
#include "plan/plan.h"
#include "site/site.h"
#include "system/file.h"
#include "system/nft.h"

bool inputs_lenient;

struct source_list VEC(const struct source *);

static void add_catalog(struct cli *cli, struct str path, struct source_list *sources)
{
    const struct source *source = file_read(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags);

    if (source != NULL)
        *vec_push(cli->arena, sources) = source;
}

struct catalogs *inputs_catalogs(struct cli *cli)
{
    struct source_list sources = {0};

    vec_each (struct str *, path, &cli->catalogs) {
        struct str *files;
        size_t n;

        if (!file_is_directory(*path)) {
            add_catalog(cli, *path, &sources);
            continue;
        }
        files = file_list(cli->arena, *path, ".yaml", &n, &cli->diags);
        for (size_t i = 0; i < n; i++)
            add_catalog(cli, files[i], &sources);
    }
    return catalogs_load(cli->arena, sources.v, sources.n, &cli->diags);
}

static bool open_beside(void *context, struct str path, const struct source **source, int *error)
{
    struct cli *cli = context;
    size_t errors = cli->diags.errors;

    *source = file_read_if_there(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags);
    *error = cli->diags.errors == errors ? 2 : 0; /* ENOENT, or reported */
    return *source != NULL;
}

void inputs_unknown_dialect(struct cli *cli, struct str name, struct span span)
{
    struct suggest suggest = suggest_for(name);
    size_t n;
    const struct dialect *const *all = dialect_all(&n);
    struct buf names = BUF_EMPTY;

    for (size_t i = 0; i < n; i++) {
        buf_addf(&names, "%s%s", i == 0 ? "" : ", ", all[i]->name);
        suggest_offer(&suggest, str_of(all[i]->name));
    }
    diag_error(&cli->diags, span, "unknown dialect \"%.*s\"; there are: %.*s", STR_ARG(name), (int)names.n, names.p);
    suggest_hint(&suggest, &cli->diags);
    buf_free(&names);
}

static struct site *site_of(struct cli *cli, const struct source *source, struct catalogs *catalogs)
{
    struct site_files files = {.open = open_beside, .context = cli};
    struct site *site = source == NULL ? NULL : site_read(cli->arena, source, catalogs, &files, &cli->diags);

    for (size_t i = 0; site != NULL && i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];

        if (firewall->dialect.n > 0 && dialect_find(firewall->dialect) == NULL)
            inputs_unknown_dialect(cli, firewall->dialect, firewall->dialect_span);
    }
    return site;
}

struct plan *inputs_plan(struct cli *cli, struct str path)
{
    return inputs_plan_of(cli, file_read(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags));
}

static struct plan *plan_of(struct cli *cli, const struct source *source, struct catalogs *catalogs)
{
    struct site *site = site_of(cli, source, catalogs);
    struct plan *plan = site == NULL ? NULL : plan_make(cli->arena, site, cli->today, &cli->diags);

    return cli->diags.errors > 0 ? NULL : plan;
}

struct plan *inputs_plan_of(struct cli *cli, const struct source *source)
{
    return plan_of(cli, source, inputs_catalogs(cli));
}

struct plan *inputs_plan_with(struct cli *cli, const struct source *source, const struct catalog *catalog)
{
    struct catalogs *all = inputs_catalogs(cli);
    struct catalogs *catalogs = arena_new_object(cli->arena, struct catalogs);

    catalogs->v = arena_new_array(cli->arena, struct catalog *, all->n + 1);
    catalogs->v[catalogs->n] = arena_new_object(cli->arena, struct catalog);
    *catalogs->v[catalogs->n++] = *catalog;
    for (size_t i = 0; i < all->n; i++) {
        struct catalog *other = str_eq(all->v[i]->product, catalog->product)
                                    ? NULL
                                    : (struct catalog *)catalogs_find(all, all->v[i]->product);

        if (other != NULL)
            catalogs->v[catalogs->n++] = other;
    }
    return plan_of(cli, source, catalogs);
}

static const struct dialect *dialect_of(struct cli *cli, struct str name, const struct source *source)
{
    enum family family;
    const struct dialect *dialect = name.n > 0 ? dialect_find_reader(name, &family) : dialect_recognise(source->text);

    if (str_trim(source->text).n == 0)
        diag_error(&cli->diags, span_at(source, 0, 0), "the file is empty");
    else if (dialect == NULL)
        diag_error(&cli->diags, span_at(source, 0, 0), "this looks like no ruleset that is understood; say --dialect");
    return str_trim(source->text).n == 0 ? NULL : dialect;
}

static const struct source *listing_of(struct cli *cli, struct str path, const struct source *text)
{
    struct str here = str_is(path, "-") ? STR(".") : file_beside(cli->arena, path, STR("."));
    struct source *listing = NULL;

    return nft_list(cli->arena, text, str_cstr(cli->arena, here), inputs_lenient, &listing, &cli->diags) == 0 ? listing
                                                                                                              : NULL;
}

/* The files of one firewall, opened and ready to be read; `dialect` NULL: they could not be, and that was said. */
struct opened {
    const struct dialect *dialect;
    struct dialect_input *inputs;
    size_t n;
};

static struct opened open_ruleset(struct cli *cli, const struct str *paths, size_t n, struct str dialect_name)
{
    struct opened opened = {.inputs = arena_new_array(cli->arena, struct dialect_input, n), .n = n};
    size_t errors = cli->diags.errors;
    enum family family = FAMILY_N;

    if (dialect_name.n > 0 && dialect_find_reader(dialect_name, &family) == NULL) {
        inputs_unknown_dialect(cli, dialect_name, SPAN_NONE);
        return opened;
    }
    for (size_t i = 0; i < n; i++) {
        struct dialect_input *input = &opened.inputs[i];
        const struct dialect *one;

        input->family = family;
        input->text = file_read(cli->arena, paths[i], FILE_LIMIT_RULESET, &cli->diags);
        one = input->text == NULL ? NULL : dialect_of(cli, dialect_name, input->text);
        if (one == NULL)
            continue;
        if (opened.dialect != NULL && opened.dialect != one) {
            diag_error(&cli->diags, span_at(input->text, 0, 0), "a file of %s beside files of %s", one->name,
                       opened.dialect->name);
            continue;
        }
        opened.dialect = one;
        if (one->needs_listing(input->text->text))
            input->listing = listing_of(cli, paths[i], input->text);
    }
    if (cli->diags.errors > errors)
        opened.dialect = NULL;
    return opened;
}

static struct ruleset *read_opened(struct arena *arena, const struct opened *opened, struct diags *diags)
{
    size_t said = diags->n;
    size_t errors = diags->errors;
    struct ruleset *ruleset =
        opened->dialect == NULL ? NULL : opened->dialect->read(arena, opened->inputs, opened->n, diags);

    if (inputs_lenient && ruleset != NULL)
        diag_soften(diags, said, errors);
    return ruleset;
}

struct ruleset *inputs_ruleset(struct cli *cli, const struct str *paths, size_t n, struct str dialect)
{
    struct opened opened = open_ruleset(cli, paths, n, dialect);

    return read_opened(cli->arena, &opened, &cli->diags);
}

/* What is read on a thread of its own: nothing in it is shared with another but the texts, which nobody writes. */
struct aside {
    struct opened opened;
    struct arena *arena;
    struct diags diags;
    struct ruleset *ruleset;
};

static void *read_aside(void *context)
{
    struct aside *aside = context;

    aside->ruleset = read_opened(aside->arena, &aside->opened, &aside->diags);
    return NULL;
}

void inputs_rulesets(struct cli *cli, struct arena *arena, const struct values sides[2], struct str dialect,
                     struct ruleset *rulesets[2])
{
    struct opened first = open_ruleset(cli, sides[0].v, sides[0].n, dialect);
    struct aside second = {.arena = arena};
    struct cli other = *cli; /* whose diagnostics come after those of the first */
    pthread_t thread;
    bool apart;

    diags_init(&other.diags, arena);
    second.opened = open_ruleset(&other, sides[1].v, sides[1].n, dialect);
    second.diags = other.diags;
    apart = pthread_create(&thread, NULL, read_aside, &second) == 0;
    rulesets[0] = read_opened(cli->arena, &first, &cli->diags);
    if (apart)
        pthread_join(thread, NULL);
    else
        read_aside(&second);
    rulesets[1] = second.ruleset;
    diags_append(&cli->diags, &second.diags);
}

/*
 * `xcp1.rules` that is not there stands for the files that `render` makes of it: xcp1.v4.rules, xcp1.v6.rules,
 * xcp1.ipset, as many as there are. How many there are; 0: read what was named.
 */
static size_t printed_files(struct cli *cli, const struct firewall *firewall, struct str path, struct str *paths)
{
    static const char *const endings[] = {"v4.rules", "v6.rules", "ipset"};
    size_t n = 0;

    if (firewall->file_n != 1 || !str_ends(path, ".rules") || file_is_there(path))
        return 0;
    for (size_t i = 0; i < 3; i++) {
        struct str one = str_printf(cli->arena, "%.*s.%s", STR_ARG(str_head(path, path.n - 6)), endings[i]);

        if (!file_is_there(one))
            continue;
        paths[n++] = one;
        diag_note(&cli->diags, firewall->file_spans[0], "\"%.*s\" is not there; \"%.*s\" is read for it", STR_ARG(path),
                  STR_ARG(one));
    }
    return n;
}

/* A ruleset that a site names and nobody wrote yet: said at its place, with what writes it. */
static bool all_there(struct cli *cli, const struct firewall *firewall, const struct str *paths, size_t n)
{
    bool there = true;

    for (size_t i = 0; i < n; i++) {
        if (file_is_there(paths[i]))
            continue;
        there = false;
        diag_error(&cli->diags, firewall->file_spans[i], "the ruleset \"%.*s\" is not there", STR_ARG(paths[i]));
        diag_hint(&cli->diags, "`portolan render SITE -o DIRECTORY` writes one; or fetch what the firewall runs");
    }
    return there;
}

struct str *inputs_firewall_files(struct cli *cli, const struct site *site, const struct firewall *firewall, size_t *n)
{
    struct str *paths = arena_new_array(cli->arena, struct str, firewall->file_n + 3);
    size_t printed;

    if (firewall->file_n == 0) {
        diag_error(&cli->diags, firewall->span, "firewall \"%.*s\" has no ruleset to check", STR_ARG(firewall->name));
        diag_hint(&cli->diags, "write `ruleset: FILE`, as `nft -j list ruleset` or iptables-save printed it");
        return NULL;
    }
    for (size_t i = 0; i < firewall->file_n; i++)
        paths[i] = file_beside(cli->arena, site->source->name, firewall->files[i]);
    printed = printed_files(cli, firewall, paths[0], paths);
    if (printed == 0 && !all_there(cli, firewall, paths, firewall->file_n))
        return NULL;
    *n = printed > 0 ? printed : firewall->file_n;
    return paths;
}

struct ruleset *inputs_firewall(struct cli *cli, const struct site *site, const struct firewall *firewall)
{
    size_t n;
    struct str *paths = inputs_firewall_files(cli, site, firewall, &n);

    return paths == NULL ? NULL : inputs_ruleset(cli, paths, n, firewall->dialect);
}

bool inputs_flows(struct cli *cli, struct str path, struct flows *flows)
{
    const struct source *source = file_read(cli->arena, path, FILE_LIMIT_RULESET, &cli->diags);

    return source != NULL && flows_read(cli->arena, source, &cli->diags, flows);
}

const struct firewall *inputs_find_firewall(struct cli *cli, const struct site *site, struct str name)
{
    struct suggest suggest = suggest_for(name);

    for (size_t i = 0; i < site->firewall_n; i++) {
        if (str_eq(site->firewalls[i].name, name))
            return &site->firewalls[i];
        suggest_offer(&suggest, site->firewalls[i].name);
    }
    diag_error(&cli->diags, SPAN_NONE, "the site has no firewall \"%.*s\"", STR_ARG(name));
    suggest_hint(&suggest, &cli->diags);
    return NULL;
}
