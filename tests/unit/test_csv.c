/* CSV into pages: any delimiter, quotes, several tables, and sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void fields_are_cells(void **state)
{
    static const struct page_case cases[] = {
        {"a,b\n1,\"x, \"\"y\"\"\nz\"\n", "table 2x2 head 0\n|a|b|\n|1|x, \"y\" / z|\n"},
        {"\xef\xbb\xbf"
         "a;b\r\n1,5;2\r\n",
         "table 2x2 head 0\n|a|b|\n|1,5|2|\n"},
        {"a\tb\tc\n\t2\t\n", "table 2x3 head 0\n|a|b|c|\n||2||\n"},
        {"a|b\n1|2\n", "table 2x2 head 0\n|a|b|\n|1|2|\n"},
        {"sep=;\na;b,c\n", "table 1x2 head 0\n|a|b,c|\n"},
        {"a , \" b\"x,c\n", "table 1x3 head 0\n|a|b|c|\n"},
        {"a,\"b\nc,d\n", "table 2x2 head 0\n|a|\"b|\n|c|d|\n"},
        {"host\na.example\nb.example\n", "table 3x1 head 0\n|host|\n|a.example|\n|b.example|\n"},
        {"a,b\n\n1,2\n\n3,4\n", "table 3x2 head 0\n|a|b|\n|1|2|\n|3|4|\n"},
        {"443[1],~~80~~\n1,2\n\n[1] one\n", "table 2x2 head 0\n|443{1}|~80|\n|1|2|\nfoot(1) one\n"},
        {"", ""},
        {"\n\n", ""},
    };

    (void)state;
    PAGE_CASES("csv", cases)
}

static void lines_of_one_field_are_text(void **state)
{
    static const struct page_case cases[] = {
        {"About\n\nHosts\nIn,Out\n1,2\n\nOthers\nx,y\n3,4\n5,6\n",
         "p About\nh2 Hosts\ntable 2x2 head 0\n|In|Out|\n|1|2|\nh2 Others\ntable 3x2 head 0\n|x|y|\n|3|4|\n|5|6|\n"},
        {"- item\n\nNote: mind\n\na,b\n1,2\n", "item1 item\nnote(note) mind\ntable 2x2 head 0\n|a|b|\n|1|2|\n"},
        {"a,b,c\n1,2,3\n4\n", "table 3x3 head 0 shifted\n|a|b|c|\n|1|2|3|\n|4|.|.|\n"},
    };

    (void)state;
    PAGE_CASES("csv", cases)
}

static void places_are_exact(void **state)
{
    (void)state;
    PAGE_PLACE("csv", "a,\"b\nb\",c\n1, 22 ,3\n", 0, 1, 1, "3:4, 2 bytes");
}

static void sizes_are_bounded(void **state)
{
    static const struct page_flood cases[] = {
        {"", "x,", 10000, "\n", "more than 1000 columns", NULL},
        {"", "a,\"b\n", 200000, "\n", "table 100000x2", NULL},
        {"\"", "\"\"", 1000000, "\n", "\"\"\"", NULL},
        {"", "1,2,3,4,5,6,7,8,9,10\n", 1000001, "\n", "more than 1000000 rows", NULL},
    };

    (void)state;
    PAGE_FLOODS("csv", cases)
}

static void is_recognised(void **state)
{
    (void)state;
    assert_string_equal(document_format_of(STR("x.TSV"), STR("x"))->name, "csv");
    assert_string_equal(document_format_of(STR("-"), STR("From,To,Port\na,b,22\n\"c\",d,\"80, 443\"\n"))->name, "csv");
    assert_string_equal(document_format_of(STR("-"), STR("One, two, three.\nFour.\n"))->name, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_cells), cmocka_unit_test(lines_of_one_field_are_text),
        cmocka_unit_test(places_are_exact), cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
