/*
 * Phrases: cut out of sentences by their clauses and prepositions, and freed of the words that every document about
 * ports has. English only: that is what the documents are written in.
 */
#include "import/phrases.h"

void sentence_split(struct arena *arena, struct str text, struct sentence *sentence)
{
    bool breaks = true;

    sentence->arena = arena;
    sentence->text = text;
    sentence->n = 0;
    for (size_t i = 0; i < text.n && sentence->n < SENTENCE_WORDS;) {
        size_t bytes;
        size_t from = i;
        enum words_sign sign;

        while (i < text.n) {
            sign = words_sign(text, i, &bytes);
            if ((unsigned char)text.p[i] <= ' ' || strchr(",;:.!?()\"/", text.p[i]) != NULL ||
                (sign != SIGN_NONE && sign != SIGN_QUOTE && sign != SIGN_DASH)) {
                if (text.p[i] != '.' && text.p[i] != '/')
                    break;
                if (i + 1 >= text.n || text.p[i + 1] == ' ' || text.p[i + 1] == '\n')
                    break; /* a full stop; not the dot of a name */
            }
            i += bytes;
        }
        if (i > from) {
            struct word *word = &sentence->words[sentence->n];

            *word = (struct word){words_normal(arena, (struct str){text.p + from, i - from}), from, i, breaks};
            sentence->n += word->normal.n > 0;
            breaks = false;
        }
        if (i < text.n) {
            words_sign(text, i, &bytes);
            breaks = breaks || strchr(",;:.!?()", text.p[i]) != NULL;
            i += bytes;
        }
    }
}

size_t sentence_match(const struct sentence *sentence, size_t i, const char *phrase)
{
    struct str rest;
    size_t n = 0;

    if (i >= sentence->n || sentence->words[i].normal.p[0] != phrase[0])
        return 0;
    rest = str_of(phrase);
    for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest), n++) {
        if (i + n >= sentence->n || !str_eq(sentence->words[i + n].normal, word))
            return 0;
    }
    return n;
}

struct str sentence_cut(const struct sentence *sentence, size_t from, size_t to)
{
    if (from >= to || to > sentence->n)
        return STR_EMPTY;
    return (struct str){sentence->text.p + sentence->words[from].at,
                        sentence->words[to - 1].end - sentence->words[from].at};
}

bool word_is_one_of(struct str word, const char *const *words)
{
    for (; word.n > 0 && *words != NULL; words++) {
        if ((*words)[0] == word.p[0] && str_is(word, *words))
            return true;
    }
    return false;
}

