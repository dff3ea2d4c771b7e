/*
 * Parties: the kinds of machines and programs at both ends. The same words are the same party wherever they stand:
 * singular or plural, with or without an article, whatever is in parentheses behind them.
 */
#include "import/domains.h"
#include "import/importer.h"

static struct str strip_word(struct str text, const char *word)
{
    size_t n = strlen(word);

    return text.n > n && memcmp(text.p, word, n) == 0 && text.p[n] == ' ' ? str_from(text, n + 1) : text;
}

/* Of a plural in English, well enough to compare with; names that end alike stay. */
static struct str singular(struct arena *arena, struct str word)
{
    static const char *const names[] = {"kerberos", "https", "ldaps", "smtps", "imaps", "ftps", "macos"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(word, names[i]))
            return word;
    }
    if (str_is(word, "vms") || str_is(word, "pcs") || str_is(word, "dbs") || str_is(word, "lbs"))
        return str_head(word, 2);
    if (word.n < 4 || word.p[word.n - 1] != 's' || str_ends(word, "ss") || str_ends(word, "us") || str_ends(word, "is"))
        return word;
    if (str_ends(word, "ies"))
        return str_printf(arena, "%.*sy", (int)word.n - 3, word.p);
    if (str_ends(word, "sses") || str_ends(word, "xes") || str_ends(word, "ches"))
        return str_head(word, word.n - 2);
    return str_head(word, word.n - 1);
}

/* Without what stands in parentheses. */
static struct str without_parentheses(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    int depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        depth += text.p[i] == '(';
        if (depth == 0)
            out[n++] = text.p[i];
        depth -= text.p[i] == ')' && depth > 0;
    }
    return (struct str){out, n};
}

struct str party_key(struct arena *arena, struct str text)
{
    static const char *const articles[] = {"the", "a", "an", "your", "each", "all", "any", "every", "this", "these"};
    struct str normal = words_normal(arena, without_parentheses(arena, text));
    struct str rest;
    struct buf key = BUF_EMPTY;

    if (normal.n == 0)
        normal = words_normal(arena, text);
    rest = normal;
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        rest = strip_word(rest, articles[i]);
    for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest)) {
        word = singular(arena, word);
        buf_addf(&key, "%s%.*s", key.n > 0 ? " " : "", STR_ARG(word));
    }
    rest = str_dup(arena, buf_str(&key));
    buf_free(&key);
    return rest;
}

struct actor *party_known(const struct importer *importer, struct str text)
{
    return map_get(&importer->actors, party_key(importer->arena, text));
}

struct actor *party_actor(struct importer *importer, struct str title, struct span span)
{
    struct arena_mark mark = arena_mark(importer->arena);
    struct str key = party_key(importer->arena, title);
    struct actor *actor = map_get(&importer->actors, key);

    if (key.n == 0 || actor != NULL) {
        arena_release(importer->arena, mark);
        return key.n == 0 ? NULL : actor;
    }
    actor = arena_new_object(importer->arena, struct actor);
    actor->title = words_line(importer->arena, title, 100);
    actor->key = key;
    actor->span = span;
    map_set(importer->arena, &importer->actors, key, actor);
    return actor;
}

struct actor *party_domains(struct importer *importer, struct str title, struct str *domains, size_t n,
                            struct span span)
{
    struct actor *actor = party_actor(importer, title, span);

    if (actor != NULL && actor->domain_n == 0) {
        actor->domains = domains;
        actor->domain_n = n;
    }
    return actor;
}

/* "(with SMB storage)", "(RPM only)", "(if enabled)": not a part of the name but when it counts. */
static bool is_condition(struct str normal)
{
    static const char *const starts[] = {"with ", "if ", "when ", "only ", "optional", "where ", "in case "};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(normal, starts[i]))
            return true;
    }
    return str_ends(normal, " only");
}

static bool is_sentence(struct arena *arena, struct str line)
{
    size_t words = words_count(words_normal(arena, line));

    return words > 14 || (words > 5 && strchr(".:;!?", line.p[line.n - 1]) != NULL);
}

/* Names in lines of their own are parted by commas; a sentence in a line below the name is not a part of it. */
static struct str names_of_lines(struct arena *arena, struct str text)
{
    struct buf names = BUF_EMPTY;
    struct str made;

    for (struct str rest = text; rest.n > 0;) {
        struct str line = str_trim(str_cut(rest, '\n', &rest));

        if (line.n == 0 || (names.n > 0 && is_sentence(arena, line)))
            continue;
        buf_addf(&names, "%s%.*s",
                 names.n == 0                                               ? ""
                 : line.p[0] == '(' || strchr(",/-&", names.p[names.n - 1]) ? " "
                                                                            : ", ",
                 STR_ARG(line));
    }
    made = str_dup(arena, buf_str(&names));
    buf_free(&names);
    return made;
}

