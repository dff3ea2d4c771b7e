/* Status bits of connections; see status.h. */
#include "dialect/status.h"

#define ANSWERED (1u << STATE_ESTABLISHED)
#define RELATED (1u << STATE_RELATED)

const struct status_bit status_bits[STATUS_BITS] = {
    {"expected", 1, 0, ANSWERED | RELATED, FIELD_N},   {"seen-reply", 2, ANSWERED, RELATED, FIELD_N},
    {"assured", 4, 0, ANSWERED | RELATED, FIELD_N},    {"confirmed", 8, ANSWERED, 1u << STATE_NEW | RELATED, FIELD_N},
    {"snat", 16, 0, ANSWERED | RELATED, FIELD_SOURCE}, {"dnat", 32, 0, ANSWERED | RELATED, FIELD_DESTINATION},
    {"dying", 512, 0, STATUS_TRACKED, FIELD_N},
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
