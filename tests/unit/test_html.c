/* HTML into pages: what counts of a page, tables with spans, and input that means harm. */
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
        {"<title>A &amp; B</title><h1>One\n <b>two</b><a class=headerlink href=#x>&para;</a></h1><p>a\n\tb<br>c&nbsp;d",
         "title A & B\nh1 One two\np a b / c\xc2\xa0"
         "d\n"},
        {"<ul><li>one<ul><li>two</ul>more<li><p>a</p><p>b</p></ul><ol><li>x</ol>",
         "item1 one\nitem2 two\nitem1 more\nitem1 a / b\nitem1 x\n"},
        {"<dl><dt>443/tcp<dd>web<dt>22/tcp<dd>shell</dl>", "item1 443/tcp / web\nitem1 22/tcp / shell\n"},
        {"<pre>\nopen 443\n  now\n</pre>", "code open 443 /   now\n"},
        {"<p>soft&shy;ware 443&#8203;/tcp", "p software 443/tcp\n"},
        {"a<svg><text>x</text></svg><style>p{}</style>b<script>'<p>'</script>c", "p abc\n"},
        {"<p>use <del>80</del> 443", "p use 443\n! words that are struck through are left out of \"use 443\"\n"},
        {"", ""},
    };

    (void)state;
    PAGE_CASES("html", cases)
}

static void chrome_is_left_out(void **state)
{
    static const struct page_case cases[] = {
        {"<nav>menu</nav><header>brand</header><p>text<footer>legal</footer><aside>ads</aside>", "p text\n"},
        {"<div>outside</div><main><header><h1>T</h1></header><p>in</main><div>outside", "h1 T\np in\n"},
        {"<div>out</div><article><p>in</article>", "p in\n"},
        /* A table outside the main part is kept, and with it all else. */
        {"<article><p>in</article><table><tr><td>1<td>2</table>", "p in\ntable 1x2 head 0\n|1|2|\n"},
        {"<div role=navigation>x</div><div class='toc'>y</div><p>z", "p z\n"},
    };

    (void)state;
    PAGE_CASES("html", cases)
}

static void tables_have_their_spans(void **state)
{
    static const struct page_case cases[] = {
        {"<table><caption>C</caption><thead><tr><th>P<th>Q</thead><tr><td rowspan=2>1<br>2<td>a<tr><td>b</table>",
         "table 3x2 head 1 caption C\n|!P|!Q|\n|1 / 2|a|\n|^|b|\n"},
        {"<table><tr><th>P<th colspan=2>Q<tr><td>1<td>2<td>3<tr><td colspan=9>s</table>",
         "table 3x3 head 1\n|!P|!Q|<|\n|1|2|3|\n|s|<|<|\n"},
        {"<table><tr><td rowspan=0>1<td>2<tr><td>3<tr><td>4</table>", "table 3x2 head 0\n|1|2|\n|^|3|\n|^|4|\n"},
        {"<table><tr><td colspan=0>1<td>2<tr><td>3</table>", "table 2x2 head 0\n|1|2|\n|3|.|\n"},
        {"<table><tr><td>389<br>636<td><p>TCP</p><p>UDP</p><td><ul><li>a<li>b</ul></table>",
         "table 1x3 head 0\n|389 / 636|TCP / UDP|a / b|\n"},
        {"<table><tr><th>in<td>1<tr><th>out<td>2</table>", "table 2x2 head 0\n|!in|1|\n|!out|2|\n"},
        {"<table><tr><td>x<td><table><tr><td>in<td>ner<tr><td>y</table><tr><td>1<td>2</table>",
         "table 2x2 head 0\n|x|in ner / y|\n|1|2|\n"},
        {"<table><tr><td><s>80</s><td><del>8</del>1<td>x<tr style='text-decoration: "
         "line-through'><td>1<td>2<td>3</table>",
         "table 2x3 head 0\n|~80|1|x|\n|~1|~2|~3|\n! words that are struck through are left out of \"1\"\n"},
        {"<table><tr><td><img alt=yes src=x><td>a<sup>2</sup> b</table>", "table 1x2 head 0\n|yes|a b{2}|\n"},
        {"<table><tr><td>&nbsp;<td>\xc2\xa0x</table>", "table 1x2 head 0\n|\xc2\xa0|\xc2\xa0x|\n"},
    };

    (void)state;
    PAGE_CASES("html", cases)
}

static void tables_that_lay_out_are_none(void **state)
{
    static const struct page_case cases[] = {
        {"<table><tr><td><h2>A</h2><table><tr><td>1<td>2<tr><td>3<td>4</table></table>",
         "h2 A\ntable 2x2 head 0\n|1|2|\n|3|4|\n"},
        {"<div class='admonitionblock note'><table><tr><td>Note<td>close it</table></div>", "note(note) close it\n"},
    };

    (void)state;
    PAGE_CASES("html", cases)
}

