/*
 * LDAP over UDP as Active Directory speaks it, [MS-ADTS] 6.3.3: a search of the root entry for the attribute Netlogon,
 * with NtVer (and the domain, where one is asked for) in the filter. A domain controller answers with its entry and the
 * result in one datagram; another server with the result alone, which is an answer too.
 */
#include "service/ldap.h"

static const char *const sends[] = {"CLDAP search for the Netlogon attribute (a domain controller's ping)", NULL};

static void put_equal(struct wire_out *out, const char *type, struct str value)
{
    size_t match = ber_open(out, BER_CONTEXT(3));

    ber_put_text(out, BER_OCTET_STRING, str_of(type));
    ber_put_text(out, BER_OCTET_STRING, value);
    ber_close(out, match);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    static const char version[] = {6, 0, 0, 0}; /* NETLOGON_NT_VERSION_5 | _5EX */
    struct ldap_open open = ldap_open_root_search(out, ldap_id(talk));
    size_t all = ber_open(out, BER_CONTEXT(0));
    size_t list;

    (void)answer;
    if (talk->ask->name.n > 0 && talk->ask->name.n <= 255)
        put_equal(out, "DnsDomain", talk->ask->name);
    put_equal(out, "NtVer", (struct str){version, sizeof version});
    ber_close(out, all);
    list = ber_open(out, BER_SEQUENCE);
    ber_put_text(out, BER_OCTET_STRING, STR("Netlogon"));
    ber_close(out, list);
    ldap_close(out, open);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct wire_in content;
    unsigned operation;
    uint32_t id;

    (void)out;
    if (!ldap_get(in, &id, &operation, &content) || id != ldap_id(talk))
        return STEP_FOREIGN;
    if (operation == LDAP_SEARCH_ENTRY) {
        struct wire_in list;

        ber_text(&content, BER_OCTET_STRING);
        list = ber_enter(&content, BER_SEQUENCE);
        if (content.failed || list.failed)
            return STEP_FOREIGN;
        answer_add(answer, "netlogon", "%s", wire_left(&list) > 0 ? "yes" : "no");
        answer_is(answer, OUTCOME_OPEN, "CLDAP answered with an entry");
        return STEP_DONE;
    }
    if (operation == LDAP_SEARCH_DONE) {
        uint32_t code = ber_number(&content, BER_ENUMERATED);

        if (content.failed)
            return STEP_FOREIGN;
        answer_add(answer, "result", "%u", code);
        answer_is(answer, OUTCOME_OPEN, "CLDAP answered with a search result");
        return STEP_DONE;
    }
    return STEP_FOREIGN;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct wire_in content;
    unsigned operation;
    uint32_t id;
    bool root;

    (void)talk;
    if (!ldap_get(in, &id, &operation, &content) || operation != LDAP_SEARCH_REQUEST ||
        !ldap_is_root_search(content, &root))
        return STEP_FOREIGN;
    ldap_put_result(out, id, LDAP_SEARCH_DONE, root ? LDAP_SUCCESS : LDAP_NO_SUCH_OBJECT);
    answer_is(receipt, OUTCOME_OPEN, "a CLDAP search");
    return STEP_READ;
}

const struct exchange cldap_udp = {
    .protocol = "ldap",
    .input_max = 4096,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};
