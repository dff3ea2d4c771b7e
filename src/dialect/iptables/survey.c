/*
 * What a text says as a whole, looked for before its rules are read: which sets rules change, whether and which marks
 * count, whether targets write into packets. Found too often (in a comment) it only makes the reader more careful.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"

static bool writes(struct str target)
{
    static const struct str names[] = {
        STR("DNAT"),    STR("SNAT"),     STR("REDIRECT"),      STR("MASQUERADE"), STR("NETMAP"),
        STR("SAME"),    STR("CONNMARK"), STR("TTL"),           STR("HL"),         STR("TOS"),
        STR("DSCP"),    STR("ECN"),      STR("TCPMSS"),        STR("CT"),         STR("SNPT"),
        STR("DNPT"),    STR("TPROXY"),   STR("TCPOPTSTRIP"),   STR("SYNPROXY"),   STR("FULLCONENAT"),
        STR("DNETMAP"), STR("CLASSIFY"), STR("IPV4OPTSSTRIP"), STR("SECMARK"),    STR("CONNSECMARK"),
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq(target, names[i]))
            return true;
    }
    return false;
}

/* The word behind an option, in its line. */
static struct str value_of(struct str rest)
{
    struct str line = str_head(rest, 256);

    line = str_trim(str_cut(line, '\n', &line));
    return str_word(&line);
}

/* The bits that `--set-mark`, `--set-xmark`, `--or-mark` and the like may set. */
static void note_mark(struct reader *reader, struct str value)
{
    struct str mask;
    uint64_t number;

    if (num_any(str_cut(value, '/', &mask), UINT32_MAX, &number))
        reader->mark_bits |= (uint32_t)number;
}

/* An option without its dashes, and what follows it. */
static void note_option(struct reader *reader, struct str option, struct str rest)
{
    if (str_is(option, "add-set") || str_is(option, "del-set") || str_is(option, "map-set"))
        map_set(reader->scratch, &reader->moving, value_of(rest), reader); /* `-j SET --add-set NAME src` */
    else if (str_is(option, "j") || str_is(option, "jump"))
        reader->written = reader->written || writes(value_of(rest));
    else if (str_is(option, "mark"))
        reader->marks_matter = true;
    else if (str_ends(option, "mark"))
        note_mark(reader, value_of(rest));
}

static bool in_option(char c)
{
    return (c >= 'a' && c <= 'z') || c == '-';
}

void survey_text(struct reader *reader, struct str text)
{
    struct str rest = text;
    const char *dash;

    while (rest.n > 0 && (dash = memchr(rest.p, '-', rest.n)) != NULL) {
        struct str option;
        size_t n = 0;

        rest = str_from(rest, (size_t)(dash - rest.p) + 1);
        if (rest.n > 0 && rest.p[0] == '-')
            rest = str_from(rest, 1);
        while (n < rest.n && in_option(rest.p[n]))
            n++;
        option = str_head(rest, n);
        rest = str_from(rest, n);
        if (n > 0)
            note_option(reader, option, rest);
    }
}
