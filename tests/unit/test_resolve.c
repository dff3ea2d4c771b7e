/*
 * Names to addresses, against a DNS server of the test's own on the same loop, which answers by the first label of a
 * name: well, badly, late, twice, or not at all. No resolver of the machine is asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "live/resolve.h"
#include "service/service.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };
#define MANY 10000
#define LARGE 16384

static struct loop loop;

/* ------------------------------------------------------------------ the server */

struct server {
    struct watch udp;
    struct watch tcp;
    struct watch connection;
    uint16_t port;
    size_t asked; /* queries */
};

static struct server server;

struct question {
    struct str bytes; /* of the question, in the query */
    struct str label; /* the first */
    unsigned type;
    bool tcp;
};

static void put_record(struct wire_out *out, unsigned type, const char *data, size_t n)
{
    wire_put_u16(out, 0xc00c); /* the name of the question */
    wire_put_u16(out, type);
    wire_put_u16(out, 1);
    wire_put_u32(out, 60);
    wire_put_u16(out, (unsigned)n);
    wire_put(out, data, n);
}

static void put_a(struct wire_out *out, uint32_t address)
{
    char data[4] = {(char)(address >> 24), (char)(address >> 16), (char)(address >> 8), (char)address};

    put_record(out, TYPE_A, data, 4);
}

static const char v6[16] = {(char)0xfd, 0, [15] = 1};

/* The records of an answer; returns their number, -1: no answer at all. */
static int put_records(const struct question *question, struct wire_out *out, unsigned *flags)
{
    struct str label = question->label;
    bool a = question->type == TYPE_A;
    uint64_t number;

    if (str_is(label, "silent") || (str_is(label, "half") && !a))
        return -1;
    if (str_is(label, "nx"))
        *flags |= 3;
    if (str_is(label, "servfail"))
        *flags |= 2;
    if (str_is(label, "notimp"))
        *flags |= 4;
    if (str_is(label, "truncated") && !question->tcp) {
        *flags |= 0x200;
        return 0;
    }
    if (str_is(label, "loop")) { /* an alias of itself */
        put_record(out, TYPE_CNAME, "\300\14", 2);
        return 1;
    }
    if (str_is(label, "truncated")) {
        for (uint32_t i = 0; i < 300 && a; i++)
            put_a(out, 0x0a010000 + i);
        return a ? 300 : 0;
    }
    if (str_is(label, "ok") && !a)
        put_record(out, TYPE_AAAA, v6, 16);
    if (str_is(label, "ok") && a) {
        put_a(out, 0x0a000002);
        put_a(out, 0x0a000001);
        put_a(out, 0x0a000002);
        return 3;
    }
    if ((str_is(label, "v4") || str_is(label, "liar") || str_is(label, "half")) && a)
        put_a(out, 0x0a000001);
    else if (a && label.n > 1 && label.p[0] == 'n' && num_decimal(str_from(label, 1), MANY, &number))
        put_a(out, 0x0a000000 + (uint32_t)number);
    else if (!str_is(label, "ok"))
        return 0;
    return 1;
}

/* The answer to a query, 0: none. `lie` 1: with another id; 2: to another question. */
static size_t answer_to(const uint8_t *p, size_t n, bool tcp, int lie, uint8_t *bytes)
{
    struct wire_in in = wire_in(p, n);
    struct wire_out out = {bytes, 0, LARGE, false};
    unsigned id = wire_get_u16(&in);
    unsigned flags = 0x8180;
    struct question question = {.tcp = tcp};
    struct str label;
    int records;

    wire_get(&in, 10);
    question.label = wire_get(&in, wire_get_u8(&in));
    do
        label = wire_get(&in, wire_get_u8(&in));
    while (label.n > 0 && !in.failed);
    question.type = wire_get_u16(&in);
    wire_get_u16(&in);
    assert_false(in.failed);
    question.bytes = (struct str){(const char *)p + 12, in.at - 12};
    wire_put_u16(&out, lie == 1 ? id ^ 1 : id);
    wire_put_u16(&out, 0); /* below */
    wire_put_u16(&out, 1);
    wire_put_zeros(&out, 6);
    wire_put_str(&out, question.bytes);
    if (lie == 2)
        bytes[13] ^= 1;
    records = put_records(&question, &out, &flags);
    if (lie > 0)
        bytes[out.n - 1] = 99; /* the last byte of its address */
    wire_patch_u16(&out, 2, flags);
    wire_patch_u16(&out, 6, records > 0 ? (size_t)records : 0);
    assert_false(out.failed);
    return records < 0 ? 0 : out.n;
}

