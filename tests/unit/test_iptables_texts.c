/* Texts of iptables as they come: dumps, scripts, pasted and cut ones, long ones. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "iptables_text.h"

static void texts_as_they_come(void **state)
{
    struct text text =
        read_text("x", "root@box:~# iptables-save\r\n# a comment -j DROP\r\n*nat\r\n:PREROUTING ACCEPT\r\n"
                       "-A PREROUTING\t-i eth0 -p tcp --dport 80 -j DNAT --to 10.0.0.1\r\n"
                       "-A POSTROUTING -o eth0 -j MASQUERADE\r\nCOMMIT\r\n*filter\r\n:INPUT DROP [1:2]\r\n"
                       "[3:4] -A INPUT -j ACCEPT  \r\nCOMMIT\r\nroot@box:~#\r\n");
    struct buf got = BUF_EMPTY;

    (void)state;
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.n, 1); /* the two prompts, one note */
    assert_int_equal(text.diags.v[0].severity, SEVERITY_NOTE);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->policy, ACTION_DROP);
    assert_true(str_is(chain_of(&text, "filter", "INPUT")->rules[0].text, "-A INPUT -j ACCEPT"));
    ruleset_text_rule(&got, &chain_of(&text, "nat", "PREROUTING")->rules[0]);
    assert_true(str_is(buf_str(&got), "in=eth0 transport=6 fragment=0-1 ports=80 state=new,related !any(state=related "
                                      "transport=1,58) dnat 10.0.0.1"));
    assert_int_equal(chain_of(&text, "nat", "POSTROUTING")->rules[0].action, ACTION_SNAT);
    assert_int_equal(chain_of(&text, "nat", "PREROUTING")->priority, -100);
    buf_free(&got);
    arena_free(text.arena);
}

static void shell_lines(void **state)
{
    struct text text =
        read_text("x", "#!/bin/sh\niptables -P INPUT DROP\n/sbin/iptables -N mine\niptables -A INPUT -j mine\n"
                       "sudo iptables -t filter -A mine -s 10.0.0.1,10.0.0.2 -j ACCEPT\n"
                       "iptables -I INPUT -i lo -j ACCEPT\niptables -I INPUT 2 -p icmp -j ACCEPT\n"
                       "iptables -t nat -A POSTROUTING -j MASQUERADE\n");
    struct buf got = BUF_EMPTY;

    (void)state;
    if (text.diags.errors > 0)
        show_diags(&text);
    assert_int_equal(text.diags.errors, 0);
    ruleset_text(&got, text.ruleset);
    buf_addc(&got, '\0');
    assert_string_equal(
        got.p,
        "filter INPUT input 0 drop\n  1: in=lo accept\n  2: transport=1 accept\n  3: jump mine\n"
        "filter mine none 0 return\n  1: source=10.0.0.1 accept\n  2: source=10.0.0.2 accept\n"
        "nat POSTROUTING postrouting 100 accept\n  1: state=new,related !any(state=related transport=1,58) snat own\n");
    buf_free(&got);
    arena_free(text.arena);
}

/* Several listings by `iptables -S`, one behind the other: the command says of which table. */
static void listed_tables(void **state)
{
    struct text text =
        read_text("x", "$ sudo iptables -S\n-P INPUT DROP\n-N mine\n-A INPUT -j mine\n"
                       "$ sudo iptables -t nat -S\n-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-N mine\n"
                       "-A POSTROUTING -j mine\n-A mine -s 10.0.0.0/8 -j MASQUERADE\n"
                       "$ sudo iptables -S FORWARD\n-P FORWARD DROP\n-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n");

    (void)state;
    if (text.diags.errors > 0)
        show_diags(&text);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(chain_of(&text, "filter", "mine")->rule_n, 0);
    assert_int_equal(chain_of(&text, "nat", "mine")->rules[0].action, ACTION_SNAT);
    assert_int_equal(chain_of(&text, "filter", "FORWARD")->policy, ACTION_DROP);
    assert_int_equal(chain_of(&text, "filter", "FORWARD")->rule_n, 1);
    arena_free(text.arena);
}

