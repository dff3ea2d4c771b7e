/* The difference between two catalogs for people and programs; see catalog_diff.h. */
#include "report/catalog_diff.h"

#include "base/vec.h"
#include "report/catalog_json.h"
#include "report/plan.h"
#include "report/values.h"

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* --- for people --------------------------------------------------------------------------------------------------- */

struct printer {
    struct buf *out;
    struct arena *arena;
    bool markdown;
};

static void title(struct printer *printer, const char *text)
{
    buf_addf(printer->out, printer->markdown ? "\n## %s\n\n" : "\n%s\n", text);
}

static void line(struct printer *printer, struct str text)
{
    buf_addf(printer->out, printer->markdown ? "- %.*s\n" : "  %.*s\n", STR_ARG(text));
}

static void sub_line(struct printer *printer, const char *head, struct str text)
{
    buf_addf(printer->out, printer->markdown ? "  - %s: %.*s\n" : "    %s: %.*s\n", head, STR_ARG(text));
}

static struct str taken(struct printer *printer, struct buf *buf)
{
    struct str text = str_dup(printer->arena, buf_str(buf));

    buf_free(buf);
    return text;
}

static struct str ports_text(struct printer *printer, const struct requirement *requirement)
{
    struct buf buf = BUF_EMPTY;

    for (size_t i = 0; i < requirement->port_n; i++)
        buf_addf(&buf, "%s%.*s", i == 0 ? "" : " ", STR_ARG(requirement->ports[i].text));
    return taken(printer, &buf);
}

static void requirements(struct printer *printer, const char *heading, const struct requirement *const *v, size_t n)
{
    if (n > 0)
        title(printer, heading);
    for (size_t i = 0; i < n; i++) {
        line(printer,
             str_printf(printer->arena, "%.*s: %.*s > %.*s  %.*s  %.*s", STR_ARG(v[i]->id), STR_ARG(v[i]->from),
                        STR_ARG(v[i]->to), STR_ARG(ports_text(printer, v[i])), STR_ARG(v[i]->purpose)));
        if (v[i]->when_text.n > 0)
            sub_line(printer, "when", v[i]->when_text);
        for (size_t k = 0; k < v[i]->origin_n; k++)
            sub_line(printer, "origin", v[i]->origins[k]);
        for (size_t k = 0; k < v[i]->inferred_n; k++)
            sub_line(printer, "why", v[i]->inferred[k].text);
        if (v[i]->review.n > 0)
            sub_line(printer, "review", v[i]->review);
    }
}

static struct str list_text(struct printer *printer, const struct change_list *list)
{
    struct buf buf = BUF_EMPTY;

    for (size_t i = 0; i < list->removed_n; i++)
        buf_addf(&buf, "%s-%.*s", buf.n == 0 ? "" : " ", STR_ARG(list->removed[i]));
    for (size_t i = 0; i < list->added_n; i++)
        buf_addf(&buf, "%s+%.*s", buf.n == 0 ? "" : " ", STR_ARG(list->added[i]));
    return taken(printer, &buf);
}

static void add_ids(struct buf *buf, const struct requirement *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(buf, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(v[i]->id));
}

static void changed_ids(struct buf *buf, const struct changed_requirement *changed)
{
    add_ids(buf, changed->old, changed->old_n);
    if (changed->old_n != 1 || changed->new_n != 1 || !str_eq(changed->old[0]->id, changed->new[0]->id)) {
        buf_adds(buf, " is now ");
        add_ids(buf, changed->new, changed->new_n);
    }
}

static void changed_one(struct printer *printer, const struct changed_requirement *changed, bool words)
{
    struct buf ids = BUF_EMPTY;

    changed_ids(&ids, changed);
    line(printer, taken(printer, &ids));
    for (enum catalog_field field = 0; field < (words ? CATALOG_FIELD_N : CATALOG_ID); field++) {
        const struct change_list *list = &changed->fields[field];

        if (list->added_n + list->removed_n > 0)
            sub_line(printer, catalog_field_name(field), list_text(printer, list));
    }
    for (size_t i = 0; i < changed->why_n; i++)
        sub_line(printer, "why", changed->why[i]);
}

