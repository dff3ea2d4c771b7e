/* Status bits of connections; see status.h. */
#include "dialect/status.h"

#define ANSWERED (1u << STATE_ESTABLISHED)
#define RELATED (1u << STATE_RELATED)

const struct status_bit status_bits[STATUS_BITS] = {
    {"expected", 1, 0, ANSWERED | RELATED}, {"seen-reply", 2, ANSWERED, RELATED},
    {"assured", 4, 0, ANSWERED | RELATED},  {"confirmed", 8, ANSWERED, 1u << STATE_NEW | RELATED},
    {"snat", 16, 0, STATUS_TRACKED},        {"dnat", 32, 0, STATUS_TRACKED},
    {"dying", 512, 0, STATUS_TRACKED},
};

static bool same_name(struct str text, const char *name)
{
    size_t i = 0;

    for (; i < text.n && name[i] != '\0'; i++) {
        char c = text.p[i] == '_' ? '-' : text.p[i];

        if ((c >= 'A' && c <= 'Z' ? c | 32 : c) != name[i])
            return false;
    }
    return i == text.n && name[i] == '\0';
}

const struct status_bit *status_find(struct str name)
{
    for (size_t i = 0; i < STATUS_BITS; i++) {
        if (same_name(name, status_bits[i].name))
            return &status_bits[i];
    }
    return NULL;
}
