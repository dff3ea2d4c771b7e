/*
 * Where the ports of an item stand: at its beginning, behind its last colon, in parentheses behind labels, at its end,
 * or in a line of their own above or below what is said of them.
 */
#include "import/item_ports.h"
#include "import/importer.h"

/* "443 to the server": a `to` or `from` that is not of a range. */
size_t item_to_end(struct str text, size_t end)
{
    static const char *const words[] = {" to ", " from "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        for (size_t at = 0; at + n < end; at++) {
            if (memcmp(text.p + at, words[i], n) == 0 && (text.p[at + n] < '0' || text.p[at + n] > '9'))
                end = at;
        }
    }
    return end;
}

/* How much of the text from its start is ports and nothing else: up to a sign that parts them from the purpose. */
size_t item_ports_end(struct str text)
{
    static const char *const signs[] = {
        "\n",    "=>",       "->",        " - ",       ": ", " \xe2\x80\x93 ", " \xe2\x80\x94 ", "\xe2\x86\x92",
        " for ", " is used", " are used", " between ", " (", ", used"};
    size_t end = text.n;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);

        for (size_t at = 0; at + n <= end; at++) {
            if (memcmp(text.p + at, signs[i], n) == 0) {
                end = at;
                break;
            }
        }
    }
    return item_to_end(text, end);
}

struct str item_skip_signs(struct str text)
{
    size_t bytes;

    while (text.n > 0) {
        enum words_sign sign = words_sign(text, 0, &bytes);

        if (strchr(" :-=>(\t", text.p[0]) == NULL && sign != SIGN_DASH && sign != SIGN_ARROW && sign != SIGN_BLANK)
            break;
        text = str_from(text, bytes);
    }
    return str_trim(text);
}

bool item_is_good(const struct port_text *read)
{
    enum port_shape shape = ports_shape(read);

    if (read->fault != NULL || read->unknown > 0 || read->foreign)
        return false;
    for (size_t i = 0; i < read->n; i++) {
        if (read->entries[i].kind != PORT_RANGE && read->entries[i].kind != PORT_ICMP)
            return false;
    }
    return read->n > 0 && (shape == SHAPE_BOTH || shape == SHAPE_PORTS || shape == SHAPE_TRANSPORTS);
}

/* "Open", "Allow inbound": what a bullet may say before its ports. */
static struct str skip_verbs(struct arena *arena, struct str text)
{
    static const char *const words[] = {"open",    "allow",   "permit",   "enable",   "unblock",
                                        "forward", "inbound", "outbound", "incoming", "outgoing",
                                        "traffic", "on",      "the",      "access",   "to"};

    for (bool again = true; again;) {
        struct str rest = text;
        struct str word = words_normal(arena, str_word(&rest));

        again = false;
        for (size_t i = 0; i < sizeof words / sizeof *words && !again; i++)
            again = rest.n > 0 && str_is(word, words[i]);
        if (again)
            text = str_trim(rest);
    }
    return text;
}

/* "TCP 443 => purpose", "443/tcp (HTTPS): purpose". */
bool item_ports_first(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    size_t end;
    struct str head;
    struct str tail;

    text = skip_verbs(importer->arena, text);
    end = item_ports_end(text);
    head = str_head(text, end);
    tail = str_from(text, end);
    ports_read(importer->arena, head, ports);
    if (!item_is_good(ports))
        return false;
    while (str_starts(tail, " (")) { /* 22 (TCP): …, 443 (HTTPS), 8443 (API) … */
        const char *close = memchr(tail.p, ')', tail.n);
        struct port_text more;
        struct str both;

        if (close == NULL)
            break;
        both = str_head(text, (size_t)(close - text.p) + 1);
        end = both.n;
        if (end < text.n && (text.p[end] == ',' || text.p[end] == ';'))
            end += 1 + item_ports_end(str_from(text, end + 1));
        else if (str_starts(str_from(text, end), " and "))
            end += 5 + item_ports_end(str_from(text, end + 5));
        ports_read(importer->arena, str_head(text, end), &more);
        if (!item_is_good(&more)) {
            end = both.n;
            ports_read(importer->arena, both, &more);
        }
        if (!item_is_good(&more))
            break;
        *ports = more;
        tail = str_from(text, end);
    }
    *purpose = item_skip_signs(str_starts(tail, " (") ? str_trim(tail) : tail);
    return true;
}

/* Without what stands in parentheses and is neither port nor transport: "9042/tcp (queries)". */
static struct str without_remarks(struct arena *arena, struct str text)
{
    struct buf left = BUF_EMPTY;
    struct str made;