struct reason_list VEC(struct str);

static void push_once(struct printer *printer, struct reason_list *list, struct str text)
{
    vec_each (const struct str *, said, list) {
        if (str_eq(*said, text))
            return;
    }
    *vec_push(printer->arena, list) = text;
}

/* What hangs on a feature now and asks for the same as before: one line for all of one feature. */
static void gated_all(struct printer *printer, const struct catalog_diff *diff)
{
    bool *done = arena_new_array(printer->arena, bool, diff->changed_n + 1);
    bool titled = false;

    for (size_t i = 0; i < diff->changed_n; i++) {
        struct change_list *when = &diff->changed[i].fields[CATALOG_WHEN];
        struct reason_list why = {0};
        struct buf buf = BUF_EMPTY;

        if (done[i] || !diff->changed[i].when_only)
            continue;
        if (!titled)
            title(printer, "The same, with another condition");
        titled = true;
        for (size_t k = i; k < diff->changed_n; k++) {
            const struct changed_requirement *one = &diff->changed[k];

            if (!one->when_only || !str_eq(list_text(printer, &one->fields[CATALOG_WHEN]), list_text(printer, when)))
                continue;
            done[k] = true;
            buf_adds(&buf, k == i ? "" : ", ");
            changed_ids(&buf, one);
            for (size_t w = 0; w < one->why_n; w++)
                push_once(printer, &why, one->why[w]);
        }
        line(printer, list_text(printer, when));
        sub_line(printer, "requirements", taken(printer, &buf));
        vec_each (const struct str *, text, &why)
            sub_line(printer, "why", *text);
    }
}

static void changed_all(struct printer *printer, const struct catalog_diff *diff, bool words)
{
    bool titled = false;

    for (size_t i = 0; i < diff->changed_n; i++) {
        const struct changed_requirement *changed = &diff->changed[i];

        if (!words && (changed->words_only || changed->when_only))
            continue;
        if (!titled)
            title(printer, "Changed");
        titled = true;
        changed_one(printer, changed, words);
    }
    if (!words)
        gated_all(printer, diff);
}

static struct str name_text(struct printer *printer, const struct changed_name *name)
{
    struct buf buf = BUF_EMPTY;

    buf_addf(&buf, "%s %.*s", name->kind, STR_ARG(name->old.n > 0 ? name->old : name->new));
    if (name->old.n == 0)
        buf_adds(&buf, " is new");
    else if (name->new.n == 0)
        buf_adds(&buf, " is gone");
    else if (!str_eq(name->old, name->new))
        buf_addf(&buf, " is now called %.*s", STR_ARG(name->new));
    if (name->old.n > 0 && name->new.n > 0 && !str_eq(name->before, name->after))
        buf_addf(&buf, ": -%.*s +%.*s", STR_ARG(name->before.n > 0 ? name->before : STR("(none)")),
                 STR_ARG(name->after.n > 0 ? name->after : STR("(none)")));
    else if (name->old.n == 0 && name->after.n > 0)
        buf_addf(&buf, " (%.*s)", STR_ARG(name->after));
    if (name->title.n > 0)
        buf_addf(&buf, ": %.*s", STR_ARG(name->title));
    return taken(printer, &buf);
}

/* Whether a reason above has told of it already: "feature ntp, on: …". */
static bool is_told(struct printer *printer, const struct catalog_diff *diff, const struct changed_name *name)
{
    struct str told = str_printf(printer->arena, "%s %.*s", name->kind, STR_ARG(name->new));

    for (size_t i = 0; name->title.n > 0 && i < diff->changed_n; i++) {
        const struct changed_requirement *changed = &diff->changed[i];

        for (size_t k = 0; k < changed->why_n; k++) {
            struct str rest;

            if (str_eq(str_cut(changed->why[k], ',', &rest), told) ||
                str_eq(str_cut(changed->why[k], ':', &rest), told))
                return true;
        }
    }
    return false;
}

