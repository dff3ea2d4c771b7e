/*
 * A cell of ports in tokens. Numbers keep nothing of how they are written: thousands separators go, ranges of any
 * dash or word become one, footnote marks that are glued to them are set aside.
 */
#include "import/port_tokens.h"

struct scanner {
    struct arena *arena;
    struct str text;
    size_t at;
    struct tokens tokens;
    struct str mark;
    size_t thousands; /* where the last number with a separator ended; 0: there was none */
};

static const struct {
    const char *word;
    enum token_kind kind;
} port_words[] = {
#define PORT_WORD(word, kind) {word, kind},
#include "import/ports.def"
#undef PORT_WORD
};

static const struct {
    const char *word;
    unsigned transports;
} transport_words[] = {
    {"tcp", WORDS_TCP},   {"udp", WORDS_UDP},
    {"sctp", WORDS_SCTP}, {"dccp", WORDS_DCCP},
    {"tdp", WORDS_TCP},   {"tpc", WORDS_TCP},
    {"upd", WORDS_UDP},   {"tcp4", WORDS_TCP},
    {"tcp6", WORDS_TCP},  {"udp4", WORDS_UDP},
    {"udp6", WORDS_UDP},  {"tcpv4", WORDS_TCP},
    {"tcpip", WORDS_TCP}, {"tcpudp", WORDS_TCP | WORDS_UDP},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(struct str s, size_t at)
{
    size_t bytes;
    char c = s.p[at];

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           ((unsigned char)c >= 0x80 && words_sign(s, at, &bytes) == SIGN_NONE);
}

static struct token *add(struct scanner *scanner, enum token_kind kind, size_t from)
{
    struct token *token = vec_push(scanner->arena, &scanner->tokens);

    token->kind = kind;
    token->at = from;
    token->text = (struct str){scanner->text.p + from, scanner->at - from};
    return token;
}

/* Digits from `at`; how many there are. */
static size_t digits(struct str s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && is_digit(s.p[at + n]))
        n++;
    return n;
}

static uint32_t value(struct str s, size_t at, size_t n)
{
    uint32_t number = 0;

    for (size_t i = 0; i < n && number < 10000000; i++)
        number = number * 10 + (uint32_t)(s.p[at + i] - '0');
    return number;
}

/* Behind blanks, dashes and `to`. */
static size_t skip_dash(struct str s, size_t at)
{
    for (size_t bytes; at < s.n; at += bytes) {
        enum words_sign sign = words_sign(s, at, &bytes);

        if (str_starts(str_from(s, at), "to ") && at > 0 && s.p[at - 1] == ' ')
            bytes = 2;
        else if (s.p[at] != ' ' && s.p[at] != '-' && sign != SIGN_BLANK && sign != SIGN_DASH)
            break;
    }
    return at;
}

/* `1,024`: three digits follow a comma without a blank, and nothing else fits: as two ports the second begins with 0,
 * or the first is a single digit, or the whole is one end of a range that would run backwards. */
static bool is_thousands(struct str s, size_t at, size_t n)
{
    size_t next = at + n;
    uint32_t whole;

    if (n > 2 || next >= s.n || s.p[next] != ',' || digits(s, next + 1) != 3 || s.p[at] == '0')
        return false;
    whole = value(s, at, n) * 1000 + value(s, next + 1, 3);
    if (whole > 65535)
        return false;
    if (s.p[next + 1] == '0' || (n == 1 && (at == 0 || s.p[at - 1] != ',')))
        return true;
    next = skip_dash(s, next + 4);
    n = digits(s, next);
    return n > 0 && n <= 2 && next + n < s.n && s.p[next + n] == ',' && digits(s, next + n + 1) == 3 &&
           value(s, next, n) * 1000 + value(s, next + n + 1, 3) > whole;
}

/* A mark glued to a number: `*`, `[3]`, a raised digit. */
static void scan_mark(struct scanner *scanner)
{
    struct str text = scanner->text;
    size_t bytes = 1;
    size_t from = scanner->at;

    if (from >= text.n)
        return;
    if (text.p[from] == '*' || words_sign(text, from, &bytes) == SIGN_MARK) {
        scanner->at += bytes;
        if (scanner->mark.n == 0)
            scanner->mark = (struct str){text.p + from, bytes};
    } else if (text.p[from] == '[') {
        size_t n = digits(text, from + 1);

        if (n > 0 && n < 3 && from + 1 + n < text.n && text.p[from + 1 + n] == ']') {
            scanner->at += n + 2;
            scanner->mark = (struct str){text.p + from + 1, n};
        }
    }
}

