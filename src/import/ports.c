/*
 * Transport and ports of one cell; see ports.h.
 *
 * A transport belongs to the numbers it stands beside: behind it (`TCP 80, 443`, up to the next transport) or before it
 * (`80, 443/tcp`, those that have none yet). Where it stands beside both, the way of the cell so far decides.
 */
#include "import/port_tokens.h"

#include "net/proto.h"

enum mode { MODE_PORTS, MODE_ICMP, MODE_PROTOCOL };

struct parser {
    struct arena *arena;
    struct str text;
    struct tokens tokens;
    struct port_text *result;
    struct port_entries VEC(struct port_entry) entries;
    unsigned prefix; /* transports of what follows; 0: none yet */
    enum mode mode;
    bool symbol;
    bool elsewhere; /* see … */
    bool wild;      /* any or all */
    size_t depth;   /* of parentheses */
};

static bool is_port(enum token_kind kind)
{
    return kind == TOKEN_NUMBER || kind == TOKEN_DYNAMIC || kind == TOKEN_SYMBOL || kind == TOKEN_ANY;
}

/* What may stand between a transport and the ports that it belongs to. */
static bool is_between(enum token_kind kind)
{
    return kind == TOKEN_SLASH || kind == TOKEN_COLON || kind == TOKEN_OPEN || kind == TOKEN_CLOSE ||
           kind == TOKEN_SERVICE || kind == TOKEN_NEUTRAL || kind == TOKEN_PORT || kind == TOKEN_DASH ||
           kind == TOKEN_DEFAULT;
}

static bool beside_right(const struct parser *parser, size_t at)
{
    while (at < parser->tokens.n && is_between(parser->tokens.v[at].kind))
        at++;
    return at < parser->tokens.n && is_port(parser->tokens.v[at].kind);
}

static bool beside_left(const struct parser *parser, size_t at)
{
    while (at > 0 && is_between(parser->tokens.v[at - 1].kind))
        at--;
    return at > 0 && is_port(parser->tokens.v[at - 1].kind);
}

static struct port_entry *add(struct parser *parser, enum port_kind kind)
{
    struct port_entry *entry = vec_push(parser->arena, &parser->entries);

    *entry = (struct port_entry){.kind = kind, .transports = parser->prefix, .text = STR_EMPTY};
    return entry;
}

static void fault(struct parser *parser, const char *why)
{
    if (parser->result->fault == NULL)
        parser->result->fault = why;
}

static void add_protocol(struct parser *parser, unsigned number)
{
    struct port_entry *entry = add(parser, PORT_UNSTATED);
    struct buf name = BUF_EMPTY;

    proto_format(&name, number);
    entry->transports = 0;
    entry->text = str_printf(parser->arena, "IP protocol %u", number);
    if (name.n > 0 && (name.p[0] < '0' || name.p[0] > '9'))
        entry->text = str_printf(parser->arena, "IP protocol %u (%.*s)", number, STR_ARG(buf_str(&name)));
    buf_free(&name);
}

/* The entry before, when it is a lone number without a transport: the number of a protocol, or a type of ICMP. */
static bool take_number(struct parser *parser, uint32_t most, uint32_t *number)
{
    const struct port_entry *last = parser->entries.n == 0 ? NULL : &parser->entries.v[parser->entries.n - 1];

    if (last == NULL || last->kind != PORT_RANGE || last->transports != 0 || last->lo != last->hi || last->lo > most)
        return false;
    *number = last->lo;
    parser->entries.n--;
    return true;
}

static void read_number(struct parser *parser, size_t i)
{
    const struct token *token = &parser->tokens.v[i];
    const struct token *next = i + 1 < parser->tokens.n ? &parser->tokens.v[i + 1] : NULL;
    struct port_entry *entry;

    parser->result->known++;
    if (next != NULL && next->kind == TOKEN_UNIT) {
        parser->result->foreign = true;
        return;
    }
    if (parser->mode == MODE_ICMP && token->hi <= 255) {
        entry = &parser->entries.v[parser->entries.n - 1];
        entry->text = str_printf(parser->arena, "%.*s%stype %.*s", STR_ARG(entry->text), entry->text.n > 0 ? ", " : "",
                                 STR_ARG(token->text));
        return;
    }
    if (parser->mode == MODE_PROTOCOL && token->hi <= 255) {
        for (uint32_t number = token->lo; number <= token->hi; number++)
            add_protocol(parser, number);
        return;
    }
    parser->mode = MODE_PORTS;
    if (i >= 2 && parser->tokens.v[i - 1].kind == TOKEN_JOIN && parser->tokens.v[i - 2].kind == TOKEN_PORT) {
        fault(parser, "a port is computed");
        return;
    }
    if (next != NULL && ((next->kind == TOKEN_JOIN && i + 2 < parser->tokens.n && next[1].kind == TOKEN_UNKNOWN) ||
                         (next->kind == TOKEN_UNKNOWN && parser->depth > 0 && parser->entries.n > 0))) {
        fault(parser, next->kind == TOKEN_JOIN ? "a port is computed" : "a number need not be a port");
        return;
    }
    if (next != NULL && next->kind == TOKEN_DASH && i + 2 < parser->tokens.n &&
        (next[1].kind == TOKEN_SYMBOL || next[1].kind == TOKEN_FOREIGN)) {
        fault(parser, "a range ends in no number");
        return;
    }
    if (token->lo == 0 || token->hi > 65535) {
        fault(parser, token->lo == 0 && token->hi == 0 ? "port 0 cannot be used" : "a number is no port");
        return;
    }
    if (token->lo > token->hi) {
        fault(parser, "a range ends before it begins");
        return;
    }
    entry = add(parser, PORT_RANGE);
    entry->lo = (uint16_t)token->lo;
    entry->hi = (uint16_t)token->hi;
}