static void names(struct printer *printer, const struct catalog_diff *diff)
{
    bool titled = false;

    for (size_t i = 0; i < diff->name_n; i++) {
        if (is_told(printer, diff, &diff->names[i]))
            continue;
        if (!titled)
            title(printer, "Roles, features, parameters");
        titled = true;
        line(printer, name_text(printer, &diff->names[i]));
    }
}

static void effect_text(struct printer *printer, const struct catalog_effect *effect)
{
    title(printer, printer->markdown ? "What follows for the site" : "What follows for the site:");
    if (printer->markdown)
        report_change_markdown(printer->out, effect->flows);
    else
        report_change_text(printer->out, effect->flows);
    for (size_t i = 0; i < effect->firewall_n; i++) {
        const struct firewall_change *change = &effect->firewalls[i];

        buf_addf(printer->out,
                 printer->markdown ? "\n### Firewall %.*s (%.*s)\n\n```diff\n" : "\nFirewall %.*s (%.*s)\n",
                 STR_ARG(change->firewall), STR_ARG(change->dialect));
        for (size_t k = 0; k < change->lines.removed_n; k++)
            buf_addf(printer->out, "- %.*s\n", STR_ARG(change->lines.removed[k]));
        for (size_t k = 0; k < change->lines.added_n; k++)
            buf_addf(printer->out, "+ %.*s\n", STR_ARG(change->lines.added[k]));
        if (change->lines.added_n + change->lines.removed_n == 0)
            buf_adds(printer->out, "  as before\n");
        if (printer->markdown)
            buf_adds(printer->out, "```\n");
    }
}

static void text(struct printer *printer, const struct catalog_diff *diff, const struct catalog_effect *effect,
                 bool words)
{
    buf_addf(printer->out, "%s%.*s: %zu requirement%s added, %zu removed, %zu changed, %zu as before",
             printer->markdown ? "# Change of " : "", STR_ARG(diff->new->product), diff->added_n, plural(diff->added_n),
             diff->removed_n, diff->changed_n - diff->words_n, diff->same_n + diff->words_n);
    if (diff->words_n > 0)
        buf_addf(printer->out, " (%zu of them in other words)", diff->words_n);
    buf_addc(printer->out, '\n');
    for (size_t i = 0; i < diff->sibling_n; i++)
        buf_addf(printer->out, "%sread with %.*s, which is made of the same document\n",
                 printer->markdown && i == 0 ? "\n" : "", STR_ARG(diff->siblings[i]->product));
    requirements(printer, "Added", diff->added, diff->added_n);
    requirements(printer, "Removed", diff->removed, diff->removed_n);
    changed_all(printer, diff, words);
    names(printer, diff);
    if (effect != NULL)
        effect_text(printer, effect);
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static json_t *texts(const struct str *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, report_json_str(v[i]));
    return array;
}

static json_t *list_json(const struct change_list *list)
{
    json_t *object = json_object();

    json_object_set_new(object, "added", texts(list->added, list->added_n));
    json_object_set_new(object, "removed", texts(list->removed, list->removed_n));
    return object;
}

static json_t *ids_json(const struct requirement *const *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, report_json_str(v[i]->id));
    return array;
}

static json_t *requirements_json(const struct catalog *catalog, const struct requirement *const *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, catalog_json_requirement(catalog, v[i]));
    return array;
}

static json_t *changed_json(const struct changed_requirement *changed)
{
    json_t *object = json_object();
    json_t *fields = json_object();

    for (enum catalog_field field = 0; field < CATALOG_FIELD_N; field++) {
        const struct change_list *list = &changed->fields[field];

        if (list->added_n + list->removed_n > 0)
            json_object_set_new(fields, catalog_field_name(field), list_json(list));
    }
    json_object_set_new(object, "old", ids_json(changed->old, changed->old_n));
    json_object_set_new(object, "new", ids_json(changed->new, changed->new_n));
    json_object_set_new(object, "fields", fields);
    json_object_set_new(object, "why", texts(changed->why, changed->why_n));
    return object;
}

