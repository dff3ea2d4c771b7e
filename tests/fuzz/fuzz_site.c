/*
 * A site from any bytes: read, planned, routed and printed, with a catalog of one product. What stands behind a line
 * `%%%` is given for every file that the site names (inventories, tables, the lock file).
 */
#include "fuzz.h"

#include <errno.h>

#include "catalog/catalog.h"
#include "plan/plan.h"
#include "report/plan.h"
#include "site/site.h"

static const char catalog_text[] =
    "portolan: catalog/1\nproduct: p\ntitle: P\n"
    "documents: {d: {title: D, url: \"https://example.org/\", retrieved: 2026-01-01}}\n"
    "roles: {a: {title: a}, b: {title: b, else: a}, c: {title: c, domains: [x.example.org, \"*.example.org\"]}}\n"
    "features: {f: {title: f, default: on}, g: {title: g, default: off}}\n"
    "parameters: {q-port: {title: q, default: 80}, status-port: {title: r}}\n"
    "requirements:\n"
    "  - {id: one, from: a, to: b, ports: [\"{q-port}/tcp\", dynamic/udp, icmp], discover: [status], service: tcp, "
    "purpose: "
    "x, "
    "origin: [d#\"1\"]}\n"
    "  - {id: two, from: a, to: c, ports: [443/tcp], service: https, purpose: x, when: f, origin: [d#\"2\"]}\n"
    "  - {id: three, from: b, to: a, ports: [any], service: any, purpose: x, when: g, scope: subnet, replaces: [two], "
    "origin: [d#\"3\"]}\n";

struct other {
    struct arena *arena;
    struct str text;
};

static bool open_other(void *context, struct str path, const struct source **source, int *error)
{
    struct other *other = context;

    if (other->text.n == 0) {
        *error = ENOENT;
        return false;
    }
    *source = source_new(other->arena, path, other->text);
    return true;
}

/* A parameter more in every text that is a site; what comes out is one, too, and has it. */
static void pin(struct arena *arena, const struct site *site, const struct catalogs *catalogs,
                const struct site_files *files)
{
    for (size_t i = 0; i < site->instance_n && i < 8; i++) {
        struct site_pin pin = {
            .instance = site->instances[i].name, .parameter = STR("status-port"), .value = STR("61234")};
        const struct source *pinned;
        struct diags diags;

        diags_init(&diags, arena);
        pinned = site_pinned(arena, site->source, &pin, 1, &diags);
        if ((pinned == NULL) != (diags.errors > 0))
            abort();
        if (pinned != NULL && (site_read(arena, pinned, catalogs, files, &diags) == NULL || diags.errors > 0))
            abort();
    }
}

static struct str cut_other(struct str *text)
{
    static const char mark[] = "\n%%%\n";
    const char *found = text->n == 0 ? NULL : memmem(text->p, text->n, mark, sizeof mark - 1);
    struct str rest = STR_EMPTY;

    if (found != NULL) {
        rest = str_from(*text, (size_t)(found - text->p) + sizeof mark - 1);
        *text = str_head(*text, (size_t)(found - text->p) + 1);
    }
    return rest;
}

static void show(struct arena *arena, struct plan *plan, struct diags *diags)
{
    struct buf out = BUF_EMPTY;
    size_t n;

    plan_gaps(arena, plan, &n);
    for (size_t i = 0; i < plan->site->firewall_n; i++)
        plan_policy(arena, plan, &plan->site->firewalls[i], 20261201, diags);
    report_plan_text(&out, plan);
    report_plan_csv(&out, plan);
    report_plan_dot(&out, plan);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct str text = {(const char *)data, size};
    struct other other = {.arena = arena, .text = cut_other(&text)};
    struct site_files files = {.open = open_other, .context = &other};
    struct catalog *catalog[1];
    struct catalogs catalogs = {.v = catalog, .n = 1};
    struct diags diags;
    struct site *site;
    struct buf out = BUF_EMPTY;

    diags_init(&diags, arena);
    catalog[0] = catalog_read(arena, source_new(arena, STR("p.yaml"), str_of(catalog_text)), &diags);
    if (catalog[0] == NULL)
        abort();
    site = site_read(arena, source_new(arena, STR("site.yaml"), text), &catalogs, &files, &diags);
    if (site != NULL) {
        struct plan *plan = plan_make(arena, site, 20261201, &diags);

        if (diags.errors == 0) {
            show(arena, plan, &diags);
            pin(arena, site, &catalogs, &files);
        }
    }
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