/* TRANSPORT { connector TRANSPORT }; gives the token behind. */
static size_t read_run(struct parser *parser, size_t i, unsigned *transports)
{
    const struct tokens *tokens = &parser->tokens;
    bool left = beside_left(parser, i);

    *transports = tokens->v[i].transports;
    for (i++; i + 1 < tokens->n; i += 2) {
        enum token_kind kind = tokens->v[i].kind;

        if (tokens->v[i + 1].kind != TOKEN_TRANSPORT ||
            (kind != TOKEN_SLASH && kind != TOKEN_SEPARATOR && kind != TOKEN_AND && kind != TOKEN_OR &&
             kind != TOKEN_JOIN && kind != TOKEN_DASH))
            break;
        if (left && beside_right(parser, i + 2))
            break; /* 443/tcp, udp 53 */
        *transports |= tokens->v[i + 1].transports;
    }
    return i;
}

static size_t read_transports(struct parser *parser, size_t i)
{
    unsigned transports;
    size_t end = read_run(parser, i, &transports);
    bool left = beside_left(parser, i);
    bool right = beside_right(parser, end);
    bool bare = false; /* entries before it that have no transport */

    parser->result->known++;
    parser->mode = MODE_PORTS;
    for (size_t k = 0; k < parser->entries.n; k++)
        bare = bare || (parser->entries.v[k].transports == 0 && parser->entries.v[k].kind != PORT_UNSTATED &&
                        parser->entries.v[k].kind != PORT_ICMP);
    if (left && right)
        right = parser->prefix != 0;
    if (left && !right && !bare && parser->entries.n > 0)
        fault(parser, "a transport stands behind ports that have one");
    if (right || (!left && !bare)) {
        parser->prefix = transports;
        parser->result->transports |= transports;
        return end;
    }
    for (size_t k = 0; k < parser->entries.n; k++) {
        if (parser->entries.v[k].transports == 0 && parser->entries.v[k].kind != PORT_UNSTATED &&
            parser->entries.v[k].kind != PORT_ICMP)
            parser->entries.v[k].transports = transports;
    }
    parser->result->transports |= transports;
    return end;
}

static void read_icmp(struct parser *parser, size_t i)
{
    uint32_t type;
    bool has_type = beside_left(parser, i) && take_number(parser, 255, &type);
    struct port_entry *entry = add(parser, PORT_ICMP);

    parser->result->known++;
    entry->transports = 0;
    if (has_type)
        entry->text = str_printf(parser->arena, "type %u", (unsigned)type);
    parser->mode = MODE_ICMP;
}

/* GRE, ESP, AH: protocols of their own; their number may stand beside the name. */
static size_t read_named_protocol(struct parser *parser, size_t i, unsigned number)
{
    uint32_t before;
    size_t next = i + 1;

    parser->result->known++;
    if (beside_left(parser, i) && take_number(parser, 255, &before) && before != number)
        fault(parser, "the protocol's name and its number differ");
    if (parser->entries.n > 0 && parser->mode == MODE_PROTOCOL &&
        parser->entries.v[parser->entries.n - 1].kind == PORT_UNSTATED && i > 0 &&
        parser->tokens.v[i - 1].kind != TOKEN_SEPARATOR && parser->tokens.v[i - 1].kind != TOKEN_AND)
        return next; /* IP protocol 47 (GRE) */
    add_protocol(parser, number);
    while (next < parser->tokens.n && is_between(parser->tokens.v[next].kind))
        next++;
    if (next < parser->tokens.n && parser->tokens.v[next].kind == TOKEN_NUMBER && parser->tokens.v[next].lo == number &&
        parser->tokens.v[next].hi == number)
        return next + 1;
    return i + 1;
}

