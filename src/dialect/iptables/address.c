/* Options of iptables that ask about addresses: -s and -d with their lists, -m iprange; see reader.h. */
#include "dialect/iptables/reader.h"

#define LIST_MAX 65536 /* rules that the address lists of one line may become */

static bool read_address(struct reading *reading, size_t word, struct str text, const struct ranges **ranges,
                         bool *name, const char **why)
{
    if (reader_address(reading->reader, text, ranges, name, why))
        return true;
    if (!*name)
        reading_error(reading, word, "\"%.*s\" %s%s", STR_ARG(text), str_starts(str_of(*why), "is ") ? "" : "is ",
                      str_is(str_of(*why), "not an address") ? "neither an address nor a prefix" : *why);
    return false;
}

static void address_list(struct reading *reading, const struct option_row *row, size_t word, struct str list)
{
    size_t most = 1;
    const struct ranges **v;
    const char *why;
    size_t n = 0;
    bool name;

    for (size_t i = 0; i < list.n; i++)
        most += list.p[i] == ',';
    if (reading->negated)
        reading_error(reading, word, "a list of addresses cannot be negated");
    v = arena_new_array(reading->reader->scratch, const struct ranges *, most);
    while (list.n > 0) {
        struct str item = str_cut(list, ',', &list);

        if (!read_address(reading, word, item, &v[n], &name, &why)) {
            if (name)
                reading_error(reading, word, "\"%.*s\" is %s; a list takes addresses", STR_ARG(item),
                              memchr(item.p, ':', item.n) == NULL ? "a name" : "a mask with too many holes");
            return;
        }
        n++;
    }
    if (row->option == OPTION_SOURCE) {
        reading->sources = v;
        reading->source_n = n;
    } else {
        reading->destinations = v;
        reading->destination_n = n;
    }
    if (reading->source_n * reading->destination_n > LIST_MAX)
        reading_error(reading, word, "more than %d rules in one line", LIST_MAX);
}

void match_addresses(struct reading *reading, const struct option_row *row, size_t option)
{
    struct reader *reader = reading->reader;
    const struct ranges *ranges;
    struct str text;
    const char *why;
    size_t word;
    bool name;

    if (!reading_value(reading, option, &text))
        return;
    word = reading->at - 1;
    if (reading_hidden(reading, row->names[0], text))
        return;
    if (memchr(text.p, ',', text.n) != NULL) {
        address_list(reading, row, word, text);
        return;
    }
    if (!read_address(reading, word, text, &ranges, &name, &why)) {
        if (!name)
            return;
        if (why == NULL)
            diag_warning(reader->diags, reader_word_span(reader, word),
                         "\"%.*s\" is a name: which addresses it stood for is not known here", STR_ARG(text));
        else
            diag_note(reader->diags, reader_word_span(reader, word),
                      "the mask of \"%.*s\" has too many holes to list its addresses: taken for an unknown",
                      STR_ARG(text));
        reading_unknown(reading, str_printf(reader->arena, "%s %.*s", row->names[0], STR_ARG(text)), reading->negated,
                        SAME_UNTIL_WRITTEN);
        return;
    }
    if (!reading->negated && ranges->n == 1 && ranges->v[0].lo == 0 && ranges->v[0].hi == addr_max(reader->family))
        return; /* every address */
    if (reading->negated)
        ranges = ranges_complement(reader->arena, ranges, addr_max(reader->family));
    reading_add(reading, row->field, ranges);
}

void match_range(struct reading *reading, const struct option_row *row, size_t option)
{
    struct reader *reader = reading->reader;
    const struct ranges *ranges;
    struct str text;
    const char *why;
    bool name;

    if (!reading_value(reading, option, &text) || reading_hidden(reading, row->names[0], text))
        return;
    if (!read_address(reading, reading->at - 1, text, &ranges, &name, &why)) {
        if (name)
            reading_error(reading, reading->at - 1, "\"%.*s\" is not a range of addresses", STR_ARG(text));
        return;
    }
    if (reading->negated)
        ranges = ranges_complement(reader->arena, ranges, addr_max(reader->family));
    reading_add(reading, row->field, ranges);
}
