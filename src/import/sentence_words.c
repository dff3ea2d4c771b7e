/*
 * What a heading or a sentence says by single words: of ports or names at all, which way, over what, that it is
 * refused, that it stays on the host or among equals. Who its ends are is for sentences.c.
 */
#include "import/importer.h"

/* "URLs", "Required domains": a label that is nothing else. */
static bool is_name_label(const struct sentence *sentence)
{
    static const char *const names[] = {"urls", "domains", "fqdns", "hostnames", NULL};

    return sentence->n > 0 && sentence->n <= 3 && word_is_one_of(sentence->words[sentence->n - 1].normal, names);
}

/* "must not be opened", but "must not be blocked" and "must not be in use". */
static bool must_not(const struct sentence *sentence, size_t i)
{
    static const char *const harmless[] = {"blocked",  "closed",   "in",      "used",       "filtered", "changed",
                                           "modified", "occupied", "dropped", "restricted", "taken",    NULL};
    size_t n = sentence_match(sentence, i, "must not be");

    return n > 0 && (i + n >= sentence->n || !word_is_one_of(sentence->words[i + n].normal, harmless));
}

static void read_words(const struct sentence *sentence, struct hints *hints)
{
    static const char *const ins[] = {"inbound", "incoming", "ingress", "listening", "listen", "listens", NULL};
    static const char *const outs[] = {"outbound", "outgoing", "egress", NULL};
    static const char *const ports[] = {"port", "ports",  "firewall", "firewalls", "allowlist", "whitelist", "tcp",
                                        "udp",  "egress", "ingress",  "outbound",  "inbound",   NULL};
    static const char *const accesses[] = {
        "required", "require",   "requires",  "allowlist",   "whitelist",   "firewall",     "outbound",
        "access",   "accesses",  "reach",     "connect",     "connects",    "contact",      "contacts",
        "allow",    "allowed",   "proxy",     "unblock",     "whitelisted", "connectivity", "available",
        "blocked",  "reachable", "permitted", "communicate", NULL};
    static const char *const names[] = {"domain", "domains",   "url",   "urls",      "endpoint", "endpoints", "site",
                                        "sites",  "hostnames", "fqdns", "addresses", "hosts",    NULL};
    bool in = false;
    bool out = false;
    bool access = false;
    bool name = false;
    bool tcp = false;
    bool udp = false;

    for (size_t i = 0; i < sentence->n; i++) {
        struct str word = sentence->words[i].normal;

        in = in || word_is_one_of(word, ins);
        out = out || word_is_one_of(word, outs);
        access = access || word_is_one_of(word, accesses);
        name = name || word_is_one_of(word, names);
        tcp = tcp || str_is(word, "tcp");
        udp = udp || str_is(word, "udp");
        hints->ports = hints->ports || word_is_one_of(word, ports);
        hints->optional = hints->optional || str_is(word, "optional");
        out = out || sentence_match(sentence, i, "as client") || sentence_match(sentence, i, "as a client");
    }
    if (in != out && hints->way == WAY_UNSAID)
        hints->way = in ? WAY_IN : WAY_OUT;
    if (tcp != udp)
        hints->transports = tcp ? WORDS_TCP : WORDS_UDP;
    hints->domains = (access && name) || is_name_label(sentence);
    for (size_t i = 0; i < sentence->n; i++) {
        if (sentence_match(sentence, i, "for example") || sentence_match(sentence, i, "such as") ||
            sentence_match(sentence, i, "e g"))
            hints->example = true;
        if (must_not(sentence, i) || sentence_match(sentence, i, "must never be") ||
            sentence_match(sentence, i, "never expose") || sentence_match(sentence, i, "should not be exposed") ||
            sentence_match(sentence, i, "do not expose") || sentence_match(sentence, i, "must be blocked") ||
            sentence_match(sentence, i, "should be blocked") || sentence_match(sentence, i, "do not open") ||
            sentence_match(sentence, i, "should never be"))
            hints->forbidden = true;
        hints->exposed =
            hints->exposed || sentence_match(sentence, i, "expose") || sentence_match(sentence, i, "exposed");
    }
}

/* "only reachable from localhost", "listen on the loopback interface"; not what can be set otherwise. */
static bool is_local(struct str normal)
{
    static const char *const says[] = {"only",
                                       "loopback interface",
                                       "internally",
                                       "loopback address",
                                       "locally",
                                       "accessible from localhost",
                                       "reachable from localhost"};
    static const char *const unless[] = {"by default", "if", "unless", "can be", "except", "other than"};
    static const char *const outside[] = {"but not available", "not exposed", "not externally", "not from outside"};
    bool found = false;
    bool refused = words_have(normal, "not");

    if (!words_have(normal, "localhost") && !words_have(normal, "loopback") && !words_have(normal, "127 0 0 1"))
        return false;
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        found = found || words_have(normal, says[i]);
    for (size_t i = 0; i < sizeof unless / sizeof *unless; i++)
        found = found && !words_have(normal, unless[i]);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        refused = refused && !words_have(normal, outside[i]); /* "only over localhost, not exposed" */
    return found && !refused;
}

void sentence_words(const struct sentence *sentence, struct hints *hints)
{
    struct str normal = words_normal(sentence->arena, sentence->text);

    read_words(sentence, hints);
    hints->inside = party_among(normal);
    hints->local = is_local(normal);
}
