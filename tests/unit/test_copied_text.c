/* Text copied from pages: rows between pipes, tabs and runs of blanks; what only its meaning parts stays a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void pipes_are_rows(void **state)
{
    static const struct page_case cases[] = {
        {"Ports\n| Port | Use |\n| 22 | shell |\nend\n", "p Ports\ntable 2x2 head 0\n|Port|Use|\n|22|shell|\np end\n"},
        /* Cells that are missing on the left were filled up on the right: the grid says that they may have moved. */
        {"| From | To | Port |\r\n| a | b | 22 |\r\n| c | 53 | |\r\n| 80 | ||\r\n| d |\r\n",
         "table 5x3 head 0 shifted\n|From|To|Port|\n|a|b|22|\n|c|53||\n|80|||\n|d|.|.|\n"},
        {"+----+----+\n| a  | b  |\n+----+----+\n| 1  | 2  |\n+----+----+\n", "table 2x2 head 1\n|!a|!b|\n|1|2|\n"},
        {" port | use \n------+-----\n 22   | x\n", "table 2x2 head 1\n|!port|!use|\n|22|x|\n"},
        {"either a | b\nor c\n", "p either a | b\np or c\n"},
        {"| a \\| b | c |\n", "table 1x2 head 0\n|a \\| b|c|\n"},
    };

    (void)state;
    PAGE_CASES("text", cases)
}

static void tabs_are_rows(void **state)
{
    static const struct page_case cases[] = {
        {"Source\tPort\tUse\na\t22\tx\n\t23\ty\nb\t\tz\n\nend",
         "table 4x3 head 0\n|Source|Port|Use|\n|a|22|x|\n||23|y|\n|b||z|\np end\n"},
        {"a\tb\tc\nd\te\n", "table 2x3 head 0 shifted\n|a|b|c|\n|d|e|.|\n"},
        {"one\ttab\n", "p one tab\n"},
        {"\tindented\n\ttwice\n", "p indented\np twice\n"},
    };

    (void)state;
    PAGE_CASES("text", cases)
}

static void columns_are_parted_by_runs_of_blanks(void **state)
{
    static const struct page_case cases[] = {
        {"Port   Protocol  Use\n22     TCP       shell in\n53     TCP, UDP  names\n       UDP       more\n",
         "table 4x3 head 0\n|Port|Protocol|Use|\n|22|TCP|shell in|\n|53|TCP, UDP|names|\n||UDP|more|\n"},
        {"Name     Port\n  \xc3\xa4\xc3\xa4    443\nb         80\n",
         "table 3x2 head 0\n|Name|Port|\n|\xc3\xa4\xc3\xa4|443|\n|b|80|\n"},
        {"Not a  table.\nFor nothing  aligns here.\n", "p Not a table.\np For nothing aligns here.\n"},
    };

    (void)state;
    PAGE_CASES("text", cases)
}

static void the_rest_are_sentences_and_items(void **state)
{
    static const struct page_case cases[] = {
        {"From To Port\na b 22\n\xc2\xa0 c 53\n\xc2\xa0 \xc2\xa0 80 \xc2\xa0\n",
         "p From To Port\np a b 22\np \xc2\xa0 c 53\np \xc2\xa0 \xc2\xa0 80 \xc2\xa0\n"},
        {"\xe2\x80\xa2 one\n  goes on\n  - two\n\n\xe2\x80\xa2 three\n1. four\n22) five\n443. six",
         "item1 one goes on\nitem2 two\nitem1 three\nitem1 four\nitem1 five\np 443. six\n"},
        {"Note:\n\n \xe2\x80\xa2 a\n\n \xe2\x80\xa2 b\n\nc\nWarning: d\n",
         "note(note) a\nnote(note) b\np c\nnote(warning) d\n"},
        {"| 22* | b |\n| 23 | c [1] |\n* only inside\n[1] not here\n",
         "table 2x2 head 0\n|22{*}|b|\n|23|c{1}|\nfoot(*) only inside\nfoot(1) not here\n"},
        {"* one\n* two\n", "item1 one\nitem1 two\n"},
        {"\xef\xbb\xbf"
         "a\xff"
         "b\x01\n",
         "p a\xef\xbf\xbd"
         "b\xef\xbf\xbd\n! 1 byte is not UTF-8 text, read as U+FFFD\n"},
    };

    (void)state;
    PAGE_CASES("text", cases)
}

static void places_are_exact(void **state)
{
    (void)state;
    PAGE_PLACE("text", "one\n\n| a | b |\n|  c |d e|\n", 1, 1, 1, "4:7, 3 bytes");
}

/* Lines that look like columns and are none are looked at once. */
static void many_lines_are_read_once(void **state)
{
    struct buf text = BUF_EMPTY;
    struct buf made;
    size_t lines = 0;

    (void)state;
    for (size_t i = 0; i < 200000; i++)
        buf_addf(&text, "%*s%zu  x\n", (int)(i % 40), "", i);
    made = page_text_of("text", buf_str(&text));
    for (size_t i = 0; i < made.n; i++)
        lines += made.p[i] == '\n';
    assert_int_equal(lines, 200000);
    buf_free(&made);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_are_rows),
        cmocka_unit_test(tabs_are_rows),
        cmocka_unit_test(columns_are_parted_by_runs_of_blanks),
        cmocka_unit_test(the_rest_are_sentences_and_items),
        cmocka_unit_test(places_are_exact),
        cmocka_unit_test(many_lines_are_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