struct actor *party_cell(struct importer *importer, struct str text, struct span span, struct str *condition)
{
    struct domain_text domains;
    const char *open;

    if (memchr(text.p, '\n', text.n) != NULL && !domains_in(importer->arena, text))
        text = names_of_lines(importer->arena, text);
    text = words_line(importer->arena, text, 0);
    if (str_starts(text, "Between ") || str_starts(text, "between "))
        text = str_from(text, 8); /* over both columns: from one of them to another */
    *condition = STR_EMPTY;
    if (str_is(text, "*"))
        text = STR("any");
    if (domains_in(importer->arena, text)) {
        domains_read_text(importer->arena, text, &domains);
        return party_domains(importer, text, domains.domains, domains.n, span);
    }
    open = memchr(text.p, '(', text.n);
    if (open != NULL) {
        struct str inner = str_from(text, (size_t)(open - text.p) + 1);
        const char *close = memchr(inner.p, ')', inner.n);

        if (close != NULL)
            inner = str_head(inner, (size_t)(close - inner.p));
        if (close != NULL && open > text.p && close + 1 == text.p + text.n && domains_in(importer->arena, inner)) {
            domains_read_text(importer->arena, inner, &domains); /* "Update server (updates.example.org)" */
            return party_domains(importer, text, domains.domains, domains.n, span);
        }
        if (is_condition(words_normal(importer->arena, inner)) && open > text.p) {
            *condition = inner;
            text = str_trim(str_head(text, (size_t)(open - text.p)));
        } else if (str_is(words_normal(importer->arena, inner), "any") && open > text.p) {
            text = str_trim(str_head(text, (size_t)(open - text.p)));
        }
    }
    return party_actor(importer, text, span);
}

bool party_is_role(const struct importer *importer, struct str text)
{
    static const char *const nouns[] = {
        "host",          "server",      "node",      "client",      "vm",       "console",   "agent",      "gateway",
        "controller",    "manager",     "appliance", "cluster",     "proxy",    "machine",   "device",     "endpoint",
        "database",      "broker",      "worker",    "master",      "poller",   "collector", "instance",   "user",
        "browser",       "balancer",    "router",    "firewall",    "scanner",  "sensor",    "repository", "target",
        "initiator",     "workstation", "member",    "coordinator", "director", "replica",   "primary",    "secondary",
        "peer",          "hypervisor",  "storage",   "filer",       "array",    "plane",     "daemon",     "registry",
        "administrator", "operator",    "desktop",   "engine",      "camera",   "recorder",  "archiver",   "indexer",
        "forwarder",     "phone",       "telephone", "printer",     "mirror",   "witness",   "hub",        "spoke",
    };
    struct str key = party_key(importer->arena, text);

    if (key.n == 0 || words_count(key) > 6)
        return false;
    if (map_get(&importer->actors, key) != NULL)
        return true;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        if (key.p[key.n - 1] != nouns[i][strlen(nouns[i]) - 1])
            continue;
        if (str_is(key, nouns[i]) ||
            (key.n > strlen(nouns[i]) && str_ends(key, nouns[i]) && key.p[key.n - strlen(nouns[i]) - 1] == ' '))
            return true;
    }
    return false;
}

/* Rows in which both ends are of the product: replication, synchronisation between clusters. */
static bool is_among_equals(struct str normal)
{
    return words_have(normal, "replication") || words_have(normal, "replicate") || words_have(normal, "mirroring");
}

static bool serves(const struct importer *importer, const char *service)
{
    for (size_t i = 0; i < importer->facts.n; i++) {
        const struct fact *fact = &importer->facts.v[i];

        if (fact->way == WAY_IN && fact->service != NULL && fact->service->service != NULL &&
            strcmp(fact->service->service, service) == 0)
            return true;
    }
    return false;
}

/* The known party whose name stands in the text; the longest. */
static struct actor *named_in(const struct importer *importer, struct str text)
{
    struct str key = party_key(importer->arena, text);
    struct actor *best = NULL;

    for (size_t i = 0; i < importer->actors.n; i++) {
        struct actor *actor = importer->actors.entries[i].value;

        if (actor == importer->product || actor->domain_n > 0 || actor->key.n < 4 ||
            !party_is_role(importer, actor->title))
            continue;
        if (words_have(key, str_cstr(importer->arena, actor->key)) && (best == NULL || actor->key.n > best->key.n))
            best = actor;
    }
    return best;
}