static bool begins(const uint8_t *p, const char *label)
{
    return p[12] == strlen(label) && memcmp(p + 13, label, strlen(label)) == 0;
}

/* As the stand-in for DNS answers: refused. */
static size_t stand_in(const uint8_t *p, size_t n, uint8_t *bytes)
{
    struct talk talk;
    struct answer receipt;
    struct wire_out out = {bytes, 0, WIRE_OUT_MAX, false};
    size_t used;

    talk_begin(&talk, &service_dns, PROTO_UDP);
    answer_init(&receipt);
    respond_start(&talk, &out, &receipt);
    respond_heard(&talk, p, n, &used, &out, &receipt);
    return out.n;
}

static void serve_udp(struct watch *watch, unsigned events)
{
    static uint8_t bytes[LARGE];
    uint8_t query[512];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    ssize_t n = recvfrom(watch->fd, query, sizeof query, 0, (struct sockaddr *)&peer, &size);
    size_t answered;

    (void)events;
    assert_true(n > 12);
    server.asked++;
    if (begins(query, "liar")) {
        for (int lie = 1; lie <= 2; lie++) {
            answered = answer_to(query, (size_t)n, false, lie, bytes);
            sendto(watch->fd, bytes, answered, 0, (struct sockaddr *)&peer, size);
        }
    }
    if (begins(query, "junk")) {
        memcpy(bytes, query, (size_t)n);
        bytes[2] |= 0x80;
        bytes[7] = 200; /* so many answers, and none is there */
        answered = (size_t)n;
    } else if (begins(query, "refused")) {
        answered = stand_in(query, (size_t)n, bytes);
    } else {
        answered = answer_to(query, (size_t)n, false, 0, bytes);
    }
    if (answered > 0)
        sendto(watch->fd, bytes, answered, 0, (struct sockaddr *)&peer, size);
}

/* What has come over the one connection that there is at a time; c-ares asks for both families over it. */
static void serve_connection(struct watch *watch, unsigned events)
{
    static uint8_t bytes[LARGE];
    static uint8_t queries[1024];
    static size_t have;
    ssize_t n = recv(watch->fd, queries + have, sizeof queries - have, MSG_DONTWAIT);

    (void)events;
    if (n <= 0) {
        loop_unwatch(&loop, watch);
        close(watch->fd);
        have = 0;
        return;
    }
    have += (size_t)n;
    while (have >= 2 && have >= 2 + ((size_t)queries[0] << 8 | queries[1])) {
        size_t size = (size_t)queries[0] << 8 | queries[1];
        size_t said = answer_to(queries + 2, size, true, 0, bytes + 2);

        bytes[0] = (uint8_t)(said >> 8);
        bytes[1] = (uint8_t)said;
        assert_int_equal(send(watch->fd, bytes, said + 2, MSG_NOSIGNAL), said + 2);
        have -= size + 2;
        memmove(queries, queries + size + 2, have);
    }
}

static void serve_tcp(struct watch *watch, unsigned events)
{
    int fd = accept(watch->fd, NULL, NULL);

    (void)events;
    server.connection.ready = serve_connection;
    assert_int_equal(loop_watch(&loop, &server.connection, fd, LOOP_READ), 0);
}

static void server_open(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&server, 0, sizeof server);
    assert_int_equal(bind(udp, (const struct sockaddr *)&where, size), 0);
    assert_int_equal(getsockname(udp, (struct sockaddr *)&where, &size), 0);
    assert_int_equal(bind(tcp, (const struct sockaddr *)&where, size), 0);
    assert_int_equal(listen(tcp, 8), 0);
    server.port = ntohs(where.sin_port);
    server.udp.ready = serve_udp;
    server.tcp.ready = serve_tcp;
    assert_int_equal(loop_watch(&loop, &server.udp, udp, LOOP_READ), 0);
    assert_int_equal(loop_watch(&loop, &server.tcp, tcp, LOOP_READ), 0);
}

/* ------------------------------------------------------------------ asking it */

struct found {
    size_t times;
    size_t n;
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    char why[96];
    char name[300];
};

static struct resolver *resolver;
static size_t answered;

static void note(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                 uint64_t took_us)
{
    struct found *found = user;

    assert_true(took_us < 60000000);
    answered++;
    found->times++;
    found->n = n;
    if (n > 0)
        memcpy(found->addresses, addresses, n * sizeof *addresses);
    snprintf(found->why, sizeof found->why, "%.*s", STR_ARG(why));
    snprintf(found->name, sizeof found->name, "%.*s", STR_ARG(name));
}

