/*
 * The peer of the measurements: which rules do the earlier ones hide altogether, asked of binary decision diagrams.
 *
 *     buddy RULESET [ORDER]
 *
 * One diagram holds every packet that the rules so far decide; a rule is hidden when its own diagram implies that one.
 * It reads the flat rulesets of make_ruleset.py alone (IPv4, one chain; -s, -d, -p, --sport, --dport, --state), and
 * stops at any other word. Diagrams are those of BuDDy (libbdd, bdd.h).
 *
 * ORDER is that of the variables, from the top, a letter a field: s(ource), d(estination), o (port it comes out of),
 * i (port it goes in by), p(rotocol), t (state); the bits of a field from the highest on. Without it the order in
 * which people write the five-tuple, sdoipt; tpsdoi and tpdsio take a quarter of its time on open rulesets, and those
 * that begin with ports ten times as long.
 */
#include <bdd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define ORDER "sdoipt"

/* A field of the header: its bits, and its first variable. */
struct part {
    char letter;
    unsigned bits;
    int first;
};

enum { STATE, PROTOCOL, SOURCE, DESTINATION, SOURCE_PORT, PORT, PARTS };

static struct part parts[PARTS] = {{'t', 1, 0}, {'p', 8, 0}, {'s', 32, 0}, {'d', 32, 0}, {'o', 16, 0}, {'i', 16, 0}};

static void give_up(const char *what, const char *line)
{
    fprintf(stderr, "buddy: %s: %s\n", what, line);
    exit(2);
}

static void failed(int code)
{
    fprintf(stderr, "buddy: %s\n", bdd_errstring(code));
    exit(3);
}

/* Gives the parts their variables, in the order of the letters. Returns the number of variables. */
static int arrange(const char *letters)
{
    int next = 0;
    int known = 0;

    for (; *letters != '\0'; letters++) {
        for (int i = 0; i < PARTS; i++) {
            if (parts[i].letter != *letters)
                continue;
            parts[i].first = next;
            next += (int)parts[i].bits;
            known |= 1 << i;
        }
    }
    return known == (1 << PARTS) - 1 ? next : 0;
}

static BDD keep(BDD old, BDD now)
{
    bdd_addref(now);
    bdd_delref(old);
    return now;
}

/* The first `length` bits of a field are those of `value`. */
static BDD prefix(struct part part, uint32_t value, unsigned length)
{
    BDD all = bddtrue;

    for (unsigned i = length; i-- > 0;) {
        int variable = part.first + (int)i;
        BDD bit = value >> (part.bits - 1 - i) & 1 ? bdd_ithvar(variable) : bdd_nithvar(variable);

        all = keep(all, bdd_and(bit, all));
    }
    return all;
}

/* From the lowest bit up: what the bits read so far say of value >= bound (or, with `below`, <=). */
static BDD bounded(struct part part, uint32_t bound, int below)
{
    BDD all = bddtrue;

    for (unsigned i = part.bits; i-- > 0;) {
        BDD one = bdd_ithvar(part.first + (int)i);
        BDD zero = bdd_nithvar(part.first + (int)i);
        int set = bound >> (part.bits - 1 - i) & 1;

        if (below)
            all = keep(all, set ? bdd_or(zero, all) : bdd_and(zero, all));
        else
            all = keep(all, set ? bdd_and(one, all) : bdd_or(one, all));
    }
    return all;
}

static BDD address(struct part part, const char *text)
{
    unsigned a, b, c, d, length;

    if (sscanf(text, "%3u.%3u.%3u.%3u/%2u", &a, &b, &c, &d, &length) != 5 || length > 32)
        give_up("no prefix", text);
    return prefix(part, a << 24 | b << 16 | c << 8 | d, length);
}

static BDD port_range(struct part part, const char *text)
{
    unsigned low, high;
    int n = sscanf(text, "%5u:%5u", &low, &high);
    BDD from, to, both;

    if (n < 1)
        give_up("no port", text);
    if (n == 1)
        return prefix(part, low, 16);
    from = bounded(part, low, 0);
    to = bounded(part, high, 1);
    both = bdd_addref(bdd_and(from, to));
    bdd_delref(from);
    bdd_delref(to);
    return both;
}

static BDD protocol_of(const char *name)
{
    if (strcmp(name, "tcp") == 0)
        return prefix(parts[PROTOCOL], 6, 8);
    if (strcmp(name, "udp") == 0)
        return prefix(parts[PROTOCOL], 17, 8);
    give_up("no protocol", name);
    return bddfalse;
}

/* One option and its value; bddtrue for those that ask nothing. */
static BDD option(const char *name, const char *value)
{
    if (strcmp(name, "-s") == 0)
        return address(parts[SOURCE], value);
    if (strcmp(name, "-d") == 0)
        return address(parts[DESTINATION], value);
    if (strcmp(name, "-p") == 0)
        return protocol_of(value);
    if (strcmp(name, "--sport") == 0)
        return port_range(parts[SOURCE_PORT], value);
    if (strcmp(name, "--dport") == 0)
        return port_range(parts[PORT], value);
    if (strcmp(name, "--state") == 0)
        return prefix(parts[STATE], 1, 1);
    if (strcmp(name, "-m") != 0 && strcmp(name, "-j") != 0)
        give_up("no option of a flat ruleset", name);
    return bddtrue;
}

static BDD rule(char *line)
{
    BDD all = bddtrue;
    char *rest;
    char *name;

    for (name = strtok_r(line, " \n", &rest); name != NULL; name = strtok_r(NULL, " \n", &rest)) {
        char *value = strtok_r(NULL, " \n", &rest);
        BDD one;

        if (value == NULL)
            give_up("an option without its value", name);
        one = option(name, value);
        all = keep(all, bdd_and(all, one));
        bdd_delref(one);
    }
    return all;
}

static void ask(FILE *stream)
{
    static const char start[] = "-A FORWARD ";
    char line[LINE_MAX_BYTES];
    BDD seen = bddfalse;
    unsigned long rules = 0;
    unsigned long hidden = 0;

    while (fgets(line, sizeof line, stream) != NULL) {
        BDD box;

        if (strncmp(line, start, sizeof start - 1) != 0)
            continue;
        box = rule(line + sizeof start - 1);
        rules++;
        if (bdd_apply(box, seen, bddop_diff) == bddfalse)
            hidden++;
        else
            seen = keep(seen, bdd_or(seen, box));
        bdd_delref(box);
    }
    printf("%lu rules, %lu hidden\n", rules, hidden);
}

int main(int argc, char **argv)
{
    int variables = argc == 3 ? arrange(argv[2]) : arrange(ORDER);
    FILE *stream = argc > 1 ? fopen(argv[1], "r") : NULL;

    if (stream == NULL || variables == 0) {
        fprintf(stderr, "usage: buddy RULESET [ORDER]\n");
        return 2;
    }
    if (bdd_init(200000, 50000) != 0)
        return 3;
    bdd_error_hook(failed);
    bdd_gbc_hook(NULL);
    bdd_setcacheratio(4);
    bdd_setmaxincrease(20000000);
    bdd_setvarnum(variables);
    ask(stream);
    fclose(stream);
    bdd_done();
    return 0;
}