struct actor *party_of_use(struct importer *importer, struct str use, const struct service_word *service,
                           struct span span)
{
    struct str normal = words_normal(importer->arena, use);

    if (is_among_equals(normal))
        return party_actor(importer, str_printf(importer->arena, "another %.*s", STR_ARG(importer->product->title)),
                           span);
    if (words_have(normal, "domain controller") || words_have(normal, "domain controllers"))
        return party_actor(importer, STR("domain controller"), span);
    if (words_have(normal, "nlm") || words_have(normal, "nsm"))
        return party_actor(importer, serves(importer, "nfs") ? STR("NFS client") : STR("NFS server"), span);
    if (service == NULL || service->peer == NULL)
        service = words_service_in(normal);
    if (words_have(normal, "exporter") || words_have(normal, "prometheus") || words_have(normal, "metrics"))
        return named_in(importer, use); /* who watches a service does not ask it */
    if (service != NULL && service->peer != NULL && !str_is(str_of(service->peer), "web server"))
        return party_actor(importer, str_of(service->peer), span);
    return named_in(importer, use); /* HTTP alone says nothing of who serves it */
}

/* The words of `use` before or after a phrase; empty where it is not there. */
static struct str part_of(struct arena *arena, struct str use, const char *phrase, bool after)
{
    size_t n = strlen(phrase);

    for (size_t i = 0; i + n <= use.n; i++) {
        struct str head;

        if ((i > 0 && use.p[i - 1] != ' ' && use.p[i - 1] != '(') || (i + n < use.n && use.p[i + n] != ' '))
            continue;
        head = words_normal(arena, (struct str){use.p + i, n});
        if (!str_is(head, phrase))
            continue;
        if (after) {
            size_t end = i + n;

            while (end < use.n && strchr(").,;:\n", use.p[end]) == NULL)
                end++;
            return str_trim((struct str){use.p + i + n, end - i - n});
        }
        return str_trim(str_head(use, i));
    }
    return STR_EMPTY;
}

/* The one of the known parties that the phrase can mean: by its whole name, or by words that no other has. */
static struct actor *resolve(struct importer *importer, struct str phrase, const struct actor *const *known,
                             size_t known_n)
{
    struct str key = party_key(importer->arena, phrase);
    struct actor *best = map_get(&importer->actors, key);
    size_t best_score = 0;
    bool tie = false;

    if (key.n == 0 || (best != NULL && best->used))
        return best;
    best = NULL;
    for (size_t i = 0; i < known_n; i++) {
        struct str rest = known[i]->key;
        size_t score = 0;

        for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest))
            score += word.n > 2 && words_have(key, str_cstr(importer->arena, word));
        if (score > best_score) {
            best = (struct actor *)(uintptr_t)known[i];
            best_score = score;
            tie = false;
        } else if (score == best_score && score > 0) {
            tie = true;
        }
    }
    return tie ? NULL : best;
}

void party_ends_of_use(struct importer *importer, struct str use, struct span span, struct str subject,
                       const struct actor *const *known, size_t known_n, struct party *from, struct party *to)
{
    static const char *const verbs[] = {"logon with",        "logon to",    "login to",         "log on to",
                                        "registration with", "connects to", "connection to",    "connect to",
                                        "communication to",  "reports to",  "communicates with"};
    static const char *const outs[] = {"outbound communication", "outbound traffic", "outbound connections"};
    struct str why = STR("read from what the row is used for");
    struct str left = STR_EMPTY;
    struct str right = part_of(importer->arena, use, "destined for the", true);

    (void)subject;
    if (right.n == 0)
        right = part_of(importer->arena, use, "destined for", true);
    for (size_t i = 0; i < sizeof outs / sizeof *outs && left.n == 0; i++)
        left = part_of(importer->arena, use, outs[i], false);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && left.n == 0; i++) {
        left = part_of(importer->arena, use, verbs[i], false);
        if (left.n > 0)
            right = part_of(importer->arena, use, verbs[i], true);
    }
    if (left.n == 0 || right.n == 0 || words_count(words_normal(importer->arena, left)) > 5 ||
        words_count(words_normal(importer->arena, right)) > 5)
        return;
    if (known_n > 0) {
        from->actor = resolve(importer, left, known, known_n);
        to->actor = resolve(importer, right, known, known_n);
    }
    if (from->actor == NULL && party_is_role(importer, left))
        from->actor = party_actor(importer, left, span);
    if (to->actor == NULL && party_is_role(importer, right))
        to->actor = party_actor(importer, right, span);
    if (from->actor == NULL || to->actor == NULL || from->actor == to->actor) {
        from->actor = to->actor = NULL;
        return;
    }
    from->why = to->why = why;
}
