/*
 * Whether words name a party. A cell may say where something is used instead of by whom ("internal", "self"), or
 * nothing ("N/A"); a phrase out of a sentence may be half a clause. What is no name never becomes a role: the end is
 * then read from elsewhere, with the reason that is true of it.
 */
#include "import/importer.h"

/* Where a list of names is parted. */
static size_t part_n(struct str text)
{
    size_t n = 0;

    while (n < text.n && strchr(",/&;|+\n", text.p[n]) == NULL)
        n++;
    return n;
}

static struct str without_only(struct str normal)
{
    return str_ends(normal, " only") ? str_head(normal, normal.n - 5) : normal;
}

struct whereabouts party_where(struct arena *arena, struct str text)
{
    static const char *const inside[] = {
        "internal",  "internally",       "intra cluster",    "inter node",       "internode", "node to node",
        "intranode", "cluster internal", "internal cluster", "internal traffic", NULL};
    static const char *const outside[] = {"external", "externally", "external traffic", NULL};
    static const char *const self[] = {"self",   "localhost",    "local host", "loopback",   "same host",
                                       "itself", "127 0 0 1",    "local",      "node local", "local node only",
                                       "lo",     "same machine", NULL};
    static const char *const nothing[] = {"n a", "na",   "none",  "not applicable", "tbd",      "yes",
                                          "no",  "true", "false", "unknown",        "not used", NULL};
    struct arena_mark mark = arena_mark(arena);
    struct whereabouts where = {.names = STR_EMPTY};
    struct buf names = BUF_EMPTY;

    if (text.n > 80)
        return (struct whereabouts){.named = true, .names = STR_EMPTY};
    if (word_is_one_of(words_normal(arena, text), nothing))
        text = STR_EMPTY; /* its sign parts no names */
    if (str_starts(words_normal(arena, text), "nothing ") || str_is(words_normal(arena, text), "nobody")) {
        arena_release(arena, mark);
        return (struct whereabouts){.self = true, .names = STR_EMPTY};
    }
    while (text.n > 0) {
        size_t n = part_n(text);
        struct str normal = without_only(words_normal(arena, str_head(text, n)));

        if (word_is_one_of(normal, inside)) {
            where.inside = true;
        } else if (word_is_one_of(normal, outside)) {
            where.outside = true;
        } else if (word_is_one_of(normal, self)) {
            where.self = true;
        } else if (normal.n > 0 && !word_is_one_of(normal, nothing)) {
            where.named = true;
            buf_addf(&names, "%s%.*s", names.n > 0 ? ", " : "", STR_ARG(str_trim(str_head(text, n))));
        }
        text = str_from(text, n < text.n ? n + 1 : n);
    }
    arena_release(arena, mark);
    if (where.self && where.named)
        where.names = str_dup(arena, buf_str(&names));
    buf_free(&names);
    return where;
}

/* "intervening firewalls", "ranges used", "public interface": what traffic goes through or over, and no end of it. */
static bool is_way(struct str key)
{
    static const char *const lasts[] = {
        "firewall",       "port",    "range", "traffic", "access",     "protocol", "support",  "interface",
        "mode",           "purpose", "basis", "case",    "time",       "order",    "addition", "communication",
        "security group", "group",   "rule",  "request", "connection", NULL};
    static const char *const firsts[] = {"range",      "port",    "use",       "using", "traffic",
                                         "connection", "access",  "exception", "rule",  "number",
                                         "list",       "version", "support",   "order", NULL};
    struct str rest = key;
    struct str first = str_word(&rest);
    struct str last = first;

    for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest))
        last = word;
    return word_is_one_of(first, firsts) || word_is_one_of(last, lasts);
}

bool party_is_anything(struct arena *arena, struct str phrase)
{
    static const char *const words[] = {
        "host",     "machine",  "system",  "computer",     "environment", "site",  "app",   "application", "prototype",
        "solution", "software", "product", "installation", "deployment",  "setup", "stack", NULL};

    return word_is_one_of(party_key(arena, phrase), words);
}

/* "from outside": where, and not who. */
static bool is_anywhere(struct str key)
{
    static const char *const words[] = {"network", "outside", "inside", "anywhere", "everywhere", "world", NULL};

    return word_is_one_of(key, words);
}

static bool has_verb(struct str normal)
{
    static const char *const words[] = {
        "may",   "might", "can",     "could",    "will",     "would",     "want",   "wants",   "need",    "needs",
        "has",   "have",  "used",    "uses",     "using",    "allow",     "allows", "allowed", "when",    "if",
        "where", "how",   "what",    "without",  "require",  "opened",    "set",    "you",     "running", "cannot",
        "send",  "sends", "receive", "receives", "download", "downloads", NULL};

    for (struct str word = str_word(&normal); word.n > 0; word = str_word(&normal)) {
        if (word_is_one_of(word, words))
            return true;
    }
    return false;
}

/* A capital letter or a digit: the name of something. */
static bool is_proper(struct str phrase)
{
    for (size_t i = 0; i < phrase.n; i++) {
        if ((phrase.p[i] >= 'A' && phrase.p[i] <= 'Z') || (phrase.p[i] >= '0' && phrase.p[i] <= '9') ||
            phrase.p[i] == '{')
            return true;
    }
    return false;
}

bool party_is_clause(struct arena *arena, struct str phrase)
{
    struct str key = party_key(arena, phrase);

    return is_way(key) || is_anywhere(key) || has_verb(words_normal(arena, phrase));
}

bool party_is_phrase(const struct importer *importer, struct str phrase)
{
    struct str key = party_key(importer->arena, phrase);

    if (key.n == 0 || words_have(importer->product->key, str_cstr(importer->arena, key)))
        return key.n > 0;
    if (map_get(&importer->actors, key) != NULL)
        return true;
    return !party_is_clause(importer->arena, phrase) &&
           (party_is_role(importer, phrase) || is_proper(phrase) || words_count(key) <= 2);
}

bool party_among(struct str normal)
{
    static const char *const says[] = {"internode",     "inter node",    "node to node",          "server to server",
                                       "intra cluster", "between nodes", "between cluster nodes", "broker to broker",
                                       "peer to peer"};

    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        if (words_have(normal, says[i]))
            return true;
    }
    return false;
}
