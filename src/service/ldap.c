/*
 * LDAP over TCP and TLS, and the global catalog, which is LDAP at another port. RFC 4511 4.1.1 (messages), 4.5
 * (search), RFC 4512 5.1 (the root entry); [MS-ADTS] 3.1.1.3.2 for isGlobalCatalogReady, which tells a global catalog
 * from a directory that only speaks the same protocol. The root entry can be read without a bind (RFC 4513 5.1.2).
 */
#include "service/ldap.h"

static const char *const sends[] = {"LDAP search for the root entry, without a bind", "LDAP unbind", NULL};

static const char global_catalog_ready[] = "isGlobalCatalogReady";

struct ldap_state {
    bool catalog; /* it says that it is one */
};

/* What is asked of the root entry, and shown as evidence. */
static const char *const attributes[] = {"supportedLDAPVersion", "vendorName", "dnsHostName", "defaultNamingContext",
                                         global_catalog_ready};
#define ATTRIBUTE_N (sizeof attributes / sizeof *attributes)

uint32_t ldap_id(const struct talk *talk)
{
    return talk_random_u32(talk) % 0x7fffffff + 1;
}

struct ldap_open ldap_open(struct wire_out *out, uint32_t id, unsigned operation)
{
    struct ldap_open open;

    open.message = ber_open(out, BER_SEQUENCE);
    ber_put_number(out, BER_INTEGER, id);
    open.operation = ber_open(out, operation);
    return open;
}

void ldap_close(struct wire_out *out, struct ldap_open open)
{
    ber_close(out, open.operation);
    ber_close(out, open.message);
}

struct ldap_open ldap_open_root_search(struct wire_out *out, uint32_t id)
{
    struct ldap_open open = ldap_open(out, id, LDAP_SEARCH_REQUEST);

    ber_put_text(out, BER_OCTET_STRING, STR_EMPTY);
    ber_put_number(out, BER_ENUMERATED, 0); /* base object */
    ber_put_number(out, BER_ENUMERATED, 0); /* never dereference */
    ber_put_number(out, BER_INTEGER, 0);    /* entries: no limit but the one there is */
    ber_put_number(out, BER_INTEGER, 10);   /* seconds */
    ber_put_boolean(out, false);
    return open;
}

void ldap_put_result(struct wire_out *out, uint32_t id, unsigned operation, unsigned code)
{
    struct ldap_open open = ldap_open(out, id, operation);

    ber_put_number(out, BER_ENUMERATED, code);
    ber_put_text(out, BER_OCTET_STRING, STR_EMPTY);
    ber_put_text(out, BER_OCTET_STRING, STR_EMPTY);
    ldap_close(out, open);
}

bool ldap_get(struct wire_in *in, uint32_t *id, unsigned *operation, struct wire_in *content)
{
    struct wire_in message = ber_enter(in, BER_SEQUENCE);

    *id = ber_number(&message, BER_INTEGER);
    *content = ber_any(&message, operation);
    return !in->failed && !message.failed && *operation != 0;
}

bool ldap_is_root_search(struct wire_in content, bool *root)
{
    struct str base = ber_text(&content, BER_OCTET_STRING);
    uint32_t scope = ber_number(&content, BER_ENUMERATED);

    ber_number(&content, BER_ENUMERATED);
    ber_number(&content, BER_INTEGER);
    ber_number(&content, BER_INTEGER);
    ber_text(&content, BER_BOOLEAN);
    *root = base.n == 0 && scope == 0;
    return !content.failed && wire_left(&content) > 0;
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    struct ldap_open open = ldap_open_root_search(out, ldap_id(talk));
    size_t list;

    (void)answer;
    ber_put_text(out, 0x87, STR("objectClass")); /* present */
    list = ber_open(out, BER_SEQUENCE);
    for (size_t i = 0; i < ATTRIBUTE_N; i++)
        ber_put_text(out, BER_OCTET_STRING, str_of(attributes[i]));
    ber_close(out, list);
    ldap_close(out, open);
    return STEP_READ;
}

/* SearchResultEntry: a name, and attributes with their values, of which the first is shown. */
static bool get_entry(struct wire_in content, struct ldap_state *state, struct answer *answer)
{
    struct wire_in list;

    ber_text(&content, BER_OCTET_STRING);
    list = ber_enter(&content, BER_SEQUENCE);
    while (wire_left(&list) > 0 && !list.failed) {
        struct wire_in attribute = ber_enter(&list, BER_SEQUENCE);
        struct str type = ber_text(&attribute, BER_OCTET_STRING);
        struct wire_in values = ber_enter(&attribute, BER_SET);
        struct str value = wire_left(&values) > 0 ? ber_text(&values, BER_OCTET_STRING) : STR_EMPTY;

        if (attribute.failed || values.failed)
            return false;
        for (size_t i = 0; i < ATTRIBUTE_N; i++) {
            if (str_is(type, attributes[i]))
                answer_add_text(answer, attributes[i], value);
        }
        if (str_is(type, global_catalog_ready))
            state->catalog = str_is(value, "TRUE");
    }
    return !content.failed && !list.failed;
}

