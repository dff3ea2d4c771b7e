/* Texts of nftables as they come: pastes and scripts made loadable, and stand-ins for what is not loaded again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dialect/loadable.h"
#include "dialect/standin.h"

static void assert_text(struct str got, const char *wanted)
{
    if (!str_is(got, wanted))
        fail_msg("got:\n%.*s\nwanted:\n%s", STR_ARG(got), wanted);
}

static const struct {
    const char *text;
    const char *loadable;
} pastes[] = {
    {"table ip t {\n}\n", "table ip t {\n}\n"},
    {"#!/usr/sbin/nft -f\n# a@b:~$ nft\n", "#!/usr/sbin/nft -f\n# a@b:~$ nft\n"},
    {"table ip t { \\\r\n}\r\n", "table ip t {  \\\n} \n"},
    {"a@b:~$ sudo nft list ruleset\ntable ip t {\n}\na@b:~$ ",
     "                            \ntable ip t {\n}\n       "},
    {"[root@b ~]# nft list ruleset\ntable ip t {\n}\nexit\n", "                            \ntable ip t {\n}\n    \n"},
    {"```\ntable ip t {\n}\n```\n", "   \ntable ip t {\n}\n   \n"},
    {"> table ip t {\n> }\n", "  table ip t {\n  }\n"},
    {"1: table ip t {\n2: }\n", "   table ip t {\n   }\n"},
    {"nft add table ip t\n/sbin/nft -a add chain t c '{ policy drop; }'\n",
     "    add table ip t\n             add chain t c  { policy drop; } \n"},
    {"nft add chain t c { policy drop \\; }\nnft \"add rule t c accept\"\n",
     "    add chain t c { policy drop  ; }\n     add rule t c accept \n"},
    {"$NFT add rule t c comment \\\"x\\\"\nset -e\n", "     add rule t c comment  \"x \"\n      \n"},
    {"set -e\nnft flush ruleset\n", "      \n    flush ruleset\n"},
    {"destroy table ip t\ntable ip t {\n}\ndestroy table ip t; table ip t {\n}\n",
     "                  \ntable ip t {\n}\ndelete  table ip t; table ip t {\n}\n"},
    {"# table ip t\ntable ip t2\ndestroy table ip t # again\n",
     "# table ip t\ntable ip t2\n                   # again\n"},
    /* In braces nothing is a prompt. */
    {"table ip t {\n chain c {\n  ip saddr @s drop\n @s $ x\n }\n}\n",
     "table ip t {\n chain c {\n  ip saddr @s drop\n @s $ x\n }\n}\n"},
};

static void test_loadable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pastes / sizeof *pastes; i++) {
        struct arena *arena = arena_new();
        struct str got = loadable_text(arena, str_of(pastes[i].text));

        assert_text(got, pastes[i].loadable);
        assert_int_equal(got.n, strlen(pastes[i].text));
        arena_free(arena);
    }
}

static void test_json(void **state)
{
    (void)state;
    assert_text(loadable_json(STR(" {}\n")), "{}");
    assert_text(loadable_json(STR("# x\n[root@b ~]# nft -j list ruleset\n{\"a\":\n{}}\n[root@b ~]#")), "{\"a\":\n{}}");
    assert_text(loadable_json(STR("{} x\n")), "{} x\n"); /* an error to whoever reads it */
    assert_text(loadable_json(STR("{")), "{");
    assert_text(loadable_json(STR("table ip t {\n{\n")), "");
    assert_text(loadable_json(STR("")), "");
}

#define CHAIN(rules) "table ip t {\n chain c {\n" rules "\n }\n}\n"
#define BURST(i) "limit rate 1/second burst 70000" #i " packets"
#define LISTED(i) "{\"limit\": {\"rate\": 1, \"burst\": 70000" #i ", \"per\": \"second\"}}"

