/*
 * A site to fill in. Roles that a requirement needs as the features stand are printed empty, which the reader reports;
 * all else is printed as comments, to be taken in when it is wanted.
 */
#include "site/site.h"

#define COLUMN 36 /* where comments begin */

static void comment(struct buf *out, size_t start, struct str text)
{
    size_t width = out->n - start;

    buf_fill(out, ' ', width < COLUMN ? COLUMN - width : 1);
    buf_addf(out, "# %.*s\n", STR_ARG(text));
}

static bool holds(const struct catalog *catalog, const struct when *when)
{
    const struct feature *feature;

    if (when == NULL)
        return true;
    switch (when->kind) {
    case WHEN_AND: return holds(catalog, when->left) && holds(catalog, when->right);
    case WHEN_OR: return holds(catalog, when->left) || holds(catalog, when->right);
    case WHEN_NOT: return !holds(catalog, when->left);
    case WHEN_FEATURE:
    case WHEN_N: break;
    }
    feature = catalog_feature(catalog, when->feature);
    return feature != NULL && feature->on;
}

/* Whether a requirement asks for the role as the defaults stand; else `when` gets the conditions of those that would.
 */
static bool needed(const struct catalog *catalog, const struct role *role, struct buf *when)
{
    struct str last = STR_EMPTY;

    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *requirement = &catalog->requirements[i];

        if (!str_eq(requirement->from, role->name) && !str_eq(requirement->to, role->name))
            continue;
        if (holds(catalog, requirement->when))
            return true;
        if (!str_eq(requirement->when_text, last))
            buf_addf(when, "%s%.*s", when->n > 0 ? ", or " : "", STR_ARG(requirement->when_text));
        last = requirement->when_text;
    }
    return false;
}

static void print_role(struct buf *out, const struct catalog *catalog, const struct role *role)
{
    size_t start = out->n;
    struct buf text = BUF_EMPTY;
    struct buf when = BUF_EMPTY;
    bool open = needed(catalog, role, &when) && role->domain_n == 0 && role->otherwise.n == 0;

    buf_addf(out, open ? "      %.*s:" : "      # %.*s:", STR_ARG(role->name));
    buf_add(&text, role->title);
    if (role->otherwise.n > 0)
        buf_addf(&text, "; unfilled: all of %.*s", STR_ARG(role->otherwise));
    else if (role->domain_n > 0)
        buf_addf(&text, "; unfilled: %.*s%s", STR_ARG(role->domains[0]), role->domain_n > 1 ? " and others" : "");
    else if (!open && when.n > 0)
        buf_addf(&text, "; needed when: %.*s", STR_ARG(buf_str(&when)));
    comment(out, start, buf_str(&text));
    buf_free(&text);
    buf_free(&when);
}

static void print_features(struct buf *out, const struct catalog *catalog)
{
    if (catalog->feature_n == 0)
        return;
    buf_adds(out, "    features:\n");
    for (size_t i = 0; i < catalog->feature_n; i++) {
        const struct feature *feature = &catalog->features[i];
        size_t start = out->n;
        struct buf text = BUF_EMPTY;

        buf_addf(out, "      # - %s%.*s", feature->on ? "-" : "", STR_ARG(feature->name));
        buf_add(&text, feature->title);
        buf_adds(&text, feature->on ? "; on, this switches it off" : "");
        comment(out, start, buf_str(&text));
        buf_free(&text);
    }
}

static void print_parameters(struct buf *out, const struct catalog *catalog)
{
    if (catalog->parameter_n == 0)
        return;
    buf_adds(out, "    parameters:\n");
    for (size_t i = 0; i < catalog->parameter_n; i++) {
        const struct parameter *parameter = &catalog->parameters[i];
        size_t start = out->n;
        struct buf text = BUF_EMPTY;

        buf_addf(out, "      # %.*s: %.*s", STR_ARG(parameter->name), STR_ARG(parameter->value));
        buf_add(&text, parameter->title);
        buf_adds(&text, parameter->value.n == 0 ? "; has no default" : "");
        comment(out, start, buf_str(&text));
        buf_free(&text);
    }
}

static void print_instance(struct buf *out, const struct catalog *const *products, size_t index)
{
    const struct catalog *catalog = products[index];
    size_t start = out->n;
    unsigned before = 0;

    for (size_t i = 0; i < index; i++)
        before += products[i] == catalog;
    buf_addf(out, "  %.*s", STR_ARG(catalog->product));
    if (before > 0)
        buf_addf(out, "-%u", before + 1);
    buf_addc(out, ':');
    comment(out, start, catalog->title);
    buf_addf(out, "    product: %.*s\n", STR_ARG(catalog->product));
    print_features(out, catalog);
    print_parameters(out, catalog);
    buf_adds(out, "    roles:\n");
    for (size_t i = 0; i < catalog->role_n; i++)
        print_role(out, catalog, &catalog->roles[i]);
}

void site_init(struct buf *out, const struct catalog *const *products, size_t n)
{
    buf_adds(out,
             "# Fill in each empty role: an address, a prefix, a range a-b, a name from the address book, a list of\n"
             "# these, or none where there is none on purpose. Take away the \"# \" before what you want to have.\n"
             "portolan: site/1\n"
             "site: my-site\n"
             "names:                              # the address book: NAME: ADDRESS, or NAME: [ADDRESS, NAME]\n"
             "  # host1: [192.0.2.11, \"2001:db8::11\"]\n"
             "instances:\n");
    for (size_t i = 0; i < n; i++)
        print_instance(out, products, i);
    buf_adds(out, "# zones: {inside: 192.0.2.0/24, outside: any}\n"
                  "# firewalls:\n"
                  "#   edge: {dialect: nftables, ruleset: edge.nft, interfaces: {inside: eth0, outside: eth1}}\n");
}
