/* Views of findings and differences that are made by hand: what each says, in which order, and how it is quoted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/audit.h"
#include "report/check.h"
#include "report/diff.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct rule_ref rule(const char *file, uint32_t line, uint32_t index, const char *text)
{
    return (struct rule_ref){.file = str_of(file),
                             .line = line,
                             .table = STR("filter"),
                             .chain = STR("FORWARD"),
                             .index = index,
                             .text = str_of(text),
                             .present = true};
}

static struct box box_of(struct str *port)
{
    static struct str any = {"any", 3};
    static struct str tcp = {"tcp", 3};
    struct box box = {.family = FAMILY_V4};

    for (enum field field = 0; field < FIELD_N; field++) {
        box.values[field] = &any;
        box.n[field] = 1;
    }
    box.values[FIELD_PROTOCOL] = &tcp;
    box.values[FIELD_PORT] = port;
    return box;
}

static const struct packet packet = {.family = FAMILY_V4,
                                     .source = 0x0a000001,
                                     .destination = 0x0a000002,
                                     .protocol = 6,
                                     .source_port = 40000,
                                     .port = 22,
                                     .tcp_flags = TCP_SYN};

#define PACKET_TEXT "tcp 10.0.0.1:40000 > 10.0.0.2:22 state new"

static struct str port_22 = {"22", 2};
static struct rule_ref by[2];
static struct finding findings[3];

/* Out of order: the last rule first, and two findings of one rule. */
static struct audit_result audit_of(void)
{
    by[0] = rule("b.rules", 3, 1, "-A FORWARD -j DROP");
    by[1] = rule("a.rules", 4, 2, "-s \"x\" <&|> -j ACCEPT");
    findings[0] = (struct finding){.kind = FINDING_REDUNDANT,
                                   .severity = SEVERITY_WARNING,
                                   .rule = rule("b.rules", 9, 4, "-p tcp -j ACCEPT"),
                                   .by = &by[0],
                                   .by_n = 1};
    findings[1] = (struct finding){.kind = FINDING_SHADOWED,
                                   .severity = SEVERITY_ERROR,
                                   .firewall = STR("edge"),
                                   .message = STR("never decides"),
                                   .rule = rule("a b:c.rules", 0, 7, "=cmd"),
                                   .by = by,
                                   .by_n = 2,
                                   .box = box_of(&port_22),
                                   .has_box = true,
                                   .packet = packet,
                                   .has_packet = true,
                                   .reason = STR("may be permitted: a reason")};
    findings[2] = (struct finding){
        .kind = FINDING_UNUSED_SET, .severity = SEVERITY_NOTE, .message = STR("set \"s\" is used by no rule")};
    return (struct audit_result){.title = STR("edge"), .findings = findings, .finding_n = 3, .rule_n = 12};
}

static void assert_text(struct buf *out, const char *wanted)
{
    buf_addc(out, '\0');
    assert_true(buf_ok(out));
    assert_string_equal(out->p, wanted);
    buf_free(out);
}