/* `IP protocol ID 47`, `protocol 50`, `IP 47`: what numbers mean from here. */
static void read_protocol(struct parser *parser, size_t i)
{
    const struct tokens *tokens = &parser->tokens;

    while (i + 1 < tokens->n && (tokens->v[i + 1].kind == TOKEN_NEUTRAL || tokens->v[i + 1].kind == TOKEN_COLON ||
                                 tokens->v[i + 1].kind == TOKEN_PROTOCOL || tokens->v[i + 1].kind == TOKEN_SLASH))
        i++;
    if (i + 1 < tokens->n && tokens->v[i + 1].kind == TOKEN_NUMBER)
        parser->mode = MODE_PROTOCOL;
}

/* N (1): a footnote in parentheses, not a port. */
static bool is_footnote(const struct parser *parser, size_t i)
{
    const struct token *token = &parser->tokens.v[i];

    return i >= 2 && i + 1 < parser->tokens.n && token->lo == token->hi && token->hi < 10 && token->hi > 0 &&
           parser->tokens.v[i - 1].kind == TOKEN_OPEN && parser->tokens.v[i + 1].kind == TOKEN_CLOSE &&
           (parser->tokens.v[i - 2].kind == TOKEN_NUMBER ||
            (parser->tokens.v[i - 2].kind == TOKEN_TRANSPORT && parser->entries.n > 0));
}

/* `see Note 1`, `80 Note 1`: its numbers are those of the place that it points to. */
static size_t read_see(struct parser *parser, size_t i)
{
    parser->elsewhere = true;
    while (i + 1 < parser->tokens.n && parser->tokens.v[i + 1].kind != TOKEN_CLOSE &&
           parser->tokens.v[i + 1].kind != TOKEN_SEPARATOR)
        i++;
    return i + 1;
}

static size_t read_token(struct parser *parser, size_t i)
{
    struct port_text *result = parser->result;
    const struct token *token = &parser->tokens.v[i];

    switch (token->kind) {
    case TOKEN_NUMBER:
        if (is_footnote(parser, i))
            result->mark = token->text;
        else
            read_number(parser, i);
        break;
    case TOKEN_TRANSPORT: return read_transports(parser, i);
    case TOKEN_SERVICE:
        result->known++;
        if (result->service == NULL)
            result->service = token->service;
        break;
    case TOKEN_ANY:
        result->known++;
        parser->wild = true;
        break;
    case TOKEN_DYNAMIC:
        result->known++;
        if (parser->entries.n == 0 || parser->entries.v[parser->entries.n - 1].kind != PORT_DYNAMIC ||
            parser->entries.v[parser->entries.n - 1].transports != parser->prefix)
            add(parser, PORT_DYNAMIC);
        break;
    case TOKEN_DEFAULT: result->is_default = true; break;
    case TOKEN_OR: result->either = result->either || parser->entries.n > 0; break;
    case TOKEN_ICMP: read_icmp(parser, i); break;
    case TOKEN_PROTOCOL: read_protocol(parser, i); break;
    case TOKEN_GRE: return read_named_protocol(parser, i, PROTO_GRE);
    case TOKEN_ESP: return read_named_protocol(parser, i, PROTO_ESP);
    case TOKEN_AH: return read_named_protocol(parser, i, PROTO_AH);
    case TOKEN_VRRP: return read_named_protocol(parser, i, 112);
    case TOKEN_NONE: result->none = true; break;
    case TOKEN_SEE: return read_see(parser, i);
    case TOKEN_SYMBOL:
        result->known++;
        parser->symbol = true;
        break;
    case TOKEN_FOREIGN: result->foreign = true; break;
    case TOKEN_UNIT:
    case TOKEN_UNKNOWN: result->unknown++; break;
    case TOKEN_PORT: parser->mode = MODE_PORTS; break;
    case TOKEN_NEUTRAL:
        if (str_is(words_normal(parser->arena, token->text), "ip") && parser->prefix == 0 && parser->entries.n == 0)
            read_protocol(parser, i);
        break;
    case TOKEN_OPEN: parser->depth++; break;
    case TOKEN_CLOSE: parser->depth -= parser->depth > 0; break;
    case TOKEN_SEPARATOR:
    case TOKEN_SLASH:
    case TOKEN_COLON:
    case TOKEN_DASH:
    case TOKEN_MORE:
    case TOKEN_LESS:
    case TOKEN_JOIN:
    case TOKEN_AND:
    case TOKEN_TO:
    case TOKEN_ABOVE:
    case TOKEN_KIND_N: break;
    }
    return i + 1;
}

