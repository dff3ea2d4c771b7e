/* Markdown; what is read and written how stands in read.c, scan.c and write.c. */
#include "document/markdown/markdown.h"

#include "document/pipes.h"

#define LOOKED_AT 65536u

static bool is_heading(struct str line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] == '#')
        n++;
    return n > 0 && n <= 6 && n + 1 < line.n && line.p[n] == ' ';
}

/* A heading, a fence, a link, or a line of dashes between pipes under one with as many cells. */
static bool recognise(struct str text)
{
    struct str before = STR_EMPTY;
    bool front = str_starts(text, "---\n") || str_starts(text, "---\r\n");

    text = str_head(text, LOOKED_AT);
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);

        if (is_heading(line) || str_starts(line, "```") || str_contains(line, "](http"))
            return true;
        if (memchr(before.p, '|', before.n) != NULL && pipes_is_rule(line) && memchr(line.p, '+', line.n) == NULL &&
            pipes_count(line) == pipes_count(before))
            return true;
        if (front && (str_starts(line, "title:") || str_starts(line, "description:")))
            return true;
        before = line;
    }
    return false;
}

static const char *const suffixes[] = {"md", "markdown", "mdx", "mkd", NULL};

const struct document_format document_markdown = {
    .name = "markdown",
    .title = "Markdown",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = markdown_read,
    .write = markdown_write,
};
