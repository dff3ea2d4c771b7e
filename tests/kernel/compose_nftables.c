/*
 * Random rulesets of nftables, as `nft -f` takes them; see compose.h. After nft(8) of 1.0.6: what nft or the kernel
 * refuse in a family, a type of chain or a hook is not written there.
 */
#include "compose_nftables.h"

#include "net/proto.h"

static const struct {
    enum kind kind;
    const char *hook;
    const char *priority[4];
    enum way way;
} bases[] = {
    {KIND_FILTER, "forward", {"filter", "filter", "filter + 10", "-5"}, WAY_ANY},
    {KIND_FILTER, "input", {"filter", "filter", "security", "1"}, WAY_ANY},
    {KIND_FILTER, "output", {"filter", "filter", "raw", "mangle"}, WAY_ANY},
    {KIND_FILTER, "prerouting", {"raw", "raw", "mangle", "filter"}, WAY_IN},
    {KIND_FILTER, "postrouting", {"mangle", "filter", "filter", "srcnat + 10"}, WAY_OUT},
    {KIND_NAT, "prerouting", {"dstnat", "dstnat", "dstnat + 5", "-120"}, WAY_IN},
    {KIND_NAT, "output", {"-100", "-100", "-90", "-100"}, WAY_IN},
    {KIND_NAT, "input", {"100", "100", "90", "110"}, WAY_OUT},
    {KIND_NAT, "postrouting", {"srcnat", "srcnat", "srcnat + 5", "90"}, WAY_OUT},
};

#define BASES (sizeof bases / sizeof *bases)
#define FILTER_BASES 5
#define USERS 4

static const char *const table_families[] = {"ip", "ip6", "inet", "inet"};

/* --- statements --------------------------------------------------------------------------------------------------- */

static void call(struct writing *w)
{
    buf_addf(&w->c.line, "%s u%u", once_in(w, 4) ? "goto" : "jump", w->user + below(w, USERS - w->user));
}

static void map_verdict(struct writing *w)
{
    static const char *const words[] = {"accept", "drop", "return", "continue", "accept", "drop"};

    if (w->user < USERS && once_in(w, 3))
        call(w);
    else
        add(w, draw_of(w->c.draw, words));
}

static void verdict_map(struct writing *w)
{
    unsigned form = below(w, w->c.to->tracks ? 5 : 4);
    static const char *const states[] = {"new", "established", "related", "invalid", "untracked"};
    static const char *const keys[] = {"tcp dport vmap { ", "iifname vmap { ", "meta l4proto vmap { ", NULL,
                                       "ct state vmap { "};
    static const char *const protocols[] = {"tcp", "udp", "icmp", "47-50", "sctp"};

    if (form == 3) {
        buf_addf(&w->c.line, "%s daddr . th dport vmap @verdicts", ip(need_family(w)));
        add(w, w->family == FAMILY_V4 ? "4" : "6");
        return;
    }
    add(w, keys[form]);
    for (unsigned i = 0; i < (form == 1 ? WORLD_INTERFACES : 5); i += 1 + below(w, 2)) {
        add(w, i > 0 ? ", " : "");
        if (form == 1)
            buf_addf(&w->c.line, "\"%s\"", world_interfaces[i]);
        else
            add(w, form == 0 ? apart_ports[i] : form == 2 ? protocols[i] : states[i]);
        add(w, " : ");
        map_verdict(w);
    }
    add(w, " }");
}

static bool ports_said(const struct writing *w)
{
    return w->protocol == PROTO_TCP || w->protocol == PROTO_UDP;
}

