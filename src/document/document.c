/* The table of formats; see format.h and formats.def. */
#include "document/format.h"

#include <strings.h>

#define FORMAT(name) extern const struct document_format document_##name;
#include "document/formats.def"
#undef FORMAT

#define FORMAT(name) &document_##name,
static const struct document_format *const all[] = {
#include "document/formats.def"
};
#undef FORMAT

const struct document_format *const *document_format_all(size_t *n)
{
    *n = sizeof all / sizeof *all;
    return all;
}

const struct document_format *document_format_find(struct str name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (str_is(name, all[i]->name))
            return all[i];
    }
    return NULL;
}

static bool has_suffix(const struct document_format *format, struct str suffix)
{
    for (const char *const *known = format->suffixes; *known != NULL; known++) {
        if (suffix.n == strlen(*known) && strncasecmp(suffix.p, *known, suffix.n) == 0)
            return true;
    }
    return false;
}

static struct str suffix_of(struct str file)
{
    for (size_t i = file.n; i > 0 && file.p[i - 1] != '/'; i--) {
        if (file.p[i - 1] == '.')
            return str_from(file, i);
    }
    return STR_EMPTY;
}

const struct document_format *document_format_of(struct str file, struct str text)
{
    struct str suffix = suffix_of(file);

    for (size_t i = 0; suffix.n > 0 && i < sizeof all / sizeof *all; i++) {
        if (has_suffix(all[i], suffix))
            return all[i];
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->recognise(text))
            return all[i];
    }
    return all[sizeof all / sizeof *all - 1]; /* copied text, which is anything */
}
