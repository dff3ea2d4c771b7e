/* Stand-ins: what is written for them, and what they were in a listing; see standin.h. */
#include "base/num.h"
#include "dialect/standin_inside.h"

#define FIRST_BURST 700001                /* no listing has such a limit */
#define FIRST_NUMBER ((size_t)4200000000) /* nor such a user */
#define UNKNOWN_JSON "{\"xt\": null}"

struct standin *standins_add(struct standins *standins, size_t from, size_t to)
{
    struct standin *standin = vec_push(standins->arena, &standins->v);

    *standin = (struct standin){.at = (uint32_t)from, .n = (uint32_t)(to - from)};
    return standin;
}

static int by_place(const void *a, const void *b)
{
    const struct standin *left = a;
    const struct standin *right = b;

    return left->at < right->at ? -1 : left->at > right->at;
}

void standins_sort(struct standins *standins)
{
    if (standins->v.n > 1)
        qsort(standins->v.v, standins->v.n, sizeof *standins->v.v, by_place);
}

static void replace_rule(struct standins *standins, const struct standin_rule *rule)
{
    size_t kept = 0;

    for (size_t i = 0; i < standins->v.n; i++) {
        if (standins->v.v[i].at < rule->from || standins->v.v[i].at >= rule->to)
            standins->v.v[kept++] = standins->v.v[i];
    }
    standins->v.n = kept;
    standins_add(standins, rule->from, rule->to)->json = STR(UNKNOWN_JSON);
    standins_sort(standins);
}

bool standins_add_rule(struct standins *standins, size_t at)
{
    vec_each (struct standin_rule *, rule, &standins->rules) {
        if (at < rule->from || at > rule->to)
            continue;
        vec_each (struct standin *, standin, &standins->v) {
            if (standin->at == rule->from && standin->n == rule->to - rule->from)
                return false; /* is one already */
        }
        replace_rule(standins, rule);
        return true;
    }
    return false;
}

bool standins_add_number(struct standins *standins, size_t at, size_t n)
{
    if (n == 0 || at + n > standins->text.n || memchr(standins->text.p + at, '\n', n) != NULL)
        return false;
    vec_each (struct standin *, standin, &standins->v) {
        if (at < standin->at + standin->n && standin->at < at + n)
            return false;
    }
    standins_add(standins, at, at + n)->written = str_printf(standins->arena, "%zu", FIRST_NUMBER + standins->v.n);
    standins_sort(standins);
    return true;
}

bool standins_close(struct standins *standins)
{
    struct standin *end;

    if (standins->open == 0 || standins->open_data)
        return false;
    if (standins->open_rule)
        replace_rule(standins, &standins->rules.v[standins->rules.n - 1]);
    end = standins_add(standins, standins->text.n, standins->text.n);
    end->written = str_head(STR("\n}\n}\n"), standins->open == 1 ? 3 : 5);
    standins->open = 0;
    return true;
}

static struct str written_for(const struct standins *standins, size_t i, char space[64])
{
    const struct standin *standin = &standins->v.v[i];
    struct buf text = BUF_EMPTY;
    size_t n;

    if (standin->json.n == 0)
        return standin->written;
    buf_addf(&text, "limit rate 1/second burst %zu packets", FIRST_BURST + i);
    n = text.n < 64 ? text.n : 64;
    memcpy(space, text.p, n);
    buf_free(&text);
    return (struct str){space, n};
}

/* For a line end of what was replaced: lines keep their numbers. */
static const char *line_end(const struct standin *standin)
{
    return standin->json.n == 0 && standin->written.n == 0 ? "\n" : " \\\n";
}

void standins_write(const struct standins *standins, struct buf *out)
{
    size_t at = 0;

    for (size_t i = 0; i < standins->v.n; i++) {
        const struct standin *standin = &standins->v.v[i];
        char space[64];

        buf_add(out, str_head(str_from(standins->text, at), standin->at - at));
        buf_add(out, written_for(standins, i, space));
        for (size_t k = standin->at; k < standin->at + standin->n; k++) {
            if (standins->text.p[k] == '\n')
                buf_adds(out, line_end(standin));
        }
        at = standin->at + standin->n;
    }
    buf_add(out, str_from(standins->text, at));
}

size_t standins_origin(const struct standins *standins, size_t written)
{
    size_t ahead = 0; /* what was written has so many bytes more, up to here */
    size_t behind = 0;

    for (size_t i = 0; i < standins->v.n; i++) {
        const struct standin *standin = &standins->v.v[i];
        char space[64];
        size_t n = written_for(standins, i, space).n;

        for (size_t k = standin->at; k < standin->at + standin->n; k++) {
            if (standins->text.p[k] == '\n')
                n += strlen(line_end(standin));
        }
        if (written + behind < standin->at + ahead)
            break;
        if (written + behind < standin->at + ahead + n)
            return standin->at;
        ahead += n;
        behind += standin->n;
    }
    written = written + behind - ahead;
    return written > standins->text.n ? standins->text.n : written;
}

struct str standins_restore(const struct standins *standins, struct str listing)
{
    static const char begin[] = "{\"limit\": {\"rate\": 1, \"burst\": 7";
    struct buf out = BUF_EMPTY;
    struct str restored;

    if (standins->v.n == 0)
        return listing;
    while (listing.n > 0) {
        const char *found = memmem(listing.p, listing.n, begin, sizeof begin - 1);
        size_t n = found == NULL ? listing.n : (size_t)(found - listing.p);
        struct str rest;
        struct str object;
        struct str digits;
        uint64_t burst;

        buf_add(&out, str_head(listing, n));
        listing = str_from(listing, n);
        if (found == NULL)
            break;
        object = str_cut(listing, '}', &rest);
        digits = str_from(object, sizeof begin - 2);
        digits = str_cut(digits, ',', &digits);
        if (num_decimal(digits, FIRST_BURST + standins->v.n - 1, &burst) && burst >= FIRST_BURST &&
            standins->v.v[burst - FIRST_BURST].json.n > 0) {
            buf_add(&out, standins->v.v[burst - FIRST_BURST].json);
            listing = str_from(rest, 1); /* the brace of {"limit": … } */
        } else {
            buf_add(&out, str_head(listing, object.n));
            listing = str_from(listing, object.n);
        }
    }
    restored = str_dup(standins->arena, buf_str(&out));
    buf_free(&out);
    return standins_restore_chains(standins->arena, restored);
}
