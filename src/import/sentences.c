/*
 * Headings and sentences around tables: who speaks to whom, which way, over what, and when. A phrase is taken only from
 * the constructions below; a sentence that has none of them says nothing.
 */
#include "import/importer.h"

/* X requires access to …, X must be able to reach Y, X connects to Y. */
static void read_subject(const struct sentence *sentence, struct hints *hints)
{
    static const char *const verbs[] = {
        "must be able to reach",
        "must be able to access",
        "must be able to connect to",
        "must be able to communicate with",
        "must be able to contact",
        "must be able to resolve",
        "needs to be able to reach",
        "need to be able to reach",
        "needs to be able to access",
        "need to be able to access",
        "needs to be able to connect to",
        "need to be able to connect to",
        "must have access to",
        "needs to access",
        "need to access",
        "must access",
        "must reach",
        "must connect to",
        "must communicate with",
        "require access to",
        "requires access to",
        "need access to",
        "needs access to",
        "require outbound access to",
        "requires outbound access to",
        "requires internet access to",
        "require internet access to",
        "require network access to",
        "requires network access to",
        "requires outbound connectivity to",
        "require connectivity to",
        "requires connectivity to",
        "initiates connections to",
        "initiate connections to",
        "accesses",
        "access the",
        "connects to",
        "connect to",
        "contacts",
        "communicates with",
        "communicate with",
        "connects",
        "polls",
    };

    for (size_t i = 1; i < sentence->n && hints->from.n == 0; i++) {
        for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++) {
            size_t n = sentence_match(sentence, i, verbs[k]);
            struct str subject;

            if (n == 0 || sentence->words[i].breaks)
                continue;
            subject = phrase_before(sentence, i);
            if (subject.n == 0 || str_is(sentence->words[i - 1].normal, "to") ||
                str_is(sentence->words[i - 1].normal, "the"))
                break;
            hints->from = subject;
            if (sentence_match(sentence, i + n, "each other") || sentence_match(sentence, i + n, "one another"))
                hints->to = subject;
            if (i + n < sentence->n && hints->to.n == 0 && !str_is(str_of(verbs[k]), "connects"))
                hints->to = phrase_from(sentence, i + n, NULL);
            break;
        }
    }
}

/* X needs outbound HTTPS access to …: some words stand between. */
static void read_need(const struct sentence *sentence, struct hints *hints)
{
    static const char *const needs[] = {"need", "needs", "require", "requires", NULL};
    static const char *const accesses[] = {"access", "connectivity", "connections", "connection", NULL};

    for (size_t i = 1; i < sentence->n && hints->from.n == 0; i++) {
        if (!word_is_one_of(sentence->words[i].normal, needs) || sentence->words[i].breaks)
            continue;
        for (size_t k = i + 1; k + 2 < sentence->n && k < i + 6 && !sentence->words[k].breaks; k++) {
            if (!word_is_one_of(sentence->words[k].normal, accesses) || !str_is(sentence->words[k + 1].normal, "to"))
                continue;
            hints->from = phrase_before(sentence, i);
            hints->to = hints->from.n == 0 ? STR_EMPTY : phrase_from(sentence, k + 2, NULL);
            return;
        }
    }
}

/* for X to access Y */
static void read_for_to(const struct sentence *sentence, struct hints *hints)
{
    static const char *const verbs[] = {"to access", "to reach", "to connect to", "to communicate with", "to contact"};

    for (size_t i = 0; i + 3 < sentence->n && hints->from.n == 0; i++) {
        if (!str_is(sentence->words[i].normal, "for") && !str_is(sentence->words[i].normal, "allow") &&
            !str_is(sentence->words[i].normal, "allows") && !str_is(sentence->words[i].normal, "enable"))
            continue;
        for (size_t k = i + 2; k < sentence->n && k < i + 8; k++) {
            if (str_is(sentence->words[k - 1].normal, "for"))
                break;
            for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
                size_t n = sentence_match(sentence, k, verbs[v]);
                struct str subject =
                    n == 0 ? STR_EMPTY : phrase_clean(sentence->arena, sentence_cut(sentence, i + 1, k));

                if (subject.n == 0)
                    continue;
                hints->from = subject;
                hints->to = k + n < sentence->n ? phrase_from(sentence, k + n, NULL) : STR_EMPTY;
                return;
            }
        }
    }
}

static bool is_traffic(struct str word)
{
    static const char *const words[] = {"connections",    "connection", "traffic",  "access",   "communication",
                                        "communications", "inbound",    "incoming", "outbound", "outgoing",
                                        "connectivity",   "flows",      "ingress",  "egress",   NULL};

    return word_is_one_of(word, words);
}

