/*
 * SARIF 2.1.0; see sarif.h. Only the rules that have a result are described, each once. A file's name becomes a
 * relative reference (section 3.4.3), an absolute one a file URI. A place without a line has no region: the viewer
 * shows the file, and nobody is sent to a line that says something else.
 */
#include "report/sarif.h"

#include "report/check.h"
#include "report/values.h"

/* What a result may be about, beside the kinds of findings. */
enum subject {
    SUBJECT_DENIED = FINDING_KIND_N,
    SUBJECT_PARTIAL,
    SUBJECT_UNDETERMINED,
    SUBJECT_TEST,
    SUBJECT_DIFFERENT,
    SUBJECT_N
};

struct subject_row {
    const char *id;
    const char *description;
    enum severity severity; /* unless a result says otherwise */
};

static const struct subject_row subjects[SUBJECT_N] = {
    [FINDING_EXCESS] = {"excess", "Packets are permitted that no flow asks for.", SEVERITY_ERROR},
    [FINDING_SHADOWED] = {"shadowed", "A rule never decides: other rules take its packets.", SEVERITY_WARNING},
    [FINDING_REDUNDANT] = {"redundant", "Without this rule nothing would change.", SEVERITY_WARNING},
    [FINDING_CONTRADICTS] = {"contradicts", "An earlier rule decides otherwise about the same packets.",
                             SEVERITY_WARNING},
    [FINDING_TOO_WIDE] = {"too-wide", "A rule permits more than any flow needs.", SEVERITY_WARNING},
    [FINDING_UNREACHABLE_CHAIN] = {"unreachable-chain", "No packet comes to this chain.", SEVERITY_WARNING},
    [FINDING_UNUSED_SET] = {"unused-set", "No rule uses this set.", SEVERITY_NOTE},
    [FINDING_BASELINE] = {"baseline", "A piece of what a working firewall lets through is missing.", SEVERITY_WARNING},
    [FINDING_NO_PATH] = {"no-path", "No firewall joins the zones of a flow.", SEVERITY_ERROR},
    [FINDING_EXPIRED] = {"expired", "An exception of the site is past its day.", SEVERITY_WARNING},
    [SUBJECT_DENIED] = {"denied", "A flow that is asked for does not pass.", SEVERITY_ERROR},
    [SUBJECT_PARTIAL] = {"partial", "Some packets of a flow that is asked for do not pass.", SEVERITY_ERROR},
    [SUBJECT_UNDETERMINED] = {"undetermined", "Whether a flow passes cannot be said from the rules alone.",
                              SEVERITY_WARNING},
    [SUBJECT_TEST] = {"test", "A test of the site does not hold.", SEVERITY_ERROR},
    [SUBJECT_DIFFERENT] = {"different", "Two rulesets treat the same packets differently.", SEVERITY_ERROR},
};

struct sarif {
    struct arena *arena;
    json_t *rules;
    json_t *results;
    size_t place[SUBJECT_N]; /* in `rules`, from 1; 0: not there yet */
};

static json_t *text_object(struct str text)
{
    json_t *object = json_object();

    json_object_set_new(object, "text", report_json_str(text));
    return object;
}

static void begin(struct sarif *sarif)
{
    *sarif = (struct sarif){.arena = arena_new(), .rules = json_array(), .results = json_array()};
}

static void end(struct sarif *sarif, struct buf *out)
{
    json_t *root = json_object();
    json_t *run = json_object();

    json_object_set_new(run, "tool",
                        json_pack("{s:{s:s, s:s, s:o}}", "driver", "name", "Portolan", "version", PORTOLAN_VERSION,
                                  "rules", sarif->rules));
    json_object_set_new(run, "results", sarif->results);
    json_object_set_new(root, "$schema",
                        json_string("https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/"
                                    "sarif-schema-2.1.0.json"));
    json_object_set_new(root, "version", json_string("2.1.0"));
    json_object_set_new(root, "runs", json_pack("[o]", run));
    report_json_print(out, root);
    arena_free(sarif->arena);
}