static void translation(struct writing *w)
{
    bool in = w->way == WAY_IN;
    enum family family = need_family(w);
    unsigned form = below(w, 6);

    if (form == 0 && in && w->hook != NULL && strcmp(w->hook, "prerouting") == 0) {
        add(w, ports_said(w) && once_in(w, 2) ? "redirect to :8080" : "redirect");
        return;
    }
    if (form == 1 && w->hook != NULL && strcmp(w->hook, "postrouting") == 0) {
        add(w, once_in(w, 3) ? "masquerade fully-random" : "masquerade");
        return;
    }
    buf_addf(&w->c.line, "%s %s ", in ? "dnat" : "snat", ip(family));
    if (form == 2 && w->protocol == PROTO_TCP) {
        add(w, "to tcp dport map { 22 : ");
        compose_one(&w->c, family, NET_TARGETS, 1);
        add(w, ", 80-443 : ");
        compose_one(&w->c, family, NET_TARGETS, 2);
        add(w, " }");
        return;
    }
    if (form == 3) {
        buf_addf(&w->c.line, "prefix to %s %s map { ", ip(family), in ? "daddr" : "saddr");
        addr_format(&w->c.line, family, world_address(family, in ? NET_DESTINATIONS : NET_SOURCES, 0));
        add(w, family == FAMILY_V4 ? "/24 : 10.3.0.0/24 }" : "/64 : fd00:3::/64 }");
        return;
    }
    add(w, "to ");
    if (form == 4) {
        compose_range(&w->c, family, NET_TARGETS, 3);
    } else if (ports_said(w) && once_in(w, 2)) {
        add(w, family == FAMILY_V6 ? "[" : "");
        compose_one(&w->c, family, NET_TARGETS, 1 + below(w, 4));
        buf_addf(&w->c.line, "%s:%s", family == FAMILY_V6 ? "]" : "", once_in(w, 4) ? "8080-8082" : "8080");
    } else {
        compose_one(&w->c, family, NET_TARGETS, 1 + below(w, 4));
    }
}

/* A translation to what the packet has anyway. */
static void to_itself(struct writing *w)
{
    bool in = w->way == WAY_IN;
    unsigned host = 1 + below(w, 4);
    enum family family;

    w->family = FAMILY_N;
    family = need_family(w);
    buf_addf(&w->c.line, "%s %s ", ip(family), in ? "daddr" : "saddr");
    compose_one(&w->c, family, in ? NET_DESTINATIONS : NET_SOURCES, host);
    buf_addf(&w->c.line, " %s %s to ", in ? "dnat" : "snat", ip(family));
    compose_one(&w->c, family, in ? NET_DESTINATIONS : NET_SOURCES, host);
}

static bool may_reject(const struct writing *w)
{
    return w->kind == KIND_FILTER && w->hook != NULL &&
           (strcmp(w->hook, "input") == 0 || strcmp(w->hook, "forward") == 0 || strcmp(w->hook, "output") == 0);
}

static void verdict(struct writing *w)
{
    static const char *const words[] = {"accept",   "accept",  "accept",         "drop", "drop", "return",
                                        "continue", "counter", "counter accept", "log",  "drop"};

    if (may_reject(w) && once_in(w, 5))
        add(w, w->protocol == PROTO_TCP && once_in(w, 2) ? "reject with tcp reset" : "reject");
    else
        add(w, draw_of(w->c.draw, words));
}

static void statement(struct writing *w)
{
    static const char *const marks[] = {"meta mark set 0x1",
                                        "meta mark set meta mark | 0x4",
                                        "meta mark set meta mark & 0x6",
                                        "meta mark set meta mark ^ 0x3",
                                        "meta mark set 0x2 accept",
                                        "meta mark set 0x5 counter"};

    if (w->user < USERS && once_in(w, 5))
        call(w);
    else if (once_in(w, 6) && w->protocol < 0)
        verdict_map(w);
    else if (w->kind == KIND_NAT && !once_in(w, 4))
        translation(w);
    else if (w->c.to->tracks && w->hook != NULL && w->kind == KIND_FILTER && once_in(w, 3) &&
             (strcmp(w->hook, "prerouting") == 0 || strcmp(w->hook, "output") == 0))
        add(w, "notrack");
    else if (once_in(w, 8))
        add(w, draw_of(w->c.draw, marks));
    else
        verdict(w);
}

