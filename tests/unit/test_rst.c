/* reStructuredText into pages: drawn tables, lists and CSV as tables, directives, marks, and input that means harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void drawn_tables_have_their_spans(void **state)
{
    static const struct page_case cases[] = {
        {"+------+-------+\n| Port | Use   |\n+======+=======+\n| 22   | in    |\n|      +-------+\n|      | out   |\n"
         "|      | too   |\n+------+-------+\n| both         |\n+------+-------+\n",
         "table 4x2 head 1\n|!Port|!Use|\n|22|in|\n|^|out too|\n|both|<|\n"},
        {"+----+---------+\n| 80 | * a     |\n|    | * b     |\n|    |         |\n| 81 | \xc3\xa9 ``x`` "
         "|\n+----+---------+\n",
         "table 1x2 head 0\n|80 / 81|a / b / \xc3\xa9 x|\n"},
        {"+---+--+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+\n",
         "table 2x2 head 1 shifted\n|!a|!b|\n|1|2|\n! the lines of this table do not close; its rows are read between "
         "pipes\n"},
        {"====  =====  ===\nPort  Use    x\n====  =====  ===\n22    shell  y\n      again\n53    names\n====  =====  "
         "===\n\nend\n",
         "table 3x3 head 1\n|!Port|!Use|!x|\n|22|shell again|y|\n|53|names||\np end\n"},
        {"===== =====\n  Both\n-----------\na     b\n===== =====\n1     2\n===== =====\n",
         "table 3x2 head 2\n|!Both|<|\n|!a|!b|\n|1|2|\n"},
    };

    (void)state;
    PAGE_CASES("rst", cases)
}

static void directives_make_tables(void **state)
{
    static const struct page_case cases[] = {
        {".. list-table:: Ports\n   :header-rows: 1\n   :widths: 1 2\n\n   * - Port\n     - Use\n   * - 22\n     - "
         "in\n\n       out\n   * -\n     - z\n",
         "table 3x2 head 1 caption Ports\n|!Port|!Use|\n|22|in / out|\n||z|\n"},
        {".. csv-table::\n   :header: Port, \"Use, all\"\n\n   22, *in*\n   80, \"a\n   b\"\n",
         "table 3x2 head 1\n|!Port|!Use, all|\n|22|in|\n|80|a b|\n"},
        {".. csv-table:: T\n   :file: x.csv\n", "! the file of this table is not here\n"},
        {".. table:: Named\n\n   == ==\n   1  2\n   == ==\n", "table 1x2 head 0 caption Named\n|1|2|\n"},
        {".. raw:: html\n\n   <table><tr><th>a<td>b</table>\n", "table 1x2 head 0\n|!a|b|\n"},
    };

    (void)state;
    PAGE_CASES("rst", cases)
}

static void blocks_and_marks_are_undone(void **state)
{
    static const struct page_case cases[] = {
        {"=====\nTitle\n=====\n\nPart\n----\n\nSub\n~~~\n\nPart 2\n------\n\n----------\n\nx\n",
         "title Title\nh1 Title\nh2 Part\nh3 Sub\nh2 Part 2\np x\n"},
        {"|p| *a* **b** ``c`` `d <e>`_ :ref:`f <g>` :doc:`h` i_ \\*j [1]_\n\n.. |p| replace:: The *Box*\n.. [1] note\n "
         "  more\n",
         "p The Box a b c d f h i *j[1]\nfoot(1) note more\n"},
        {"* a\n\n  b\n\n  - c\n* d\n\n1. e\n#. f\n", "item1 a / b\nitem2 c\nitem1 d\nitem1 e\nitem1 f\n"},
        {"term\n   said\n\n:field: value\n   more\n", "item1 term / said\nitem1 field / value more\n"},
        {"open::\n\n   22/tcp\n\n| one\n| two\n\n    quoted\n", "p open:\ncode 22/tcp\np one / two\np quoted\n"},
        {".. note:: a\n   b\n\n   * c\n.. warning::\n\n   d\n\n.. comment\n   x\n.. _t: http://y\n",
         "note(note) a b\nnote(note) c\nnote(warning) d\n"},
        {".. tabs::\n\n   .. tab:: A\n\n      a\n\n   .. tab:: B\n\n      b\n\n.. include:: p.rst\n",
         "tab1 A\np a\ntab1 B\np b\ntabend1 \n! what \"p.rst\" holds is not here\n"},
        {".. code-block:: sh\n   :linenos:\n\n   ufw allow 22\n", "code ufw allow 22\n"},
        {"443 :sup:`1` x\n\n|undefined| stays\n", "p 443 x[1]\np |undefined| stays\n"},
    };

    (void)state;
    PAGE_CASES("rst", cases)
}

static void places_are_exact(void **state)
{
    (void)state;
    PAGE_PLACE("rst", "x\n\n.. note::\n\n   +---+----+\n   | a | bc |\n   +---+----+\n", 1, 0, 1, "6:10, 2 bytes");
}

static void hostile_input_is_bounded(void **state)
{
    static const struct page_flood cases[] = {
        {"", "+-+-+-+\n", 3000, "\nend\n", "p end", NULL},
        {"", "+-------\n|       \n", 3000, "\nend\n", "p end", NULL},
        {"", "`a ", 100000, "\n\nend\n", "p end", NULL},
        {"", "- ", 2000, "x\n\nend\n", "nested deeper than 40", NULL},
        {"", "*a ", 100000, "\n\nend\n", "p end", NULL},
        {"= = ", "= ", 5000, "\nx\n= =\n\nend\n", "p end", NULL},
        {"", "..\n", 50000, "\nend\n", "p end", NULL},
        {"", "|a|", 50000, "\n\nend\n", "p end", NULL},
    };

    (void)state;
    PAGE_FLOODS("rst", cases)
}

static void is_recognised(void **state)
{
    (void)state;
    assert_string_equal(document_format_of(STR("x.txt"), STR("A\n=\n\n.. note:: x\n"))->name, "rst");
    assert_string_equal(document_format_of(STR("x.rst"), STR("x"))->name, "rst");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_tables_have_their_spans), cmocka_unit_test(directives_make_tables),
        cmocka_unit_test(blocks_and_marks_are_undone),   cmocka_unit_test(places_are_exact),
        cmocka_unit_test(hostile_input_is_bounded),      cmocka_unit_test(is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
