/* Markdown into pages: tables between pipes and of HTML, what site generators add, and input that means harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void text_is_what_is_seen(void **state)
{
    static const struct page_case cases[] = {
        {"---\ntitle: 'A \"b\"'\nx: y\n---\n# One *two* {#id}\n\na\nb  \nc `d*` [e](f) &amp; \\*\n",
         "title A \"b\"\nh1 One two\np a b / c d* e & *\n"},
        {"Under\n=====\n\n- a\n  - b\n\n    more\n- c\n\n1. d\n\n> q\n",
         "h1 Under\nitem1 a\nitem2 b / more\nitem1 c\nitem1 d\np q\n"},
        {"```sh\nufw allow 22\n| a | b |\n```\n\n    x\n", "code ufw allow 22 / | a | b |\ncode x\n"},
        {"[a][b] ![image](x)y\n\n[b]: http://x.example\n", "p a y\n"},
        {"<!-- gone\n| a | b |\n|---|---|\n-->\nimport A from './a';\nport ~~80~~ 443\n",
         "p port 443\n! words that are struck through are left out of \"port 443\"\n"},
        {"snake_case_name and 2*3*4\n", "p snake_case_name and 2"
                                        "3"
                                        "4\n"},
    };

    (void)state;
    PAGE_CASES("markdown", cases)
}

static void pipes_make_tables(void **state)
{
    static const struct page_case cases[] = {
        {"| **P** | Q |\n|:--|--:|\n| `80` \\| 81<br/>82 | [x](y)<sup>1</sup> |\ntext\n",
         "table 2x2 head 1\n|!P|!Q|\n|80 | 81 / 82|x{1}|\np text\n"},
        {"A|B\n-|-\n1|x<ul><li>y</li><li>z</li></ul>\n", "table 2x2 head 1\n|!A|!B|\n|1|x / y / z|\n"},
        {"|a|b|\n|-|-|\n|1|\n|2|3|4|\n", "table 3x3 head 1 shifted\n|!a|!b|.|\n|1|.|.|\n|2|3|4|\n! this row has 3 "
                                         "cells, and no row above it more than 2\n"},
        {"text\n| a | b |\n| 1 | |\n", "p text\ntable 2x2 head 0 shifted\n|a|b|\n|1||\n"},
        {"- item\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n\n- next\n",
         "item1 item\ntable 2x2 head 1\n|!a|!b|\n|1|2|\nitem1 next\n"},
        {"> | a | b |\n> |---|---|\n> | 1 | 2 |\n", "table 2x2 head 1\n|!a|!b|\n|1|2|\n"},
        {"|a|\n|-|\n|# x|\n|- y|\n|1. z|\n", "table 4x1 head 1\n|!a|\n|# x|\n|- y|\n|1. z|\n"},
        {"|a|b|\n|-|-|\n|~~1~~|2[^n]|\n\n[^n]: see\n  below\n",
         "table 2x2 head 1\n|!a|!b|\n|~1|2{n}|\nfoot(n) see below\n"},
        {"not a | table\n", "p not a | table\n"},
        {"| a |\n|---|\n{% if new %}\n| 1 |\n{% endif %}\nend\n",
         "table 2x1 head 1\n|!a|\n|1|\np end\n! which rows of this table count depends on \"{% if new %}\"; all are "
         "read\n"},
    };

    (void)state;
    PAGE_CASES("markdown", cases)
}

static void html_stands_inside(void **state)
{
    static const struct page_case cases[] = {
        {"a\n\n<table>\n<tr><th rowspan=2>P\n\n<th>Q\n    <tr><td>{% include note.html content=\"c <b>d</b>\" "
         "%}\n</table>\n\nb\n",
         "p a\ntable 2x2 head 1\n|!P|!Q|\n|^|c d|\np b\n"},
        {"<ul>\n<li>x</li>\n</ul>\n\n<p>y<br>z</p>\n", "item1 x\np y / z\n"},
        {"<details>\n<summary>More <b>x</b></summary>\n\n*in*\n\n</details>\nout\n",
         "tab1 More x\np in\ntabend1 \np out\n"},
        {"<div class=\"alert alert-danger\">\n**mind**\n</div>\n\nrest\n", "note(danger) mind\np rest\n"},
        {"<Tabs>\n<TabItem\n  value=\"l\"\n  label=\"Lin & ux\">\n\nl\n\n</TabItem>\n<TabItem "
         "value=\"win\">\n\nw\n\n</TabItem>\n</Tabs>\n",
         "tab1 Lin & ux\np l\ntab1 win\np w\ntabend1 \n"},
    };

    (void)state;
    PAGE_CASES("markdown", cases)
}

static void site_generators_add_notes_and_tabs(void **state)
{
    static const struct page_case cases[] = {
        {":::note Keep\nin `it`\n:::\n:::tip\nt\n:::\nout\n",
         "note(note) Keep\nnote(note) in it\nnote(tip) t\np out\n"},
        {"!!! warning \"Warning\"\n    a\n\n    - b\nc\n", "note(warning) a\nnote(warning) b\np c\n"},
        {"=== \"A\"\n\n    a\n    | p |\n    |---|\n    | 1 |\n\n=== \"B\"\n\n    b\n\nc\n",
         "tab1 A\np a\ntable 2x1 head 1\n|!p|\n|1|\ntab1 B\np b\ntabend1 \np c\n"},
        {"{{site.data.alerts.note}}\n<p>a</p>\n{{site.data.alerts.end}}\n{% include tip.html content=\"b\nc\" %}\n",
         "note(note) a\nnote(tip) b c\n"},
        {"{% hint style=\"danger\" %}\na\n{% endhint %}\n{{< note >}}\nb\n{{< /note >}}\n{% tabs %}\n{% tab "
         "title=\"T\" %}\nt\n{% endtab %}\n{% endtabs %}\n",
         "note(danger) a\nnote(note) b\ntab1 T\np t\ntabend1 \n"},
        {"{% if a > 1 %}\nb\n{% else %}\nc\n{% endif %}\nd\n", "tab1 if a > 1\np b\ntab1 else\np c\ntabend1 \np d\n"},
        {"> [!IMPORTANT]\n> a\n>\n> - b\n\n> **Note**\n> c\n\n> **Tip:** d\n",
         "note(important) a\nnote(important) b\nnote(note) c\nnote(tip) d\n"},
        {"# [A](#tab/a)\n\na\n\n# [B](#tab/b)\n\nb\n\n---\n\nc\n", "tab1 A\np a\ntab1 B\np b\ntabend1 \np c\n"},
        {"```{warning}\nmyst\n```\n::::{tab-item} X\nx\n::::\n", "note(warning) myst\ntab1 X\np x\ntabend1 \n"},
        {"**Note:** a\n\n{% include ports.html %}\n{{ site.port }} is it\n",
         "note(note) a\np {{ site.port }} is it\n! what \"ports.html\" holds is not here\n"},
    };

    (void)state;
    PAGE_CASES("markdown", cases)
}

static void places_are_exact(void **state)
{
    static const char text[] = "---\r\ntitle: x\r\n---\r\n\r\n!!! note\r\n\r\n    | a | b |\r\n    |---|---|\r\n    | "
                               "1 | **two** |\r\n\r\npara\r\n";
    struct arena *arena = arena_new();
    struct diags diags;
    const struct page *page;
    const struct cell *cell;

    (void)state;
    diags_init(&diags, arena);
    page = document_format_find(STR("markdown"))->read(arena, source_new(arena, STR("doc"), STR(text)), &diags);
    cell = grid_at(page->blocks[0].grid, 1, 1);
    assert_int_equal(source_line(page->source, cell->span.at), 9);
    assert_int_equal(source_column(page->source, cell->span.at), 11);
    assert_int_equal(cell->span.n, 7);
    assert_int_equal(source_line(page->source, page->blocks[1].span.at), 11);
    arena_free(arena);
}

static void hostile_input_is_bounded(void **state)
{
    static const struct page_flood cases[] = {
        {"", "> ", 20000, "\n\nend\n", "p end", NULL},
        {"", "- ", 5000, "\n\nend\n", "p end", NULL},
        {"", ":::note\n", 5000, "\nend\n", "nested deeper than 32", NULL},
        {"", "![[]()", 20000, "\n\nend\n", "more than 500 images", NULL},
        {"", "*a _", 50000, "\n\nend\n", "p end", NULL},
        {"", "<table>\n", 20000, "\n\nend\n", "never ends", NULL},
        {"|a|b|\n|-|-|\n", "|", 50000, "\n\nend\n", "more than 1000 columns", NULL},
        {"|a|b|\n|-|-|\n|", "x*y_`", 200000, "|\n\nend\n", "p end", NULL},
        {"", "{% include x", 20000, "\n\nend\n", "p end", NULL},
        {"", "[^", 100000, "\n\nend\n", "p end", NULL},
        {"", "<b><sup>", 30000, "\n\nend\n", "p end", NULL},
    };

    (void)state;
    PAGE_FLOODS("markdown", cases)
}

static void is_recognised(void **state)
{
    static const char *const texts[] = {"a\n\n## b\n", "|a|b|\n|-|-|\n", "---\ntitle: x\n---\n"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(document_format_of(STR("x.txt"), str_of(texts[i]))->name, "markdown");
    assert_string_equal(document_format_of(STR("x.MD"), STR("x"))->name, "markdown");
    assert_string_equal(document_format_of(STR("x.txt"), STR("| a | b |\n| 1 | 2 |\n"))->name, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_what_is_seen), cmocka_unit_test(pipes_make_tables),
        cmocka_unit_test(html_stands_inside),   cmocka_unit_test(site_generators_add_notes_and_tabs),
        cmocka_unit_test(places_are_exact),     cmocka_unit_test(hostile_input_is_bounded),
        cmocka_unit_test(is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
