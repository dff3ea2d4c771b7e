/*
 * Cells of ports in the ways people write them, each with what it says: entries (`-`: no transport, `?`: unstated),
 * then flags. A cell that cannot be told has a fault and never a port too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "import/ports.h"

static const char *const shapes[SHAPE_N] = {"empty", "none", "transports", "ports", "both", "services", "symbolic"};

static void print_transports(struct buf *out, unsigned transports)
{
    static const char *const names[] = {"tcp", "udp", "sctp", "dccp"};

    if (transports == 0)
        buf_addc(out, '-');
    for (unsigned i = 0, n = 0; i < WORDS_TRANSPORTS; i++) {
        if (transports & 1u << i)
            buf_addf(out, "%s%s", n++ == 0 ? "" : "+", names[i]);
    }
}

static void print_entry(struct buf *out, const struct port_entry *entry)
{
    if (entry->kind == PORT_RANGE && entry->lo == entry->hi)
        buf_addf(out, "%u/", entry->lo);
    else if (entry->kind == PORT_RANGE)
        buf_addf(out, "%u-%u/", entry->lo, entry->hi);
    else if (entry->kind == PORT_DYNAMIC)
        buf_adds(out, "dynamic/");
    if (entry->kind == PORT_RANGE || entry->kind == PORT_DYNAMIC)
        print_transports(out, entry->transports);
    else if (entry->kind == PORT_ANY)
        buf_adds(out, "any");
    else if (entry->kind == PORT_ICMP)
        buf_addf(out, "icmp%s%.*s", entry->text.n > 0 ? ":" : "", STR_ARG(entry->text));
    else
        buf_addf(out, "?:%.*s", STR_ARG(entry->text));
}

static void print(struct buf *out, const struct port_text *text)
{
    buf_adds(out, shapes[ports_shape(text)]);
    for (size_t i = 0; i < text->n; i++) {
        buf_addc(out, ' ');
        print_entry(out, &text->entries[i]);
    }
    if (text->n == 0 && text->transports != 0) {
        buf_addc(out, ' ');
        print_transports(out, text->transports);
    }
    if (text->service != NULL)
        buf_addf(out, " [%s]", text->service->word);
    if (text->is_default)
        buf_adds(out, " default");
    if (text->either)
        buf_adds(out, " either");
    if (text->mark.n > 0)
        buf_addf(out, " mark %.*s", STR_ARG(text->mark));
    if (text->fault != NULL)
        buf_adds(out, " fault");
}

static const struct {
    const char *text;
    const char *says;
} cases[] = {
    {"443/TCP", "both 443/tcp"},
    {"TCP 443", "both 443/tcp"},
    {"tcp:443", "both 443/tcp"},
    {"TCP (443)", "both 443/tcp"},
    {"Port 22 (TCP)", "both 22/tcp"},
    {"UDP port 123", "both 123/udp"},
    {"TCP/UDP 53", "both 53/tcp+udp"},
    {"53 (TCP and UDP)", "both 53/tcp+udp"},
    {"443/TCP+UDP", "both 443/tcp+udp"},
    {"TDP/UDP 2049", "both 2049/tcp+udp"},
    {"HTTPS:443", "ports 443/- [https]"},
    {"80, 443", "ports 80/- 443/-"},
    {"80,443", "ports 80/- 443/-"},
    {"80/443 80/8443", "ports 80/- 443/- 8443/-"},
    {"389\n636", "ports 389/- 636/-"},
    {"6910\xe2\x80\x93"
     "6930",
     "ports 6910-6930/-"},
    {"6910 - 6930", "ports 6910-6930/-"},
    {"6910 to 6930", "ports 6910-6930/-"},
    {"6910 through 6930 UDP", "both 6910-6930/udp"},
    {"443 or 6443", "ports 443/- 6443/- either"},
    {"TCP 443 or 6443", "both 443/tcp 6443/tcp either"},
    {"389 (636)", "ports 389/- 636/-"},
    {"TCP 80 (FTP 20,21)", "both 80/tcp 20/tcp 21/tcp [ftp]"},
    {"143/TCP (IMAP), 993/TCP (secure IMAP)", "both 143/tcp 993/tcp [imap]"},
    {"53/UDP,53/TCP (DNS)", "both 53/tcp+udp [dns]"},
    {"TCP 10349, 10350, UDP 10350", "both 10349/tcp 10350/tcp+udp"},
    {"HTTPS 443, UDP 53", "both 443/- 53/udp [https]"},
    {"443 TCP, UDP 53", "both 443/tcp 53/udp"},
    {"TCP: 80, 443 UDP: 53", "both 80/tcp 443/tcp 53/udp"},
    {"IP Protocol ID 47", "symbolic ?:IP protocol 47 (gre)"},
    {"GRE (47)", "symbolic ?:IP protocol 47 (gre)"},
    {"47 (GRE)", "symbolic ?:IP protocol 47 (gre)"},
    {"IP protocol ID 50 and 51, UDP 500 and 4500",
     "both ?:IP protocol 50 (esp) ?:IP protocol 51 (ah) 500/udp 4500/udp"},
    {"50 and 51", "ports 50/- 51/-"},
    {"ICMP", "transports icmp"},
    {"ICMP type 8", "transports icmp:type 8"},
    {"8/ICMP", "transports icmp:type 8"},
    {"TCP, UDP, ICMP", "transports icmp"},
    {"UDP/TCP", "transports tcp+udp"},
    {"TCP/IP", "transports tcp"},
    {"WebSocket over TCP", "transports tcp [websocket]"},
    {"any", "symbolic any"},
    {"*", "symbolic any"},
    {"All", "symbolic any"},
    {"TCP any", "both 1-65535/tcp"},
    {"any TCP port", "both 1-65535/tcp"},
    {"Dynamic", "symbolic dynamic/-"},
    {"UDP dynamic", "both dynamic/udp"},
    {"Dynamic (49152-65535)", "ports 49152-65535/-"},
    {"1024 and above", "ports 1024-65535/-"},
    {"1024 or higher", "ports 1024-65535/-"},
    {">1023", "ports 1024-65535/-"},
    {">= 1024", "ports 1024-65535/-"},
    {"49152+", "ports 49152-65535/-"},
    {"1,024-65,535", "ports 1024-65535/-"},
    {"49,152\xe2\x80\x93"
     "65,535",
     "ports 49152-65535/-"},
    {"22,443", "ports 22/- 443/-"},
    {"51820*", "ports 51820/- mark *"},
    {"51820[3]", "ports 51820/- mark 3"},
    {"443 (1)", "ports 443/- mark 1"},
    {"51820\xc2\xb2", "ports 51820/- mark \xc2\xb2"},
    {"user defined", "symbolic ?:user defined"},
    {"see Note 1", "symbolic ?:see Note 1"},
    {"${PORT}", "symbolic ?:${PORT}"},
    {"{{ web_port }}", "symbolic ?:{{ web_port }}"},
    {"9443 (default)", "ports 9443/- default"},
    {"HTTPS", "services [https]"},
    {"SSH/SFTP", "services [ssh]"},
    {"N/A", "empty"},
    {"-", "empty"},
    {"", "empty"},
    {"8 GB", "none"},
    {"22.04", "none"},
    {"10.0.0.1", "none"},
    {"2 vCPU", "none"},
    {"0", "none fault"},
    {"70000", "none fault"},
    {"90-80", "none fault"},
    {"5900-59xx", "symbolic ?:5900-59xx fault"},
    {"TCP 53/UDP", "both 53/tcp fault"},
    {"by default the server listens on 8012, unless the set-up says otherwise", "none 8012/- default"},
};

static void cells_say(void **state)
{
    struct arena *arena = arena_new();
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_EMPTY;
        struct port_text text;

        ports_read(arena, str_of(cases[i].text), &text);
        print(&out, &text);
        if (!str_is(buf_str(&out), cases[i].says)) {
            print_error("\"%s\": \"%.*s\", not \"%s\"\n", cases[i].text, STR_ARG(buf_str(&out)), cases[i].says);
            failed++;
        }
        buf_free(&out);
    }
    arena_free(arena);
    assert_int_equal(failed, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(cells_say)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