/* connections from X to Y, traffic to X, access from X; between X and Y. */
static void read_ends(const struct sentence *sentence, bool heading, struct hints *hints)
{
    bool traffic = false;

    for (size_t i = 0; i < sentence->n; i++) {
        struct str word = sentence->words[i].normal;
        size_t end = i;

        if (sentence->words[i].breaks)
            traffic = false;
        traffic = traffic || is_traffic(word) || str_is(word, "reachable") || str_is(word, "accessible");
        if (i + 1 >= sentence->n || sentence->words[i + 1].breaks)
            continue;
        if (str_is(word, "between") && hints->from.n == 0 && hints->to.n == 0) {
            struct str from = phrase_from(sentence, i + 1, &end);
            struct str to = from.n > 0 && end + 1 < sentence->n && str_is(sentence->words[end].normal, "and")
                                ? phrase_from(sentence, end + 1, NULL)
                                : STR_EMPTY;

            if (to.n > 0 && (heading || traffic)) {
                hints->from = from;
                hints->to = to;
                hints->between = true;
            } else if (from.n > 0 && from.p[from.n - 1] == 's' && (heading || traffic) &&
                       (end >= sentence->n || !str_is(sentence->words[end].normal, "and"))) {
                hints->from = hints->to = from; /* between the nodes */
            }
        } else if (str_is(word, "from") && hints->from.n == 0 && (traffic || heading)) {
            hints->from = phrase_from(sentence, i + 1, &end);
            if (hints->from.n > 0 && end + 1 < sentence->n && str_is(sentence->words[end].normal, "to"))
                hints->to = phrase_from(sentence, end + 1, NULL);
            if (hints->to.n == 0 && !traffic && i > 0)
                hints->from = STR_EMPTY; /* "Run jobs from a container" */
        } else if (str_is(word, "to") && hints->to.n == 0 && traffic) {
            hints->to = phrase_from(sentence, i + 1, NULL);
        }
    }
}

/* opened on X, X must accept; ports used by X, X uses the following ports. */
static void read_owner(const struct sentence *sentence, struct hints *hints)
{
    static const char *const opens[] = {"open",    "opened",  "opens",     "listen",    "listening",  "listens",
                                        "exposed", "allowed", "available", "reachable", "accessible", "bound",
                                        "enabled", "allow",   "unblocked", "required",  "needed",     NULL};
    static const char *const uses[] = {"uses", "use", "requires", "require", "needs", "listens", NULL};
    static const char *const accepts[] = {"must accept", "accepts connections", "listens on",         "listen on",
                                          "must listen", "must allow inbound",  "must allow incoming"};
    bool open = false;

    for (size_t i = 1; i < sentence->n && hints->owner.n == 0; i++) {
        for (size_t k = 0; k < sizeof accepts / sizeof *accepts && hints->owner.n == 0; k++) {
            if (!sentence->words[i].breaks && sentence_match(sentence, i, accepts[k]) > 0)
                hints->owner = phrase_before(sentence, i);
        }
        if (hints->owner.n > 0 && hints->way == WAY_UNSAID)
            hints->way = WAY_IN;
    }
    for (size_t i = 0; i + 1 < sentence->n && hints->owner.n == 0; i++) {
        struct str word = sentence->words[i].normal;

        open = open || word_is_one_of(word, opens);
        if (str_is(word, "on") && open) {
            hints->owner = phrase_from(sentence, i + 1, NULL);
            if (hints->owner.n > 0 && hints->way == WAY_UNSAID)
                hints->way = WAY_IN;
        } else if (sentence_match(sentence, i, "used by") && i + 2 < sentence->n) {
            hints->owner = phrase_from(sentence, i + 2, NULL);
        } else if (i > 0 && word_is_one_of(word, uses) && !sentence->words[i].breaks && hints->from.n == 0) {
            for (size_t k = i - 1; k > 0 && !sentence->words[k].breaks && hints->owner.n == 0; k--) {
                if (str_is(sentence->words[k - 1].normal, "ports")) /* ports that X uses */
                    hints->owner = phrase_clean(sentence->arena, sentence_cut(sentence, k, i));
            }
            for (size_t k = i + 1; k < sentence->n && k < i + 7; k++) {
                if (str_is(sentence->words[k].normal, "ports"))
                    hints->owner = phrase_before(sentence, i);
            }
        }
    }
}

