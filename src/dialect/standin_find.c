/*
 * Where a text needs stand-ins; see standin.h. The text is walked as nft's lexer does, as deep as rules stand in it.
 * Three spellings of xtables: `xt match "recent"` (nft 1.0.7 and later), `xt match recent` (1.0.3 to 1.0.6), and before
 * that a comment, `# recent: SET name: …`, which makes a comment of the rest of its line (src/xt.c of each).
 */
#include "base/num.h"
#include "dialect/standin_inside.h"

#define BLOCKS_MAX 16

enum block { BLOCK_TABLE, BLOCK_CHAIN, BLOCK_OTHER };
enum token { TOKEN_WORD, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_END, TOKEN_EOF };

struct walk {
    struct standins *standins;
    struct str text;
    size_t at;
    size_t from; /* of the token */
    enum token token;
    enum block blocks[BLOCKS_MAX];
    size_t depth;
    size_t braces; /* inside of the statement */
    struct str words[3];
    size_t word_n;
    size_t begin; /* of the statement */
    size_t behind;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct str for_json(struct arena *arena, struct str name)
{
    char *copy = arena_copy(arena, name.p, name.n);

    for (size_t i = 0; i < name.n; i++) {
        if (copy[i] == '"' || copy[i] == '\\' || (unsigned char)copy[i] < ' ')
            copy[i] = '_';
    }
    return (struct str){copy, name.n};
}

static void add_xt(struct standins *standins, size_t from, size_t to, bool match, struct str name)
{
    name = for_json(standins->arena, name);
    standins_add(standins, from, to)->json = str_printf(
        standins->arena, "{\"xt\": {\"type\": \"%s\", \"name\": \"%.*s\"}}", match ? "match" : "target", STR_ARG(name));
}

static bool in_chain(const struct walk *walk)
{
    return walk->depth > 0 && walk->blocks[walk->depth - 1] == BLOCK_CHAIN;
}

/* How far the match of a listing's comment reaches: to its counter. */
static size_t comment_match(struct str comment)
{
    for (size_t i = 0; i + 17 < comment.n; i++) {
        if (str_starts(str_from(comment, i), " counter packets "))
            return i;
    }
    return 0;
}

/* `# recent: … counter packets 0 bytes 0 accept`, `counter packets 0 bytes 0 # LOG level warning`. */
static bool comment_is_xt(struct walk *walk, size_t end)
{
    struct str comment = str_head(str_from(walk->text, walk->at), end - walk->at);
    size_t match = comment_match(comment);
    struct str before = str_head(str_from(walk->text, walk->begin), walk->behind - walk->begin);
    struct str name = str_trim(str_from(comment, 1));
    struct str rest = name;
    struct str word = str_word(&rest);

    if (!in_chain(walk) || walk->braces > 0 || str_starts(name, "handle "))
        return false;
    if (match == 0 && (walk->word_n == 0 || !str_contains(before, "counter packets ") || comment.n < 2))
        return false;
    if (match == 0) {
        struct str tail = before;
        uint64_t number;

        while (tail.n > 0 && tail.p[tail.n - 1] >= '0' && tail.p[tail.n - 1] <= '9')
            tail.n--;
        if (tail.n == before.n || !str_ends(tail, " bytes ") ||
            !num_decimal(str_from(before, tail.n), UINT64_MAX, &number))
            return false;
    }
    if (str_starts(word, "xt_"))
        word = str_from(word, 3);
    if (str_ends(word, ":"))
        word.n--;
    add_xt(walk->standins, walk->at, match > 0 ? walk->at + match : end, match > 0, word);
    if (walk->word_n == 0) { /* a rule begins with it */
        walk->begin = walk->at;
        walk->words[walk->word_n++] = STR("xt");
    }
    walk->at = match > 0 ? walk->at + match : end;
    walk->behind = walk->at;
    return true;
}

static void skip_blanks(struct walk *walk)
{
    const char *p = walk->text.p;
    size_t n = walk->text.n;

    while (walk->at < n) {
        const char *newline;
        size_t end;

        if (is_blank(p[walk->at])) {
            walk->at++;
        } else if (p[walk->at] == '\\' && walk->at + 1 < n && (p[walk->at + 1] == '\n' || is_blank(p[walk->at + 1]))) {
            walk->at += 2;
        } else if (p[walk->at] == '#') {
            newline = memchr(p + walk->at, '\n', n - walk->at);
            end = newline == NULL ? n : (size_t)(newline - p);
            if (!comment_is_xt(walk, end))
                walk->at = end;
        } else {
            break;
        }
    }
}

static void next_token(struct walk *walk)
{
    const char *p = walk->text.p;
    size_t n = walk->text.n;

    skip_blanks(walk);
    walk->from = walk->at;
    if (walk->at == n) {
        walk->token = TOKEN_EOF;
        return;
    }
    switch (p[walk->at++]) {
    case '\n':
    case ';': walk->token = TOKEN_END; return;
    case '{': walk->token = TOKEN_OPEN; return;
    case '}': walk->token = TOKEN_CLOSE; return;
    case '"':
        while (walk->at < n && p[walk->at] != '"' && p[walk->at] != '\n')
            walk->at++;
        walk->at += walk->at < n && p[walk->at] == '"';
        walk->token = TOKEN_STRING;
        return;
    default: break;
    }
    while (walk->at < n && !is_blank(p[walk->at]) && strchr("\n;{}\"#", p[walk->at]) == NULL)
        walk->at++;
    walk->token = TOKEN_WORD;
}

static struct str token_text(const struct walk *walk)
{
    return str_head(str_from(walk->text, walk->from), walk->at - walk->from);
}

static bool word_is(const struct walk *walk, size_t i, const char *word)
{
    return i < walk->word_n && str_is(walk->words[i], word);
}

/* `add rule inet t c`, `insert rule t c position 5`: where the rule itself begins; 0: no such command. */
static size_t command_rule(const struct walk *walk)
{
    static const char *const verbs[] = {"add", "insert", "replace", "create"};
    static const char *const families[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    static const char *const positions[] = {"position", "index", "handle"};
    struct str statement = str_head(str_from(walk->text, walk->begin), walk->behind - walk->begin);
    struct str rest = statement;
    struct str word = str_word(&rest);
    bool is_verb = false;
    size_t skip = 2;

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        is_verb = is_verb || str_is(word, verbs[i]);
    if (is_verb)
        word = str_word(&rest);
    if (!str_is(word, "rule"))
        return 0;
    statement = rest;
    word = str_word(&rest);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        skip += str_is(word, families[i]);
    for (size_t i = 1; i < skip; i++)
        str_word(&rest);
    statement = rest;
    word = str_word(&statement);
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        if (str_is(word, positions[i])) {
            str_word(&statement);
            rest = statement;
            break;
        }
    }
    rest = str_trim(rest);
    return rest.n == 0 ? 0 : (size_t)(rest.p - walk->text.p);
}

/* `priority dstnat` of an output chain, as nft lists it from 1.0.8 on: its number. */
static void number_priority(struct walk *walk)
{
    struct str rest = str_head(str_from(walk->text, walk->begin), walk->behind - walk->begin);
    struct str word = str_word(&rest);
    bool hook = false;

    for (; word.n > 0 && !str_is(word, "priority"); word = str_word(&rest))
        hook = hook || str_is(word, "output") || str_is(word, "input");
    word = str_word(&rest);
    if (hook && (str_is(word, "dstnat") || str_is(word, "srcnat"))) {
        struct str sign = str_word(&rest);
        struct str offset = str_word(&rest);
        uint64_t number = 0;
        int64_t priority = str_is(word, "dstnat") ? -100 : 100;
        const char *behind = word.p + word.n;

        if ((str_is(sign, "+") || str_is(sign, "-")) && num_decimal(offset, INT32_MAX, &number)) {
            behind = offset.p + offset.n;
            priority += str_is(sign, "-") ? -(int64_t)number : (int64_t)number;
        }
        standins_add(walk->standins, (size_t)(word.p - walk->text.p), (size_t)(behind - walk->text.p))->written =
            str_printf(walk->standins->arena, "%lld", (long long)priority);
    }
}

/* Properties of tables, chains and flow tables that change no verdict, and that nft or the kernel may not know. */
static void drop_property(struct walk *walk)
{
    bool flags = word_is(walk, 0, "flags") && walk->word_n > 1;

    if (flags && ((in_chain(walk) && word_is(walk, 1, "offload")) ||
                  (walk->depth > 0 && walk->blocks[walk->depth - 1] == BLOCK_TABLE && !word_is(walk, 1, "dormant"))))
        standins_add(walk->standins, walk->begin, walk->behind);
}

static void end_statement(struct walk *walk)
{
    static const char *const properties[] = {"type",    "policy", "flags",    "comment",  "device", "devices",
                                             "include", "define", "redefine", "undefine", NULL};
    size_t from = 0;
    size_t i = 0;

    if (walk->behind > walk->begin) {
        while (properties[i] != NULL && !word_is(walk, 0, properties[i]))
            i++;
        if (in_chain(walk) && properties[i] == NULL)
            from = walk->begin;
        else if (walk->depth == 0)
            from = command_rule(walk);
        if (from > 0)
            *vec_push(walk->standins->arena, &walk->standins->rules) =
                (struct standin_rule){(uint32_t)from, (uint32_t)walk->behind};
        drop_property(walk);
        if (in_chain(walk) && word_is(walk, 0, "type"))
            number_priority(walk);
    }
    walk->word_n = 0;
    walk->begin = walk->behind = walk->at;
}

static void add_word(struct walk *walk)
{
    if (walk->word_n == 0)
        walk->begin = walk->from;
    if (walk->word_n < 3)
        walk->words[walk->word_n++] = token_text(walk);
    walk->behind = walk->at;
}

/* A `{`: of a table, of a chain, of something else of a table, or of a statement. */
static void open_brace(struct walk *walk)
{
    size_t i = word_is(walk, 0, "add") || word_is(walk, 0, "create") ? 1 : 0;
    enum block block = word_is(walk, i, "table") ? BLOCK_TABLE : word_is(walk, i, "chain") ? BLOCK_CHAIN : BLOCK_OTHER;

    if (walk->braces > 0 || in_chain(walk) || walk->depth == BLOCKS_MAX || word_is(walk, i, "rule") ||
        word_is(walk, 0, "define")) {
        walk->braces++;
        walk->behind = walk->at;
        return;
    }
    if (block == BLOCK_OTHER && walk->depth > 0 && word_is(walk, 0, "flowtable")) {
        size_t depth = 1;
        size_t begin = walk->begin;

        for (next_token(walk); depth > 0 && walk->token != TOKEN_EOF; next_token(walk)) {
            depth += walk->token == TOKEN_OPEN;
            depth -= walk->token == TOKEN_CLOSE;
            if (depth == 0)
                break;
        }
        standins_add(walk->standins, begin, walk->at);
        walk->word_n = 0;
        walk->begin = walk->behind = walk->at;
        return;
    }
    walk->blocks[walk->depth++] = block;
    walk->word_n = 0;
    walk->begin = walk->behind = walk->at;
}

static void close_brace(struct walk *walk)
{
    if (walk->braces > 0) {
        walk->braces--;
        walk->behind = walk->at;
        return;
    }
    walk->at--; /* the statement ends before it */
    end_statement(walk);
    walk->at++;
    walk->begin = walk->behind = walk->at;
    walk->depth -= walk->depth > 0;
}

/* `meter NAME size 9 { ip saddr limit … }`: of hashlimit, whose names nft lists more than once and loads once. */
static bool add_meter(struct standins *standins, struct walk *walk)
{
    struct walk ahead = *walk;
    size_t depth = 0;
    struct str name;

    next_token(&ahead);
    name = for_json(standins->arena, token_text(&ahead));
    while (ahead.token == TOKEN_WORD)
        next_token(&ahead);
    for (; ahead.token != TOKEN_EOF; next_token(&ahead)) {
        depth += ahead.token == TOKEN_OPEN;
        depth -= ahead.token == TOKEN_CLOSE && depth > 0;
        if (depth == 0)
            break;
    }
    if (ahead.token != TOKEN_CLOSE)
        return false;
    standins_add(standins, walk->from, ahead.at)->json =
        str_printf(standins->arena, "{\"meter\": {\"name\": \"%.*s\"}}", STR_ARG(name));
    *walk = ahead;
    return true;
}

/* Statements of a rule: from its words to the end. */
static void find_in_rule(struct standins *standins, const struct standin_rule *rule)
{
    struct walk walk = {.standins = standins, .text = str_head(standins->text, rule->to), .at = rule->from};
    struct str before = STR_EMPTY;
    bool fib = false;

    for (next_token(&walk); walk.token != TOKEN_EOF; next_token(&walk)) {
        size_t from = walk.from;
        struct str word = token_text(&walk);
        bool name = str_is(before, "jump") || str_is(before, "goto") || walk.token != TOKEN_WORD;

        before = word;
        if (name)
            continue;
        fib = fib || str_is(word, "fib");
        if (fib && str_is(word, "check")) { /* nft 1.1.2 and later */
            standins_add(standins, from, walk.at)->written = STR("oif");
            fib = false;
        }
        if (str_is(word, "meter") && add_meter(standins, &walk)) {
            continue;
        } else if (str_is(word, "xt")) {
            bool match;
            struct str text;

            next_token(&walk);
            match = str_is(token_text(&walk), "match");
            next_token(&walk);
            text = token_text(&walk);
            if (walk.token == TOKEN_STRING && text.n >= 2)
                text = str_head(str_from(text, 1), text.n - 2);
            add_xt(standins, from, walk.at, match, text);
        } else if (str_is(word, "queue")) {
            size_t to = walk.at;

            for (next_token(&walk); walk.token != TOKEN_EOF && !str_is(token_text(&walk), "comment"); next_token(&walk))
                to = walk.at;
            standins_add(standins, from, to)->json = STR("{\"queue\": null}");
            if (walk.token == TOKEN_EOF)
                return;
        } else if (str_is(word, "flow")) {
            next_token(&walk);
            next_token(&walk);
            standins_add(standins, from, walk.at)->written = STR("counter");
        } else if (str_is(word, "last")) {
            size_t to = walk.at;
            struct walk ahead = walk;

            next_token(&ahead);
            if (str_is(token_text(&ahead), "used")) {
                next_token(&ahead);
                to = ahead.at;
                walk = ahead;
            }
            standins_add(standins, from, to)->written = STR("counter");
        }
    }
}

/* `chain NAME` of a table, `jump NAME` and `goto NAME` anywhere. */
static void name_chain(struct walk *walk, struct str before)
{
    bool declared = walk->depth == 1 && walk->word_n == 1 && str_is(before, "chain");

    if (declared || (walk->depth > 0 && (str_is(before, "jump") || str_is(before, "goto"))))
        standins_name_chain(walk->standins, walk->from, token_text(walk));
}

void standins_find(struct standins *standins, struct arena *arena, struct str text)
{
    struct walk walk = {.standins = standins, .text = text};
    struct str word = STR_EMPTY;
    size_t before;

    *standins = (struct standins){.arena = arena, .text = text};
    for (next_token(&walk); walk.token != TOKEN_EOF; next_token(&walk)) {
        if (walk.token == TOKEN_WORD)
            name_chain(&walk, word);
        word = walk.token == TOKEN_WORD ? token_text(&walk) : STR_EMPTY;
        switch (walk.token) {
        case TOKEN_WORD:
        case TOKEN_STRING: add_word(&walk); break;
        case TOKEN_OPEN: open_brace(&walk); break;
        case TOKEN_CLOSE: close_brace(&walk); break;
        case TOKEN_END:
            if (walk.braces == 0)
                end_statement(&walk);
            break;
        case TOKEN_EOF: break;
        }
    }
    standins->open = walk.depth;
    standins->open_data = walk.depth > 0 && walk.blocks[walk.depth - 1] == BLOCK_OTHER;
    before = standins->rules.n;
    end_statement(&walk);
    standins->open_rule = standins->rules.n > before;
    vec_each (struct standin_rule *, rule, &standins->rules)
        find_in_rule(standins, rule);
    standins_sort(standins);
}
