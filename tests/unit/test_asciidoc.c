/* AsciiDoc into pages: tables in all the ways they are written, marks inside lines, blocks, and input that means harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void tables_are_filled_cell_by_cell(void **state)
{
    static const struct page_case cases[] = {
        {"[cols=\"2*\",options=\"header\"]\n|===\n| Port| Use\na|\n22\na|\nshell\n.2+|\n80\n|web\n|more\n|===\n",
         "table 4x2 head 1\n|!Port|!Use|\n|22|shell|\n|80|web|\n|^|more|\n"},
        {".Ports\n|===\n|a |b\n\n|1 |2\n2+|wide\n|===\n", "table 3x2 head 1 caption Ports\n|!a|!b|\n|1|2|\n|wide|<|\n"},
        {"[%noheader,cols=\"1,1\"]\n|===\n|a |b\n\n|1 |2\n|===\n", "table 2x2 head 0\n|a|b|\n|1|2|\n"},
        {"[cols=\"1h,2a\"]\n|===\n|in|* x\n* y\n\n!===\n! p ! q\n!===\n|out\n|one +\ntwo\n\nthree\n|===\n",
         "table 2x2 head 0\n|!in|x / y / p q|\n|!out|one / two / three|\n"},
        {"[cols=2*]\n|===\n3*|x\n|a\\|b\n|===\n", "table 2x2 head 0\n|x|x|\n|x|a|b|\n"},
        {"[format=csv,options=header]\n|===\na,\"b, c\"\n1,*2*\n|===\n", "table 2x2 head 1\n|!a|!b, c|\n|1|2|\n"},
        {",===\na,b\n1,2\n,===\n", "table 2x2 head 0\n|a|b|\n|1|2|\n"},
        {"[cols=2*]\n|===\n|1|2\n|3\n|===\n",
         "table 2x2 head 0\n|1|2|\n|3|.|\n! the last row of this table has fewer cells than its 2 columns\n"},
        {"[cols=2*]\n|===\n|1|2\n|\n|===\n", "table 1x2 head 0\n|1|2|\n"},
        {"|===\n|1|2\n// no\nifdef::x[]\n|3|4\nendif::[]\n|===\n", "table 2x2 head 0\n|1|2|\n|3|4|\n"},
        {"[cols=2*]\n|===\n|[.line-through]#80#|x^1^ y\n|===\n", "table 1x2 head 0\n|~80|x y{1}|\n"},
    };

    (void)state;
    PAGE_CASES("asciidoc", cases)
}

static void marks_inside_lines_are_undone(void **state)
{
    static const struct page_case cases[] = {
        {":Name: Big *Box*\n:port-x: 443\n\n{Name} on {port-x}, {other} stays.\n",
         "p Big Box on 443, {other} stays.\n"},
        {"*bold* _it_ `code` **un**bound `+a_b_c+` a*b*c 2 * 3\n", "p bold it code unbound a_b_c a*b*c 2 * 3\n"},
        {"link:x/y[the text] https://a.example[here] <<id,there>> xref:z[z] image:i.png[alt,10]\n",
         "p the text here there z alt\n"},
        {"a&nbsp;b &#8211; \\*c* &amp;\n", "p a\xc2\xa0"
                                           "b \xe2\x80\x93 *c* &\n"},
        {"one +\ntwo\nthree\n", "p one / two three\n"},
        {"x footnote:[see _y_]\n", "p x[1]\nfoot(1) see y\n"},
    };

    (void)state;
    PAGE_CASES("asciidoc", cases)
}

static void blocks_are_told_apart(void **state)
{
    static const struct page_case cases[] = {
        {"= Title\n:toc:\n\n// no\n== Part\n\ntext\nmore\n", "title Title\nh1 Title\nh2 Part\np text more\n"},
        {"* a\n** b\ngoes on\n* c\n+\nand\n\n. d\n- e\n",
         "item1 a\nitem2 b goes on\nitem1 c / and\nitem2 d\nitem3 e\n"},
        {"443/tcp:: web\nTerm::\n  said\n", "item1 443/tcp / web\nitem1 Term / said\n"},
        {"Two Lines\n=========\n\nPorts\n-----\ntext\n\nBelow\n~~~~~\n",
         "title Two Lines\nh1 Two Lines\nh2 Ports\np text\nh3 Below\n"},
        {".Ports\n------\ncode\n------\n\nlonger than that\n----\nx\n----\n",
         "code code\np longer than that\ncode x\n"},
        {"NOTE: mind\n\n[WARNING]\n====\n* a\n\nb\n====\n[TIP]\nc\n\nd\n",
         "note(note) mind\nnote(warning) a\nnote(warning) b\nnote(tip) c\np d\n"},
        {"----\n|===\n----\n....\nx\n....\n////\ny\n////\n++++\n<p>z\n++++\n", "code |===\ncode x\n"},
        {"include::ports.adoc[]\nifdef::a[]\nx\nendif::[]\nifdef::b[only here]\n",
         "p x\np only here\n! what \"ports.adoc\" holds is not here\n"},
        {"[tabs]\n====\nA::\n+\n--\na\n--\nB::\n+\n--\nb\n--\n====\nc\n", "tab1 A\np a\ntab1 B\np b\ntabend1 \np c\n"},
        {"---\nkeywords: x\n---\n= T\n[.lead]\nfirst\n\n[cols=\"1, 2\"]\n|===\n|a|b\n|===\n",
         "title T\nh1 T\np first\ntable 1x2 head 0\n|a|b|\n"},
    };

    (void)state;
    PAGE_CASES("asciidoc", cases)
}

static void places_are_exact(void **state)
{
    (void)state;
    PAGE_PLACE("asciidoc", "x\n\n|===\n|a |b\n|1\na|*two*\n|===\n", 1, 1, 1, "6:4, 3 bytes");
}

static void hostile_input_is_bounded(void **state)
{
    static const struct page_flood cases[] = {
        {"", "*a _b ", 100000, "\n\nend\n", "p end", NULL},
        {":a: {b}{b}\n:b: {a}{a}\n\n", "{a}", 10, "\n\nend\n", "p end", NULL},
        {"|===\n", "|x", 100000, "\n|===\n\nend\n", "p end", NULL},
        {"[cols=\"100000*\"]\n|===\n|a\n", "", 0, "|===\n\nend\n", "p end", NULL},
        {"[cols=2*]\n|===\n", "99999*|a\n", 200, "|===\n\nend\n", "p end", NULL},
        {"", "====\n", 1, "x", "p x", NULL},
        {"", "[[[[", 100000, "\n\nend\n", "p end", NULL},
        {"", "<<", 100000, "\n\nend\n", "p end", NULL},
        {"|===\n|", "word *b* ", 100000, "\n|===\n\nend\n", "p end", NULL},
        {"", "^a", 100000, "\n\nend\n", "p end", NULL},
    };

    (void)state;
    PAGE_FLOODS("asciidoc", cases)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_filled_cell_by_cell), cmocka_unit_test(marks_inside_lines_are_undone),
        cmocka_unit_test(blocks_are_told_apart),          cmocka_unit_test(places_are_exact),
        cmocka_unit_test(hostile_input_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
