/* See rows.h. Spellings after iptables(8), iptables-extensions(8) and libnftables-json(5). */
#include "rows.h"

#include "net/proto.h"

static const char *const interfaces[] = {"eth0", "eth1", "wg0", "eth*"};
static const char *const states[STATE_N] = {"new", "established", "related", "invalid", "untracked"};
static const unsigned ports[] = {0, 22, 80, 443, 1024, 8080, 65535};

static u128 base_of(enum family family, unsigned field)
{
    u128 net = field == ROW_SOURCE ? 1 : 2;

    return family == FAMILY_V4 ? ((u128)10 << 24 | net << 16) : ((u128)0xfd00 << 112 | net << 96);
}

static struct range draw_range(struct draw *draw, enum family family, unsigned field)
{
    bool port = field == ROW_SOURCE_PORT || field == ROW_PORT;
    u128 most = port ? 65535 : addr_max(family);
    u128 base = port ? 0 : base_of(family, field);
    u128 a = port ? draw_of(draw, ports) : draw_below(draw, 16);
    u128 b = port ? draw_of(draw, ports) : draw_below(draw, 16);

    if (draw_once_in(draw, port ? 2 : 3))
        return (struct range){0, most};
    if (draw_once_in(draw, 3))
        b = a;
    return (struct range){base + (a < b ? a : b), base + (a < b ? b : a)};
}

static struct row draw_row(struct draw *draw, const struct row_policy *policy, unsigned chain)
{
    static const int protocols[] = {-1, PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP};
    static const enum action actions[] = {ACTION_ACCEPT, ACTION_ACCEPT, ACTION_ACCEPT, ACTION_DROP,
                                          ACTION_DROP,   ACTION_REJECT, ACTION_RETURN, ACTION_NONE};
    struct row row = {.protocol = draw_of(draw, protocols), .icmp_type = -1, .states = ALL_STATES};
    bool ported = row.protocol == PROTO_TCP || row.protocol == PROTO_UDP;

    for (unsigned i = 0; i < ROW_RANGES; i++) {
        row.range[i] = draw_range(draw, policy->family, i);
        if (!ported && i >= ROW_SOURCE_PORT)
            row.range[i] = (struct range){0, 65535};
    }
    if (row.protocol == PROTO_ICMP) {
        row.protocol = (int)proto_icmp(policy->family);
        row.icmp_type = draw_once_in(draw, 2) ? -1 : policy->family == FAMILY_V4 ? 8 : 128;
    }
    row.syn = row.protocol == PROTO_TCP && draw_once_in(draw, 5);
    if (draw_once_in(draw, 3))
        row.states = 1 + draw_below(draw, ALL_STATES - 1);
    row.in = draw_once_in(draw, 4) ? draw_of(draw, interfaces) : NULL;
    row.out = draw_once_in(draw, 4) ? draw_of(draw, interfaces) : NULL;
    row.action = draw_of(draw, actions);
    if (chain + 1 < policy->chain_n && draw_once_in(draw, 4)) {
        row.action = draw_once_in(draw, 4) ? ACTION_GOTO : ACTION_JUMP;
        row.target = chain + 1 + draw_below(draw, policy->chain_n - chain - 1);
    }
    return row;
}

struct row_policy rows_draw(struct arena *arena, struct draw *draw)
{
    struct row_policy policy = {.chain_n = 3};

    policy.family = draw_once_in(draw, 3) ? FAMILY_V6 : FAMILY_V4;
    policy.policy = draw_once_in(draw, 3) ? ACTION_ACCEPT : ACTION_DROP;
    for (unsigned i = 0; i < policy.chain_n; i++) {
        unsigned n = i == 0 ? 2 + draw_below(draw, 6) : draw_below(draw, 5);

        for (unsigned k = 0; k < n; k++)
            *vec_push(arena, &policy.chains[i]) = draw_row(draw, &policy, i);
    }
    return policy;
}

struct row_policy rows_copy(struct arena *arena, const struct row_policy *policy)
{
    struct row_policy copy = *policy;

    for (unsigned i = 0; i < ROWS_CHAINS; i++) {
        copy.chains[i] = (struct rows){0};
        vec_each (const struct row *, row, &policy->chains[i])
            *vec_push(arena, &copy.chains[i]) = *row;
    }
    return copy;
}

