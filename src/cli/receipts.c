/* Receipts as lines of text or JSON; see receipts.h. */
#include "cli/receipts.h"

#include <time.h>

#include "report/values.h"

/* Conversations are few where somebody tests a network; the rest is told in part, and counted in full. */
#define ASKED_PER_SECOND 200
#define ASKED_AT_ONCE 10000
#define OTHER_PER_SECOND 5
#define OTHER_AT_ONCE 100

void receipts_open(struct receipts *receipts, FILE *out, bool json, uint64_t now_us)
{
    *receipts =
        (struct receipts){.out = out, .json = json, .asked = {now_us, ASKED_AT_ONCE}, .other = {now_us, OTHER_AT_ONCE}};
}

static bool within(struct line_rate *rate, uint64_t now_us, uint32_t per_second, uint32_t at_once)
{
    uint64_t passed_us = now_us > rate->refilled_us ? now_us - rate->refilled_us : 0;
    uint64_t more = passed_us * per_second / 1000000;

    if (more > 0) {
        rate->tokens = rate->tokens + more > at_once ? at_once : rate->tokens + (uint32_t)more;
        rate->refilled_us = now_us;
    }
    if (rate->tokens == 0)
        return false;
    rate->tokens--;
    return true;
}

static void add_time(struct buf *out, uint64_t at_us)
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, (unsigned)(at_us % 1000000 / 1000));
}

static void add_end(struct buf *out, enum family family, u128 addr, uint16_t port)
{
    buf_adds(out, family == FAMILY_V6 ? "[" : "");
    addr_format(out, family, addr);
    buf_addf(out, family == FAMILY_V6 ? "]:%u" : ":%u", port);
}

static const char *transport_of(const struct receipt *receipt)
{
    return receipt->stand_in->proto == PROTO_TCP ? "tcp" : "udp";
}

/* ------------------------------------------------------------------ one */

static void add_asked(struct buf *out, const struct receipt *receipt)
{
    const struct answer *answer = receipt->answer;

    if (answer != NULL && answer->reason.n > 0)
        buf_addf(out, ": %.*s", STR_ARG(answer->reason));
    for (size_t i = 0; answer != NULL && i < answer->evidence_n; i++)
        buf_addf(out, "; %s %.*s", answer->evidence[i].name, STR_ARG(answer->evidence[i].value));
    if (receipt->requests > 1)
        buf_addf(out, "; %u requests", receipt->requests);
    if (receipt->kind == RECEIPT_FOREIGN)
        buf_addf(out, ": %s", receipt->foreign != NULL ? receipt->foreign : "nothing that is known");
    if (receipt->why.n > 0)
        buf_addf(out, "; %.*s", STR_ARG(receipt->why));
}

static void add_text(struct buf *out, const struct receipt *receipt)
{
    add_time(out, receipt->at_us);
    buf_addf(out, " %-10s %s/%s ", receipt_name(receipt->kind), receipt->stand_in->service->name,
             transport_of(receipt));
    add_end(out, receipt->family, receipt->peer, receipt->peer_port);
    buf_adds(out, " > ");
    add_end(out, receipt->family, receipt->local, receipt->stand_in->port);
    add_asked(out, receipt);
    buf_addc(out, '\n');
}

static json_t *json_text(void (*add)(struct buf *out, const struct receipt *receipt), const struct receipt *receipt)
{
    struct buf text = BUF_EMPTY;
    json_t *value;

    add(&text, receipt);
    value = report_json_str(buf_str(&text));
    buf_free(&text);
    return value;
}

static void add_at(struct buf *out, const struct receipt *receipt)
{
    add_time(out, receipt->at_us);
}

static void add_peer(struct buf *out, const struct receipt *receipt)
{
    addr_format(out, receipt->family, receipt->peer);
}

static void add_local(struct buf *out, const struct receipt *receipt)
{
    addr_format(out, receipt->family, receipt->local);
}

static json_t *json_detail(const struct answer *answer)
{
    json_t *detail = json_object();

    for (size_t i = 0; answer != NULL && i < answer->evidence_n; i++)
        json_object_set_new(detail, answer->evidence[i].name, report_json_str(answer->evidence[i].value));
    return detail;
}

static void add_json(struct buf *out, const struct receipt *receipt)
{
    const struct answer *answer = receipt->answer;
    json_t *line = json_object();
    char *text;

    json_object_set_new(line, "schema_version", json_integer(1));
    json_object_set_new(line, "time", json_text(add_at, receipt));
    json_object_set_new(line, "receipt", json_string(receipt_name(receipt->kind)));
    json_object_set_new(line, "service", json_string(receipt->stand_in->service->name));
    json_object_set_new(line, "transport", json_string(transport_of(receipt)));
    json_object_set_new(line, "source", json_text(add_peer, receipt));
    json_object_set_new(line, "source_port", json_integer(receipt->peer_port));
    json_object_set_new(line, "destination", json_text(add_local, receipt));
    json_object_set_new(line, "port", json_integer(receipt->stand_in->port));
    json_object_set_new(line, "asked", answer != NULL ? report_json_str(answer->reason) : json_null());
    json_object_set_new(line, "detail", json_detail(answer));
    json_object_set_new(line, "requests", json_integer(receipt->requests));
    json_object_set_new(line, "foreign", receipt->foreign != NULL ? json_string(receipt->foreign) : json_null());
    json_object_set_new(line, "reason", receipt->why.n > 0 ? report_json_str(receipt->why) : json_null());
    json_object_set_new(line, "ms", json_real((double)receipt->took_us / 1000));
    text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    buf_adds(out, text != NULL ? text : "");
    buf_addc(out, '\n');
    free(text);
    json_decref(line);
}