static const char *const generic[] = {"network",
                                      "networking",
                                      "port",
                                      "ports",
                                      "protocol",
                                      "protocols",
                                      "required",
                                      "requirement",
                                      "requirements",
                                      "require",
                                      "requires",
                                      "firewall",
                                      "firewalls",
                                      "rule",
                                      "rules",
                                      "communication",
                                      "communications",
                                      "connection",
                                      "connections",
                                      "connectivity",
                                      "inbound",
                                      "outbound",
                                      "incoming",
                                      "outgoing",
                                      "ingress",
                                      "egress",
                                      "traffic",
                                      "list",
                                      "table",
                                      "tables",
                                      "overview",
                                      "the",
                                      "a",
                                      "an",
                                      "of",
                                      "for",
                                      "and",
                                      "or",
                                      "to",
                                      "from",
                                      "by",
                                      "used",
                                      "use",
                                      "uses",
                                      "using",
                                      "with",
                                      "in",
                                      "on",
                                      "your",
                                      "default",
                                      "tcp",
                                      "udp",
                                      "open",
                                      "opened",
                                      "opening",
                                      "access",
                                      "accessed",
                                      "external",
                                      "internal",
                                      "domain",
                                      "domains",
                                      "url",
                                      "urls",
                                      "internet",
                                      "configuration",
                                      "configuring",
                                      "configure",
                                      "settings",
                                      "matrix",
                                      "reference",
                                      "information",
                                      "summary",
                                      "range",
                                      "ranges",
                                      "deployment",
                                      "deployments",
                                      "needed",
                                      "following",
                                      "these",
                                      "service",
                                      "services",
                                      "system",
                                      "general",
                                      "common",
                                      "additional",
                                      "optional",
                                      "other",
                                      "notes",
                                      "note",
                                      "introduction",
                                      "prerequisites",
                                      "prerequisite",
                                      "before",
                                      "you",
                                      "begin",
                                      "planning",
                                      "guide",
                                      "documentation",
                                      "diagram",
                                      "flows",
                                      "flow",
                                      "between",
                                      "components",
                                      "component",
                                      "product",
                                      "technical",
                                      "allow",
                                      "allowed",
                                      "must",
                                      "be",
                                      "security",
                                      "considerations",
                                      "ip",
                                      "numbers",
                                      "number",
                                      "details",
                                      "administration",
                                      "installation",
                                      "install",
                                      "appendix",
                                      "minimum",
                                      "supported",
                                      "is",
                                      "are",
                                      "usage",
                                      "which",
                                      "what",
                                      "does",
                                      "do",
                                      "docs",
                                      "that",
                                      "listening",
                                      "endpoints",
                                      "addresses",
                                      "as",
                                      "at",
                                      "all",
                                      "its",
                                      "allowlist",
                                      "whitelist",
                                      "lists",
                                      "direction",
                                      "directions",
                                      "allocation",
                                      "allocations",
                                      "assignment",
                                      "assignments",
                                      NULL};

static bool is_generic(struct str word)
{
    return word_is_one_of(word, generic) || (word.n > 0 && word.p[0] >= '0' && word.p[0] <= '9');
}

/* "Worker nodes (workers": the bracket behind the last word is a part of it. */
static struct str with_bracket(struct str text, struct str part)
{
    bool open = part.n > 0 && memchr(part.p, '(', part.n) != NULL && memchr(part.p, ')', part.n) == NULL;

    if (open && part.p + part.n < text.p + text.n && part.p[part.n] == ')')
        part.n++;
    return part;
}

struct str heading_subject(struct arena *arena, struct str text)
{
    struct sentence sentence;
    size_t from = 0;
    size_t to;

    if (str_ends(text, "(s)"))
        text.n -= 3;
    sentence_split(arena, text, &sentence);
    to = sentence.n;
    if (to > 14)
        return STR_EMPTY;
    while (from < to && is_generic(sentence.words[from].normal))
        from++;
    for (size_t i = from + 1; i < to; i++) { /* Ports that Acme uses as a client */
        static const char *const verbs[] = {"uses", "listens", "requires", "needs", "connects", "accesses", NULL};

        if (word_is_one_of(sentence.words[i].normal, verbs))
            to = i;
    }
    while (to > from && is_generic(sentence.words[to - 1].normal))
        to--;
    return with_bracket(text, sentence_cut(&sentence, from, to));
}

/* "report collected data", "protect the pool": what somebody does, and no party. */
static bool is_deed(struct str phrase, struct str first)
{
    static const char *const verbs[] = {
        "report",   "communicate", "protect",  "manage",       "enable",   "configure", "collect",  "send",
        "receive",  "provide",     "support",  "establish",    "download", "upload",    "perform",  "run",
        "deploy",   "retrieve",    "transfer", "validate",     "register", "discover",  "download", "synchronize",
        "allow",    "access",      "reach",    "authenticate", "use",      "work",      "ensure",   "obtain",
        "function", "operate",     "be",       "get",          NULL};

    return phrase.p[0] >= 'a' && phrase.p[0] <= 'z' && phrase.n > first.n && word_is_one_of(first, verbs);
}

