/* See mutation.h. */
#include "mutation.h"

#include "base/num.h"
#include "net/addr.h"

#define WORDS_MAX 32

struct piece {
    size_t at; /* in the line */
    size_t n;
};

struct pieces {
    struct piece v[WORDS_MAX];
    size_t n;
};

const char *mutation_name(enum mutation mutation)
{
    static const char *const names[MUTATION_N] = {"drop", "widen", "shift", "swap"};

    return names[mutation];
}

/* The part of a line in front of its comment, which is no part of the rule. */
static struct str rule_of(struct str line)
{
    for (size_t i = 0; i < line.n; i++) {
        struct str rest = str_from(line, i);

        if (str_starts(rest, " comment ") || str_starts(rest, " -m comment "))
            return str_head(line, i);
    }
    return line;
}

static bool is_rule(struct str line)
{
    struct str text = str_trim(line);

    if (text.n == 0 || text.p[0] == '#' || str_starts(text, "type ") || str_starts(text, "flags "))
        return false;
    return str_starts(text, "-A ") || str_contains(text, " accept") || str_contains(text, " drop") ||
           str_contains(rule_of(text), " . ");
}

static bool splits(char c)
{
    return c == ' ' || c == ',' || c == '{' || c == '}';
}

/* Words of the rule that are an address, a prefix or a range. */
static struct pieces find_addresses(struct str rule)
{
    struct pieces found = {0};

    for (size_t i = 0; i < rule.n; i++) {
        struct piece piece = {i, 0};
        struct addr_range range;

        while (i < rule.n && !splits(rule.p[i]))
            i++;
        piece.n = i - piece.at;
        if (found.n < WORDS_MAX && addr_range_parse(str_head(str_from(rule, piece.at), piece.n), &range) == ADDR_OK)
            found.v[found.n++] = piece;
    }
    return found;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Numbers behind `dport`, and the last field of an element. */
static struct pieces find_ports(struct str rule)
{
    struct pieces found = {0};
    bool element = str_contains(rule, " . ");

    for (size_t i = 0; i < rule.n; i++) {
        size_t at = i;

        if (str_starts(str_from(rule, i), "dport "))
            at = i + 6;
        else if (element && str_starts(str_from(rule, i), " . ") && !str_contains(str_from(rule, i + 3), " . "))
            at = i + 3;
        if (at == i)
            continue;
        for (i = at;
             at < rule.n && found.n < WORDS_MAX && (is_digit(rule.p[at]) || strchr("{, -:", rule.p[at]) != NULL);) {
            struct piece piece = {at, 0};

            while (at + piece.n < rule.n && is_digit(rule.p[at + piece.n]))
                piece.n++;
            if (piece.n > 0)
                found.v[found.n++] = piece;
            at += piece.n > 0 ? piece.n : 1;
        }
    }
    return found;
}

static void widened(struct buf *out, struct addr_range range)
{
    int length = addr_prefix_length(range.family, range.range);

    if (length > 0) {
        addr_range_format(out, range.family, addr_prefix(range.family, range.range.lo, (unsigned)length - 1));
    } else {
        range.range.hi += range.range.hi < addr_max(range.family);
        addr_range_format(out, range.family, range.range);
    }
}

/* The line with another word in the place of a piece; false: there is none. */
static bool change_line(struct draw *draw, struct str line, enum mutation mutation, struct buf *out)
{
    struct str rule = rule_of(line);
    struct pieces pieces = mutation == MUTATION_WIDEN ? find_addresses(rule) : find_ports(rule);
    struct piece piece;
    struct addr_range range;
    uint64_t port;

    if (pieces.n == 0)
        return false;
    piece = pieces.v[draw_below(draw, (unsigned)pieces.n)];
    buf_add(out, str_head(line, piece.at));
    if (mutation == MUTATION_WIDEN) {
        addr_range_parse(str_head(str_from(line, piece.at), piece.n), &range);
        widened(out, range);
    } else {
        if (!num_decimal(str_head(str_from(line, piece.at), piece.n), 65535, &port))
            return false;
        buf_addu(out, draw_once_in(draw, 2) && port > 1 ? port - 1 : port < 65535 ? port + 1 : port - 1);
    }
    buf_add(out, str_from(line, piece.at + piece.n));
    return true;
}

bool mutate(struct arena *arena, struct draw *draw, const struct source *text, enum mutation mutation,
            struct str *mutated, uint32_t *line)
{
    uint32_t at = 1 + draw_below(draw, text->line_n);
    struct str here = source_line_text(text, at);
    struct str next = at < text->line_n ? source_line_text(text, at + 1) : STR_EMPTY;
    struct buf out = BUF_EMPTY;
    struct buf changed = BUF_EMPTY;
    bool good = is_rule(here) && (mutation != MUTATION_SWAP || is_rule(next));

    if (good && (mutation == MUTATION_WIDEN || mutation == MUTATION_SHIFT))
        good = change_line(draw, here, mutation, &changed);
    for (uint32_t i = 1; good && i <= text->line_n; i++) {
        bool swaps = mutation == MUTATION_SWAP;

        if (i == at && mutation == MUTATION_DROP)
            continue;
        if (i == at && !swaps)
            buf_add(&out, buf_str(&changed));
        else
            buf_add(&out, swaps && i == at ? next : swaps && i == at + 1 ? here : source_line_text(text, i));
        buf_addc(&out, '\n');
    }
    if (good)
        *mutated = str_dup(arena, buf_str(&out));
    *line = at;
    buf_free(&out);
    buf_free(&changed);
    return good;
}