/* `dynamic (49152-65535)` is the range; the same port twice is one. */
static void tidy(struct parser *parser)
{
    struct port_entries *entries = &parser->entries;
    bool range = false;
    size_t n = 0;

    for (size_t i = 0; i < entries->n; i++)
        range = range || (entries->v[i].kind == PORT_RANGE && entries->v[i].hi > entries->v[i].lo);
    for (size_t i = 0; i < entries->n; i++) {
        struct port_entry *entry = &entries->v[i];
        bool twice = entry->kind == PORT_DYNAMIC && range;

        for (size_t k = 0; k < n && !twice; k++) {
            if (entries->v[k].kind == entry->kind && (entry->kind == PORT_RANGE || entry->kind == PORT_DYNAMIC) &&
                entries->v[k].lo == entry->lo && entries->v[k].hi == entry->hi) {
                entries->v[k].transports |= entry->transports;
                twice = true;
            }
        }
        if (!twice)
            entries->v[n++] = *entry;
    }
    entries->n = n;
}

static void finish(struct parser *parser)
{
    struct port_text *result = parser->result;
    struct port_entry *entry;

    tidy(parser);
    result->transports |= parser->prefix;
    result->none =
        (result->none || result->known == 0) && parser->entries.n == 0 && result->unknown == 0 && !result->foreign;
    if (parser->wild && parser->entries.n == 0 && result->service == NULL) {
        entry = add(parser, result->transports == 0 ? PORT_ANY : PORT_RANGE);
        entry->transports = result->transports;
        entry->lo = 1;
        entry->hi = 65535;
        result->any_transport = result->transports == 0;
    } else if ((parser->symbol || parser->elsewhere) && parser->entries.n == 0) {
        entry = add(parser, PORT_UNSTATED);
        entry->text = words_line(parser->arena, parser->text, 80);
        result->none = false;
    }
    if (parser->symbol && parser->entries.n > 0 && parser->entries.v[0].kind == PORT_RANGE)
        result->is_default = true;
    result->entries = parser->entries.v;
    result->n = parser->entries.n;
}

/* Gives back the tokens, unless entries have text that was made on the way. */
static void keep_entries(struct arena *arena, struct arena_mark mark, struct port_text *result)
{
    struct port_entry few[8];

    if (result->n > sizeof few / sizeof *few)
        return;
    for (size_t i = 0; i < result->n; i++) {
        if (result->entries[i].text.n > 0)
            return;
        few[i] = result->entries[i];
    }
    arena_release(arena, mark);
    result->entries = result->n == 0 ? NULL : arena_copy(arena, few, result->n * sizeof *few);
}

/* `not applicable`, in words. */
static bool is_refusal(struct arena *arena, struct str text)
{
    static const char *const words[] = {"not applicable", "not used", "no port", "no ports", "nil", "none required"};
    struct str normal = text.n > 40 ? STR_EMPTY : words_normal(arena, text);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(normal, words[i]))
            return true;
    }
    return false;
}

void ports_read(struct arena *arena, struct str text, struct port_text *result)
{
    struct parser parser = {.arena = arena, .text = text, .result = result};

    struct arena_mark mark = arena_mark(arena);

    *result = (struct port_text){.mark = STR_EMPTY};
    if (text.n == 0) {
        result->none = true;
        return;
    }
    if (is_refusal(arena, text)) {
        result->none = true;
        arena_release(arena, mark);
        return;
    }
    parser.tokens = port_tokens(arena, text, &result->mark);
    for (size_t i = 0; i < parser.tokens.n;)
        i = read_token(&parser, i);
    finish(&parser);
    keep_entries(arena, mark, result);
}

enum port_shape ports_shape(const struct port_text *text)
{
    size_t numbers = 0;
    size_t symbols = 0;
    size_t icmp = 0;

    for (size_t i = 0; i < text->n; i++) {
        numbers += text->entries[i].kind == PORT_RANGE;
        icmp += text->entries[i].kind == PORT_ICMP;
        symbols += text->entries[i].kind != PORT_RANGE && text->entries[i].kind != PORT_ICMP;
    }
    if (text->none)
        return SHAPE_EMPTY;
    if (text->foreign || text->unknown > 2 * text->known)
        return SHAPE_NONE;
    if (numbers > 0 && text->transports != 0)
        return SHAPE_BOTH;
    if (numbers > 0)
        return text->unknown > text->known ? SHAPE_NONE : SHAPE_PORTS;
    if (text->n > icmp && text->transports != 0)
        return SHAPE_BOTH; /* any tcp, dynamic udp */
    if (symbols > 0)
        return text->unknown > text->known ? SHAPE_NONE : SHAPE_SYMBOLIC;
    if (text->transports != 0 || icmp > 0)
        return text->unknown > text->known ? SHAPE_NONE : SHAPE_TRANSPORTS;
    if (text->service != NULL && text->unknown == 0)
        return SHAPE_SERVICES;
    return SHAPE_NONE;
}