static enum step conclude(struct talk *talk, struct wire_out *out, struct answer *answer, const char *what)
{
    struct ldap_state *state = talk_state(talk, struct ldap_state);
    struct ldap_open open = ldap_open(out, ldap_id(talk) % 0x7fffffff + 1, LDAP_UNBIND_REQUEST);

    ldap_close(out, open);
    talk->packet = 1;
    if (talk->service == &service_global_catalog && !state->catalog) {
        answer_is(answer, OUTCOME_WRONG_SERVICE, "LDAP answered, but does not say that it is a global catalog");
        answer->answered = "ldap";
    } else {
        answer_is(answer, OUTCOME_OPEN, "LDAP answered with %s", what);
    }
    return STEP_DONE;
}

/* The entry is proof, and enough: its end need not be waited for. A result without an entry is an answer too. */
static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct ldap_state *state = talk_state(talk, struct ldap_state);
    struct wire_in content;
    unsigned operation;
    uint32_t id;

    if (!ldap_get(in, &id, &operation, &content) || id != ldap_id(talk))
        return STEP_FOREIGN;
    if (operation == LDAP_SEARCH_ENTRY) {
        if (!get_entry(content, state, answer))
            return STEP_FOREIGN;
        return conclude(talk, out, answer, "its root entry");
    }
    if (operation == LDAP_SEARCH_DONE) {
        uint32_t code = ber_number(&content, BER_ENUMERATED);

        if (content.failed)
            return STEP_FOREIGN;
        answer_add(answer, "result", "%u", code);
        return conclude(talk, out, answer, "a search result");
    }
    return STEP_FOREIGN;
}

static void put_attribute(struct wire_out *out, const char *type, const char *value)
{
    size_t attribute = ber_open(out, BER_SEQUENCE);
    size_t values;

    ber_put_text(out, BER_OCTET_STRING, str_of(type));
    values = ber_open(out, BER_SET);
    ber_put_text(out, BER_OCTET_STRING, str_of(value));
    ber_close(out, values);
    ber_close(out, attribute);
}

static void put_root_entry(const struct talk *talk, struct wire_out *out, uint32_t id)
{
    struct ldap_open open = ldap_open(out, id, LDAP_SEARCH_ENTRY);
    size_t list;

    ber_put_text(out, BER_OCTET_STRING, STR_EMPTY);
    list = ber_open(out, BER_SEQUENCE);
    put_attribute(out, "objectClass", "top");
    put_attribute(out, "supportedLDAPVersion", "3");
    put_attribute(out, "vendorName", "Portolan stand-in");
    if (talk->service == &service_global_catalog)
        put_attribute(out, global_catalog_ready, "TRUE");
    ber_close(out, list);
    ldap_close(out, open);
}

/* Any bind succeeds, for nothing is behind it: the root entry is all that there is to read. */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct wire_in content;
    unsigned operation;
    uint32_t id;
    bool root;

    if (!ldap_get(in, &id, &operation, &content))
        return STEP_FOREIGN;
    switch (operation) {
    case LDAP_BIND_REQUEST: ldap_put_result(out, id, LDAP_BIND_RESPONSE, LDAP_SUCCESS); return STEP_READ;
    case LDAP_SEARCH_REQUEST:
        if (!ldap_is_root_search(content, &root))
            return STEP_FOREIGN;
        if (root)
            put_root_entry(talk, out, id);
        ldap_put_result(out, id, LDAP_SEARCH_DONE, root ? LDAP_SUCCESS : LDAP_NO_SUCH_OBJECT);
        answer_is(receipt, OUTCOME_OPEN, root ? "an LDAP search for the root entry" : "an LDAP search");
        return STEP_READ;
    case LDAP_EXTENDED_REQUEST: ldap_put_result(out, id, LDAP_EXTENDED_RESPONSE, LDAP_PROTOCOL_ERROR); return STEP_READ;
    case LDAP_UNBIND_REQUEST: return STEP_DONE;
    case LDAP_ABANDON_REQUEST: return STEP_READ;
    default: return STEP_FOREIGN;
    }
}

#define LDAP_EXCHANGE(tls_)                                                                                            \
    {                                                                                                                  \
        .protocol = "ldap", .tls = tls_, .framing = &framing_ber, .input_max = 8192, .sends = sends, .begin = begin,   \
        .heard = heard, .serve = serve                                                                                 \
    }

static const struct exchange over_tcp = LDAP_EXCHANGE(TLS_NONE);
static const struct exchange over_tls = LDAP_EXCHANGE(TLS_FIRST);
/* At 3268 in the clear, at 3269 with TLS: the far end says which. */
static const struct exchange over_either = LDAP_EXCHANGE(TLS_EITHER);

const struct service service_ldap = {
    .name = "ldap",
    .title = "Lightweight Directory Access Protocol",
    .tcp = &over_tcp,
    .udp = &cldap_udp,
    .ports = {{389, 389, SERVICE_TCP | SERVICE_UDP}},
};

const struct service service_ldaps = {
    .name = "ldaps",
    .title = "LDAP over TLS",
    .tcp = &over_tls,
    .ports = {{636, 636, SERVICE_TCP}},
};

const struct service service_global_catalog = {
    .name = "global-catalog",
    .title = "Active Directory global catalog",
    .tcp = &over_either,
    .ports = {{3268, 3268, SERVICE_TCP}, {3269, 3269, SERVICE_TCP}},
};