/* A text that both families load: each leaves the other's rules out. */
static void both_families(void **state)
{
    const char *rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -4 -p icmp -j ACCEPT\n-A INPUT -6 -s fd00::/8 -j ACCEPT\n"
                        "-A INPUT -m comment --comment -6 -j ACCEPT\nCOMMIT\n";
    struct text text = read_text("x", rules);

    (void)state;
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 2);
    arena_free(text.arena);
    text = read_text("x.v6.rules", rules);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 2);
    assert_true(str_contains(chain_of(&text, "filter", "INPUT")->rules[0].text, "fd00::/8"));
    arena_free(text.arena);
}

/* A text that lost its *filter, behind the mark that some editors write. */
static void without_table(void **state)
{
    struct text text =
        read_text("x", "\xef\xbb\xbf:INPUT DROP [0:0]\n:mine - [0:0]\n-A INPUT -j mine\n-A mine -j ACCEPT\nCOMMIT\n");

    (void)state;
    assert_int_equal(text.diags.n, 0);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->policy, ACTION_DROP);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 1);
    arena_free(text.arena);
}

/* Words of a line that a terminal of 80 columns folded are put together again, and places stay right. */
static void folded(void **state)
{
    struct buf buf = BUF_EMPTY;
    struct text text = {0};
    struct span place;

    (void)state;
    buf_adds(&buf, "*filter\n:FORWARD DROP [0:0]\n");
    buf_adds(&buf, "-A FORWARD -s 192.168.1.0/24 -i eth0 -o eth0.2 -m conntrack --ctstate NEW -j ACC");
    buf_fill(&buf, ' ', 60);
    buf_adds(&buf, "EPT\nCOMMIT\n");
    add_input(&text, "x", buf_str(&buf));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.warnings, 1);
    assert_int_equal(chain_of(&text, "filter", "FORWARD")->rules[0].action, ACTION_ACCEPT);
    place = chain_of(&text, "filter", "FORWARD")->rules[0].place;
    assert_int_equal(place.n, 80 + 60 + 3);
    arena_free(text.arena);
    buf_free(&buf);
}

static void cut_off(void **state)
{
    struct text text = read_text("x", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1 -j RETURN");

    (void)state;
    assert_int_equal(text.diags.errors, 1);
    assert_true(str_contains(text.diags.v[0].message, "ends in the middle"));
    arena_free(text.arena);
    text = read_text("x", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n");
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.warnings, 1);
    arena_free(text.arena);
}

static void several_dumps(void **state)
{
    const char *v4 = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n";
    const char *v6 = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s fd00::1/128 -j ACCEPT\nCOMMIT\n";
    struct buf buf = BUF_EMPTY;
    struct text text = {0};

    (void)state;
    buf_addf(&buf, "%s%s", v4, v6);
    add_input(&text, "both", buf_str(&buf));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.ruleset->families, FAMILY_BOTH);
    arena_free(text.arena);

    text = (struct text){0};
    add_input(&text, "one", str_of(v4));
    add_input(&text, "two", str_of(v4));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 1);
    assert_true(str_contains(text.diags.v[0].message, "second filter table of IPv4"));
    arena_free(text.arena);
    buf_free(&buf);

    text = read_text("x", "Chain INPUT (policy ACCEPT)\ntarget  prot opt source  destination\n");
    assert_null(text.ruleset);
    assert_int_equal(text.diags.errors, 1);
    arena_free(text.arena);
}