static json_t *load(struct buf *out)
{
    json_t *document = json_loadb(out->p, out->n, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(document);
    buf_free(out);
    return document;
}

static const char *string_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void audit_text(void **state)
{
    struct audit_result result = audit_of();
    struct buf out = BUF_EMPTY;

    (void)state;
    report_audit_text(&out, &result, false);
    assert_text(&out, "at edge: a b:c.rules: filter FORWARD rule 7: =cmd\n"
                      "  shadowed: never decides: tcp any > any (IPv4) ports 22\n"
                      "    may be permitted: a reason\n"
                      "    by     b.rules:3: filter FORWARD rule 1: -A FORWARD -j DROP\n"
                      "           a.rules:4: filter FORWARD rule 2: -s \"x\" <&|> -j ACCEPT\n"
                      "    packet " PACKET_TEXT "\n"
                      "b.rules:9: filter FORWARD rule 4: -p tcp -j ACCEPT\n"
                      "  redundant\n"
                      "    by     b.rules:3: filter FORWARD rule 1: -A FORWARD -j DROP\n"
                      "no rule\n"
                      "  unused-set: set \"s\" is used by no rule\n"
                      "\n"
                      "3 findings in 12 rules: 1 shadowed, 1 redundant, 1 unused-set\n");
    report_audit_text(&out, &(struct audit_result){.incomplete = true}, false);
    assert_text(&out, "nothing was found; the search was given up, there may be more\n");
}

static void audit_json(void **state)
{
    struct audit_result result = audit_of();
    struct buf out = BUF_EMPTY;
    json_t *document;
    json_t *first;
    json_t *wanted = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "shadowed", 1, "redundant", 1, "contradicts", 0,
                               "too-wide", 0, "unreachable-chain", 0, "unused-set", 1);

    (void)state;
    report_audit_json(&out, &result);
    document = load(&out);
    first = json_array_get(json_object_get(document, "findings"), 0);
    assert_int_equal(json_integer_value(json_object_get(document, "schema_version")), 1);
    assert_true(json_equal(json_object_get(document, "summary"), wanted));
    assert_string_equal(string_at(first, "kind"), "shadowed");
    assert_string_equal(string_at(first, "reason"), "may be permitted: a reason");
    assert_int_equal(json_array_size(json_object_get(first, "by")), 2);
    assert_true(json_is_null(json_object_get(json_object_get(first, "rule"), "line")));
    json_decref(wanted);
    json_decref(document);
}

static void audit_tables(void **state)
{
    struct audit_result result = audit_of();
    struct buf out = BUF_EMPTY;

    (void)state;
    report_audit_csv(&out, &result);
    assert_text(&out, "kind,severity,firewall,file,line,table,chain,index,rule,by,message,box,packet,reason\n"
                      "shadowed,error,edge,a b:c.rules,,filter,FORWARD,7,\"'=cmd\","
                      "\"b.rules:3: filter FORWARD rule 1: -A FORWARD -j DROP; "
                      "a.rules:4: filter FORWARD rule 2: -s \"\"x\"\" <&|> -j ACCEPT\","
                      "never decides,tcp any > any (IPv4) ports 22," PACKET_TEXT ",may be permitted: a reason\n"
                      "redundant,warning,,b.rules,9,filter,FORWARD,4,\"'-p tcp -j ACCEPT\","
                      "b.rules:3: filter FORWARD rule 1: -A FORWARD -j DROP,,,,\n"
                      "unused-set,note,,,,,,,,,\"set \"\"s\"\" is used by no rule\",,,\n");
    result.findings = &findings[2];
    result.finding_n = 1;
    report_audit_markdown(&out, &result);
    assert_text(&out, "# Audit of edge\n\n1 finding in 12 rules: 1 unused-set.\n\n"
                      "| rule | finding | what | by | packet |\n| --- | --- | --- | --- | --- |\n"
                      "|  | unused-set | set \"s\" is used by no rule |  |  |\n");
}

static void audit_junit(void **state)
{
    struct audit_result result = audit_of();
    struct buf out = BUF_EMPTY;

    (void)state;
    report_audit_junit(&out, &result);
    assert_text(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuite name=\"edge\" tests=\"3\" failures=\"3\">\n"
                      "  <testcase classname=\"edge\" name=\"shadowed never decides (may be permitted: a reason)\">"
                      "<failure message=\"shadowed\">a b:c.rules: filter FORWARD rule 7: =cmd\n"
                      "tcp 10.0.0.1:40000 &gt; 10.0.0.2:22 state new"
                      "</failure></testcase>\n"
                      "  <testcase classname=\"\" name=\"redundant b.rules:9: filter FORWARD rule 4: "
                      "-p tcp -j ACCEPT\"><failure message=\"redundant\">"
                      "b.rules:9: filter FORWARD rule 4: -p tcp -j ACCEPT</failure></testcase>\n"
                      "  <testcase classname=\"\" name=\"unused-set set &quot;s&quot; is used by no rule\">"
                      "<failure message=\"unused-set\"></failure></testcase>\n"
                      "</testsuite>\n");
    report_findings_junit(&out, STR("edge"), NULL, 0);
    assert_text(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuite name=\"edge\" tests=\"1\" failures=\"0\">\n"
                      "  <testcase classname=\"edge\" name=\"nothing was found\"/>\n"
                      "</testsuite>\n");
}