static void wait_for(size_t n)
{
    while (answered < n)
        assert_int_equal(loop_round(&loop, 5000000), 0);
}

static void ask(const char *name, struct found *found)
{
    *found = (struct found){0};
    answered = 0;
    resolver_ask(resolver, str_of(name), note, found);
    wait_for(1);
    assert_string_equal(found->name, name);
}

static void same(const struct found *found, const char *expected)
{
    struct buf text = BUF_EMPTY;

    for (size_t i = 0; i < found->n; i++) {
        addr_format(&text, found->addresses[i].family, found->addresses[i].addr);
        buf_addc(&text, ' ');
    }
    buf_adds(&text, found->why);
    if (!str_is(buf_str(&text), expected))
        fail_msg("%s: \"%.*s\" is not \"%s\"", found->name, STR_ARG(buf_str(&text)), expected);
    buf_free(&text);
}

static int open_both(unsigned timeout_ms)
{
    char servers[32];

    assert_int_equal(loop_open(&loop), 0);
    server_open();
    snprintf(servers, sizeof servers, "127.0.0.1:%u", server.port);
    return resolver_open(&loop, &(struct resolver_options){.servers = servers, .timeout_ms = timeout_ms}, &resolver);
}

static int setup(void **state)
{
    (void)state;
    return open_both(150);
}

/* For what is always answered, by a machine that may have much to do. */
static int setup_patient(void **state)
{
    (void)state;
    return open_both(5000);
}

static int teardown(void **state)
{
    (void)state;
    resolver_close(resolver);
    while (loop.watch_n > 2) /* the connection ends */
        assert_int_equal(loop_round(&loop, 5000000), 0);
    loop_unwatch(&loop, &server.udp);
    loop_unwatch(&loop, &server.tcp);
    close(server.udp.fd);
    close(server.tcp.fd);
    assert_int_equal(loop.watch_n, 0);
    assert_int_equal(loop.heap_n, 0);
    loop_close(&loop);
    return 0;
}

static void answers_become_addresses_or_words(void **state)
{
    static const struct {
        const char *name;
        const char *expected;
    } cases[] = {
        {"ok.example", "10.0.0.2 10.0.0.1 fd00::1 "},
        {"OK.Example.", "10.0.0.2 10.0.0.1 fd00::1 "},
        {"v4.example", "10.0.0.1 "},
        {"ok", "10.0.0.2 10.0.0.1 fd00::1 "}, /* no search domains with servers that are named */
        {"none.example", "the name has no address"},
        {"nx.example", "no such name"},
        {"loop.example", "the name has no address"},
        {"servfail.example", "the resolver failed (SERVFAIL)"},
        {"refused.example", "the resolver refuses to answer (REFUSED)"},
        {"notimp.example", "the resolver does not do this (NOTIMP)"},
        {"silent.example", "the resolver does not answer"},
        {"half.example", "10.0.0.1 IPv6: the resolver does not answer"},
        {"liar.example", "10.0.0.1 "},
        {"junk.example", "the resolver's answer is malformed"},
        {"10.20.0.11", "10.20.0.11 "},
        {"fd20::11", "fd20::11 "},
        {"", "not a name that can be asked for"},
        {"a..example", "not a name that can be asked for"},
        {"a b.example", "not a name that can be asked for"},
        {"a\\046example", "not a name that can be asked for"},
        {"label-of-more-than-sixty-three-bytes-which-no-label-of-a-name-may-be-.example",
         "not a name that can be asked for"},
    };
    struct found found;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(cases[i].name, &found);
        same(&found, cases[i].expected);
    }
}

static void an_answer_that_is_cut_comes_over_tcp(void **state)
{
    struct found found;

    (void)state;
    ask("truncated.example", &found);
    assert_int_equal(found.n, RESOLVE_ADDRESSES_MAX);
    assert_string_equal(found.why, "more than 256 addresses: the others are left out");
}

static void each_name_is_asked_for_once(void **state)
{
    struct found found[3] = {0};
    size_t before;

    (void)state;
    answered = 0;
    before = server.asked;
    for (size_t i = 0; i < 3; i++)
        resolver_ask(resolver, i == 1 ? STR("V4.once.example") : STR("v4.once.example"), note, &found[i]);
    wait_for(3);
    ask("v4.once.example", &found[0]);
    assert_int_equal(server.asked - before, 2);
    for (size_t i = 0; i < 3; i++)
        same(&found[i], "10.0.0.1 ");
    assert_string_equal(found[1].name, "V4.once.example");
}

