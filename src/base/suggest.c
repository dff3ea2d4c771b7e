/* Optimal string alignment distance; see suggest.h. */
#include "base/suggest.h"

#define LONGEST 64
#define FAR 1000u

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned suggest_distance(struct str a, struct str b)
{
    unsigned rows[3][LONGEST + 1];

    if (a.n > LONGEST || b.n > LONGEST)
        return FAR;
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (a.p[i - 1] != b.p[j - 1]));
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

struct suggest suggest_for(struct str wanted)
{
    return (struct suggest){.wanted = wanted, .distance = FAR};
}

void suggest_offer(struct suggest *suggest, struct str candidate)
{
    unsigned distance = suggest_distance(suggest->wanted, candidate);
    size_t longer = candidate.n > suggest->wanted.n ? candidate.n : suggest->wanted.n;

    /* A third of the letters may differ; one always may. */
    if (distance > 1 && distance * 3 > longer)
        return;
    if (distance < suggest->distance) {
        suggest->distance = distance;
        suggest->best = candidate;
    }
}

void suggest_hint(const struct suggest *suggest, struct diags *diags)
{
    if (suggest->best.n > 0)
        diag_hint(diags, "did you mean \"%.*s\"?", STR_ARG(suggest->best));
}
