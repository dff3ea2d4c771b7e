/*
 * Notes: attached to the rows that they change. A footnote belongs to the rows with its mark; a note that names a port
 * to the rows that have this port, those of the table before it first; one that names another way for all of a table
 * (a proxy, a mirror) to all its rows; any other is a note of the catalog.
 */
#include "import/importer.h"

static bool has_port(const struct fact *fact, uint32_t port)
{
    for (size_t i = 0; i < fact->port_n; i++) {
        if (fact->ports[i].kind == PORT_RANGE && fact->ports[i].lo == port)
            return true;
    }
    return false;
}

static bool has_mark(const struct fact *fact, struct str mark)
{
    for (size_t i = 0; i < fact->mark_n; i++) {
        if (str_eq(fact->marks[i], mark))
            return true;
    }
    return false;
}

/* The ports that a note speaks of: numbers behind "port" or beside a transport. */
static size_t ports_of(struct arena *arena, struct str text, uint32_t ports[8])
{
    struct str normal = words_normal(arena, text);
    struct str rest = normal;
    struct str before = STR_EMPTY;
    size_t n = 0;

    for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest)) {
        struct str ahead = rest;
        struct str next = str_word(&ahead);
        uint32_t port = 0;

        for (size_t i = 0; i < word.n && port < 70000; i++)
            port = word.p[i] >= '0' && word.p[i] <= '9' ? port * 10 + (uint32_t)(word.p[i] - '0') : 70000;
        if (port > 0 && port < 65536 && n < 8 &&
            (str_is(before, "port") || str_is(before, "ports") || str_is(before, "tcp") || str_is(before, "udp") ||
             str_is(before, "and") || str_is(next, "tcp") || str_is(next, "udp")))
            ports[n++] = port;
        before = word;
    }
    return n;
}

/* Another way for what the rows before it ask for. */
static bool is_alternative(struct arena *arena, struct str text)
{
    static const char *const words[] = {"proxy", "redirect", "redirected", "alternatively"};
    struct str normal = words_normal(arena, text);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i]))
            return true;
    }
    return false;
}

static bool attach_to(struct importer *importer, const struct pending_note *note, struct str text, bool by_mark,
                      bool same_table)
{
    uint32_t ports[8];
    size_t n = by_mark ? 0 : ports_of(importer->arena, note->text, ports);
    bool every = same_table && n == 0 && is_alternative(importer->arena, note->text);
    bool attached = false;

    vec_each (struct fact *, fact, &importer->facts) {
        bool meant = every || (by_mark && has_mark(fact, note->mark));

        if (fact->document != note->document || (same_table && fact->table != note->table))
            continue;
        for (size_t i = 0; i < n && !meant; i++)
            meant = has_port(fact, ports[i]);
        if (meant)
            fact_review(importer, fact, text);
        attached = attached || meant;
    }
    return attached;
}

void notes_attach(struct importer *importer)
{
    vec_each (struct pending_note *, note, &importer->notes) {
        struct str line = words_line(importer->arena, note->text, 400);
        struct str text = str_printf(importer->arena, "note: %.*s", STR_ARG(line));
        struct note *said;
        bool attached;

        if (line.n == 0)
            continue;
        attached = note->mark.n > 0 && attach_to(importer, note, text, true, false);
        if (!attached)
            attached = attach_to(importer, note, text, false, true) || attach_to(importer, note, text, false, false);
        if (attached)
            continue;
        said = vec_push(importer->arena, &importer->said);
        said->text = line;
        said->origin = note->place;
    }
}