static void audit_sarif(void **state)
{
    struct audit_result result = audit_of();
    struct buf out = BUF_EMPTY;
    json_t *document;
    json_t *run;
    json_t *results;
    json_t *place;
    json_t *wanted;

    (void)state;
    report_audit_sarif(&out, &result);
    document = load(&out);
    run = json_array_get(json_object_get(document, "runs"), 0);
    results = json_object_get(run, "results");
    assert_string_equal(string_at(document, "version"), "2.1.0");
    assert_int_equal(json_array_size(results), 3);
    assert_int_equal(json_array_size(json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules")),
                     3);
    assert_string_equal(string_at(json_array_get(results, 0), "ruleId"), "shadowed");
    assert_string_equal(string_at(json_array_get(results, 0), "level"), "error");
    assert_string_equal(string_at(json_object_get(json_array_get(results, 0), "message"), "text"),
                        "shadowed at edge: never decides: tcp any > any (IPv4) ports 22\n"
                        "reason: may be permitted: a reason\n"
                        "rule: a b:c.rules: filter FORWARD rule 7: =cmd\npacket: " PACKET_TEXT);
    /* No line: no region. */
    place = json_array_get(json_object_get(json_array_get(results, 0), "locations"), 0);
    wanted = json_pack("{s:{s:{s:s}}}", "physicalLocation", "artifactLocation", "uri", "a%20b%3Ac.rules");
    assert_true(json_equal(place, wanted));
    json_decref(wanted);
    place = json_array_get(json_object_get(json_array_get(results, 1), "locations"), 0);
    wanted = json_pack("{s:{s:{s:s}, s:{s:i}}}", "physicalLocation", "artifactLocation", "uri", "b.rules", "region",
                       "startLine", 9);
    assert_true(json_equal(place, wanted));
    json_decref(wanted);
    assert_int_equal(json_array_size(json_object_get(json_array_get(results, 0), "relatedLocations")), 2);
    assert_null(json_object_get(json_array_get(results, 2), "locations"));
    assert_string_equal(string_at(json_array_get(results, 2), "level"), "note");
    json_decref(document);
}

/* Verdicts that are as they should be are no results; a warning is one of its own level. */
static void check_sarif(void **state)
{
    struct flow required = {.id = STR("a"), .transport = 6, .ports_known = true};
    struct flow optional = {.id = STR("b"), .transport = 6, .ports_known = true, .need = NEED_OPTIONAL};
    struct verdict verdicts[] = {
        {.flow = &required, .kind = VERDICT_PERMITTED, .rule = rule("x", 1, 1, "accept")},
        {.flow = &required, .kind = VERDICT_DENIED, .hook = HOOK_FORWARD, .rule = rule("/etc/x", 2, 2, "drop")},
        {.flow = &optional, .kind = VERDICT_PARTIAL, .rule = rule("x", 3, 3, "drop")},
        {.flow = &required, .kind = VERDICT_UNDETERMINED, .reason = STR("not known")},
    };
    struct test_result tests[] = {{.name = STR("deny x"), .holds = true}, {.name = STR("deny y")}};
    struct check_result result = {
        .verdicts = verdicts, .verdict_n = COUNT(verdicts), .tests = tests, .test_n = COUNT(tests)};
    static const char *const wanted[][2] = {
        {"denied", "error"}, {"partial", "warning"}, {"undetermined", "warning"}, {"test", "error"}};
    struct buf out = BUF_EMPTY;
    json_t *document;
    json_t *results;

    (void)state;
    report_check_sarif(&out, &result);
    document = load(&out);
    results = json_object_get(json_array_get(json_object_get(document, "runs"), 0), "results");
    assert_int_equal(json_array_size(results), COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_string_equal(string_at(json_array_get(results, i), "ruleId"), wanted[i][0]);
        assert_string_equal(string_at(json_array_get(results, i), "level"), wanted[i][1]);
    }
    results = json_array_get(json_object_get(json_array_get(results, 0), "locations"), 0);
    results = json_object_get(json_object_get(results, "physicalLocation"), "artifactLocation");
    assert_string_equal(string_at(results, "uri"), "file:///etc/x");
    json_decref(document);
}

static struct diff_result diff_of(struct difference *difference)
{
    *difference = (struct difference){.hook = HOOK_FORWARD,
                                      .box = box_of(&port_22),
                                      .left = VERDICT_PERMITTED,
                                      .right = VERDICT_DENIED,
                                      .left_rule = rule("a.rules", 4, 2, "-j ACCEPT"),
                                      .right_rule = rule("b.rules", 0, 0, "policy drop"),
                                      .packet = packet};
    return (struct diff_result){.left = STR("a.rules"), .right = STR("b.rules"), .v = difference, .n = 1};
}

static void diff_text(void **state)
{
    struct difference difference;
    struct diff_result result = diff_of(&difference);
    struct buf out = BUF_EMPTY;

    (void)state;
    report_diff_text(&out, &result, false);
    assert_text(&out, "differs (forward): tcp any > any (IPv4) ports 22\n"
                      "    left   permitted by a.rules:4: filter FORWARD rule 2: -j ACCEPT\n"
                      "    right  denied by b.rules: filter FORWARD policy drop\n"
                      "    packet " PACKET_TEXT "\n\n1 difference\n");
    report_diff_text(&out, &(struct diff_result){.equal = true}, false);
    assert_text(&out, "equal: both let the same packets through\n");
    difference.right = VERDICT_UNDETERMINED;
    difference.reason = STR("depends");
    result.undetermined = true;
    report_diff_text(&out, &result, false);
    assert_text(&out,
                "may differ (forward): tcp any > any (IPv4) ports 22\n"
                "    depends\n"
                "    left   permitted by a.rules:4: filter FORWARD rule 2: -j ACCEPT\n"
                "    right  undetermined by b.rules: filter FORWARD policy drop\n"
                "    packet " PACKET_TEXT "\n\nit cannot be said whether they are equal: they may differ in 1 place\n");
}

/* Boxes that the same two rules decide are one difference; the fragment is no packet to show where there are others. */
static void diff_groups(void **state)
{
    struct difference differences[6];
    struct diff_result result = diff_of(&differences[0]);
    struct buf out = BUF_EMPTY;

    (void)state;
    for (size_t i = 1; i < 6; i++)
        differences[i] = differences[0];
    differences[0].packet.fragment = FRAGMENT_LATER;
    differences[5].left_rule = rule("a.rules", 5, 3, "-j ACCEPT");
    result.v = differences;
    result.n = 6;
    report_diff_text(&out, &result, false);
    assert_text(&out, "differs (forward): tcp any > any (IPv4) ports 22\n"
                      "    and tcp any > any (IPv4) ports 22\n"
                      "    and tcp any > any (IPv4) ports 22\n"
                      "    and 2 smaller boxes (csv and json have all)\n"
                      "    left   permitted by a.rules:4: filter FORWARD rule 2: -j ACCEPT\n"
                      "    right  denied by b.rules: filter FORWARD policy drop\n"
                      "    packet " PACKET_TEXT "\n"
                      "differs (forward): tcp any > any (IPv4) ports 22\n"
                      "    left   permitted by a.rules:5: filter FORWARD rule 3: -j ACCEPT\n"
                      "    right  denied by b.rules: filter FORWARD policy drop\n"
                      "    packet " PACKET_TEXT "\n\n2 differences in 6 boxes\n");
}

static void diff_tables(void **state)
{
    struct difference difference;
    struct diff_result result = diff_of(&difference);
    struct buf out = BUF_EMPTY;

    (void)state;
    report_diff_csv(&out, &result);
    assert_text(&out,
                "hook,box,left,right,left_rule,right_rule,packet,reason\n"
                "forward,tcp any > any (IPv4) ports 22,permitted,denied,"
                "a.rules:4: filter FORWARD rule 2: -j ACCEPT,b.rules: filter FORWARD policy drop," PACKET_TEXT ",\n");
    result.n = 0;
    result.equal = true;
    report_diff_markdown(&out, &result);
    assert_text(&out, "# a.rules (left) and b.rules (right)\n\nequal: both let the same packets through.\n");
}

static void diff_json(void **state)
{
    struct difference difference;
    struct diff_result result = diff_of(&difference);
    struct buf out = BUF_EMPTY;
    json_t *document;
    json_t *first;

    (void)state;
    report_diff_json(&out, &result);
    document = load(&out);
    first = json_array_get(json_object_get(document, "differences"), 0);
    assert_true(json_is_false(json_object_get(document, "equal")));
    assert_string_equal(string_at(first, "left"), "permitted");
    assert_string_equal(string_at(first, "right"), "denied");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "left_rule"), "line")), 4);
    assert_true(json_is_null(json_object_get(json_object_get(first, "right_rule"), "index")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "packet"), "port")), 22);
    assert_non_null(json_object_get(first, "box"));
    json_decref(document);
    report_diff_sarif(&out, &result);
    document = load(&out);
    first = json_array_get(json_object_get(json_array_get(json_object_get(document, "runs"), 0), "results"), 0);
    assert_string_equal(string_at(first, "ruleId"), "different");
    assert_int_equal(json_array_size(json_object_get(first, "relatedLocations")), 1);
    json_decref(document);
}

