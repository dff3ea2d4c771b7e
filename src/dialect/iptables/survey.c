/*
 * What a text says as a whole, looked for before its rules are read: which sets rules change, whether and which marks
 * count, whether targets write into packets. Found too often (in a comment) it only makes the reader more careful.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"

/* The words behind each `needle`, one after the other; false at the end. */
static bool next_behind(struct str *rest, const char *needle, struct str *word)
{
    const char *found = rest->n == 0 ? NULL : memmem(rest->p, rest->n, needle, strlen(needle));
    struct str line;

    if (found == NULL)
        return false;
    *rest = str_from(*rest, (size_t)(found - rest->p) + strlen(needle));
    line = str_head(*rest, 256);
    line = str_trim(str_cut(line, '\n', &line));
    *word = str_word(&line);
    return true;
}

/* Sets that some rule changes: `-j SET --add-set NAME src`. */
static void find_moving_sets(struct reader *reader, struct str text)
{
    static const char *const options[] = {"--add-set ", "--del-set ", "--map-set "};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct str rest = text;
        struct str name;

        while (next_behind(&rest, options[i], &name))
            map_set(reader->scratch, &reader->moving, name, reader);
    }
}

static bool writes(struct str target)
{
    static const char *const names[] = {
        "DNAT",    "SNAT",     "REDIRECT", "MASQUERADE",  "NETMAP",        "SAME",     "CONNMARK",
        "TTL",     "HL",       "TOS",      "DSCP",        "ECN",           "TCPMSS",   "CT",
        "SNPT",    "DNPT",     "TPROXY",   "TCPOPTSTRIP", "IPV4OPTSSTRIP", "SYNPROXY", "FULLCONENAT",
        "DNETMAP", "CLASSIFY", "SECMARK",  "CONNSECMARK"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(target, names[i]))
            return true;
    }
    return false;
}

static void find_writers(struct reader *reader, struct str text)
{
    static const char *const options[] = {"-j ", "-jump "};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct str rest = text;
        struct str target;

        while (!reader->written && next_behind(&rest, options[i], &target))
            reader->written = writes(target);
    }
}

/* The bits that `--set-mark`, `--set-xmark`, `--or-mark` and the like may set. */
static void find_marks(struct reader *reader, struct str text)
{
    static const char *const options[] = {"t-mark ", "t-xmark ", "r-mark ", "y-mark "};

    reader->marks_matter = reader->marks_matter || str_contains(text, "--mark");
    for (size_t i = 0; i < sizeof options / sizeof *options && reader->marks_matter; i++) {
        struct str rest = text;
        struct str value;
        uint64_t number;

        while (next_behind(&rest, options[i], &value)) {
            struct str mask;

            if (num_any(str_cut(value, '/', &mask), UINT32_MAX, &number))
                reader->mark_bits |= (uint32_t)number;
        }
    }
}

void survey_text(struct reader *reader, struct str text)
{
    find_moving_sets(reader, text);
    find_writers(reader, text);
    find_marks(reader, text);
}
