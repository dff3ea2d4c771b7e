/*
 * The site file (DESIGN, section 4) and what it reads beside itself: sources of names and the lock file of domains.
 */
#ifndef PORTOLAN_SITE_SITE_H
#define PORTOLAN_SITE_SITE_H

#include "model/site.h"

/*
 * How the reader gets at other files. `path` is relative to the current directory (the site's own folder is put in
 * front of what the site names) or absolute. The source must outlive the site. False: *error is an errno, or 0 where
 * the reason was reported already.
 */
struct site_files {
    bool (*open)(void *context, struct str path, const struct source **source, int *error);
    void *context;
};

/*
 * Reads a site. All errors are in diags, each with its place. NULL only when nothing can be made of the text; with
 * other errors the site is there as far as it was understood, so that a plan can add what it finds, but is good for
 * nothing else. With `files` NULL there is no lock file, and `names-from` is an error. The text must outlive the site.
 * Cost: linear in the text, times the depth to which names hold names.
 */
struct site *site_read(struct arena *arena, const struct source *source, const struct catalogs *catalogs,
                       const struct site_files *files, struct diags *diags);

/* A parameter of an instance that is to have this value. */
struct site_pin {
    struct str instance;
    struct str parameter;
    struct str value;
    struct str before; /* set: the value that stood there; empty: none did */
    struct span span;  /* set: of the value in the new text */
};

/*
 * The text of a site with these parameters, and with every other byte as it was: a value that is there is replaced
 * between its quotes, a new one comes behind the last parameter in its style, `parameters` behind `product`. `source`
 * itself where all are as they should be. The new text was read again and means the old one with these values, else
 * (anchors and aliases can be in the way) it is an error with its place, and NULL. Cost: linear in the text for each.
 */
const struct source *site_pinned(struct arena *arena, const struct source *source, struct site_pin *pins, size_t n,
                                 struct diags *diags);

/*
 * Prints a site to fill in: one instance of each product with its roles, features and parameters and what they mean.
 * It reads back; what is left to fill in is an error that names the role, and nothing else is.
 */
void site_init(struct buf *out, const struct catalog *const *products, size_t n);

#endif
