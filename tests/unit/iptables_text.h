/* Texts given to the iptables reader, for its tests. */
#ifndef PORTOLAN_TESTS_IPTABLES_TEXT_H
#define PORTOLAN_TESTS_IPTABLES_TEXT_H

#include "dialect/iptables/read.h"
#include "ruleset_text.h"

struct text {
    struct arena *arena;
    struct diags diags;
    struct ruleset *ruleset;
    struct dialect_input inputs[4];
    size_t n;
};

static inline void add_input(struct text *text, const char *name, struct str content)
{
    if (text->n == 0) {
        text->arena = arena_new();
        diags_init(&text->diags, text->arena);
    }
    text->inputs[text->n++].text = source_new(text->arena, str_of(name), content);
}

static inline void read_inputs(struct text *text)
{
    text->ruleset = iptables_read(text->arena, text->inputs, text->n, &text->diags);
}

static inline struct text read_text(const char *name, const char *content)
{
    struct text text = {0};

    add_input(&text, name, str_of(content));
    read_inputs(&text);
    return text;
}

static inline void show_diags(struct text *text)
{
    struct buf buf = BUF_EMPTY;

    diags_print(&buf, &text->diags, false);
    print_message("%.*s", STR_ARG(buf_str(&buf)));
    buf_free(&buf);
}

static inline const struct chain *chain_of(const struct text *text, const char *table, const char *name)
{
    return text->ruleset == NULL ? NULL : ruleset_chain(text->ruleset, str_of(table), str_of(name));
}

#endif
