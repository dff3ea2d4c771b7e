/* AsciiDoc; what is read and written how stands in read.c and write.c. */
#include "document/asciidoc/asciidoc.h"

/* A table between its own delimiters, a line of attributes, or titles with equals signs on both sides of nothing. */
static bool recognise(struct str text)
{
    text = str_head(text, 65536);
    while (text.n > 0) {
        struct str line = str_trim(str_cut(text, '\n', &text));

        if (str_is(line, "|===") || str_starts(line, "[cols=") || str_starts(line, ":_mod-docs") ||
            str_starts(line, ":toc:"))
            return true;
        if (str_starts(line, "== ") && !str_ends(line, " =="))
            return true;
    }
    return false;
}

static const char *const suffixes[] = {"adoc", "asciidoc", "asc", NULL};

const struct document_format document_asciidoc = {
    .name = "asciidoc",
    .title = "AsciiDoc",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = asciidoc_read,
    .write = asciidoc_write,
};
