/* The table of dialects; see dialect.h and dialects.def. */
#include "dialect/dialect.h"

#define DIALECT(name) &dialect_##name,
static const struct dialect *const all[] = {
#include "dialect/dialects.def"
};
#undef DIALECT

const struct dialect *const *dialect_all(size_t *n)
{
    *n = sizeof all / sizeof *all;
    return all;
}

const struct dialect *dialect_find(struct str name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (str_is(name, all[i]->name))
            return all[i];
    }
    return NULL;
}

const struct dialect *dialect_find_reader(struct str name, enum family *family)
{
    *family = FAMILY_N;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->v6_name != NULL && str_is(name, all[i]->v6_name)) {
            *family = FAMILY_V6;
            return all[i];
        }
    }
    return dialect_find(name);
}

const struct dialect *dialect_recognise(struct str text)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->recognise(text))
            return all[i];
    }
    return NULL;
}