/* A name, or a prefix that has it. False where no interface is meant by both. */
static bool both_interfaces(const char *a, const char *b, const char **both)
{
    size_t n = a == NULL ? 0 : strlen(a);
    size_t m = b == NULL ? 0 : strlen(b);

    *both = a == NULL ? b : a;
    if (a == NULL || b == NULL || strcmp(a, b) == 0)
        return true;
    if (a[n - 1] == '*' && strncmp(a, b, n - 1) == 0) {
        *both = b;
        return true;
    }
    return b[m - 1] == '*' && strncmp(a, b, m - 1) == 0;
}

bool rows_both(const struct row *a, const struct row *b, struct row *both)
{
    struct row made = *b;

    for (unsigned i = 0; i < ROW_RANGES; i++) {
        made.range[i].lo = a->range[i].lo > b->range[i].lo ? a->range[i].lo : b->range[i].lo;
        made.range[i].hi = a->range[i].hi < b->range[i].hi ? a->range[i].hi : b->range[i].hi;
        if (made.range[i].lo > made.range[i].hi)
            return false;
    }
    if (a->protocol >= 0 && b->protocol >= 0 && a->protocol != b->protocol)
        return false;
    made.protocol = a->protocol >= 0 ? a->protocol : b->protocol;
    made.icmp_type = a->icmp_type >= 0 ? a->icmp_type : b->icmp_type;
    made.syn = a->syn || b->syn;
    made.states = a->states & b->states;
    if (made.states == 0 || !both_interfaces(a->in, b->in, &made.in) || !both_interfaces(a->out, b->out, &made.out))
        return false;
    *both = made;
    return true;
}

struct packet rows_packet(struct draw *draw, const struct row_policy *policy)
{
    static const char *const names[] = {"eth0", "eth1", "eth7", "wg0", "lo0"};
    static const uint8_t protocols[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE};
    static const uint8_t flags[] = {TCP_SYN, TCP_SYN, TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST};
    struct packet packet = {.family = policy->family, .has_in = true, .has_out = true};

    packet.in = str_of(draw_of(draw, names));
    packet.out = str_of(draw_of(draw, names));
    packet.source = base_of(policy->family, ROW_SOURCE) + draw_below(draw, 18);
    packet.destination = base_of(policy->family, ROW_DESTINATION) + draw_below(draw, 18);
    packet.protocol = draw_of(draw, protocols);
    packet.state = (enum state)draw_below(draw, STATE_N);
    packet.fragment = draw_once_in(draw, 8) ? FRAGMENT_LATER : FRAGMENT_NONE;
    if (packet.protocol == PROTO_ICMP) {
        packet.protocol = (uint8_t)proto_icmp(policy->family);
        packet.icmp_type = draw_once_in(draw, 2) ? 3 : policy->family == FAMILY_V4 ? 8 : 128;
    }
    if (proto_has_ports(packet.protocol)) {
        packet.source_port = (uint16_t)(draw_of(draw, ports) + draw_below(draw, 3));
        packet.port = (uint16_t)(draw_of(draw, ports) + draw_below(draw, 3));
    }
    packet.tcp_flags = packet.protocol == PROTO_TCP ? draw_of(draw, flags) : 0;
    return packet;
}

/* --- iptables ----------------------------------------------------------------------------------------------------- */

static bool is_all(struct range range, u128 max)
{
    return range.lo == 0 && range.hi == max;
}

static void iptables_matches(struct buf *out, enum family family, const struct row *row)
{
    static const char *const sides[] = {"src", "dst"};
    bool ported = row->protocol == PROTO_TCP || row->protocol == PROTO_UDP;
    const char *between = " -m conntrack --ctstate ";

    for (unsigned i = ROW_SOURCE; i <= ROW_DESTINATION; i++) {
        if (is_all(row->range[i], addr_max(family)))
            continue;
        buf_addf(out, " -m iprange --%s-range ", sides[i]);
        addr_format(out, family, row->range[i].lo);
        buf_addc(out, '-');
        addr_format(out, family, row->range[i].hi);
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *name = i == 0 ? row->in : row->out;
        size_t n = name == NULL ? 0 : strlen(name);

        if (n > 0)
            buf_addf(out, " -%c %.*s%s", i == 0 ? 'i' : 'o', (int)(name[n - 1] == '*' ? n - 1 : n), name,
                     name[n - 1] == '*' ? "+" : "");
    }
    if (row->protocol >= 0)
        buf_addf(out, " -p %d", row->protocol);
    for (unsigned i = ROW_SOURCE_PORT; i <= ROW_PORT && ported; i++) {
        if (!is_all(row->range[i], 65535))
            buf_addf(out, " -m %s --%cport %u:%u", row->protocol == PROTO_TCP ? "tcp" : "udp",
                     i == ROW_PORT ? 'd' : 's', (unsigned)row->range[i].lo, (unsigned)row->range[i].hi);
    }
    if (row->syn)
        buf_adds(out, " -m tcp --syn");
    if (row->icmp_type >= 0)
        buf_addf(out, family == FAMILY_V4 ? " -m icmp --icmp-type %d" : " -m icmp6 --icmpv6-type %d", row->icmp_type);
    for (unsigned i = 0; i < STATE_N && row->states != ALL_STATES; i++) {
        if ((row->states & 1u << i) == 0)
            continue;
        buf_addf(out, "%s%s", between, states[i]);
        between = ",";
    }
}

