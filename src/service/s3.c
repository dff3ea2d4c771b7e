/*
 * S3 (Amazon S3 API reference: "Common response headers", "Error responses", "ListBuckets"): GET / without a signature.
 * HTTP alone is not enough: x-amz-request-id, or the XML of an error or of a list of buckets, makes it S3. Over TLS, or
 * in the clear where the far end has no TLS.
 */
#include "service/http.h"

static bool has_mark(const struct http_head *head, struct wire_in body)
{
    struct str rest = {(const char *)body.p + body.at, wire_left(&body)};

    if (http_field(head, "x-amz-request-id").n > 0)
        return true;
    return head->whole && str_contains(rest, "<?xml") &&
           (str_contains(rest, "<Error>") || str_contains(rest, "ListAllMyBucketsResult"));
}

static enum step conclude(const struct http_head *head, struct answer *answer)
{
    http_evidence(head, answer);
    answer_is(answer, OUTCOME_OPEN, "S3 API answered with status %u", head->status);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct http_head head;
    enum step step = http_head(in, &head);

    (void)talk;
    (void)out;
    if (step == STEP_FOREIGN)
        return step;
    if (step == STEP_READ || !has_mark(&head, *in)) {
        in->failed = true; /* the mark may be in the body still */
        return STEP_READ;
    }
    return conclude(&head, answer);
}

static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    struct http_head head;

    (void)talk;
    (void)ending;
    if (http_head(in, &head) != STEP_DONE)
        return false;
    http_evidence(&head, answer);
    answer_is(answer, OUTCOME_WRONG_SERVICE, "HTTP answered with status %u, but it is not S3", head.status);
    answer->answered = "http";
    return true;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str method;
    enum step step = http_request(in, &method, receipt);

    (void)talk;
    if (step != STEP_DONE)
        return step;
    http_respond(out, "403 Forbidden", "application/xml", "x-amz-request-id: 0000000000000000\r\n", method,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<Error><Code>AccessDenied</Code><Message>a stand-in of portolan listens here</Message></Error>\n");
    return STEP_DONE;
}

static const struct exchange over_either = {
    .protocol = "s3",
    .tls = TLS_EITHER,
    .input_max = HTTP_INPUT_MAX,
    .sends = http_sends,
    .begin = http_begin,
    .heard = heard,
    .ended = ended,
    .serve = serve,
};

const struct service service_s3 = {
    .name = "s3",
    .title = "S3 API",
    .tcp = &over_either,
    .ports = {{9000, 9000, SERVICE_TCP}, {443, 443, SERVICE_TCP}},
};