/* A text as somebody pasted it, the rules of its INPUT, and how many errors, warnings and notes there are. */
static const struct {
    const char *text;
    const char *rules;
    unsigned errors;
    unsigned warnings;
    unsigned notes;
} pasted[] = {
    {"12: *filter\n13: :INPUT DROP [0:0]\n14: -A INPUT -j ACCEPT\n15:\n16: COMMIT\n", "accept", 0, 0, 0},
    {"> > *filter\n> > :INPUT DROP [0:0]\n> > -A INPUT -j ACCEPT\n> > COMMIT\n", "accept", 0, 0, 0},
    /* quotes, dashes and blanks of a word processor; those inside quotes are a comment's own */
    {"*filter\n:INPUT DROP [0:0]\n\u2013A INPUT \u2013p\u00a0tcp \u2014dport 22 \u2013\u2013match comment --comment "
     "\u201ca b\u201d \u2013j ACCEPT\n-A INPUT -m comment --comment \"it\u2019s \u201cfine\u201d\" -j DROP\nCOMMIT\n",
     "transport=6 fragment=0-1 ports=22 accept; drop", 0, 1, 0},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j LOG --log-prefix &quot;a &amp; b&quot;<br>\n"
     "\033[01;31m-A INPUT\033[0m -j ACCEPT\nCOMMIT\n",
     "continue; accept", 0, 1, 0},
    /* broken lines: by an editor, by a terminal, by a script */
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp\n--dport 22 -j ACCEPT\nCOMMIT\n",
     "transport=6 fragment=0-1 ports=22 accept", 0, 1, 0},
    {"*filter\n:INPUT DROP [0:0]\n"
     "-A INPUT -s 10.0.0.0/255.0.0.0 -p tcp -m tcp -m comment --comment aaaaa --dport\n80 -j ACCEPT\n"
     "-A INPUT -s 10.0.0.0/255.0.0.0 -p tcp -m tcp -m comment --comment aa --dport 443\n4 -j ACCEPT\nCOMMIT\n",
     "source=10.0.0.0/8 transport=6 fragment=0-1 ports=80 accept; "
     "source=10.0.0.0/8 transport=6 fragment=0-1 ports=4434 accept",
     0, 1, 0},
    {"iptables -A INPUT \\\n  -p tcp \\\n  -j ACCEPT\n", "transport=6 accept", 0, 0, 0},
    {"root@fw:~# iptables -A INPUT -j ACCEPT\n[root@fw ~]# iptables -A INPUT -j DROP\n$ sudo iptables -S\n"
     "-A INPUT -j RETURN\n",
     "accept; drop; return", 0, 0, 1},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\nCOMMIT\n",
     "drop", 0, 1, 0},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\ndocker added this one:\n-A INPUT -j DROP\n", "accept", 0,
     1, 1},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -m vendor --x 1\n-A INPUT -m vendor --y \"a b\" -j VENDOR --z\nCOMMIT\n",
     "<0:-m vendor --x 1> continue; <1:-m vendor --y \"a b\"> unknown", 0, 0, 2},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j mine\n-A mine -j ACCEPT\nCOMMIT\n", "jump mine", 0, 1, 0},
    /* mistakes, and what a lenient reading makes of them */
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j gone\nCOMMIT\n", "unknown", 1, 0, 0},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -s 10.", "accept; <0:-A INPUT -s 10.> unknown", 1, 0, 0},
    {"*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n\n[snip]\n-A INPUT -j DROP\nCOMMIT\n",
     "accept; <0:[snip]> unknown; drop", 1, 0, 0},
    {"$IPT -A INPUT -i $LAN -j ACCEPT\n$IPT -A INPUT -j LOG --log-prefix \"$X\"\n",
     "<0:-A INPUT -i $LAN -j ACCEPT> unknown; continue", 1, 0, 0},
    {"iptables -A INPUT -j DROP\nif [ -n \"$X\" ]; then\niptables -A INPUT -j ACCEPT\nfi\n",
     "drop; <0:a script decides whether this rule is there> accept", 1, 0, 1},
    {":INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n", NULL, 1, 1, 1},
    {"iptables -A $CHAIN -j ACCEPT\niptables -A INPUT -j DROP\n", NULL, 1, 0, 0},
    {"iptables -A INPUT -j ACCEPT\niptables -D INPUT 1\n", NULL, 1, 0, 0},
    {"# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n# Table `x' is incompatible, "
     "use "
     "'nft' tool.\n# x\n*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n",
     "accept", 0, 2, 0},
    {"iptables -A INPUT -j ACCEPT 2>/dev/null || true # x\n", "accept", 0, 0, 0},
    {"iptables -A INPUT -j ACCEPT;\niptables -A INPUT -j DROP; iptables -A INPUT -j RETURN\n", NULL, 1, 0, 0},
    {"Chain INPUT (policy ACCEPT)\ntarget prot opt source destination\n", NULL, 1, 0, 0},
};

