/* Built-in and given catalogs; see builtin.h. */
#include "catalog/builtin.h"

#include "catalog/catalog.h"

struct loader {
    struct arena *arena;
    struct diags *diags;
};

struct catalog_list VEC(struct catalog *);

static const struct builtin_file *builtin_find(struct str product)
{
    for (size_t i = 0; i < builtin_catalog_n; i++) {
        struct str name = str_of(builtin_catalog[i].name);

        if (name.n == product.n + 5 && str_ends(name, ".yaml") && str_eq(str_head(name, product.n), product))
            return &builtin_catalog[i];
    }
    return NULL;
}

static bool complete(void *context, struct catalog *catalog)
{
    const struct loader *loader = context;
    const struct builtin_file *file;
    const struct source *source;
    struct catalog *read;

    if (catalog->source != NULL)
        return catalog->requirement_n > 0;
    file = builtin_find(catalog->product);
    if (file == NULL)
        return false;
    source = source_new(loader->arena, str_printf(loader->arena, "catalog/%s", file->name),
                        (struct str){file->text, file->size});
    read = catalog_read(loader->arena, source, loader->diags);
    if (read != NULL)
        *catalog = *read;
    else
        catalog->source = source; /* its errors are reported once */
    return read != NULL;
}

static struct catalog *find(const struct catalog_list *list, struct str product)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->v[i]->product, product))
            return list->v[i];
    }
    return NULL;
}

static void add_extra(struct arena *arena, const struct source *source, struct diags *diags, struct catalog_list *list)
{
    struct catalog *catalog = catalog_read(arena, source, diags);
    const struct catalog *other = catalog == NULL ? NULL : find(list, catalog->product);

    if (catalog == NULL)
        return;
    if (other != NULL)
        diag_error(diags, span_at(source, 0, 0), "product \"%.*s\" is in %.*s already", STR_ARG(catalog->product),
                   STR_ARG(other->source->name));
    else
        *vec_push(arena, list) = catalog;
}

static void add_builtin(struct arena *arena, const struct builtin_file *file, struct catalog_list *list)
{
    struct str name = str_of(file->name);
    struct str product = str_head(name, str_ends(name, ".yaml") ? name.n - 5 : name.n);
    struct catalog *catalog;

    if (find(list, product) != NULL)
        return;
    catalog = arena_new_object(arena, struct catalog);
    catalog->product = product;
    *vec_push(arena, list) = catalog;
}

struct catalogs *catalogs_load(struct arena *arena, const struct source *const *extra, size_t extra_n,
                               struct diags *diags)
{
    struct catalogs *catalogs = arena_new_object(arena, struct catalogs);
    struct loader *loader = arena_new_object(arena, struct loader);
    struct catalog_list list = {0};

    *loader = (struct loader){.arena = arena, .diags = diags};
    for (size_t i = 0; i < extra_n; i++)
        add_extra(arena, extra[i], diags, &list);
    for (size_t i = 0; i < builtin_catalog_n; i++)
        add_builtin(arena, &builtin_catalog[i], &list);
    *catalogs = (struct catalogs){.v = list.v, .n = list.n, .complete = complete, .context = loader};
    return catalogs;
}