    while (text.n > 0) {
        const char *open = memchr(text.p, '(', text.n);
        const char *close = open == NULL ? NULL : memchr(open, ')', text.n - (size_t)(open - text.p));
        size_t n = close == NULL ? text.n : (size_t)(close - text.p) + 1;
        struct port_text read = {.n = 1};

        if (close != NULL)
            ports_read(arena, (struct str){open + 1, (size_t)(close - open) - 1}, &read);
        if (read.n == 0 && read.transports == 0)
            buf_add(&left, str_head(text, (size_t)(open - text.p)));
        else
            buf_add(&left, str_head(text, n));
        text = str_from(text, n);
    }
    made = str_dup(arena, buf_str(&left));
    buf_free(&left);
    return made;
}

/* "Web interface: 8006 (TCP, HTTP)", "queue - 5672": a label, and behind its last colon or dash nothing but ports. */
static bool ports_behind(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    for (size_t i = text.n; i > 1; i--) {
        size_t bytes;
        bool sign =
            text.p[i - 1] == ':' || (text.p[i - 1] == ' ' && i < text.n &&
                                     (str_starts(str_from(text, i), "- ") || words_sign(text, i, &bytes) == SIGN_DASH));

        if (!sign)
            continue;
        *purpose = str_trim(str_head(text, i - 1));
        if (i == text.n || words_count(words_normal(importer->arena, *purpose)) > 10)
            return false;
        ports_read(importer->arena, without_remarks(importer->arena, item_skip_signs(str_from(text, i))), ports);
        return item_is_good(ports) && purpose->n > 0;
    }
    return false;
}

/* "the gossip port (TCP and UDP) 8301", "web access tcp/443": what the item ends with is transport and port. */
static bool ports_at_end(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct arena *arena = importer->arena;

    for (size_t i = text.n > 60 ? text.n - 60 : 1; i < text.n; i++) {
        struct arena_mark mark = arena_mark(arena);

        if (text.p[i - 1] != ' ' && text.p[i - 1] != ':')
            continue;
        ports_read(arena, str_from(text, i), ports);
        if (item_is_good(ports) && ports->transports != 0 && ports_shape(ports) == SHAPE_BOTH) {
            *purpose = str_trim(str_head(text, i));
            return words_count(words_normal(arena, *purpose)) <= 14;
        }
        arena_release(arena, mark);
    }
    return false;
}

/* What follows says what the ports are for. */
static bool begins_remark(struct str rest)
{
    return str_starts(rest, ":") || str_starts(rest, ". ") || str_starts(rest, " - ");
}

/* "nginx (80, 443)", "redis (6379) or zookeeper (2181, 2888)": short labels, each with its ports in parentheses. */
bool item_ports_last(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct arena *arena = importer->arena;
    struct entries VEC(struct port_entry) all = {0};
    struct str rest = text;
    bool either = false;

    if (ports_behind(importer, text, ports, purpose))
        return true;
    *ports = (struct port_text){.mark = STR_EMPTY};
    for (;;) {
        const char *open = memchr(rest.p, '(', rest.n);
        const char *close = open == NULL ? NULL : memchr(open, ')', rest.n - (size_t)(open - rest.p));
        struct port_text one;

        if (close == NULL || (all.n > 0 && begins_remark(rest)))
            break; /* what follows says what for */
        ports_read(arena, (struct str){open + 1, (size_t)(close - open) - 1}, &one);
        if (!item_is_good(&one))
            return ports_at_end(importer, text, ports, purpose);
        either = either || all.n > 0;
        for (size_t i = 0; i < one.n; i++)
            *vec_push(arena, &all) = one.entries[i];
        rest = str_from(rest, (size_t)(close - rest.p) + 1);
    }
    if (all.n == 0 || (words_count(words_normal(arena, rest)) > 0 && !begins_remark(rest)))
        return ports_at_end(importer, text, ports, purpose);
    ports->entries = all.v;
    ports->n = all.n;
    ports->either = either && words_have(words_normal(arena, text), "or");
    ports->known = all.n;
    *purpose = text;
    return words_count(words_normal(arena, str_head(text, (size_t)(rest.p - text.p)))) <= 14;
}

/* A term and what is said of it, in two lines: the ports stand in one of them. */
bool item_term(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct str rest = STR_EMPTY;
    struct str term = str_trim(str_cut(text, '\n', &rest));

    rest = str_trim(rest);
    if (term.n == 0 || rest.n == 0)
        return false;
    if (item_ports_first(importer, term, ports, purpose)) {
        *purpose = purpose->n > 0 ? text : rest;
        return true;
    }
    if (item_ports_last(importer, term, ports, purpose)) {
        *purpose = text;
        return true;
    }
    if (!item_ports_first(importer, rest, ports, purpose) && !ports_at_end(importer, rest, ports, purpose))
        return false;
    *purpose = purpose->n > 0 ? text : term;
    return true;
}