static void pasted_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pasted / sizeof *pasted; i++) {
        struct text text = read_text("x", pasted[i].text);
        const struct chain *chain = chain_of(&text, "filter", "INPUT");
        struct buf got = BUF_EMPTY;

        for (size_t k = 0; chain != NULL && k < chain->rule_n; k++) {
            buf_adds(&got, k > 0 ? "; " : "");
            ruleset_text_rule(&got, &chain->rules[k]);
        }
        buf_addc(&got, '\0');
        if (text.diags.errors != pasted[i].errors || text.diags.warnings != pasted[i].warnings ||
            text.diags.n != pasted[i].errors + pasted[i].warnings + pasted[i].notes) {
            show_diags(&text);
            fail_msg("case %zu", i);
        }
        assert_int_equal(text.ruleset == NULL, pasted[i].rules == NULL);
        if (pasted[i].rules != NULL)
            assert_string_equal(got.p, pasted[i].rules);
        buf_free(&got);
        arena_free(text.arena);
    }
}

/* Of which family a text is: by program, prompt, contents, name, and what the caller says of those that do not tell. */
static void families(void **state)
{
    static const char plain[] = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    static const struct {
        const char *name;
        const char *before;
        enum family said;
        unsigned families;
        unsigned notes; /* "taken for IPv4" */
    } rows[] = {
        {"x", "", FAMILY_N, FAMILY_BIT(FAMILY_V4), 1},
        {"x", "", FAMILY_V6, FAMILY_BIT(FAMILY_V6), 0},
        {"box.v6.rules", "", FAMILY_N, FAMILY_BIT(FAMILY_V6), 0},
        {"box.v4.rules", "", FAMILY_V6, FAMILY_BIT(FAMILY_V4), 0},
        {"x", "# Generated by iptables-save v1.8\n", FAMILY_V6, FAMILY_BIT(FAMILY_V4), 0},
        {"x", "# Generated by ip6tables-save v1.8\n", FAMILY_N, FAMILY_BIT(FAMILY_V6), 0},
        {"x", "root@box:~# ip6tables-save\n", FAMILY_N, FAMILY_BIT(FAMILY_V6), 1},
        {"x", "*mangle\n-A INPUT -m hl --hl-eq 255\nCOMMIT\n", FAMILY_N, FAMILY_BIT(FAMILY_V6), 0},
        {"x", "*mangle\n-A INPUT -m ttl --ttl-eq 255\nCOMMIT\n", FAMILY_N, FAMILY_BIT(FAMILY_V4), 0},
    };
    struct text text =
        read_text("x", "iptables -A INPUT -j DROP\nip6tables -A INPUT -j ACCEPT\niptables -A INPUT -j ACCEPT\n");

    (void)state;
    assert_int_equal(text.ruleset->families, FAMILY_BOTH);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 2);
    arena_free(text.arena);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf in = BUF_EMPTY;

        text = (struct text){0};
        buf_addf(&in, "%s%s", rows[i].before, plain);
        add_input(&text, rows[i].name, buf_str(&in));
        text.inputs[0].family = rows[i].said;
        read_inputs(&text);
        assert_int_equal(text.diags.errors, 0);
        assert_int_equal(text.diags.n, rows[i].notes);
        assert_int_equal(text.ruleset->families, rows[i].families);
        buf_free(&in);
        arena_free(text.arena);
    }
}