static void many_names_are_answered(void **state)
{
    static struct found found[MANY];
    uint64_t from_us = loop_clock_us();

    (void)state;
    memset(found, 0, sizeof found);
    answered = 0;
    for (size_t i = 0; i < MANY; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "n%zu.many.example", i);

        resolver_ask(resolver, (struct str){name, (size_t)n}, note, &found[i]);
    }
    wait_for(MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(found[i].times, 1);
        if (found[i].n != 1)
            fail_msg("%s: %s", found[i].name, found[i].why);
        assert_true(found[i].addresses[0].addr == 0x0a000000 + i);
    }
    print_message("# %d names in %llu ms\n", MANY, (unsigned long long)(loop_clock_us() - from_us) / 1000);
}

/* Nothing answers: thousands of names do not wait for one another's timeouts. */
static void silence_is_waited_for_together(void **state)
{
    static struct found found[3000];
    uint64_t from_us = loop_clock_us();

    (void)state;
    memset(found, 0, sizeof found);
    answered = 0;
    for (size_t i = 0; i < 3000; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "silent.n%zu.example", i);

        resolver_ask(resolver, (struct str){name, (size_t)n}, note, &found[i]);
    }
    wait_for(3000);
    for (size_t i = 0; i < 3000; i++)
        same(&found[i], "the resolver does not answer");
    print_message("# 3000 silent names in %llu ms\n", (unsigned long long)(loop_clock_us() - from_us) / 1000);
}

/* ------------------------------------------------------------------ closing */

static struct found late[300];

static void ask_again(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                      uint64_t took_us)
{
    note(user, name, addresses, n, why, took_us);
    resolver_ask(resolver, STR("v4.again.example"), note, &late[299]);
}

static void closing_in_the_midst_answers_everyone(void **state)
{
    (void)state;
    memset(late, 0, sizeof late);
    answered = 0;
    for (size_t i = 0; i < 298; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "silent.n%zu.late", i);

        resolver_ask(resolver, (struct str){name, (size_t)n}, i == 0 ? ask_again : note, &late[i]);
    }
    assert_int_equal(loop_round(&loop, 1000), 0);
    assert_int_equal(answered, 0);
    resolver_close(resolver);
    resolver = NULL;
    assert_int_equal(answered, 299);
    for (size_t i = 0; i < 300; i++) {
        if (i != 298)
            same(&late[i], "interrupted");
    }
}

static void close_it(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                     uint64_t took_us)
{
    struct resolver *gone = resolver;

    resolver = NULL;
    resolver_close(gone);
    note(user, name, addresses, n, why, took_us); /* what was handed in is still there */
}

static void closing_from_an_answer_is_fine(void **state)
{
    (void)state;
    memset(late, 0, sizeof late);
    answered = 0;
    resolver_ask(resolver, STR("silent.example"), note, &late[0]);
    resolver_ask(resolver, STR("ok.example"), close_it, &late[1]);
    wait_for(2);
    same(&late[0], "interrupted");
    same(&late[1], "10.0.0.2 10.0.0.1 fd00::1 ");
}

static void nobody_at_the_port_is_told_from_silence(void **state)
{
    char servers[32];
    struct found found;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&where, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    close(fd);
    resolver_close(resolver);
    snprintf(servers, sizeof servers, "127.0.0.1:%u", ntohs(where.sin_port));
    assert_int_equal(resolver_open(&loop, &(struct resolver_options){.servers = servers}, &resolver), 0);
    ask("ok.example", &found);
    same(&found, "no resolver can be reached");
}

static void servers_are_addresses(void **state)
{
    static const char *const wrong[] = {"", "dns.example", "10.0.0.1:x", "10.0.0.1,nonsense", "10.0.0.1;10.0.0.2"};
    struct resolver *made = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (resolver_open(&loop, &(struct resolver_options){.servers = wrong[i]}, &made) != -EINVAL)
            fail_msg("\"%s\" is taken for servers", wrong[i]);
        assert_null(made);
    }
    assert_int_equal(
        resolver_open(&loop, &(struct resolver_options){.servers = "10.0.0.1,[fd00::1]:5353,fd00::2"}, &made), 0);
    resolver_close(made);
    resolver_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_become_addresses_or_words, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_is_cut_comes_over_tcp, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(each_name_is_asked_for_once, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(many_names_are_answered, setup_patient, teardown),
        cmocka_unit_test_setup_teardown(silence_is_waited_for_together, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_in_the_midst_answers_everyone, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_from_an_answer_is_fine, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_at_the_port_is_told_from_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(servers_are_addresses, setup, teardown),
    };

    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
