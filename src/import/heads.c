/* Words over columns and in cells that are told by words alone: heads, directions, two ends with an arrow between. */
#include "import/columns.h"

static const struct {
    enum column_kind kind;
    const char *words;
} headers[] = {
#define HEADER(kind, words) {kind, words},
#include "import/headers.def"
#undef HEADER
};

enum column_kind columns_head(struct str normal, int *score)
{
    enum column_kind best = COLUMN_OTHER;
    int best_score = 0;

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct str words = str_of(headers[i].words);
        int found = 0;

        if (str_eq(normal, words))
            found = COLUMN_EXACT;
        else if (words_count(normal) <= 8 && words_have(normal, headers[i].words))
            found = 4 + (int)words_count(words);
        if (found > best_score) {
            best_score = found;
            best = headers[i].kind;
        }
    }
    if (score != NULL)
        *score = best_score;
    return best;
}

struct str columns_text(const struct grid *grid, size_t row, size_t column)
{
    const struct cell *cell = grid_at(grid, row, column);

    return cell == NULL ? STR_EMPTY : cell->text;
}

enum way columns_way(struct arena *arena, struct str text)
{
    static const char *const in[] = {"in", "inbound", "incoming", "ingress", "listen", "listening", "received"};
    static const char *const out[] = {"out", "outbound", "outgoing", "egress", "sent"};
    static const char *const both[] = {
        "both",       "bidirectional",         "bi directional",       "two way",
        "duplex",     "inbound outbound",      "inbound and outbound", "in out",
        "in and out", "incoming and outgoing", "ingress egress",       "outbound inbound"};
    struct str normal;
    size_t bytes;

    text = str_trim(text);
    if (text.n == 0 || text.n > 60)
        return WAY_UNSAID;
    if (words_sign(text, 0, &bytes) == SIGN_BOTH_ARROW || str_is(text, "<->") || str_is(text, "<-->"))
        return WAY_BOTH;
    normal = words_normal(arena, text);
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        if (str_is(normal, both[i]))
            return WAY_BOTH;
    }
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        if (str_is(normal, in[i]))
            return WAY_IN;
    }
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        if (str_is(normal, out[i]))
            return WAY_OUT;
    }
    if (words_count(normal) <= 6 && words_have(normal, "inbound") != words_have(normal, "outbound"))
        return words_have(normal, "inbound") ? WAY_IN : WAY_OUT;
    return WAY_UNSAID;
}

/* "pictures (bridge -> maker)": the ends are those in the brackets. */
static void in_brackets(struct str *from, struct str *to)
{
    const char *open = memrchr(from->p, '(', from->n);
    const char *close = memchr(to->p, ')', to->n);

    if (open == NULL || close == NULL || memchr(open, ')', (size_t)(from->p + from->n - open)) != NULL ||
        memchr(to->p, '(', (size_t)(close - to->p)) != NULL)
        return;
    *from = str_trim(str_from(*from, (size_t)(open - from->p) + 1));
    *to = str_trim(str_head(*to, (size_t)(close - to->p)));
}

enum way columns_ends(struct str text, struct str *from, struct str *to)
{
    static const struct {
        const char *sign;
        enum way way;
    } signs[] = {{"< -- >", WAY_BOTH},
                 {"<-->", WAY_BOTH},
                 {"<->", WAY_BOTH},
                 {"\xe2\x86\x90 \xe2\x86\x92", WAY_BOTH},
                 {"\xe2\x86\x90\xe2\x86\x92", WAY_BOTH},
                 {"\xe2\x86\x94", WAY_BOTH},
                 {"\xe2\x87\x94", WAY_BOTH},
                 {"-- >", WAY_OUT},
                 {"-->", WAY_OUT},
                 {"->", WAY_OUT},
                 {"=>", WAY_OUT},
                 {"\xe2\x86\x92", WAY_OUT},
                 {"\xe2\x87\x92", WAY_OUT},
                 {"\xe2\x9e\x9c", WAY_OUT},
                 {" > ", WAY_OUT}};

    /* Mostly there is none, which one look at the bytes tells. */
    if (text.n >= 160 || (memchr(text.p, '>', text.n) == NULL && memchr(text.p, 0xe2, text.n) == NULL))
        return WAY_UNSAID;
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        size_t n = strlen(signs[k].sign);

        for (size_t i = 1; i + n < text.n; i++) {
            if (text.p[i] != signs[k].sign[0] || memcmp(text.p + i, signs[k].sign, n) != 0)
                continue;
            *from = str_trim(str_head(text, i));
            *to = str_trim(str_from(text, i + n));
            in_brackets(from, to);
            return from->n > 0 && to->n > 0 ? signs[k].way : WAY_UNSAID;
        }
    }
    return WAY_UNSAID;
}

bool columns_to(struct str text, struct str *from, struct str *to)
{
    for (size_t i = 1; text.n < 120 && i + 4 < text.n; i++) {
        if (text.p[i] != ' ' || memcmp(text.p + i, " to ", 4) != 0)
            continue;
        *from = str_trim(str_head(text, i));
        *to = str_trim(str_from(text, i + 4));
        return from->n > 0 && to->n > 0;
    }
    return false;
}

enum way columns_head_way(struct str normal)
{
    bool in = words_have(normal, "inbound") || words_have(normal, "incoming") || words_have(normal, "ingress");
    bool out = words_have(normal, "outbound") || words_have(normal, "outgoing") || words_have(normal, "egress");

    return in == out ? WAY_UNSAID : in ? WAY_IN : WAY_OUT;
}

struct str columns_needs_out(struct str text)
{
    static const char *const verbs[] = {" need outbound ", " needs outbound ", " require outbound ",
                                        " requires outbound "};

    for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++) {
        const char *at = text.n == 0 ? NULL : memmem(text.p, text.n, verbs[k], strlen(verbs[k]));

        if (at != NULL)
            return str_trim(str_head(text, (size_t)(at - text.p)));
    }
    return STR_EMPTY;
}

enum way columns_arrow(struct str text)
{
    static const struct {
        const char *sign;
        enum way way;
    } arrows[] = {
        {"->", WAY_OUT},
        {"-->", WAY_OUT},
        {"=>", WAY_OUT},
        {"\xe2\x86\x92", WAY_OUT},
        {"\xe2\x87\x92", WAY_OUT},
        {"\xe2\x9e\x9c", WAY_OUT},
        {"<-", WAY_IN},
        {"<--", WAY_IN},
        {"<=", WAY_IN},
        {"\xe2\x86\x90", WAY_IN},
        {"\xe2\x87\x90", WAY_IN},
        {"\xe2\xac\x85", WAY_IN},
        {"<->", WAY_BOTH},
        {"<-->", WAY_BOTH},
        {"\xe2\x86\x94", WAY_BOTH},
        {"\xe2\x87\x94", WAY_BOTH},
    };

    text = str_trim(text);
    for (size_t i = 0; text.n <= 4 && i < sizeof arrows / sizeof *arrows; i++) {
        if (str_is(text, arrows[i].sign))
            return arrows[i].way;
    }
    return WAY_UNSAID;
}