static void chain_name(struct buf *out, unsigned chain)
{
    if (chain == 0)
        buf_adds(out, "FORWARD");
    else
        buf_addf(out, "c%u", chain);
}

struct str rows_iptables(struct arena *arena, const struct row_policy *policy)
{
    static const char *const targets[ACTION_N] = {
        [ACTION_NONE] = "-j LOG",      [ACTION_ACCEPT] = "-j ACCEPT", [ACTION_DROP] = "-j DROP",
        [ACTION_REJECT] = "-j REJECT", [ACTION_RETURN] = "-j RETURN", [ACTION_JUMP] = "-j ",
        [ACTION_GOTO] = "-g "};
    struct buf out = BUF_EMPTY;
    struct str text;

    buf_addf(&out, "*filter\n:FORWARD %s\n", policy->policy == ACTION_DROP ? "DROP" : "ACCEPT");
    for (unsigned i = 1; i < policy->chain_n; i++)
        buf_addf(&out, ":c%u -\n", i);
    for (unsigned i = 0; i < policy->chain_n; i++) {
        vec_each (const struct row *, row, &policy->chains[i]) {
            buf_adds(&out, "-A ");
            chain_name(&out, i);
            iptables_matches(&out, policy->family, row);
            buf_addf(&out, " %s", targets[row->action]);
            if (row->action == ACTION_JUMP || row->action == ACTION_GOTO)
                chain_name(&out, row->target);
            buf_addc(&out, '\n');
        }
    }
    buf_adds(&out, "COMMIT\n");
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}

/* --- nftables ----------------------------------------------------------------------------------------------------- */

static void nft_match(struct buf *out, const char *op, const char *left)
{
    buf_addf(out, "{\"match\":{\"op\":\"%s\",\"left\":%s,\"right\":", op, left);
}

static void nft_end(struct buf *out)
{
    buf_adds(out, "}},");
}