/* "…, open these ports:": what the condition is for stands below it, and not something else. */
static bool leads_to_ports(const struct sentence *sentence, size_t from)
{
    static const char *const words[] = {"following", "below", "these", "open", "opened",
                                        "port",      "ports", "table", NULL};
    size_t n = sentence->text.n;

    for (size_t i = from; i < sentence->n; i++) {
        if (word_is_one_of(sentence->words[i].normal, words))
            return true;
    }
    return n > 0 && sentence->text.p[n - 1] == ':';
}

/* If X, … at the beginning: when it counts. That there is a firewall is no condition: it is why the page is there. */
static void read_condition(const struct sentence *sentence, struct hints *hints)
{
    static const char *const firewalls[] = {"firewall", "firewalls", "firewalld", "iptables", NULL};
    size_t end = 1;
    bool about_firewall = false;

    if (sentence->n < 3 || (!str_is(sentence->words[0].normal, "if") && !str_is(sentence->words[0].normal, "when")))
        return;
    while (end < sentence->n && !sentence->words[end].breaks) {
        about_firewall = about_firewall || word_is_one_of(sentence->words[end].normal, firewalls);
        end++;
    }
    if (end < sentence->n && !about_firewall && leads_to_ports(sentence, end))
        hints->condition = sentence_cut(sentence, 0, end);
}

/* Beside an arrow the internet is an end; in a sentence it is how one gets there. */
static struct str end_of(struct arena *arena, struct str text)
{
    struct str phrase = phrase_clean(arena, text);
    struct str normal = phrase.n > 0 ? STR_EMPTY : words_normal(arena, text);

    return str_is(normal, "internet") || str_is(normal, "the internet") ? str_trim(text) : phrase;
}

/* Both ends or none; up to a comma. */
static void set_ends(struct arena *arena, struct str from, struct str to, struct hints *hints)
{
    struct str rest;

    hints->from = end_of(arena, str_cut(from, ',', &rest));
    hints->to = end_of(arena, str_cut(to, ',', &rest));
    if (hints->from.n == 0 || hints->to.n == 0)
        hints->from = hints->to = STR_EMPTY;
}

/* "Ports used for nodes" is the nodes; a part that is nothing else stays. */
static struct str without_generic(struct arena *arena, struct str text)
{
    struct str subject = heading_subject(arena, text);

    return subject.n > 0 ? subject : text;
}

/* "must be open on X and reachable from Y": both whose they are and who comes. */
static bool says_reachable(const struct sentence *sentence)
{
    for (size_t i = 0; i < sentence->n; i++) {
        if (sentence_match(sentence, i, "reachable from") || sentence_match(sentence, i, "accessible from"))
            return true;
    }
    return false;
}

/* "These ports must be open to connections from X": X comes in. */
static bool opens_from(const struct sentence *sentence)
{
    static const char *const opens[] = {"open", "opened", "accept", "accepts", "listening", "exposed", NULL};
    bool open = false;

    for (size_t i = 0; i < sentence->n; i++) {
        open = open || word_is_one_of(sentence->words[i].normal, opens);
        if (open && str_is(sentence->words[i].normal, "from"))
            return true;
    }
    return false;
}

void sentence_read(struct arena *arena, struct str text, bool heading, struct hints *hints)
{
    struct arena_mark mark = arena_mark(arena); /* phrases are parts of the text */
    struct sentence sentence;
    struct str from;
    struct str to;
    enum way way;

    *hints = (struct hints){.from = STR_EMPTY, .to = STR_EMPTY, .owner = STR_EMPTY, .condition = STR_EMPTY};
    way = heading ? columns_ends(text, &from, &to) : WAY_UNSAID;
    sentence_split(arena, text, &sentence);
    sentence_words(&sentence, hints);
    if (way != WAY_UNSAID) {
        set_ends(arena, from, to, hints);
        hints->arrow = true;
        hints->way = way == WAY_BOTH ? WAY_BOTH : hints->way;
        arena_release(arena, mark);
        return;
    }
    read_condition(&sentence, hints);
    read_for_to(&sentence, hints);
    if (hints->from.n == 0)
        read_subject(&sentence, hints);
    if (hints->from.n == 0)
        read_need(&sentence, hints);
    if (hints->from.n == 0)
        read_ends(&sentence, heading, hints);
    if (hints->from.n > 0 && hints->to.n == 0 && hints->way == WAY_UNSAID && opens_from(&sentence))
        hints->way = WAY_IN;
    if (heading && hints->from.n == 0 && hints->to.n == 0 && columns_to(text, &from, &to)) {
        hints->weak = true;
        set_ends(arena, without_generic(arena, from), without_generic(arena, to), hints);
    }
    if (hints->to.n == 0 && (hints->from.n == 0 || says_reachable(&sentence)))
        read_owner(&sentence, hints);
    arena_release(arena, mark);
}
