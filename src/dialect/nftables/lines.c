/*
 * Scanner of nft's input language, only as deep as rules stand in it; see lines.h. From nft(8), "INPUT FILE FORMATS",
 * and the lexer of nft 1.0.6: statements end at a newline or `;` outside braces, `\` joins lines, `#` begins a
 * comment, strings are in double quotes.
 *
 *     TEXT      := { COMMAND END }
 *     COMMAND   := [add|create] table NAME [ { {TABLE-ITEM END} } ]
 *                | [add|create] chain NAME CHAIN [ { {CHAIN-ITEM END} } ]
 *                | [add] rule NAME CHAIN RULE | flush … | delete … | anything else
 *     NAME      := [ip|ip6|inet|arp|bridge|netdev] TABLE
 *     END       := newline | `;`
 */
#include "dialect/nftables/lines.h"

#include <assert.h>

enum token { TOKEN_WORD, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_END, TOKEN_EOF };

#define WORDS_MAX 8

struct scan {
    struct lines *lines;
    struct str text;
    size_t at;   /* behind the token */
    size_t from; /* where the token begins */
    enum token token;
};

/* A statement up to its end or its first `{`. */
struct statement {
    struct str words[WORDS_MAX];
    size_t ends[WORDS_MAX]; /* offsets behind the words */
    size_t n;
    size_t from;
    size_t to;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blanks(struct scan *scan)
{
    const char *p = scan->text.p;

    while (scan->at < scan->text.n) {
        size_t next = scan->at + 1;

        if (is_blank(p[scan->at])) {
            scan->at++;
        } else if (p[scan->at] == '\\' && next < scan->text.n && p[next] == '\r' && next + 1 < scan->text.n &&
                   p[next + 1] == '\n') {
            scan->at += 3;
        } else if (p[scan->at] == '\\' && next < scan->text.n && p[next] == '\n') {
            scan->at += 2;
        } else if (p[scan->at] == '#') {
            while (scan->at < scan->text.n && p[scan->at] != '\n')
                scan->at++;
        } else {
            break;
        }
    }
}

static bool ends_word(char c)
{
    return is_blank(c) || c == '\n' || c == ';' || c == '{' || c == '}' || c == '"' || c == '#';
}

static void next_token(struct scan *scan)
{
    const char *p = scan->text.p;

    skip_blanks(scan);
    scan->from = scan->at;
    if (scan->at == scan->text.n) {
        scan->token = TOKEN_EOF;
        return;
    }
    switch (p[scan->at++]) {
    case '\n':
    case ';': scan->token = TOKEN_END; return;
    case '{': scan->token = TOKEN_OPEN; return;
    case '}': scan->token = TOKEN_CLOSE; return;
    case '"':
        while (scan->at < scan->text.n && p[scan->at] != '"' && p[scan->at] != '\n')
            scan->at++;
        if (scan->at < scan->text.n && p[scan->at] == '"')
            scan->at++;
        scan->token = TOKEN_STRING;
        return;
    default: break;
    }
    while (scan->at < scan->text.n && !ends_word(p[scan->at]))
        scan->at++;
    scan->token = TOKEN_WORD;
}

/* Reads words up to `{` (left as the token), the end of the statement, or the `}` of the block around it. */
static void read_words(struct scan *scan, struct statement *statement)
{
    *statement = (struct statement){.from = scan->from, .to = scan->from};
    while (scan->token == TOKEN_WORD || scan->token == TOKEN_STRING) {
        if (statement->n < WORDS_MAX) {
            statement->words[statement->n] = str_head(str_from(scan->text, scan->from), scan->at - scan->from);
            statement->ends[statement->n++] = scan->at;
        }
        statement->to = scan->at;
        next_token(scan);
    }
}

/* The rest of a statement, braces and what is in them included. */
static void read_rest(struct scan *scan, struct statement *statement)
{
    size_t depth = 0;

    while (scan->token != TOKEN_EOF) {
        if (depth == 0 && (scan->token == TOKEN_END || scan->token == TOKEN_CLOSE))
            return;
        depth += scan->token == TOKEN_OPEN;
        depth -= scan->token == TOKEN_CLOSE;
        if (scan->token != TOKEN_END)
            statement->to = scan->at;
        next_token(scan);
    }
}

static struct span span_of(const struct scan *scan, const struct statement *statement)
{
    return span_at(scan->lines->source, statement->from, statement->to - statement->from);
}

static struct str key_of(struct arena *arena, struct str table, struct str name)
{
    return str_printf(arena, "%.*s %.*s", STR_ARG(table), STR_ARG(name));
}

static struct lines_chain *chain_of(struct scan *scan, struct str table, struct str name)
{
    struct arena *arena = scan->lines->arena;
    struct str key = key_of(arena, table, name);
    struct lines_chain *chain = map_get(&scan->lines->chains, key);

