/*
 * The words of a rule before they are read: comments cut off, `-ptcp` and `--dport=80` parted, the protocol found, and
 * variables of a shell refused; see reader.h.
 */
#include "dialect/iptables/reader.h"

/* `-j DROP # everything else` */
static void cut_comment(struct reader *reader, size_t at)
{
    for (; at < reader->words.n; at++) {
        if (reader->words.v[at].text.n > 0 && reader->words.v[at].text.p[0] == '#' && !reader->words.v[at].quoted) {
            reader->words.n = at;
            return;
        }
    }
}

/* Parts a word behind its first n bytes (without the next `skip`) in two. */
static void part_word(struct reader *reader, size_t at, size_t n, size_t skip)
{
    struct words *words = &reader->words;
    struct word second = words->v[at];

    vec_push(reader->scratch, words);
    memmove(&words->v[at + 2], &words->v[at + 1], (words->n - at - 2) * sizeof *words->v);
    second.text = str_from(second.text, n + skip);
    if (!second.quoted)
        second.at += (uint32_t)(n + skip);
    words->v[at].text.n = n;
    if (!second.quoted)
        words->v[at].end = words->v[at].at + (uint32_t)n;
    words->v[at].quoted = false;
    words->v[at + 1] = second;
}

/* `-ptcp` and `--dport=80` are two words each. */
static void part_words(struct reader *reader, size_t at)
{
    for (; at < reader->words.n; at++) {
        struct str text = reader->words.v[at].text;
        struct str rest;
        const struct option_row *row;

        if (text.n < 3 || text.p[0] != '-' || (at > 0 && str_starts(reader->words.v[at - 1].text, "--")))
            continue;
        if (text.p[1] == '-') {
            struct str name = str_cut(text, '=', &rest);

            if (name.n < text.n && option_find(name) != NULL)
                part_word(reader, at, name.n, 1);
        } else if (memchr("psdiojmgt", text.p[1], 9) != NULL) {
            row = option_find(str_head(text, 2));
            if (row != NULL && option_find(text) == NULL)
                part_word(reader, at, 2, 0);
        }
    }
}

/* A word that only a shell could fill in; the text of a log line or a comment may be one. */
static bool has_variable(struct reading *reading)
{
    struct reader *reader = reading->reader;
    enum family family;
    bool script = dumps_is_shell(str_trim(reader->line.text), &family);

    if (memchr(reader->line.text.p, '$', reader->line.text.n) == NULL)
        return false;
    for (size_t i = reading->at; i < reader->words.n; i++) {
        struct str before = reader->words.v[i - 1].text;

        if (str_ends(before, "-prefix") || str_is(before, "--comment") ||
            !words_is_variable(&reader->words.v[i], script))
            continue;
        reading_error(reading, i, "\"%.*s\" is a variable: what it stood for is not known here",
                      STR_ARG(reader->words.v[i].text));
        diag_hint(reader->diags, "scripts are not run: give what iptables-save prints after them");
        return true;
    }
    return false;
}

/* The one protocol that the rule asks for, wherever its -p stands: `-m tcp -p tcp --dport 22` is common. */
static void find_protocol(struct reading *reading)
{
    const struct words *words = &reading->reader->words;

    for (size_t i = reading->at; i + 1 < words->n; i++) {
        struct str name = words->v[i].text;

        if ((str_is(name, "-p") || str_is(name, "--protocol")) && !word_is_not(&words->v[i + 1]) &&
            !word_is_not(&words->v[i - 1])) {
            reading->protocol_name = words->v[i + 1].text;
            reading->protocol = match_protocol_parse(reading->protocol_name);
            if (reading->protocol == 0)
                reading->protocol = -1;
            return;
        }
    }
}

bool prepare_words(struct reading *reading)
{
    cut_comment(reading->reader, reading->at);
    part_words(reading->reader, reading->at);
    find_protocol(reading);
    return !has_variable(reading);
}