static struct str slurp(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *p;
    long n;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    n = ftell(file);
    rewind(file);
    p = arena_alloc(arena, (size_t)n);
    n = (long)fread(p, 1, (size_t)n, file);
    fclose(file);
    return (struct str){p, (size_t)n};
}

/* Real dumps: read to the end without an error. */
static void real_dumps(void **state)
{
    const char *shared = getenv("PORTOLAN_SHARED");
    const char *root = getenv("PORTOLAN_SOURCE");
    struct arena *arena = arena_new();
    const char *folder = str_printf(arena, "%s%s/corpus/rulesets%c",
                                    shared != NULL ? shared
                                    : root != NULL ? root
                                                   : ".",
                                    shared != NULL ? "" : "/../shared", 0)
                             .p;
    DIR *dir = opendir(folder);

    (void)state;
    if (dir == NULL) {
        print_message("# SKIPPED: no real dumps at %s (PORTOLAN_SHARED says where they are)\n", folder);
        arena_free(arena);
        return; /* cmocka says "not ok # SKIP", which is a failure to TAP */
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct text text = {0};

        if (entry->d_name[0] == '.')
            continue;
        add_input(&text, entry->d_name, slurp(arena, str_printf(arena, "%s/%s%c", folder, entry->d_name, 0).p));
        read_inputs(&text);
        assert_non_null(text.ruleset);
        assert_int_equal(text.diags.errors, 0);
        arena_free(text.arena);
    }
    closedir(dir);
    arena_free(arena);
}

/* Rules of two chains, in runs of such a length each; every rule says by its port which one it is. */
static void append_runs(struct buf *buf, size_t run, size_t rules)
{
    for (size_t i = 0; i < rules; i++)
        buf_addf(buf, "-A %s -s 10.0.0.1/32%s -p tcp -m tcp --dport %zu -j ACCEPT\n",
                 i / run % 2 == 0 ? "FORWARD" : "FORWARD2", i % 50 == 49 ? ",10.0.0.2/32" : "", i + 1);
}

/* A chain gets its room by what stands behind a rule in the text: however the chains alternate, nothing is lost. */
static void long_chains(void **state)
{
    static const size_t runs[] = {1, 7, 65, 900, 4000};

    (void)state;
    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
        struct buf buf = BUF_EMPTY;
        struct text text = {0};
        size_t found = 0;

        buf_adds(&buf, "*filter\n:FORWARD DROP\n:FORWARD2 -\n");
        append_runs(&buf, runs[k], 4000);
        buf_adds(&buf, "COMMIT\n");
        add_input(&text, "long", buf_str(&buf));
        read_inputs(&text);
        assert_int_equal(text.diags.errors, 0);
        for (size_t i = 0; i < text.ruleset->chain_n; i++) {
            const struct chain *chain = text.ruleset->chains[i];
            u128 last = 0;

            for (size_t r = 0; r < chain->rule_n; r++) {
                const struct match *port = &chain->rules[r].matches[chain->rules[r].match_n - 1];

                assert_int_equal(chain->rules[r].index, r + 1);
                assert_true(port->field == FIELD_PORT && port->ranges->v[0].lo >= last);
                last = port->ranges->v[0].lo;
                assert_int_equal(last + 3, source_line(text.inputs[0].text, chain->rules[r].place.at));
            }
            found += chain->rule_n;
        }
        assert_int_equal(found, 4000 + 4000 / 50);
        arena_free(text.arena);
        buf_free(&buf);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_as_they_come),
        cmocka_unit_test(both_families),
        cmocka_unit_test(listed_tables),
        cmocka_unit_test(shell_lines),
        cmocka_unit_test(without_table),
        cmocka_unit_test(folded),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(several_dumps),
        cmocka_unit_test(pasted_texts),
        cmocka_unit_test(families),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(real_dumps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
