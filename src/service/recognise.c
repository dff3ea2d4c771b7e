/*
 * Names what spoke by its first bytes. A table of heads, tried in order: the bytes under the mask must be those of the
 * head, then the check, if there is one, must agree. Names are those of model/services.def where the protocol is one of
 * them. A head of which only the beginning has come says "more", so that a single byte is not called unknown too early.
 *
 * Facts: the sections that each service's own file names; for what only this file knows: SMTP RFC 5321 4.2, POP3 RFC
 * 1939 3, IMAP RFC 9051 7.1, TLS RFC 8446 5.1, Telnet RFC 854, SNMP RFC 1157 4, AMQP 0-9-1 4.2.2, MySQL's and
 * PostgreSQL's protocol chapters, Redis' RESP, rsync's and memcached's greetings.
 */
#include "service/service.h"

struct head {
    const char *name;
    unsigned protos; /* SERVICE_TCP, SERVICE_UDP */
    struct str bytes;
    const char *mask; /* a letter a byte: '=' must be equal, '.' may be anything; NULL: all equal */
    bool (*check)(const uint8_t *p, size_t n, bool *more);
};

static bool has_word(const uint8_t *p, size_t n, const char *word)
{
    return str_contains((struct str){(const char *)p, n}, word);
}

/* 220 greets for FTP and for SMTP: the words behind it tell. */
static bool is_smtp(const uint8_t *p, size_t n, bool *more)
{
    if (has_word(p, n, "SMTP") || has_word(p, n, "smtp"))
        return true;
    *more |= memchr(p, '\n', n) == NULL;
    return false;
}

static bool is_line(const uint8_t *p, size_t n, bool *more)
{
    bool whole = memchr(p, '\n', n) != NULL;

    *more |= !whole;
    return whole;
}

static bool is_tls(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return p[2] <= 4;
}

static bool is_telnet(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return p[1] >= 0xfb && p[1] <= 0xfe;
}

static bool is_mysql(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return p[4] == 0xff || (p[4] == 10 && p[5] >= '0' && p[5] <= '9');
}

static bool is_dcerpc(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return p[1] <= 1 && (p[2] == 2 || p[2] == 3 || p[2] == 12 || p[2] == 13);
}

static bool is_iscsi(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    /* A login response or a reject, no additional headers, less than 64 KiB of data. */
    return (p[0] == 0x23 || p[0] == 0x3f) && p[4] == 0 && p[5] == 0;
}

/* SEQUENCE, message id, one of the protocol operations that a server sends. */
static bool is_ldap(const uint8_t *p, size_t n, bool *more)
{
    size_t at = 2;

    if (p[1] & 0x80)
        at += p[1] & 0x7f;
    if (at + 1 >= n || at + 2 + p[at + 1] >= n) {
        *more |= (p[1] & 0x7f) <= 4 || p[1] < 0x80;
        return false;
    }
    if (p[at] != 0x02 || p[at + 1] < 1 || p[at + 1] > 4)
        return false;
    at += 2 + p[at + 1];
    return (p[at] & 0xe0) == 0x60;
}

/* SEQUENCE, version, community. */
static bool is_snmp(const uint8_t *p, size_t n, bool *more)
{
    size_t at = p[1] & 0x80 ? 2 + (size_t)(p[1] & 0x7f) : 2;

    (void)more;
    return at + 3 < n && p[at] == 2 && p[at + 1] == 1 && p[at + 2] <= 3 && p[at + 3] == 4;
}

/* Message type reply, accepted or denied. */
static bool is_rpc_at(const uint8_t *p)
{
    return p[4] == 0 && p[5] == 0 && p[6] == 0 && p[7] == 1 && p[8] == 0 && p[9] == 0 && p[10] == 0 && p[11] <= 1;
}

static bool is_rpc(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return is_rpc_at(p);
}

static bool is_rpc_stream(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return is_rpc_at(p + 4);
}

static bool is_ntp(const uint8_t *p, size_t n, bool *more)
{
    unsigned version = p[0] >> 3 & 7;
    unsigned mode = p[0] & 7;

    (void)more;
    return (n == 48 || n == 68 || n == 72) && version >= 1 && version <= 4 && (mode == 4 || mode == 2) && p[1] <= 16;
}

/* Answers only: a standard query, the reserved bit clear, one question or none. */
static bool is_dns(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return (p[2] & 0xf8) == 0x80 && (p[3] & 0x40) == 0 && p[4] == 0 && p[5] == 1;
}

static bool is_dns_stream(const uint8_t *p, size_t n, bool *more)
{
    return ((size_t)p[0] << 8 | p[1]) >= 12 && p[0] <= 3 && is_dns(p + 2, n - 2, more);
}

/* An answer about an encoded name of 32 letters; the question is not repeated. */
static bool is_netbios_ns(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return (p[2] & 0x80) && p[4] == 0 && p[5] == 0 && p[12] == 0x20 && p[13] >= 'A' && p[13] <= 'P';
}

static bool is_kpasswd(const uint8_t *p, size_t n, bool *more)
{
    (void)more;
    return ((size_t)p[0] << 8 | p[1]) == n && ((p[2] == 0 && p[3] == 1) || (p[2] == 0xff && p[3] == 0x80));
}

static bool is_kpasswd_stream(const uint8_t *p, size_t n, bool *more)
{
    (void)n;
    (void)more;
    return p[2] == p[4] && p[3] == p[5] && p[6] == 0 && p[7] == 1;
}

#define BYTES(literal) ((struct str){literal, sizeof(literal) - 1})
#define BOTH (SERVICE_TCP | SERVICE_UDP)