static json_t *name_json(const struct changed_name *name)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string(name->kind));
    json_object_set_new(object, "old", name->old.n > 0 ? report_json_str(name->old) : json_null());
    json_object_set_new(object, "new", name->new.n > 0 ? report_json_str(name->new) : json_null());
    json_object_set_new(object, "before", report_json_str(name->before));
    json_object_set_new(object, "after", report_json_str(name->after));
    json_object_set_new(object, "title", report_json_str(name->title));
    return object;
}

static json_t *effect_json(const struct catalog_effect *effect)
{
    json_t *object = json_object();
    json_t *firewalls = json_array();

    for (size_t i = 0; i < effect->firewall_n; i++) {
        json_t *one = list_json(&effect->firewalls[i].lines);

        json_object_set_new(one, "firewall", report_json_str(effect->firewalls[i].firewall));
        json_object_set_new(one, "dialect", report_json_str(effect->firewalls[i].dialect));
        json_array_append_new(firewalls, one);
    }
    json_object_set_new(object, "site", report_json_str(effect->site));
    json_object_set_new(object, "flows", report_json_change(effect->flows));
    json_object_set_new(object, "firewalls", firewalls);
    return object;
}

static json_t *summary_json(const struct catalog_diff *diff)
{
    json_t *object = json_object();

    json_object_set_new(object, "added", json_integer((json_int_t)diff->added_n));
    json_object_set_new(object, "removed", json_integer((json_int_t)diff->removed_n));
    json_object_set_new(object, "changed", json_integer((json_int_t)(diff->changed_n - diff->words_n)));
    json_object_set_new(object, "words", json_integer((json_int_t)diff->words_n));
    json_object_set_new(object, "same", json_integer((json_int_t)diff->same_n));
    json_object_set_new(object, "names", json_integer((json_int_t)diff->name_n));
    return object;
}

static void json(struct buf *out, const struct catalog_diff *diff, const struct catalog_effect *effect, bool words)
{
    json_t *root = json_object();
    json_t *changed = json_array();
    json_t *changed_names = json_array();
    json_t *siblings = json_array();

    for (size_t i = 0; i < diff->changed_n; i++) {
        if (words || !diff->changed[i].words_only)
            json_array_append_new(changed, changed_json(&diff->changed[i]));
    }
    for (size_t i = 0; i < diff->name_n; i++)
        json_array_append_new(changed_names, name_json(&diff->names[i]));
    for (size_t i = 0; i < diff->sibling_n; i++)
        json_array_append_new(siblings, report_json_str(diff->siblings[i]->product));
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "old", report_json_str(diff->old->product));
    json_object_set_new(root, "new", report_json_str(diff->new->product));
    json_object_set_new(root, "siblings", siblings);
    json_object_set_new(root, "equal", json_boolean(catalog_diff_equal(diff, words)));
    json_object_set_new(root, "added", requirements_json(diff->new, diff->added, diff->added_n));
    json_object_set_new(root, "removed", requirements_json(diff->old, diff->removed, diff->removed_n));
    json_object_set_new(root, "changed", changed);
    json_object_set_new(root, "names", changed_names);
    json_object_set_new(root, "summary", summary_json(diff));
    if (effect != NULL)
        json_object_set_new(root, "effect", effect_json(effect));
    report_json_print(out, root);
}

void report_catalog_diff(struct buf *out, struct arena *arena, const struct catalog_diff *diff,
                         const struct catalog_effect *effect, bool words, enum view view)
{
    struct printer printer = {.out = out, .arena = arena, .markdown = view == VIEW_MARKDOWN};

    if (view == VIEW_JSON)
        json(out, diff, effect, words);
    else
        text(&printer, diff, effect, words);
}
