/* The effect of a catalog's change; see effect.h. */
#include "cli/effect.h"

#include "dialect/dialect.h"
#include "plan/plan.h"
#include "system/file.h"

struct lines VEC(struct str);

/* Lines of a firewall's configuration, comments and empty ones left out. False: it cannot be printed. */
static bool printed_lines(struct cli *cli, const struct plan *plan, const struct firewall *firewall,
                          const struct dialect *dialect, struct lines *lines)
{
    struct policy *policy = plan_policy(cli->arena, plan, firewall, cli->today, &cli->diags);
    struct dialect_output files[DIALECT_OUTPUTS_MAX];
    size_t n = 0;
    bool done = policy != NULL && dialect->print(policy, files, &n, &cli->diags);

    for (size_t i = 0; i < n; i++) {
        struct str rest = str_dup(cli->arena, buf_str(&files[i].text));

        while (rest.n > 0) {
            struct str line = str_trim(str_cut(rest, '\n', &rest));

            if (line.n > 0 && !str_starts(line, "#"))
                *vec_push(cli->arena, lines) = line;
        }
        buf_free(&files[i].text);
    }
    return done;
}

/* Lines of `a` beyond those of `b`, one for one, in their order. */
static void lines_without(struct cli *cli, const struct lines *a, const struct lines *b, struct str **out,
                          size_t *out_n)
{
    struct lines left = {0};
    struct map counts = {0};

    vec_each (const struct str *, line, b) {
        size_t *count = map_get(&counts, *line);

        if (count == NULL)
            map_set(cli->arena, &counts, *line, count = arena_new_object(cli->arena, size_t));
        ++*count;
    }
    vec_each (const struct str *, line, a) {
        size_t *count = map_get(&counts, *line);

        if (count != NULL && *count > 0)
            --*count;
        else
            *vec_push(cli->arena, &left) = *line;
    }
    *out = left.v;
    *out_n = left.n;
}

static void compare_firewall(struct cli *cli, const struct plan *old, const struct plan *new, size_t i,
                             struct catalog_effect *effect)
{
    const struct firewall *firewall = &new->site->firewalls[i];
    const struct dialect *dialect = dialect_find(firewall->dialect);
    struct firewall_change *change = &effect->firewalls[effect->firewall_n];
    struct lines before = {0};
    struct lines after = {0};

    if (dialect == NULL) {
        diag_warning(&cli->diags, firewall->span,
                     "the site says no dialect of firewall \"%.*s\": its rules are not compared",
                     STR_ARG(firewall->name));
        return;
    }
    if (!printed_lines(cli, old, &old->site->firewalls[i], dialect, &before) ||
        !printed_lines(cli, new, firewall, dialect, &after))
        return;
    *change = (struct firewall_change){.firewall = firewall->name, .dialect = str_of(dialect->name)};
    lines_without(cli, &after, &before, &change->lines.added, &change->lines.added_n);
    lines_without(cli, &before, &after, &change->lines.removed, &change->lines.removed_n);
    effect->firewall_n++;
}

/* The product under which a site knows the catalog: that of the new one, unless only the old one's has an instance. */
static struct str product_of(struct cli *cli, const struct plan *plan, const struct catalog *old,
                             const struct catalog *new)
{
    bool knows_old = false;

    for (size_t i = 0; i < plan->site->instance_n; i++) {
        if (str_eq(plan->site->instances[i].catalog->product, new->product))
            return new->product;
        knows_old = knows_old || str_eq(plan->site->instances[i].catalog->product, old->product);
    }
    if (!knows_old)
        diag_warning(&cli->diags, SPAN_NONE, "the site has no instance of %.*s: nothing changes for it",
                     STR_ARG(new->product));
    return knows_old ? old->product : new->product;
}

static struct plan *plan_with(struct cli *cli, const struct source *source, const struct catalog *catalog,
                              struct str product)
{
    struct catalog renamed = *catalog;

    renamed.product = product;
    return inputs_plan_with(cli, source, &renamed);
}

struct catalog_effect *effect_of(struct cli *cli, struct str path, const struct catalog *old, const struct catalog *new)
{
    const struct source *source = file_read(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags);
    struct plan *now = source == NULL ? NULL : inputs_plan_of(cli, source);
    struct catalog_effect *effect = arena_new_object(cli->arena, struct catalog_effect);
    struct plan *before;
    struct plan *after;
    struct str product;

    if (now == NULL)
        return NULL;
    product = product_of(cli, now, old, new);
    before = plan_with(cli, source, old, product);
    after = before == NULL ? NULL : plan_with(cli, source, new, product);
    if (after == NULL)
        return NULL;
    effect->site = after->site->name;
    effect->flows = plan_change(cli->arena, before, after);
    effect->firewalls = arena_new_array(cli->arena, struct firewall_change, after->site->firewall_n);
    for (size_t i = 0; i < after->site->firewall_n; i++)
        compare_firewall(cli, before, after, i, effect);
    return cli->diags.errors > 0 ? NULL : effect;
}