static void put(struct receipts *receipts, struct buf *line)
{
    if (!buf_ok(line) || fwrite(line->p, 1, line->n, receipts->out) < line->n || fflush(receipts->out) != 0)
        receipts->failed = true;
    buf_free(line);
}

void receipts_add(struct receipts *receipts, const struct receipt *receipt)
{
    struct tally *tally = receipt->stand_in->user;
    uint64_t now_us = receipt->at_us + receipt->took_us;
    bool asked = receipt->kind == RECEIPT_ANSWERED || receipt->kind == RECEIPT_UNANSWERED;
    struct buf line = BUF_EMPTY;

    tally->counts[receipt->kind]++;
    receipts->counts[receipt->kind]++;
    if (asked ? !within(&receipts->asked, now_us, ASKED_PER_SECOND, ASKED_AT_ONCE)
              : !within(&receipts->other, now_us, OTHER_PER_SECOND, OTHER_AT_ONCE)) {
        receipts->hidden++;
        return;
    }
    (receipts->json ? add_json : add_text)(&line, receipt);
    put(receipts, &line);
}

/* ------------------------------------------------------------------ all */

static bool nobody_came(const struct tally *tally)
{
    for (size_t kind = 0; kind < RECEIPT_N; kind++) {
        if (tally->counts[kind] > 0)
            return false;
    }
    return true;
}

/* How many of the tallies from here on are one line. */
static size_t alike(const struct tally *tallies, size_t n)
{
    size_t count = 1;

    while (count < n && nobody_came(&tallies[0]) && nobody_came(&tallies[count]) &&
           tallies[count].transport == tallies[0].transport && str_eq(tallies[count].service, tallies[0].service) &&
           tallies[count].port == tallies[count - 1].port + 1)
        count++;
    return count;
}

static void add_counts(struct buf *out, const uint64_t counts[RECEIPT_N], bool all)
{
    const char *comma = "";

    for (enum receipt_kind kind = 0; kind < RECEIPT_N; kind++) {
        if (counts[kind] == 0 && !all)
            continue;
        buf_addf(out, "%s%llu %s", comma, (unsigned long long)counts[kind], receipt_name(kind));
        comma = ", ";
    }
}

static void sum_text(struct receipts *receipts, const struct tally *tallies, size_t n, struct buf *out)
{
    buf_addc(out, '\n');
    for (size_t i = 0, count; i < n; i += count) {
        const struct tally *tally = &tallies[i];

        count = alike(tally, n - i);
        buf_addf(out, "%.*s/%s %u", STR_ARG(tally->service), tally->transport == PROTO_TCP ? "tcp" : "udp",
                 tally->port);
        if (count > 1)
            buf_addf(out, "-%u", tally[count - 1].port);
        buf_adds(out, ": ");
        if (nobody_came(tally))
            buf_adds(out, "nobody came");
        add_counts(out, tally->counts, false);
        buf_addc(out, '\n');
    }
    buf_addc(out, '\n');
    add_counts(out, receipts->counts, true);
    if (receipts->hidden > 0)
        buf_addf(out, "; %llu of them not shown", (unsigned long long)receipts->hidden);
    buf_addc(out, '\n');
}

static void set_counts(json_t *object, const uint64_t counts[RECEIPT_N])
{
    for (enum receipt_kind kind = 0; kind < RECEIPT_N; kind++)
        json_object_set_new(object, receipt_name(kind), json_integer((json_int_t)counts[kind]));
}

static void sum_json(struct receipts *receipts, const struct tally *tallies, size_t n, struct buf *out)
{
    json_t *document = json_object();
    json_t *summary = json_object();
    json_t *all = json_array();
    char *text;

    for (size_t i = 0, count; i < n; i += count) {
        const struct tally *tally = &tallies[i];
        json_t *one = json_object();

        count = alike(tally, n - i);
        json_object_set_new(one, "service", report_json_str(tally->service));
        json_object_set_new(one, "transport", json_string(tally->transport == PROTO_TCP ? "tcp" : "udp"));
        json_object_set_new(one, "ports", json_pack("[ii]", tally->port, tally[count - 1].port));
        set_counts(one, tally->counts);
        json_array_append_new(all, one);
    }
    json_object_set_new(document, "schema_version", json_integer(1));
    json_object_set_new(document, "stand_ins", all);
    set_counts(summary, receipts->counts);
    json_object_set_new(summary, "not_shown", json_integer((json_int_t)receipts->hidden));
    json_object_set_new(document, "summary", summary);
    text = json_dumps(document, JSON_COMPACT);
    buf_adds(out, text != NULL ? text : "");
    buf_addc(out, '\n');
    free(text);
    json_decref(document);
}

void receipts_sum(struct receipts *receipts, const struct tally *tallies, size_t n)
{
    struct buf out = BUF_EMPTY;

    (receipts->json ? sum_json : sum_text)(receipts, tallies, n, &out);
    put(receipts, &out);
}