/* Checks are quoted by the same rules as every table. */
static void check_tables(void **state)
{
    struct flow flow = {.id = STR("=a,b"), .transport = 6, .ports_known = true};
    struct verdict verdict = {.flow = &flow,
                              .firewall = STR("e|*"),
                              .hook = HOOK_INPUT,
                              .kind = VERDICT_UNDETERMINED,
                              .reason = STR("it depends")};
    struct check_result result = {.title = STR("t"), .verdicts = &verdict, .verdict_n = 1};
    struct buf out = BUF_EMPTY;

    (void)state;
    report_check_csv(&out, &result);
    assert_text(&out, "flow,firewall,hook,direction,verdict,rule,packet,reason\n"
                      "\"'=a,b\",e|*,input,request,undetermined,,,it depends\n");
    report_check_markdown(&out, &result);
    assert_text(&out, "# Check of t\n\n0 flows: 0 permitted, 0 denied, 0 partial, 0 undetermined.\n\n"
                      "| flow | where | verdict | rule | packet |\n| --- | --- | --- | --- | --- |\n"
                      "| =a,b:  \\>  tcp | e\\|\\* input request | undetermined: it depends |  |  |\n");
}

static void no_blanks_at_the_end(void **state)
{
    static const char *const columns[] = {"a", "b"};
    struct arena *arena = arena_new();
    struct buf out = BUF_EMPTY;
    struct table table;

    (void)state;
    table_init(&table, arena, columns, COUNT(columns));
    table_add(&table, STR("long"));
    table_add(&table, STR_EMPTY);
    table_add(&table, STR_EMPTY);
    table_add(&table, STR("x "));
    table_print_text(&out, &table);
    assert_text(&out, "A     B\nlong\n      x\n");
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_text),  cmocka_unit_test(audit_json),   cmocka_unit_test(audit_tables),
        cmocka_unit_test(audit_junit), cmocka_unit_test(audit_sarif),  cmocka_unit_test(check_sarif),
        cmocka_unit_test(diff_text),   cmocka_unit_test(diff_groups),  cmocka_unit_test(diff_tables),
        cmocka_unit_test(diff_json),   cmocka_unit_test(check_tables), cmocka_unit_test(no_blanks_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
