/* HTML pages as vendors publish them; the reading is markup.c's, for Markdown holds HTML too. */
#include "document/html/html.h"

#include <strings.h>

#include "document/markup.h"

static struct page *read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;

    builder_begin(&builder, arena, source, diags);
    markup_page(&builder, elements_read(&builder, source->text, 0));
    return builder_end(&builder);
}

static bool begins(struct str text, const char *word)
{
    return text.n >= strlen(word) && strncasecmp(text.p, word, strlen(word)) == 0;
}

/* A page begins like one; a part that somebody saved begins with a table or a heading. */
static bool recognise(struct str text)
{
    static const char *const starts[] = {"<!doctype html", "<html",    "<head", "<body", "<table",
                                         "<main",          "<article", "<h1",   "<h2",   "<h3",
                                         "<div",           "<section", "<p>"};

    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_from(text, 3);
    text = str_trim(str_head(text, 65536));
    while (str_starts(text, "<!--") || str_starts(text, "<?")) {
        const char *end = memmem(text.p, text.n, ">", 1);

        if (end == NULL)
            return false;
        text = str_trim(str_from(text, (size_t)(end - text.p) + 1));
    }
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (begins(text, starts[i]))
            return true;
    }
    return false;
}

static const char *const suffixes[] = {"html", "htm", "xhtml", NULL};

const struct document_format document_html = {
    .name = "html",
    .title = "HTML",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = read,
    .write = html_write,
};