static const struct head heads[] = {
    {"portolan", BOTH, BYTES("PORTOLAN/1 "), NULL, NULL},
    {"ssh", SERVICE_TCP, BYTES("SSH-"), NULL, NULL},
    {"http", SERVICE_TCP, BYTES("HTTP/"), NULL, NULL},
    {"vnc", SERVICE_TCP, BYTES("RFB "), NULL, NULL},
    {"smtp", SERVICE_TCP, BYTES("220"), NULL, is_smtp},
    {"ftp", SERVICE_TCP, BYTES("220"), NULL, is_line},
    {"ftp", SERVICE_TCP, BYTES("530 "), NULL, NULL},
    {"smtp", SERVICE_TCP, BYTES("250"), NULL, NULL},
    {"smtp", SERVICE_TCP, BYTES("554 "), NULL, NULL},
    {"pop3", SERVICE_TCP, BYTES("+OK "), NULL, NULL},
    {"imap", SERVICE_TCP, BYTES("* OK "), NULL, NULL},
    {"imap", SERVICE_TCP, BYTES("* BYE "), NULL, NULL},
    {"imap", SERVICE_TCP, BYTES("* PREAUTH "), NULL, NULL},
    {"redis", SERVICE_TCP, BYTES("-ERR "), NULL, NULL},
    {"redis", SERVICE_TCP, BYTES("-NOAUTH "), NULL, NULL},
    {"redis", SERVICE_TCP, BYTES("-DENIED "), NULL, NULL},
    {"memcached", SERVICE_TCP, BYTES("ERROR\r\n"), NULL, NULL},
    {"rsync", SERVICE_TCP, BYTES("@RSYNCD:"), NULL, NULL},
    {"amqp", SERVICE_TCP, BYTES("AMQP"), NULL, NULL},
    {"postgresql", SERVICE_TCP, BYTES("E\0\0\0?S"), "====.=", NULL},
    {"mysql", SERVICE_TCP, BYTES("?\0\0\0??"), ".===..", is_mysql},
    {"telnet", SERVICE_TCP, BYTES("\xff??"), "=..", is_telnet},
    {"tls", SERVICE_TCP, BYTES("\x15\x03?\0\2"), "==.==", is_tls},
    {"tls", SERVICE_TCP, BYTES("\x16\x03???\2"), "==...=", is_tls},
    {"smb", SERVICE_TCP, BYTES("\0???\376SMB"), "=...====", NULL},
    {"smb", SERVICE_TCP, BYTES("\0???\377SMB"), "=...====", NULL},
    {"netbios-ssn", SERVICE_TCP, BYTES("\x82\0\0\0"), NULL, NULL},
    {"netbios-ssn", SERVICE_TCP, BYTES("\x83\0\0\1"), NULL, NULL},
    {"dcerpc", SERVICE_TCP, BYTES("\5??\?\x10"), "=...=", is_dcerpc},
    {"rdp", SERVICE_TCP, BYTES("\3\0\0??\xd0"), "===..=", NULL},
    {"rdp", SERVICE_TCP, BYTES("\3\0\0?\2\xf0\x80"), "===.===", NULL}, /* data: xrdp says goodbye so */
    {"iscsi", SERVICE_TCP, BYTES("#?????"), "......", is_iscsi},
    {"ldap", BOTH, BYTES("0???"), "=...", is_ldap},
    {"snmp", BOTH, BYTES("0???"), "=...", is_snmp},
    {"rpc", SERVICE_TCP, BYTES("\x80??\?\?\?\?\?\0\0\0\1\0\0\0?"), "=.......=======.", is_rpc_stream},
    {"rpc", SERVICE_UDP, BYTES("?\?\?\?\0\0\0\1\0\0\0?"), "....=======.", is_rpc},
    {"kerberos", SERVICE_UDP, BYTES("\x7e"), NULL, NULL},
    {"kerberos", SERVICE_UDP, BYTES("\x6b"), NULL, NULL},
    {"kerberos", SERVICE_TCP, BYTES("\0\0?\?\x7e"), "==..=", NULL},
    {"kerberos", SERVICE_TCP, BYTES("\0\0?\?\x6b"), "==..=", NULL},
    {"kpasswd", SERVICE_TCP, BYTES("\0\0??????"), "==......", is_kpasswd_stream},
    {"kpasswd", SERVICE_UDP, BYTES("??????"), "......", is_kpasswd},
    {"netbios-ns", SERVICE_UDP, BYTES("??????????????"), "..............", is_netbios_ns},
    {"dns", SERVICE_UDP, BYTES("????????????"), "............", is_dns},
    {"dns", SERVICE_TCP, BYTES("\0?????????????"), "=.............", is_dns_stream},
    {"ntp", SERVICE_UDP, BYTES("??"), "..", is_ntp},
};

static bool head_fits(const struct head *head, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && i < head->bytes.n; i++) {
        if ((head->mask == NULL || head->mask[i] == '=') && p[i] != (uint8_t)head->bytes.p[i])
            return false;
    }
    return true;
}

const char *recognise(const uint8_t *p, size_t n, bool datagram, bool *more)
{
    unsigned proto = datagram ? SERVICE_UDP : SERVICE_TCP;

    *more = n == 0;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const struct head *head = &heads[i];

        if (!(head->protos & proto) || !head_fits(head, p, n))
            continue;
        if (n < head->bytes.n) {
            /* A head without a fixed first byte would never let go of anything short. */
            *more |= head->mask == NULL || head->mask[0] == '=';
        } else if (head->check == NULL || head->check(p, n, more)) {
            *more = false;
            return head->name;
        }
    }
    *more = *more && !datagram;
    return NULL;
}