static const struct {
    const char *text;
    const char *written;
    const char *listing;
    const char *restored;
} cases[] = {
    {CHAIN("xt match \"recent\" counter accept"), CHAIN(BURST(1) " counter accept"), LISTED(1) " {\"accept\": null}",
     "{\"xt\": {\"type\": \"match\", \"name\": \"recent\"}} {\"accept\": null}"},
    {CHAIN("tcp dport 22 xt match set xt target LOG\naccept"), CHAIN("tcp dport 22 " BURST(1) " " BURST(2) "\naccept"),
     LISTED(2) LISTED(1),
     "{\"xt\": {\"type\": \"target\", \"name\": \"LOG\"}}{\"xt\": {\"type\": \"match\", \"name\": \"set\"}}"},
    {CHAIN(" # recent: SET name: x counter packets 0 bytes 0 drop\ncounter packets 1 bytes 2 # LOG level 4"),
     CHAIN(" " BURST(1) " counter packets 0 bytes 0 drop\ncounter packets 1 bytes 2 " BURST(2)), LISTED(1) LISTED(2),
     "{\"xt\": {\"type\": \"match\", \"name\": \"recent\"}}{\"xt\": {\"type\": \"target\", \"name\": \"LOG\"}}"},
    {CHAIN("accept # handle 5\ncounter # all of them\njump queue"),
     CHAIN("accept # handle 5\ncounter # all of them\njump stand_in_for_queue"), "", ""},
    /* Chains whose names nft lists and does not take. */
    {"table ip t {\n chain reject {\n }\n chain rejected {\n goto reject\n vmap { 1 : jump 1~a, 2 : drop }\n }\n}\n",
     "table ip t {\n chain stand_in_for_reject {\n }\n chain rejected {\n goto stand_in_for_reject\n"
     " vmap { 1 : jump stand_in_for_/31/7ea, 2 : drop }\n }\n}\n",
     "\"name\": \"stand_in_for_reject\", \"target\": \"stand_in_for_/31/7ea\", \"rejected\"",
     "\"name\": \"reject\", \"target\": \"1~a\", \"rejected\""},
    {CHAIN("meter m size 9 { ip saddr limit rate 1/second } drop"), CHAIN(BURST(1) " drop"), LISTED(1),
     "{\"meter\": {\"name\": \"m\"}}"},
    {CHAIN("tcp dport 1 queue flags bypass to 1-3 comment \"queue\""),
     CHAIN("tcp dport 1 " BURST(1) " comment \"queue\""), LISTED(1), "{\"queue\": null}"},
    {"add rule ip t c queue\n", "add rule ip t c " BURST(1) "\n", LISTED(1), "{\"queue\": null}"},
    {"table ip t {\n flowtable f {\n  devices = { a }\n }\n chain c {\n  flow add @f\n  last used 5s accept\n }\n}\n",
     "table ip t {\n \n\n\n chain c {\n  counter\n  counter accept\n }\n}\n", "", ""},
    {"table ip t {\n flags owner,persist\n chain c {\n flags offload;\n }\n}\n",
     "table ip t {\n \n chain c {\n ;\n }\n}\n", "", ""},
    {"table ip t {\n flags dormant\n}\n", "table ip t {\n flags dormant\n}\n", "", ""},
    {CHAIN("type nat hook output priority dstnat; policy accept;"),
     CHAIN("type nat hook output priority -100; policy accept;"), "", ""},
    {CHAIN("type filter hook input priority srcnat + 5; policy accept;"),
     CHAIN("type filter hook input priority 105; policy accept;"), "", ""},
    {CHAIN("type nat hook prerouting priority dstnat; policy accept;"),
     CHAIN("type nat hook prerouting priority dstnat; policy accept;"), "", ""},
    {CHAIN("fib saddr . iif check missing drop"), CHAIN("fib saddr . iif oif missing drop"), "", ""},
    /* The limits of others stay. */
    {CHAIN("queue"), CHAIN(BURST(1)), "{\"limit\": {\"rate\": 1, \"burst\": 7, \"per\": \"second\"}}" LISTED(9),
     "{\"limit\": {\"rate\": 1, \"burst\": 7, \"per\": \"second\"}}" LISTED(9)},
};

static void test_standins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct str text = str_of(cases[i].text);
        struct standins standins;
        struct buf out = BUF_EMPTY;

        standins_find(&standins, arena, text);
        standins_write(&standins, &out);
        assert_text(buf_str(&out), cases[i].written);
        assert_text(standins_restore(&standins, str_of(cases[i].listing)), cases[i].restored);
        assert_int_equal(standins_origin(&standins, out.n), text.n);
        buf_free(&out);
        arena_free(arena);
    }
}

/* A rule with an error may be anything; so may the last one of a text that was cut off. */
static void test_broken(void **state)
{
    const char *text = "table ip t {\n chain c {\n  accept\n  tcp dport { 1,\n 2 } nonsense\n  tcp dp";
    struct arena *arena = arena_new();
    struct standins standins;
    struct buf out = BUF_EMPTY;

    (void)state;
    standins_find(&standins, arena, str_of(text));
    assert_false(standins_add_rule(&standins, 3));
    assert_true(standins_add_rule(&standins, (size_t)(strstr(text, "nonsense") - text)));
    assert_false(standins_add_rule(&standins, (size_t)(strstr(text, "nonsense") - text)));
    assert_true(standins_close(&standins));
    assert_false(standins_close(&standins));
    standins_write(&standins, &out);
    buf_addc(&out, '\0');
    assert_text(str_head(buf_str(&out), out.n - 1),
                "table ip t {\n chain c {\n  accept\n  " BURST(1) " \\\n\n  " BURST(2) "\n}\n}\n");
    assert_text(standins_restore(&standins, STR(LISTED(2))), "{\"xt\": null}");
    assert_int_equal(standins_origin(&standins, (size_t)(strstr(out.p, "accept") - out.p)),
                     strstr(text, "accept") - text);
    buf_free(&out);
    standins_find(&standins, arena, STR("table ip t {\n set s {\n  elements = { 1,"));
    assert_false(standins_close(&standins));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loadable),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_standins),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