struct str phrase_clean(struct arena *arena, struct str phrase)
{
    static const char *const leading[] = {"the",   "a",     "an",   "your", "each",    "all",  "any",       "every",
                                          "this",  "these", "both", "that", "ensure",  "then", "following", "ensures",
                                          "allow", "and",   "or",   "also", "current", NULL};
    static const char *const trailing[] = {"must",  "should", "needs", "need", "to",   "can", "will", "also",  "may",
                                           "has",   "have",   "on",    "and",  "or",   "is",  "are",  "only",  "the",
                                           "would", "by",     "via",   "over", "over", "for", "with", "using", NULL};
    static const char *const never[] = {"it",       "you",  "they",  "we",        "there",    "which",
                                        "that",     "this", "these", "following", "one",      "ones",
                                        "firewall", "port", "ports", "table",     "internet", NULL};
    struct sentence sentence;
    size_t from = 0;
    size_t to;
    bool named = false;

    sentence_split(arena, phrase, &sentence);
    to = sentence.n;
    while (from < to && word_is_one_of(sentence.words[from].normal, leading))
        from++;
    for (size_t i = from + 1; i + 1 < to; i++) { /* Acme and related services */
        if (sentence_match(&sentence, i, "and related") || sentence_match(&sentence, i, "and other") ||
            sentence_match(&sentence, i, "and its"))
            to = i;
    }
    while (to > from && word_is_one_of(sentence.words[to - 1].normal, trailing))
        to--;
    if (to - from == 0 || to - from > 7)
        return STR_EMPTY;
    for (size_t i = from; i < to; i++) {
        static const char *const verbs[] = {"uses", "requires", "is", "are",  "use",
                                            "must", "should",   "be", "used", NULL};

        if (word_is_one_of(sentence.words[i].normal, verbs))
            return STR_EMPTY;
        named = named || !is_generic(sentence.words[i].normal);
    }
    if (is_deed(sentence_cut(&sentence, from, to), sentence.words[from].normal))
        return STR_EMPTY;
    if (!named || (to - from == 1 && word_is_one_of(sentence.words[from].normal, never)))
        return STR_EMPTY;
    return sentence_cut(&sentence, from, to);
}

/* "access the server": behind "to" it is something to do, and the party stands behind it. */
static size_t verb_n(const struct sentence *sentence, size_t i)
{
    static const char *const reaches[] = {"access the", "access your", "access a", "access an",   "reach the",
                                          "reach your", "reach a",     "reach an", "contact the", "connect to the"};
    char first = sentence->text.p[sentence->words[i].at];

    for (size_t k = 0; first >= 'a' && first <= 'z' && k < sizeof reaches / sizeof *reaches; k++) {
        if (sentence_match(sentence, i, reaches[k]) > 0)
            return sentence_match(sentence, i, reaches[k]) - 1;
    }
    return 0;
}

struct str phrase_from(const struct sentence *sentence, size_t i, size_t *end)
{
    static const char *const stops[] = {"on",  "over",  "using",  "via",  "through",  "at",  "for",
                                        "in",  "with",  "if",     "when", "is",       "are", "must",
                                        "to",  "from",  "by",     "that", "which",    "so",  "as",
                                        "and", "where", "should", "uses", "requires", NULL};
    size_t from = i + (i < sentence->n ? verb_n(sentence, i) : 0);

    i = from;
    while (i < sentence->n && (i == from || !sentence->words[i].breaks) &&
           (i == from || !word_is_one_of(sentence->words[i].normal, stops)))
        i++;
    if (end != NULL)
        *end = i;
    return phrase_clean(sentence->arena, sentence_cut(sentence, from, i));
}

struct str phrase_before(const struct sentence *sentence, size_t i)
{
    static const char *const starts[] = {"that", "ensure", "sure", "if", "when", "where", "which", "because", NULL};
    size_t from = i;

    while (from > 0 && !sentence->words[from].breaks && !word_is_one_of(sentence->words[from - 1].normal, starts))
        from--;
    return phrase_clean(sentence->arena, sentence_cut(sentence, from, i));
}
