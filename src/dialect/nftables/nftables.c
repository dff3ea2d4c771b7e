/* The dialect of nftables: how its texts look, and its entry in the table of dialects. */
#include "dialect/nftables/nftables.h"

#include "dialect/loadable.h"

static bool looks_like_json(struct str text)
{
    return str_contains(str_head(loadable_json(text), 4096), "\"nftables\"");
}

/* The first words of a line that only nft's language has. */
static bool looks_like_nft(struct str line)
{
    static const char *const verbs[] = {"add", "create", "insert", "delete", "destroy", "flush", NULL};
    static const char *const families[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev", NULL};
    struct str word = str_word(&line);

    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (str_is(word, verbs[i])) {
            word = str_word(&line);
            return str_is(word, "table") || str_is(word, "chain") || str_is(word, "rule") || str_is(word, "ruleset") ||
                   str_is(word, "set");
        }
    }
    if (!str_is(word, "table"))
        return false;
    word = str_word(&line);
    for (size_t i = 0; families[i] != NULL; i++) {
        if (str_is(word, families[i]))
            return true;
    }
    return word.n > 0 && str_contains(line, "{");
}

static bool recognise(struct str text)
{
    struct str rest = text;

    if (looks_like_json(text))
        return true;
    if (str_starts(text, "#!")) {
        struct str line = str_cut(rest, '\n', &rest);

        if (str_contains(line, "nft"))
            return true;
    }
    while (rest.n > 0) {
        struct str line = str_trim(loadable_line(str_cut(rest, '\n', &rest)));

        if (line.n > 0 && line.p[0] >= 'a' && line.p[0] <= 'z' && looks_like_nft(line))
            return true;
    }
    return false;
}

static bool needs_listing(struct str text)
{
    return loadable_json(text).n == 0;
}

const struct dialect dialect_nftables = {
    .name = "nftables",
    .title = "nftables (nft)",
    .recognise = recognise,
    .needs_listing = needs_listing,
    .read = nftables_read,
    .print = nftables_print,
};
