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

enum place { PLACE_NAME, PLACE_INSIDE, PLACE_OUTSIDE, PLACE_SELF, PLACE_NOTHING, PLACE_N };

static enum place place_of(struct arena *arena, struct str part)
{
    static const char *const inside[] = {
        "internal",     "internally",       "intra cluster",    "inter node",       "internode",
        "node to node", "cluster internal", "internal cluster", "internal traffic", NULL};
    static const char *const outside[] = {"external", "externally", "external traffic", NULL};
    static const char *const self[] = {"self",   "localhost",    "local host", "loopback",   "same host",
                                       "itself", "127 0 0 1",    "local",      "node local", "local node only",
                                       "lo",     "same machine", NULL};
    static const char *const nothing[] = {"n a", "na",   "none",  "not applicable", "tbd",      "yes",
                                          "no",  "true", "false", "unknown",        "not used", NULL};
    bool remark = memchr(part.p, '(', part.n) != NULL; /* "N/A (inside only)" */
    struct str normal = without_only(remark ? party_key(arena, part) : words_normal(arena, part));

    if (word_is_one_of(normal, self) || str_starts(normal, "nothing ") || str_is(normal, "nobody"))
        return PLACE_SELF;
    if (word_is_one_of(normal, inside))
        return PLACE_INSIDE;
    if (word_is_one_of(normal, outside))
        return PLACE_OUTSIDE;
    return normal.n == 0 || word_is_one_of(normal, nothing) ? PLACE_NOTHING : PLACE_NAME;
}

/* The names of a list, without where they are. */
static struct str names_alone(struct arena *arena, struct str text)
{
    struct buf names = BUF_EMPTY;
    struct str made;

    while (text.n > 0) {
        size_t n = part_n(text);

        if (place_of(arena, str_head(text, n)) == PLACE_NAME)
            buf_addf(&names, "%s%.*s", names.n > 0 ? ", " : "", STR_ARG(str_trim(str_head(text, n))));
        text = str_from(text, n < text.n ? n + 1 : n);
    }
    made = str_dup(arena, buf_str(&names));
    buf_free(&names);
    return made;
}

struct whereabouts party_where(struct arena *arena, struct str text)
{
    struct arena_mark mark = arena_mark(arena);
    struct whereabouts where = {.named = text.n > 80, .names = STR_EMPTY};
    enum place whole = where.named ? PLACE_NAME : place_of(arena, text);
    struct str rest = text;

    if (where.named || whole == PLACE_NOTHING || whole == PLACE_SELF) { /* the sign in "N/A" parts no names */
        arena_release(arena, mark);
        where.self = whole == PLACE_SELF;
        return where;
    }
    while (rest.n > 0) {
        size_t n = part_n(rest);
        enum place place = n == text.n ? whole : place_of(arena, str_head(rest, n));

        where.inside = where.inside || place == PLACE_INSIDE;
        where.outside = where.outside || place == PLACE_OUTSIDE;
        where.self = where.self || place == PLACE_SELF;
        where.named = where.named || place == PLACE_NAME;
        rest = str_from(rest, n < rest.n ? n + 1 : n);
    }
    arena_release(arena, mark);
    if (where.self && where.named)
        where.names = names_alone(arena, text);
    return where;
}

/* "intervening firewalls", "ranges used", "public interface": what traffic goes through or over, and no end of it. */
static bool is_way(struct str key)
{
    static const char *const lasts[] = {"firewall",      "port",    "range",     "traffic",    "access",
                                        "protocol",      "support", "interface", "mode",       "purpose",
                                        "basis",         "case",    "time",      "order",      "addition",
                                        "communication", "rule",    "request",   "connection", NULL};
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