/* Letters and digits in a row, dots that are followed by one too. */
static size_t run_end(struct str s, size_t at)
{
    while (at < s.n &&
           (is_digit(s.p[at]) || is_letter(s, at) ||
            ((s.p[at] == '.' || s.p[at] == '_') && at + 1 < s.n && (is_digit(s.p[at + 1]) || is_letter(s, at + 1)))))
        at++;
    return at;
}

static bool transport_of(struct str normal, unsigned *transports)
{
    for (size_t i = 0; i < sizeof transport_words / sizeof *transport_words; i++) {
        if (str_is(normal, transport_words[i].word)) {
            *transports = transport_words[i].transports;
            return true;
        }
    }
    return false;
}

/* `{{ port }}`, `${PORT}`, `<port>`, `$port`: whatever stands there is known elsewhere. */
static bool scan_symbol(struct scanner *scanner)
{
    static const char *const tags[] = {"<sup>", "</sup>", "<sub>",   "</sub>", "<b>",
                                       "</b>",  "<code>", "</code>", "<br>"};
    struct str s = scanner->text;
    size_t from = scanner->at;
    char close = s.p[from] == '<' ? '>' : s.p[from] == '{' ? '}' : '\0';
    size_t at = from + 1;

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (str_starts(str_from(s, from), tags[i])) {
            scanner->at += strlen(tags[i]);
            if (str_is(str_of(tags[i]), "<br>"))
                add(scanner, TOKEN_SEPARATOR, from);
            return true;
        }
    }
    if (s.p[from] == '$') {
        close = at < s.n && s.p[at] == '{' ? '}' : '\0';
        if (close == '\0')
            at = run_end(s, at);
    }
    if (close != '\0') {
        if (s.p[from] == '<' && (at >= s.n || !is_letter(s, at)))
            return false;
        while (at < s.n && s.p[at] != close && s.p[at] != '\n')
            at++;
        while (at < s.n && s.p[at] == close)
            at++;
    }
    at += digits(s, at); /* what stands at it is a part of it: <nn>13 */
    scanner->at = at;
    add(scanner, TOKEN_SYMBOL, from);
    return true;
}

/* `{range}`, `{ndash}`: what AsciiDoc's writers call the dash of a range; how long, 0: something else. */
static size_t dash_name(struct str s, size_t at)
{
    static const char *const names[] = {"{range}", "{ndash}", "{endash}", "{dash}", "{to}"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_starts(str_from(s, at), names[i]))
            return strlen(names[i]);
    }
    return 0;
}

static void scan_number(struct scanner *scanner)
{
    struct str s = scanner->text;
    size_t from = scanner->at;
    size_t n = digits(s, from);
    size_t end = from + n;
    unsigned transports;
    struct token *token;
    uint32_t number = value(s, from, n);

    if (is_thousands(s, from, n) || (scanner->thousands > 0 && skip_dash(s, scanner->thousands) == from && n <= 2 &&
                                     end < s.n && s.p[end] == ',' && digits(s, end + 1) == 3)) {
        number = number * 1000 + value(s, end + 1, 3);
        end += 4;
        scanner->thousands = end;
    }
    if (end + 1 < s.n && dash_name(s, end) == 0 &&
        (s.p[end] == '<' || s.p[end] == '$' || s.p[end] == '{')) { /* 3<instance>15 */
        struct scanner symbol = *scanner;

        symbol.at = end;
        symbol.tokens = (struct tokens){0};
        if (scan_symbol(&symbol) && symbol.tokens.n > 0 && symbol.tokens.v[0].kind == TOKEN_SYMBOL) {
            scanner->at = symbol.at;
            add(scanner, TOKEN_SYMBOL, from);
            return;
        }
    }
    scanner->at = run_end(s, end);
    if (scanner->at > end) { /* 443tcp is two tokens; 8GB, 22.04 and 59xx are none of ours */
        struct str tail = words_normal(scanner->arena, (struct str){s.p + end, scanner->at - end});

        if (s.p[end] == '.' || !transport_of(tail, &transports)) {
            bool symbolic = str_is(tail, "x") || str_is(tail, "xx") || str_is(tail, "xxx");

            add(scanner, symbolic ? TOKEN_SYMBOL : TOKEN_FOREIGN, from);
            return;
        }
        scanner->at = end;
    }
    token = add(scanner, TOKEN_NUMBER, from);
    token->lo = token->hi = number;
    scan_mark(scanner);
}

