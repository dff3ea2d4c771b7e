/* JSON as a document: lists of objects are tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_text.h"

static void lists_of_objects_are_tables(void **state)
{
    static const struct page_case cases[] = {
        {"[{\"port\": 443, \"from\": [\"a\", \"b\"]}, {\"from\": \"c\\nd\", \"when\": {\"k\": true}}]",
         "table 3x3 head 1\n|!port|!from|!when|\n|443|a / b||\n||c / d|k: true|\n"},
        {"{\"name\": \"x\", \"in\": {\"ports\": [{\"p\": \"22\"}]}, \"n\": null}",
         "item1 name / x\nh1 in\nh2 ports\ntable 2x1 head 1\n|!p|\n|22|\nitem1 n\n"},
        {"[1, 2]", "p 1 / 2\n"},
    };

    (void)state;
    PAGE_CASES("json", cases)
}

static void what_is_no_json_stays_as_text(void **state)
{
    struct buf made = page_text_of("json", STR("{\"a\": }"));

    (void)state;
    assert_non_null(strstr(made.p, "code {\"a\": }\n! this is no JSON"));
    buf_free(&made);
}

static void places_are_those_of_the_values(void **state)
{
    static const char text[] = "[\n{\"a\": 1,\n\"b\": \"x\"},\n{\"a\": 22,\n \"b\": \"x\"}]\n";

    (void)state;
    PAGE_PLACE("json", text, 0, 2, 1, "5:8, 1 bytes");
    PAGE_PLACE("json", text, 0, 2, 0, "4:7, 2 bytes");
}

static void is_recognised(void **state)
{
    (void)state;
    assert_string_equal(document_format_of(STR("-"), STR(" [ {\"a\": 1}]"))->name, "json");
    assert_string_equal(document_format_of(STR("-"), STR("[1] is a note"))->name, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_objects_are_tables),
        cmocka_unit_test(what_is_no_json_stays_as_text),
        cmocka_unit_test(places_are_those_of_the_values),
        cmocka_unit_test(is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