static void nft_matches(struct buf *out, enum family family, const struct row *row)
{
    static const char *const fields[FAMILY_N][2] = {{"{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}}",
                                                     "{\"payload\":{\"protocol\":\"ip\",\"field\":\"daddr\"}}"},
                                                    {"{\"payload\":{\"protocol\":\"ip6\",\"field\":\"saddr\"}}",
                                                     "{\"payload\":{\"protocol\":\"ip6\",\"field\":\"daddr\"}}"}};
    static const char *const port_fields[2][2] = {{"{\"payload\":{\"protocol\":\"tcp\",\"field\":\"sport\"}}",
                                                   "{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}"},
                                                  {"{\"payload\":{\"protocol\":\"udp\",\"field\":\"sport\"}}",
                                                   "{\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}}"}};
    bool ported = row->protocol == PROTO_TCP || row->protocol == PROTO_UDP;
    bool first = true;

    for (unsigned i = ROW_SOURCE; i <= ROW_DESTINATION; i++) {
        if (is_all(row->range[i], addr_max(family)))
            continue;
        nft_match(out, "==", fields[family][i]);
        buf_adds(out, "{\"range\":[\"");
        addr_format(out, family, row->range[i].lo);
        buf_adds(out, "\",\"");
        addr_format(out, family, row->range[i].hi);
        buf_adds(out, "\"]}");
        nft_end(out);
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *name = i == 0 ? row->in : row->out;

        if (name == NULL)
            continue;
        nft_match(out, "==", i == 0 ? "{\"meta\":{\"key\":\"iifname\"}}" : "{\"meta\":{\"key\":\"oifname\"}}");
        buf_addf(out, "\"%s\"", name);
        nft_end(out);
    }
    if (row->protocol >= 0) {
        nft_match(out, "==", "{\"meta\":{\"key\":\"l4proto\"}}");
        buf_addf(out, "%d", row->protocol);
        nft_end(out);
    }
    for (unsigned i = ROW_SOURCE_PORT; i <= ROW_PORT && ported; i++) {
        if (is_all(row->range[i], 65535))
            continue;
        nft_match(out, "==", port_fields[row->protocol == PROTO_UDP][i - ROW_SOURCE_PORT]);
        buf_addf(out, "{\"range\":[%u,%u]}", (unsigned)row->range[i].lo, (unsigned)row->range[i].hi);
        nft_end(out);
    }
    if (row->syn) {
        nft_match(out, "==",
                  "{\"&\":[{\"payload\":{\"protocol\":\"tcp\",\"field\":\"flags\"}},"
                  "[\"fin\",\"syn\",\"rst\",\"ack\"]]}");
        buf_adds(out, "\"syn\"");
        nft_end(out);
    }
    if (row->icmp_type >= 0) {
        nft_match(out, "==",
                  family == FAMILY_V4 ? "{\"payload\":{\"protocol\":\"icmp\",\"field\":\"type\"}}"
                                      : "{\"payload\":{\"protocol\":\"icmpv6\",\"field\":\"type\"}}");
        buf_addf(out, "%d", row->icmp_type);
        nft_end(out);
    }
    if (row->states == ALL_STATES)
        return;
    nft_match(out, "in", "{\"ct\":{\"key\":\"state\"}}");
    buf_addc(out, '[');
    for (unsigned i = 0; i < STATE_N; i++) {
        if ((row->states & 1u << i) == 0)
            continue;
        buf_addf(out, "%s\"%s\"", first ? "" : ",", states[i]);
        first = false;
    }
    buf_addc(out, ']');
    nft_end(out);
}

static void nft_chain(struct buf *out, const struct row_policy *policy, const char *table, unsigned chain)
{
    buf_addf(out, ",\n{\"chain\":{\"family\":\"%s\",\"table\":\"t\",\"name\":\"", table);
    chain_name(out, chain);
    buf_adds(out, "\",\"handle\":1");
    if (chain == 0)
        buf_addf(out, ",\"type\":\"filter\",\"hook\":\"forward\",\"prio\":0,\"policy\":\"%s\"",
                 policy->policy == ACTION_DROP ? "drop" : "accept");
    buf_adds(out, "}}");
}

struct str rows_nftables(struct arena *arena, const struct row_policy *policy)
{
    static const char *const verdicts[ACTION_N] = {
        [ACTION_NONE] = "{\"log\":null}",           [ACTION_ACCEPT] = "{\"accept\":null}",
        [ACTION_DROP] = "{\"drop\":null}",          [ACTION_REJECT] = "{\"reject\":null}",
        [ACTION_RETURN] = "{\"return\":null}",      [ACTION_JUMP] = "{\"jump\":{\"target\":\"",
        [ACTION_GOTO] = "{\"goto\":{\"target\":\"",
    };
    const char *table = policy->family == FAMILY_V4 ? "ip" : "ip6";
    struct buf out = BUF_EMPTY;
    struct str text;

    buf_addf(&out, "{\"nftables\":[{\"table\":{\"family\":\"%s\",\"name\":\"t\",\"handle\":1}}", table);
    for (unsigned i = 0; i < policy->chain_n; i++)
        nft_chain(&out, policy, table, i);
    for (unsigned i = 0; i < policy->chain_n; i++) {
        vec_each (const struct row *, row, &policy->chains[i]) {
            buf_addf(&out, ",\n{\"rule\":{\"family\":\"%s\",\"table\":\"t\",\"chain\":\"", table);
            chain_name(&out, i);
            buf_adds(&out, "\",\"handle\":1,\"expr\":[");
            nft_matches(&out, policy->family, row);
            buf_adds(&out, verdicts[row->action]);
            if (row->action == ACTION_JUMP || row->action == ACTION_GOTO) {
                chain_name(&out, row->target);
                buf_adds(&out, "\"}}");
            }
            buf_adds(&out, "]}}");
        }
    }
    buf_adds(&out, "]}\n");
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}