/* Whether a service of two or three words begins here; else the word alone. */
static const struct service_word *service_at(struct scanner *scanner, size_t from, size_t end)
{
    struct str s = scanner->text;
    const struct service_word *service = NULL;
    size_t more = end;

    for (int words = 1; words <= 3; words++) {
        struct str text = {s.p + from, more - from};
        const struct service_word *found = words_service(words_normal(scanner->arena, text));

        if (found != NULL) {
            service = found;
            scanner->at = more;
        }
        if (more >= s.n || (s.p[more] != ' ' && s.p[more] != '-') || more + 1 >= s.n || !is_letter(s, more + 1))
            break;
        more = run_end(s, more + 1);
    }
    return service;
}

static void scan_word(struct scanner *scanner)
{
    struct str s = scanner->text;
    size_t from = scanner->at;
    size_t end = run_end(s, from);
    struct str word = words_normal(scanner->arena, (struct str){s.p + from, end - from});
    const struct service_word *service;
    unsigned transports;

    scanner->at = end;
    if (transport_of(word, &transports)) {
        if (str_is(word, "tcp") && str_starts(str_from(s, end), "/IP") && (end + 3 == s.n || !is_letter(s, end + 3)))
            scanner->at += 3;
        add(scanner, TOKEN_TRANSPORT, from)->transports = transports;
        return;
    }
    service = service_at(scanner, from, end);
    for (size_t i = 0; service == NULL && word.n > 0 && i < sizeof port_words / sizeof *port_words; i++) {
        if (port_words[i].word[0] == word.p[0] && str_is(word, port_words[i].word)) {
            add(scanner, port_words[i].kind, from);
            return;
        }
    }
    if (service != NULL && str_starts(word, "http") && scanner->at + 1 < s.n && s.p[scanner->at] == '/' &&
        (s.p[scanner->at + 1] == '1' || s.p[scanner->at + 1] == '2') &&
        (scanner->at + 2 == s.n || !is_digit(s.p[scanner->at + 2])))
        scanner->at = run_end(s, scanner->at + 1); /* HTTP/1.1 */
    if (service != NULL && str_is(word, "icmp"))
        add(scanner, TOKEN_ICMP, from);
    else if (service != NULL)
        add(scanner, TOKEN_SERVICE, from)->service = service;
    else
        add(scanner, TOKEN_UNKNOWN, from);
}

static enum token_kind sign_kind(struct str s, size_t at, size_t *bytes)
{
    *bytes = 1;
    switch (s.p[at]) {
    case ',':
    case ';':
    case '\n':
    case '|': return TOKEN_SEPARATOR;
    case '/': return TOKEN_SLASH;
    case ':':
    case '=': return TOKEN_COLON;
    case '(':
    case '[': return TOKEN_OPEN;
    case ')':
    case ']': return TOKEN_CLOSE;
    case '-':
    case '~': return TOKEN_DASH;
    case '>': return TOKEN_MORE;
    case '<': return TOKEN_LESS;
    case '&':
    case '+': return TOKEN_JOIN;
    case '*': return TOKEN_ANY;
    default: break;
    }
    switch (words_sign(s, at, bytes)) {
    case SIGN_DASH: return TOKEN_DASH;
    case SIGN_BULLET: return TOKEN_SEPARATOR;
    case SIGN_ARROW:
    case SIGN_BOTH_ARROW: return TOKEN_DASH;
    case SIGN_NONE:
        if (str_starts(str_from(s, at), "\xe2\x89\xa5")) {
            *bytes = 3;
            return TOKEN_ABOVE;
        }
        return TOKEN_KIND_N;
    case SIGN_BLANK:
    case SIGN_QUOTE:
    case SIGN_MARK: return TOKEN_KIND_N;
    }
    return TOKEN_KIND_N;
}

