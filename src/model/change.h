/* What came and what went, of a plan or of a catalog. Plain data for every view. */
#ifndef PORTOLAN_MODEL_CHANGE_H
#define PORTOLAN_MODEL_CHANGE_H

#include "base/str.h"

/* Members of a set that come and go, as they are written. */
struct change_list {
    struct str *added;
    size_t added_n;
    struct str *removed;
    size_t removed_n;
};

#endif
