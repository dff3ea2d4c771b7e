/* KRB-ERROR and the pieces of Kerberos messages; see krb.h. RFC 4120 5.2 for types, 5.9.1 for the error, 7.5.9 for
 * codes. */
#include "service/krb.h"

#include <time.h>

static const struct {
    uint32_t code;
    const char *name;
} codes[] = {
    {6, "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
    {7, "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
    {12, "KDC_ERR_POLICY"},
    {14, "KDC_ERR_ETYPE_NOSUPP"},
    {18, "KDC_ERR_CLIENT_REVOKED"},
    {24, "KDC_ERR_PREAUTH_FAILED"},
    {25, "KDC_ERR_PREAUTH_REQUIRED"},
    {29, "KDC_ERR_SVC_UNAVAILABLE"},
    {31, "KRB_AP_ERR_BAD_INTEGRITY"},
    {39, "KRB_AP_ERR_BADVERSION"},
    {40, "KRB_AP_ERR_MSG_TYPE"},
    {52, "KRB_ERR_RESPONSE_TOO_BIG"},
    {60, "KRB_ERR_GENERIC"},
    {61, "KRB_ERR_FIELD_TOOLONG"},
    {68, "KDC_ERR_WRONG_REALM"},
};

struct str krb_realm(const struct talk *talk)
{
    return talk->ask->name.n > 0 && talk->ask->name.n <= 255 ? talk->ask->name : STR("PORTOLAN.INVALID");
}

void krb_put_number(struct wire_out *out, unsigned tag, uint32_t value)
{
    size_t field = ber_open(out, BER_CONTEXT(tag));

    ber_put_number(out, BER_INTEGER, value);
    ber_close(out, field);
}

void krb_put_text(struct wire_out *out, unsigned tag, unsigned type, struct str text)
{
    size_t field = ber_open(out, BER_CONTEXT(tag));

    ber_put_text(out, type, text);
    ber_close(out, field);
}

void krb_put_principal(struct wire_out *out, unsigned tag, unsigned type, const struct str *parts, size_t n)
{
    size_t field = ber_open(out, BER_CONTEXT(tag));
    size_t principal = ber_open(out, BER_SEQUENCE);
    size_t names;
    size_t sequence;

    krb_put_number(out, 0, type);
    names = ber_open(out, BER_CONTEXT(1));
    sequence = ber_open(out, BER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        ber_put_text(out, BER_GENERAL_STRING, parts[i]);
    ber_close(out, sequence);
    ber_close(out, names);
    ber_close(out, principal);
    ber_close(out, field);
}

void krb_put_error(struct wire_out *out, const struct talk *talk, uint32_t code, struct str realm,
                   const struct str *sname, size_t n)
{
    time_t now = (time_t)(talk->now_us / 1000000);
    char stamp[32];
    struct tm tm;
    size_t application = ber_open(out, BER_APPLICATION(KRB_APP_ERROR));
    size_t sequence = ber_open(out, BER_SEQUENCE);

    if (gmtime_r(&now, &tm) == NULL || strftime(stamp, sizeof stamp, "%Y%m%d%H%M%SZ", &tm) == 0)
        out->failed = true;
    krb_put_number(out, 0, KRB_VERSION);
    krb_put_number(out, 1, KRB_APP_ERROR);
    if (!out->failed)
        krb_put_text(out, 4, BER_GENERALIZED_TIME, str_of(stamp));
    krb_put_number(out, 5, (uint32_t)(talk->now_us % 1000000));
    krb_put_number(out, 6, code);
    krb_put_text(out, 9, BER_GENERAL_STRING, realm);
    krb_put_principal(out, 10, 2, sname, n);
    ber_close(out, sequence);
    ber_close(out, application);
}

static void add_code(struct answer *answer, uint32_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code == code) {
            answer_add(answer, "error", "%s", codes[i].name);
            return;
        }
    }
    answer_add(answer, "error", "%u", code);
}

bool krb_get_error(struct wire_in *in, struct answer *answer, uint32_t *code)
{
    struct wire_in application = ber_enter(in, BER_APPLICATION(KRB_APP_ERROR));
    struct wire_in sequence = ber_enter(&application, BER_SEQUENCE);
    bool has_code = false;
    bool has_server = false;
    uint32_t version = 0;
    uint32_t type = 0;
    struct str realm = STR_EMPTY;

    if (in->failed || application.failed || wire_left(in) > 0 || wire_left(&application) > 0)
        return false;
    while (wire_left(&sequence) > 0 && !sequence.failed) {
        unsigned tag;
        struct wire_in field = ber_any(&sequence, &tag);

        switch (tag) {
        case BER_CONTEXT(0): version = ber_number(&field, BER_INTEGER); break;
        case BER_CONTEXT(1): type = ber_number(&field, BER_INTEGER); break;
        case BER_CONTEXT(6):
            *code = ber_number(&field, BER_INTEGER);
            has_code = !field.failed;
            break;
        case BER_CONTEXT(9): realm = ber_text(&field, BER_GENERAL_STRING); break;
        case BER_CONTEXT(10): has_server = true; break;
        default: continue;
        }
        if (field.failed)
            return false;
    }
    if (sequence.failed || version != KRB_VERSION || type != KRB_APP_ERROR || !has_code || !has_server)
        return false;
    add_code(answer, *code);
    answer_add_text(answer, "realm", realm);
    return true;
}