static void scan(struct scanner *scanner)
{
    struct str s = scanner->text;

    while (scanner->at < s.n) {
        size_t from = scanner->at;
        size_t bytes;
        enum token_kind kind;

        if (is_digit(s.p[from])) {
            scan_number(scanner);
            continue;
        }
        kind = sign_kind(s, from, &bytes);
        if (dash_name(s, from) > 0) {
            scanner->at += dash_name(s, from);
            add(scanner, TOKEN_DASH, from);
            continue;
        }
        if ((s.p[from] == '$' || s.p[from] == '{' || s.p[from] == '<') && scan_symbol(scanner))
            continue;
        if (kind == TOKEN_KIND_N && is_letter(s, from)) {
            if ((s.p[from] == 'N' || s.p[from] == 'n') && from + 2 < s.n && s.p[from + 1] == '/' &&
                (s.p[from + 2] == 'A' || s.p[from + 2] == 'a') && (from + 3 == s.n || !is_letter(s, from + 3))) {
                scanner->at += 3;
                add(scanner, TOKEN_NONE, from);
                continue;
            }
            scan_word(scanner);
            continue;
        }
        scanner->at += bytes;
        if (kind != TOKEN_KIND_N)
            add(scanner, kind, from);
    }
}

static bool is_joint(enum token_kind kind)
{
    return kind == TOKEN_DASH || kind == TOKEN_TO;
}

static bool is_between(struct str word)
{
    return str_is(word, "between") || str_is(word, "Between");
}

/* N - N, N to N, between N and N become one; so do > N, N and above, N or higher, N+. */
static struct tokens join_ranges(struct arena *arena, const struct tokens *in)
{
    struct tokens out = {0};

    for (size_t i = 0; i < in->n; i++) {
        struct token token = in->v[i];
        const struct token *next = &in->v[i + 1];
        size_t left = in->n - i - 1;

        if (token.kind == TOKEN_UNKNOWN && left >= 3 && is_between(token.text) && next->kind == TOKEN_NUMBER &&
            next[1].kind == TOKEN_AND && next[2].kind == TOKEN_NUMBER && next->lo == next->hi &&
            next[2].lo == next[2].hi) {
            token = *next;
            token.hi = next[2].lo;
            i += 3;
        } else if (token.kind == TOKEN_NUMBER && left >= 2 && is_joint(next->kind) && next[1].kind == TOKEN_NUMBER &&
                   token.lo == token.hi && next[1].lo == next[1].hi) {
            token.hi = next[1].lo;
            i += 2;
        } else if (token.kind == TOKEN_NUMBER && left >= 1 && next->kind == TOKEN_JOIN &&
                   next->at == token.at + token.text.n &&
                   (left == 1 || (next[1].kind != TOKEN_NUMBER && next[1].kind != TOKEN_UNKNOWN))) {
            token.hi = 65535;
            i += 1;
        } else if (token.kind == TOKEN_NUMBER && left >= 2 && (next->kind == TOKEN_AND || next->kind == TOKEN_OR) &&
                   next[1].kind == TOKEN_ABOVE) {
            token.hi = 65535;
            i += 2;
        } else if (token.kind == TOKEN_MORE && left >= 2 && next->kind == TOKEN_COLON && next[1].kind == TOKEN_NUMBER &&
                   next[1].lo == next[1].hi) { /* >= N */
            token = next[1];
            token.hi = 65535;
            i += 2;
        } else if (token.kind == TOKEN_ABOVE && left >= 2 && str_is(next->text, "than") &&
                   next[1].kind == TOKEN_NUMBER && next[1].lo == next[1].hi) { /* greater than N */
            token = next[1];
            token.lo++;
            token.hi = 65535;
            i += 2;
        } else if ((token.kind == TOKEN_MORE || token.kind == TOKEN_ABOVE) && left >= 1 && next->kind == TOKEN_NUMBER &&
                   next->lo == next->hi) {
            bool strict = token.kind == TOKEN_MORE || token.text.p[0] != '\xe2';

            if (token.kind == TOKEN_ABOVE && left >= 2 && str_is(token.text, "up"))
                strict = false;
            token = *next;
            token.lo += strict;
            token.hi = 65535;
            i += 1;
        }
        *vec_push(arena, &out) = token;
    }
    return out;
}

struct tokens port_tokens(struct arena *arena, struct str text, struct str *mark)
{
    struct scanner scanner = {.arena = arena, .text = text, .mark = STR_EMPTY};

    scan(&scanner);
    *mark = scanner.mark;
    return join_ranges(arena, &scanner.tokens);
}