static size_t rule_place(struct sarif *sarif, unsigned subject)
{
    const struct subject_row *row = &subjects[subject];
    json_t *rule;

    if (sarif->place[subject] > 0)
        return sarif->place[subject] - 1;
    rule = json_object();
    json_object_set_new(rule, "id", json_string(row->id));
    json_object_set_new(rule, "shortDescription", text_object(str_of(row->description)));
    json_object_set_new(rule, "defaultConfiguration", json_pack("{s:s}", "level", severity_name(row->severity)));
    json_array_append_new(sarif->rules, rule);
    sarif->place[subject] = json_array_size(sarif->rules);
    return sarif->place[subject] - 1;
}

/* A path as a URI reference: everything that is not surely harmless is escaped, a colon too (it would end a scheme). */
static json_t *uri(struct str path)
{
    struct buf buf = BUF_EMPTY;
    json_t *value;

    buf_adds(&buf, str_starts(path, "/") ? "file://" : "");
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     (c != '\0' && strchr("-._~/", c) != NULL);

        if (plain)
            buf_addc(&buf, (char)c);
        else
            buf_addf(&buf, "%%%02X", c);
    }
    value = report_json_str(buf_str(&buf));
    buf_free(&buf);
    return value;
}

/* NULL where there is no file. */
static json_t *location(struct str file, uint32_t line)
{
    json_t *physical;
    json_t *artifact;

    if (file.n == 0)
        return NULL;
    physical = json_object();
    artifact = json_object();
    json_object_set_new(artifact, "uri", uri(file));
    json_object_set_new(physical, "artifactLocation", artifact);
    if (line > 0)
        json_object_set_new(physical, "region", json_pack("{s:i}", "startLine", (int)line));
    return json_pack("{s:o}", "physicalLocation", physical);
}

static json_t *location_of_rule(const struct rule_ref *rule)
{
    return rule->present ? location(rule->file, rule->line) : NULL;
}

static json_t *location_of_span(const struct span *span)
{
    return span->source == NULL ? NULL : location(span->source->name, source_line(span->source, span->at));
}

/* Takes the place; the result, for what else there is to say. */
static json_t *add_result(struct sarif *sarif, unsigned subject, enum severity severity, struct str message,
                          json_t *place)
{
    json_t *result = json_object();

    json_object_set_new(result, "ruleId", json_string(subjects[subject].id));
    json_object_set_new(result, "ruleIndex", json_integer((json_int_t)rule_place(sarif, subject)));
    json_object_set_new(result, "level", json_string(severity_name(severity)));
    json_object_set_new(result, "message", text_object(message));
    if (place != NULL)
        json_object_set_new(result, "locations", json_pack("[o]", place));
    json_array_append_new(sarif->results, result);
    return result;
}

static void relate(struct sarif *sarif, json_t *result, const struct rule_ref *rules, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *place = location_of_rule(&rules[i]);

        if (place == NULL)
            continue;
        json_object_set_new(place, "id", json_integer((json_int_t)json_array_size(list)));
        json_object_set_new(place, "message", text_object(report_cell_rule(sarif->arena, &rules[i])));
        json_array_append_new(list, place);
    }
    if (json_array_size(list) > 0)
        json_object_set(result, "relatedLocations", list);
    json_decref(list);
}