    if (chain == NULL) {
        chain = arena_new_object(arena, struct lines_chain);
        chain->table = table;
        chain->name = name;
        map_set(arena, &scan->lines->chains, key, chain);
    }
    if (chain->place.source == NULL)
        chain->place = span_at(scan->lines->source, (size_t)(name.p - scan->text.p), name.n);
    return chain;
}

/* `[FAMILY] TABLE` from word *i on; "" where it is not there. */
static struct str table_of(struct scan *scan, const struct statement *statement, size_t *i)
{
    static const char *const families[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    struct str family = STR("ip");

    for (size_t k = 0; *i + 1 < statement->n && k < sizeof families / sizeof *families; k++) {
        if (str_is(statement->words[*i], families[k])) {
            family = statement->words[(*i)++];
            break;
        }
    }
    if (*i >= statement->n)
        return STR_EMPTY;
    *i += 1;
    return str_printf(scan->lines->arena, "%.*s %.*s", STR_ARG(family), STR_ARG(statement->words[*i - 1]));
}

static bool is_one_of(struct str word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (str_is(word, *list))
            return true;
    }
    return false;
}

/* Where a base chain of netdev is bound: what follows `device` or `devices`, up to `priority`. */
static void note_devices(struct scan *scan, struct lines_chain *chain, const struct statement *statement)
{
    struct str text = str_head(str_from(scan->text, statement->from), statement->to - statement->from);

    for (size_t i = 0; i + 7 < text.n; i++) {
        struct str rest = str_from(text, i);
        struct str devices;

        if ((i > 0 && !is_blank(text.p[i - 1])) || !str_starts(rest, "device"))
            continue;
        devices = str_from(rest, str_starts(rest, "devices") ? 7 : 6);
        for (size_t k = 0; k < devices.n; k++) {
            if (str_starts(str_from(devices, k), "priority"))
                devices.n = k;
        }
        chain->devices = str_trim(devices);
        return;
    }
}

static void chain_item(struct scan *scan, struct lines_chain *chain)
{
    static const char *const properties[] = {"type",    "policy", "flags",    "comment",  "device",
                                             "devices", "define", "redefine", "undefine", NULL};
    struct statement statement;

    read_words(scan, &statement);
    read_rest(scan, &statement);
    if (statement.to == statement.from)
        return;
    if (statement.n > 0 && str_is(statement.words[0], "include")) {
        chain->uncertain = true;
        return;
    }
    if (statement.n == 0 || !is_one_of(statement.words[0], properties)) {
        *vec_push(scan->lines->arena, &chain->rules) = span_of(scan, &statement);
        return;
    }
    if (str_is(statement.words[0], "policy")) {
        chain->policy = true;
        chain->place = span_of(scan, &statement);
    }
    if (str_starts(statement.words[0], "type") || str_starts(statement.words[0], "device"))
        note_devices(scan, chain, &statement);
}

/* Behind `{`, to the `}` of it. */
static void chain_block(struct scan *scan, struct lines_chain *chain)
{
    next_token(scan);
    while (scan->token != TOKEN_EOF && scan->token != TOKEN_CLOSE) {
        if (scan->token == TOKEN_END)
            next_token(scan);
        else
            chain_item(scan, chain);
    }
    if (scan->token == TOKEN_CLOSE)
        next_token(scan);
}

static void note_set(struct scan *scan, struct str table, struct str name)
{
    struct span *place = arena_new_object(scan->lines->arena, struct span);

    *place = span_at(scan->lines->source, (size_t)(name.p - scan->text.p), name.n);
    map_set(scan->lines->arena, &scan->lines->sets, key_of(scan->lines->arena, table, name), place);
}

static void table_block(struct scan *scan, struct str table)
{
    next_token(scan);
    while (scan->token != TOKEN_EOF && scan->token != TOKEN_CLOSE) {
        struct statement statement;

        if (scan->token == TOKEN_END) {
            next_token(scan);
            continue;
        }
        read_words(scan, &statement);
        if (scan->token == TOKEN_OPEN && statement.n == 2 && str_is(statement.words[0], "chain")) {
            chain_block(scan, chain_of(scan, table, statement.words[1]));
            continue;
        }
        if (statement.n >= 2 && str_is(statement.words[0], "flags") && str_contains(statement.words[1], "dormant"))
            map_set(scan->lines->arena, &scan->lines->dormant, table, scan->lines);
        if (statement.n == 2 && (str_is(statement.words[0], "set") || str_is(statement.words[0], "map")))
            note_set(scan, table, statement.words[1]);
        read_rest(scan, &statement);
    }
    if (scan->token == TOKEN_CLOSE)
        next_token(scan);
}

/* Every chain of a table (empty: of all) is as good as new; `certain` false: nobody knows what is in it. */
static void forget(struct scan *scan, struct str table, struct str chain, bool certain)
{
    for (size_t i = 0; i < scan->lines->chains.n; i++) {
        struct lines_chain *each = scan->lines->chains.entries[i].value;

        if ((table.n > 0 && !str_eq(each->table, table)) || (chain.n > 0 && !str_eq(each->name, chain)))
            continue;
        each->rules.n = 0;
        each->uncertain = !certain;
    }
}

static void rule_command(struct scan *scan, struct statement *statement, size_t i)
{
    static const char *const positions[] = {"position", "index", "handle", NULL};
    struct str table = table_of(scan, statement, &i);
    struct lines_chain *chain;
    size_t from;

    read_rest(scan, statement);
    if (i >= statement->n)
        return;
    chain = chain_of(scan, table, statement->words[i++]);
    if (i < statement->n && is_one_of(statement->words[i], positions))
        chain->uncertain = true;
    from = statement->ends[i - 1];
    while (from < statement->to && is_blank(scan->text.p[from]))
        from++;
    *vec_push(scan->lines->arena, &chain->rules) = span_at(scan->lines->source, from, statement->to - from);
}

static void undo_command(struct scan *scan, struct statement *statement)
{
    bool flush = str_is(statement->words[0], "flush");
    struct str table;
    size_t i = 2;

    if (statement->n >= 2 && str_is(statement->words[1], "ruleset")) {
        if (flush)
            forget(scan, STR_EMPTY, STR_EMPTY, statement->n == 2);
        return;
    }
    table = table_of(scan, statement, &i);
    if (statement->n < 2 || table.n == 0)
        return;
    if (str_is(statement->words[1], "table"))
        forget(scan, table, STR_EMPTY, true);
    else if (str_is(statement->words[1], "chain"))
        forget(scan, table, i < statement->n ? statement->words[i] : STR_EMPTY, i < statement->n);
    else if (str_is(statement->words[1], "rule"))
        forget(scan, table, i < statement->n ? statement->words[i] : STR_EMPTY, false);
}

static void command(struct scan *scan)
{
    static const char *const undo[] = {"flush", "delete", "destroy", NULL};
    static const char *const change[] = {"insert", "replace", "rename", NULL};
    struct statement statement;
    struct str table;
    size_t i = 0;

    read_words(scan, &statement);
    if (statement.n == 0) {
        next_token(scan); /* a brace out of place */
        return;
    }
    if (str_is(statement.words[0], "add") || str_is(statement.words[0], "create"))
        i = 1;
    if (i < statement.n && str_is(statement.words[i], "table")) {
        i++;
        table = table_of(scan, &statement, &i);
        if (scan->token == TOKEN_OPEN)
            table_block(scan, table);
    } else if (i < statement.n && str_is(statement.words[i], "chain")) {
        i++;
        table = table_of(scan, &statement, &i);
        if (scan->token == TOKEN_OPEN && i < statement.n)
            chain_block(scan, chain_of(scan, table, statement.words[i]));
    } else if (i < statement.n && str_is(statement.words[i], "rule")) {
        rule_command(scan, &statement, i + 1);
    } else if (is_one_of(statement.words[0], undo)) {
        undo_command(scan, &statement);
    } else if (is_one_of(statement.words[0], change)) {
        i = 2;
        table = table_of(scan, &statement, &i);
        forget(scan, table, i < statement.n ? statement.words[i] : STR_EMPTY, false);
        if (i < statement.n) /* also where the chain is named here for the first time */
            chain_of(scan, table, statement.words[i])->uncertain = true;
    }
    read_rest(scan, &statement);
}

struct lines *lines_scan(struct arena *arena, const struct source *source, struct str text)
{
    struct lines *lines = arena_new_object(arena, struct lines);
    struct scan scan = {.lines = lines, .text = text};

    assert(text.n == source->text.n);

    lines->arena = arena;
    lines->source = source;
    next_token(&scan);
    while (scan.token != TOKEN_EOF) {
        if (scan.token == TOKEN_END)
            next_token(&scan);
        else
            command(&scan);
    }
    return lines;
}

struct lines_chain *lines_chain(const struct lines *lines, struct str table, struct str name)
{
    return map_get(&lines->chains, key_of(lines->arena, table, name));
}

const struct span *lines_set(const struct lines *lines, struct str table, struct str name)
{
    return map_get(&lines->sets, key_of(lines->arena, table, name));
}