static void rules(struct writing *w, unsigned most)
{
    unsigned n = below(w, most + 1);

    for (unsigned i = 0; i < n; i++) {
        add(w, "  ");
        if (w->kind == KIND_NAT && once_in(w, 6)) {
            to_itself(w);
        } else {
            nft_matches(w);
            statement(w);
        }
        compose_end(&w->c, &w->c.to->rules);
    }
    add(w, " }");
    compose_end(&w->c, &w->c.to->rules);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static void named_sets_of(struct writing *w, enum family family)
{
    struct lines *to = &w->c.to->rules;
    const char *type = family == FAMILY_V4 ? "ipv4_addr" : "ipv6_addr";

    for (unsigned i = 0; i < 2; i++) {
        enum net net = i == 0 ? NET_SOURCES : NET_DESTINATIONS;

        buf_addf(&w->c.line, " set %s%u { type %s; flags interval; auto-merge; elements = { ",
                 family == FAMILY_V4 ? "four" : "six", i, type);
        for (unsigned k = 0; k < 4; k++) {
            add(w, k > 0 ? ", " : "");
            nft_address(w, family, net);
        }
        add(w, " } }");
        compose_end(&w->c, to);
    }
    buf_addf(&w->c.line, " set pairs%s { type %s . inet_service; flags interval; elements = { ",
             family == FAMILY_V4 ? "4" : "6", type);
    for (unsigned k = 0; k < 5; k++) {
        add(w, k > 0 ? ", " : "");
        apart_address(w, family, NET_SOURCES, k);
        buf_addf(&w->c.line, " . %s", apart_ports[below(w, 7)]);
    }
    add(w, " } }");
    compose_end(&w->c, to);
    buf_addf(&w->c.line, " map verdicts%s { type %s . inet_service : verdict; flags interval; elements = { ",
             family == FAMILY_V4 ? "4" : "6", type);
    for (unsigned k = 0; k < 4; k++) {
        add(w, k > 0 ? ", " : "");
        apart_address(w, family, NET_DESTINATIONS, k);
        buf_addf(&w->c.line, " . %s : %s", apart_ports[below(w, 7)], once_in(w, 2) ? "accept" : "drop");
    }
    add(w, " } }");
    compose_end(&w->c, to);
}

static void named_sets(struct writing *w)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        if ((w->families & FAMILY_BIT(family)) != 0)
            named_sets_of(w, family);
    }
    add(w, " set ports { type inet_service; flags interval; elements = { ");
    for (unsigned i = below(w, 3); i < 6; i += 1 + below(w, 3))
        buf_addf(&w->c.line, "%s, ", apart_ports[i]);
    add(w, "65535 } }");
    compose_end(&w->c, &w->c.to->rules);
    add(w, " set inside { type ifname; elements = { \"eth0\", \"eth10\" } }");
    compose_end(&w->c, &w->c.to->rules);
}

static void base_chain(struct writing *w, size_t which, unsigned number)
{
    bool drops = bases[which].kind == KIND_FILTER && once_in(w, which < 2 ? 2 : 12);

    w->kind = bases[which].kind;
    w->hook = bases[which].hook;
    w->way = bases[which].way;
    w->user = w->kind == KIND_NAT ? USERS : 0;
    buf_addf(&w->c.line, " chain base%u { type %s hook %s priority %s; policy %s;", number,
             w->kind == KIND_NAT ? "nat" : "filter", w->hook, bases[which].priority[below(w, 4)],
             drops ? "drop" : "accept");
    compose_end(&w->c, &w->c.to->rules);
    rules(w, which < 3 ? 8 : 4);
}

static void table(struct writing *w)
{
    const char *family = draw_of(w->c.draw, table_families);

    w->families =
        strcmp(family, "inet") == 0 ? FAMILY_BOTH : FAMILY_BIT(strcmp(family, "ip") == 0 ? FAMILY_V4 : FAMILY_V6);
    buf_addf(&w->c.line, "table %s t%u {", family, w->number);
    compose_end(&w->c, &w->c.to->rules);
    named_sets(w);
    for (unsigned i = USERS; i-- > 0;) {
        w->kind = KIND_FILTER;
        w->hook = NULL;
        w->way = WAY_ANY;
        w->user = i + 1;
        buf_addf(&w->c.line, " chain u%u {", i);
        compose_end(&w->c, &w->c.to->rules);
        rules(w, 4);
    }
    for (size_t i = 0; i < (w->c.to->tracks ? BASES : FILTER_BASES); i++) {
        unsigned n = i < 3 ? 1 + once_in(w, 4) : once_in(w, 2) + once_in(w, 6);

        for (unsigned k = 0; k < n; k++)
            base_chain(w, i, (unsigned)i * 10 + k);
    }
    add(w, "}");
    compose_end(&w->c, &w->c.to->rules);
}

void compose_nftables(struct arena *arena, struct draw *draw, bool tracks, struct composed *composed)
{
    struct writing w = {.c = {.arena = arena, .draw = draw, .to = composed}};
    unsigned tables;

    *composed = (struct composed){.family = FAMILY_N, .tracks = tracks};
    tables = draw_once_in(draw, 3) ? 2 : 1;
    for (w.number = 0; w.number < tables; w.number++)
        table(&w);
}