/* What, then reason, rule and packet, where there are such: a line each. */
static struct str message_of(struct sarif *sarif, struct str what, struct str reason, const struct rule_ref *rule,
                             bool has_packet, const struct packet *packet)
{
    struct buf buf = BUF_EMPTY;
    struct str rule_text = report_cell_rule(sarif->arena, rule);
    struct str packet_text = report_cell_packet(sarif->arena, has_packet, packet);
    struct str made;

    buf_add(&buf, what);
    if (reason.n > 0)
        buf_addf(&buf, "\nreason: %.*s", STR_ARG(reason));
    if (rule_text.n > 0)
        buf_addf(&buf, "\nrule: %.*s", STR_ARG(rule_text));
    if (packet_text.n > 0)
        buf_addf(&buf, "\npacket: %.*s", STR_ARG(packet_text));
    made = str_dup(sarif->arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static void add_verdict(struct sarif *sarif, const struct verdict *verdict)
{
    unsigned subject = verdict->kind == VERDICT_DENIED    ? SUBJECT_DENIED
                       : verdict->kind == VERDICT_PARTIAL ? SUBJECT_PARTIAL
                                                          : SUBJECT_UNDETERMINED;
    struct buf what = BUF_EMPTY;
    json_t *place;

    if (!verdict_fails(verdict) && !verdict_warns(verdict) && verdict->kind != VERDICT_UNDETERMINED)
        return;
    place = location_of_rule(&verdict->rule);
    buf_addf(&what, "%s", verdict_name(verdict->kind));
    if (verdict->firewall.n > 0)
        buf_addf(&what, " at %.*s", STR_ARG(verdict->firewall));
    if (verdict->hook != HOOK_NONE)
        buf_addf(&what, " (%s, %s)", hook_name(verdict->hook), direction_name(verdict->direction));
    buf_adds(&what, ": ");
    report_line_flow(&what, verdict->flow);
    add_result(
        sarif, subject, verdict_fails(verdict) ? SEVERITY_ERROR : SEVERITY_WARNING,
        message_of(sarif, buf_str(&what), verdict->reason, &verdict->rule, verdict->has_packet, &verdict->packet),
        place != NULL ? place : location_of_span(&verdict->flow->span));
    buf_free(&what);
}

static void add_finding(struct sarif *sarif, const struct finding *finding)
{
    struct buf what = BUF_EMPTY;
    json_t *result;

    buf_adds(&what, finding_name(finding->kind));
    if (finding->firewall.n > 0)
        buf_addf(&what, " at %.*s", STR_ARG(finding->firewall));
    if (finding->message.n > 0)
        buf_addf(&what, ": %.*s", STR_ARG(finding->message));
    if (finding->has_box) {
        buf_adds(&what, ": ");
        report_line_box(&what, &finding->box);
    }
    result = add_result(
        sarif, (unsigned)finding->kind, finding->severity,
        message_of(sarif, buf_str(&what), finding->reason, &finding->rule, finding->has_packet, &finding->packet),
        location_of_rule(&finding->rule));
    relate(sarif, result, finding->by, finding->by_n);
    buf_free(&what);
}

static void add_test(struct sarif *sarif, const struct test_result *test)
{
    struct str what =
        str_printf(sarif->arena, "test %s: %.*s", test->undetermined ? "undetermined" : "fails", STR_ARG(test->name));
    json_t *place;

    if (test->holds && !test->undetermined)
        return;
    place = location_of_rule(&test->rule);
    if (place == NULL && test->test != NULL)
        place = location_of_span(&test->test->span);
    add_result(sarif, SUBJECT_TEST, test->undetermined ? SEVERITY_WARNING : SEVERITY_ERROR,
               message_of(sarif, what, test->reason, &test->rule, test->has_packet, &test->packet), place);
}

static void add_difference(struct sarif *sarif, const struct difference *difference)
{
    bool unsure = difference->left == VERDICT_UNDETERMINED || difference->right == VERDICT_UNDETERMINED;
    struct buf what = BUF_EMPTY;
    json_t *result;

    buf_addf(&what, "%s on the left, %s on the right: ", verdict_name(difference->left),
             verdict_name(difference->right));
    report_line_box(&what, &difference->box);
    result = add_result(
        sarif, SUBJECT_DIFFERENT, unsure ? SEVERITY_WARNING : SEVERITY_ERROR,
        message_of(sarif, buf_str(&what), difference->reason, &difference->left_rule, true, &difference->packet),
        location_of_rule(&difference->left_rule));
    relate(sarif, result, &difference->right_rule, 1);
    buf_free(&what);
}

void report_check_sarif(struct buf *out, const struct check_result *result)
{
    struct sarif sarif;

    begin(&sarif);
    for (size_t i = 0; i < result->verdict_n; i++)
        add_verdict(&sarif, &result->verdicts[i]);
    for (size_t i = 0; i < result->finding_n; i++)
        add_finding(&sarif, &result->findings[i]);
    for (size_t i = 0; i < result->test_n; i++)
        add_test(&sarif, &result->tests[i]);
    end(&sarif, out);
}

void report_findings_sarif(struct buf *out, const struct finding *findings, size_t n)
{
    struct sarif sarif;

    begin(&sarif);
    for (size_t i = 0; i < n; i++)
        add_finding(&sarif, &findings[i]);
    end(&sarif, out);
}

void report_differences_sarif(struct buf *out, const struct difference *differences, size_t n)
{
    struct sarif sarif;

    begin(&sarif);
    for (size_t i = 0; i < n; i++)
        add_difference(&sarif, &differences[i]);
    end(&sarif, out);
}
