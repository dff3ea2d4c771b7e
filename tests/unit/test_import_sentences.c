/* Headings and sentences around tables, each with what it says of ends, way, transports and condition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/importer.h"

static const struct {
    const char *text;
    bool heading;
    const char *says;
} cases[] = {
    {"Harbor hosts require access to the following domains:", false, "from Harbor hosts"},
    {"Your Harbor hosts access the following domains:", false, "from Harbor hosts"},
    {"If you mirror content, your edge host accesses the following domains:", false,
     "from edge host when If you mirror content"},
    {"The console must be able to reach the license server on TCP port 443.", false,
     "from console to license server tcp"},
    {"Open the following TCP ports on the management node:", false, "owner management node in tcp"},
    {"If you use accounts, ensure that the ports are open for outbound traffic for Harbor to access the directory "
     "servers.",
     false, "from Harbor to directory servers out when If you use accounts"},
    {"The ports need to be open, to allow traffic to the Reef server:", false, "to Reef server"},
    {"The controller must accept connections on:", false, "owner controller in"},
    {"By default, Estuary and related services use these TCP ports:", false, "owner Estuary tcp"},
    {"Networking Ports for Inbound Connections", true, "in"},
    {"Outbound rules", true, "out"},
    {"Connections from the Windlass server", true, "from Windlass server"},
    {"Connections to the Windlass server", true, "to Windlass server"},
    {"Traffic between agents and the server", true, "from agents to server between"},
    {"Traffic between the nodes", true, "from nodes to nodes"},
    {"Client > Wake-up proxy", true, "from Client to Wake-up proxy"},
    {"Site server <--> Domain controller", true, "from Site server to Domain controller both"},
    {"Agents \xe2\x86\x92 gateway", true, "from Agents to gateway"},
    {"Security considerations", true, ""},
    {"It uses mirrors to send requests to a place that is near.", false, ""},
    {"The database ports must never be exposed.", false, "forbidden"},
    {"How to connect to the web interface", true, ""},
};

static void print(struct buf *out, const struct hints *hints)
{
    static const char *const ways[] = {"", " in", " out", " both"};

    if (hints->from.n > 0)
        buf_addf(out, " from %.*s", STR_ARG(hints->from));
    if (hints->to.n > 0)
        buf_addf(out, " to %.*s", STR_ARG(hints->to));
    if (hints->owner.n > 0)
        buf_addf(out, " owner %.*s", STR_ARG(hints->owner));
    buf_adds(out, ways[hints->way]);
    if (hints->transports == WORDS_TCP)
        buf_adds(out, " tcp");
    if (hints->condition.n > 0)
        buf_addf(out, " when %.*s", STR_ARG(hints->condition));
    if (hints->between)
        buf_adds(out, " between");
    if (hints->forbidden)
        buf_adds(out, " forbidden");
}

static void sentences_say(void **state)
{
    struct arena *arena = arena_new();
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_EMPTY;
        struct hints hints;

        sentence_read(arena, str_of(cases[i].text), cases[i].heading, &hints);
        if (!hints.weak) /* "A to B" counts only between kinds of machines, which nobody knows here */
            print(&out, &hints);
        if (!str_is(str_trim(buf_str(&out)), cases[i].says)) {
            print_error("\"%s\": \"%.*s\", not \"%s\"\n", cases[i].text, STR_ARG(str_trim(buf_str(&out))),
                        cases[i].says);
            failed++;
        }
        buf_free(&out);
    }
    arena_free(arena);
    assert_int_equal(failed, 0);
}

static void headings_name_their_subject(void **state)
{
    static const char *const pairs[][2] = {
        {"Required Networking Ports for Harbor Core", "Harbor Core"},
        {"Network ports", ""},
        {"Communication ports used by Harbor product components", "Harbor"},
        {"Worker node(s)", "Worker node"},
        {"Which ports does Cutter use?", "Cutter"},
        {"Ports and protocols", ""},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_true(str_is(heading_subject(arena, str_of(pairs[i][0])), pairs[i][1]));
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_say),
        cmocka_unit_test(headings_name_their_subject),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