static void notes_footnotes_and_tabs(void **state)
{
    static const struct page_case cases[] = {
        {"<div class='alert alert-warning'><p>mind</div><div class='theme-admonition-tip'>t</div><p>Note: n",
         "note(warning) mind\nnote(tip) t\nnote(note) n\n"},
        {"<p><b>Important:</b><ul><li>a<li>b</ul><p>c", "note(important) a\nnote(important) b\np c\n"},
        {"<table><tr><td>443<sup>[1]</sup><td>80*<td>22\xc2\xb2</table><p><sup>1</sup> one<p>* star<p>\xc2\xb2 two",
         "table 1x3 head 0\n|443{1}|80{*}|22{2}|\nfoot(1) one\nfoot(*) star\nfoot(2) two\n"},
        {"<table><tr><td>Yes*<td>eth*</table><p>x", "table 1x2 head 0\n|Yes*|eth*|\np x\n"},
        {"<ul role=tablist><li role=tab>A<li role=tab>B</ul><div role=tabpanel>a</div><div role=tabpanel>b</div><p>c",
         "tab1 A\np a\ntab1 B\np b\ntabend1 \np c\n"},
        {"<nav><div role=tablist><button role=tab>A</button></div></nav><div class=tab-pane>a</div>",
         "tab1 A\np a\ntabend1 \n"},
        {"<div class='confluence-information-macro confluence-information-macro-warning'><p>x</div>",
         "note(warning) x\n"},
        {"<details><summary>More</summary>a<details><summary>Deep</summary>b</details></details>",
         "tab1 More\np a\ntab2 Deep\np b\ntabend2 \ntabend1 \n"},
    };

    (void)state;
    PAGE_CASES("html", cases)
}

static void places_are_exact(void **state)
{
    struct arena *arena = arena_new();
    struct buf text = BUF_EMPTY;
    struct diags diags;
    const struct grid *grid;

    (void)state;
    diags_init(&diags, arena);
    buf_adds(&text, "<table>\n");
    for (unsigned i = 0; i < 70000; i++) /* more lines than libxml2 counts */
        buf_addf(&text, "<tr><td>\n port&amp;%u</td></tr>\n", i);
    buf_adds(&text, "</table>");
    grid = document_format_find(STR("html"))
               ->read(arena, source_new(arena, STR("doc"), buf_str(&text)), &diags)
               ->blocks[0]
               .grid;
    for (uint32_t i = 0; i < 70000; i++) {
        struct span span = grid_at(grid, i, 0)->span;

        assert_int_equal(source_line(span.source, span.at), 3 + i * 2);
        assert_int_equal(source_column(span.source, span.at), 2);
        assert_int_equal(text.p[span.at + span.n], '<');
    }
    buf_free(&text);
    arena_free(arena);
}

/* Each is read, said, and what follows is there where it can be. */
static void hostile_input_is_bounded(void **state)
{
    static const struct page_flood cases[] = {
        {"", "<table><tr><td>x", 1000, "<p>end", "nested deeper than 200", "end"},
        {"", "<b>", 100000, "<p>end", "what follows is left out", NULL},
        {"<table><tr>", "<td>1", 10000, "</table><p>end", "more than 1000 columns", "p end"},
        {"<table><tr><td rowspan=1000000000 colspan=1000000000>1<tr><td>2", "", 0, "</table><p>end",
         "is cut to the table", "p end"},
        {"<p>a</p><b", " x=1", 100000, ">c</b><p>end", "more than 256 attributes", "p end"},
        {"<table><tr><td>", "ab &amp; ", 200000, "</table><p>end", NULL, "p end"},
        {"<!DOCTYPE x [<!ENTITY a \"aaaa\">", "<!ENTITY b \"&a;&a;&a;\">", 1000, "]><p>&b;&b;<p>end", NULL, "p end"},
        {"<p>", "\xff", 100000, "<p>end", "100000 bytes are not UTF-8 text", "p end"},
        {"<p>", "</div>", 100000, "<p>end", NULL, "p end"},
        {"<!--", "x", 1000000, "", NULL, NULL},
        {"<p>", "<sup>1", 20000, "<p>end", "nested deeper", NULL},
    };

    (void)state;
    PAGE_FLOODS("html", cases)
}

static void is_recognised(void **state)
{
    static const char *const yes[] = {"page.HTM", "x.html"};
    static const char *const texts[] = {"<!DOCTYPE html><p>", "\xef\xbb\xbf\n<!-- c --><html>", "<table><tr>"};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(document_format_of(str_of(yes[i]), STR("x"))->name, "html");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(document_format_of(STR("<stdin>"), str_of(texts[i]))->name, "html");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_what_is_seen),     cmocka_unit_test(chrome_is_left_out),
        cmocka_unit_test(tables_have_their_spans),  cmocka_unit_test(tables_that_lay_out_are_none),
        cmocka_unit_test(notes_footnotes_and_tabs), cmocka_unit_test(places_are_exact),
        cmocka_unit_test(hostile_input_is_bounded), cmocka_unit_test(is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
