/*
 * Domain names; see domains.h. A name has a dot and ends in letters (RFC 1123, section 2.1); one whose last label is
 * the suffix of a file is none. Nothing is made wider: a placeholder (`<region>.example.com`) is not a wildcard.
 */
#include "import/domains.h"

#include "base/num.h"
#include "base/vec.h"
#include "import/words.h"
#include "net/addr.h"
#include "net/proto.h"

struct names VEC(struct str);
struct numbers VEC(uint16_t);

struct reader {
    struct arena *arena;
    struct names names;
    struct numbers ports;
    struct str rest;
};

static bool is_file_suffix(struct str label)
{
    static const char *const suffixes[] = {"js",  "conf", "cfg", "ini", "xml",  "yml",  "yaml", "json", "txt", "log",
                                           "exe", "dll",  "jar", "py",  "html", "conf", "rpm",  "deb",  "gz",  "md"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (str_is(label, suffixes[i]))
            return true;
    }
    return false;
}

/* "dfs.http.address", "server.port": names of settings. None of these is a top-level domain. */
static bool is_setting(struct str label)
{
    static const char *const words[] = {"address", "port",  "ports", "enabled", "bind", "listen", "timeout",
                                        "http",    "https", "uri",   "url",     "dir",  "server", "defaultfs"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(label, words[i]))
            return true;
    }
    return false;
}

static bool is_label(struct str label, bool last)
{
    for (size_t i = 0; i < label.n; i++) {
        char c = label.p[i];
        bool letter = c >= 'a' && c <= 'z';

        if (!letter && (last ? true : !(c >= '0' && c <= '9') && c != '-' && c != '_'))
            return last && str_starts(label, "xn--");
    }
    return label.n > (last ? 1 : 0) && label.n < 64 && label.p[0] != '-' && label.p[label.n - 1] != '-';
}

static bool is_domain(struct str name)
{
    struct str rest = str_starts(name, "*.") ? str_from(name, 2) : name;
    size_t labels = 0;

    if (name.n > 253)
        return false;
    for (;;) {
        struct str tail;
        struct str label = str_cut(rest, '.', &tail);
        bool last = label.n == rest.n;

        if (!is_label(label, last))
            return false;
        labels++;
        if (last)
            return labels > 1 && !is_file_suffix(label) && !is_setting(label);
        rest = tail;
    }
}

static void add(struct reader *reader, struct str name, uint16_t port)
{
    vec_each (struct str *, known, &reader->names) {
        if (str_eq(*known, name)) {
            name.n = 0;
            break;
        }
    }
    if (name.n > 0)
        *vec_push(reader->arena, &reader->names) = name;
    for (size_t i = 0; i < reader->ports.n; i++) {
        if (reader->ports.v[i] == port)
            return;
    }
    if (port != 0)
        *vec_push(reader->arena, &reader->ports) = port;
}

static struct str lower(struct arena *arena, struct str text)
{
    char *copy = arena_copy(arena, text.p, text.n);

    for (size_t i = 0; i < text.n; i++)
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] - 'A' + 'a') : copy[i];
    return (struct str){copy, text.n};
}

static uint16_t scheme_port(struct str scheme)
{
    static const struct {
        const char *scheme;
        uint16_t port;
    } schemes[] = {{"https", 443}, {"http", 80}, {"wss", 443}, {"ws", 80}, {"ftp", 21}, {"ssh", 22}, {"ldaps", 636}};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (str_is(scheme, schemes[i].scheme))
            return schemes[i].port;
    }
    return 0;
}

/* [scheme://] name [:port] [/path]; false when it is none of that. */
static bool read_name(struct reader *reader, struct str word)
{
    struct str text = lower(reader->arena, word);
    struct str path;
    struct str port_text;
    uint64_t number = 0;
    uint16_t port = 0;

    for (size_t i = 0; i + 3 < text.n; i++) {
        if (text.p[i] == ':' && text.p[i + 1] == '/' && text.p[i + 2] == '/') {
            port = scheme_port(str_head(text, i));
            text = str_from(text, i + 3);
            break;
        }
    }
    text = str_cut(text, '/', &path);
    text = str_cut(text, ':', &port_text);
    if (port_text.n > 0 && !str_is(port_text, "*") && (!num_decimal(port_text, 65535, &number) || number == 0))
        return false;
    if (number > 0)
        port = (uint16_t)number;
    while (text.n > 0 && text.p[text.n - 1] == '.')
        text.n--;
    if (str_starts(text, "."))
        text = str_printf(reader->arena, "*%.*s", STR_ARG(text));
    if (!is_domain(text))
        return false;
    add(reader, text, port);
    return true;
}

static bool is_filler(struct str normal)
{
    static const char *const words[] = {"and", "or", "all", "its", "any", "including", "the", "of", "e", "g"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(normal, words[i]))
            return true;
    }
    return normal.n == 0;
}

static bool is_parting(struct str s, size_t at, size_t *bytes)
{
    enum words_sign sign = words_sign(s, at, bytes);

    return (unsigned char)s.p[at] <= ' ' || strchr(",;|()[]\"'`", s.p[at]) != NULL ||
           (sign != SIGN_NONE && sign != SIGN_DASH);
}

/* Next word; *rest is what follows. */
static struct str next_word(struct str *rest)
{
    size_t start = 0;
    size_t end;
    size_t bytes;
    struct str word;

    while (start < rest->n && is_parting(*rest, start, &bytes))
        start += bytes;
    for (end = start; end < rest->n && !is_parting(*rest, end, &bytes); end += bytes)
        ;
    word = (struct str){rest->p + start, end - start};
    *rest = str_from(*rest, end);
    return word;
}

void domains_read_text(struct arena *arena, struct str text, struct domain_text *result)
{
    struct reader reader = {.arena = arena, .rest = STR_EMPTY};

    for (struct str word = next_word(&text); word.n > 0; word = next_word(&text)) {
        struct str normal;

        if (read_name(&reader, word))
            continue;
        normal = words_normal(arena, word);
        if (reader.names.n > 0 && (str_is(normal, "subdomains") || str_is(normal, "subdomain"))) {
            struct str last = reader.names.v[reader.names.n - 1];

            if (!str_starts(last, "*."))
                add(&reader, str_printf(arena, "*.%.*s", STR_ARG(last)), 0);
        } else if (!is_filler(normal) && reader.rest.n == 0) {
            reader.rest = word;
        }
    }
    *result = (struct domain_text){.domains = reader.names.v,
                                   .n = reader.names.n,
                                   .ports = reader.ports.v,
                                   .port_n = reader.ports.n,
                                   .rest = reader.rest};
}

bool domains_in(struct arena *arena, struct str text)
{
    struct domain_text read;

    if (memchr(text.p, '.', text.n) == NULL)
        return false;
    domains_read_text(arena, text, &read);
    return read.n > 0 && read.rest.n == 0;
}

bool domains_is_address(struct str text)
{
    size_t found = 0;

    for (struct str word = next_word(&text); word.n > 0; word = next_word(&text)) {
        size_t dots = 0;
        size_t colons = 0;

        for (size_t i = 0; i < word.n; i++) {
            char c = word.p[i];

            dots += c == '.';
            colons += c == ':';
            if (!(c >= '0' && c <= '9') && c != '.' && c != '/' && c != ':' && c != 'x' && c != '-' &&
                !(colons > 1 && c >= 'a' && c <= 'f'))
                return false;
        }
        if (dots < 3 && colons < 2)
            return false;
        found++;
    }
    return found > 0;
}
