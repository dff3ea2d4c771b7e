/* The catalogs inside the program, and those that the user adds. */
#ifndef PORTOLAN_CATALOG_BUILTIN_H
#define PORTOLAN_CATALOG_BUILTIN_H

#include "model/catalog.h"

/* A file of catalog/; the table is made by tools/embed.py when the program is built. */
struct builtin_file {
    const char *name; /* "xenserver.yaml": the product's name, and ".yaml" */
    const char *text; /* ends in NUL */
    size_t size;      /* without that */
};

extern const struct builtin_file builtin_catalog[]; /* sorted by name; a row of NULLs follows the last */
extern const size_t builtin_catalog_n;

/* Likewise the files of schema/: "catalog.schema.json". */
extern const struct builtin_file builtin_schema[];
extern const size_t builtin_schema_n;

/*
 * All catalogs: those of `extra` (files of --catalog), then the built-in ones whose product none of these has, each
 * group in the order given. Extra ones are read here, and one with errors is left out; two of one product are an
 * error. Built-in ones are read when catalogs_find asks for them: `arena` and `diags` must live as long as the result.
 */
struct catalogs *catalogs_load(struct arena *arena, const struct source *const *extra, size_t extra_n,
                               struct diags *diags);

#endif
