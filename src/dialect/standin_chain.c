/*
 * Names of chains that iptables takes and nft's text does not: its own keywords (`reject` of OpenWrt and Shorewall),
 * and names with other characters. nft lists such chains as they are and cannot load its listing again; they are loaded
 * under another name, and have their own in the listing that is read.
 */
#include "dialect/standin_inside.h"

#define PREFIX "stand_in_for_"

/* Words of nft 1.0.6 to 1.1 that name no chain (src/scanner.l). */
static const char keywords[] =
    " accept add ah all and arp bridge chain comment comp constant continue counter create ct day dccp define delete "
    "describe destroy device devices dnat drop dst dup dynamic elements eq esp ether exists export exthdr fib flags "
    "flow "
    "flush frag fwd goto gre gretap gt handle hash hbh hook hour icmp icmpv6 igmp import include index inet insert "
    "interval ip ip6 jhash jump last limit list log lshift lt map mark masquerade meta meter mh missing monitor netdev "
    "not notrack numgen offload or osf policy position priority queue quota random redefine redirect reject rename "
    "replace reset return rshift rt rule ruleset sctp secmark set size snat socket srh symhash synproxy table tcp th "
    "timeout tproxy type udp udplite undefine update vlan vmap vxlan xor xt ";

static bool is_letter(char c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '.';
}

/* Whether nft would not take it; a name in braces ends with a comma. */
static bool is_strange(struct str name)
{
    const char *found = memmem(keywords, sizeof keywords - 1, name.p, name.n);

    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!is_letter(c) && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '/' || c == ':' || c == '\\')))
            return name.p[0] != '$' && name.p[0] != '@';
    }
    return found != NULL && found[-1] == ' ' && found[name.n] == ' ';
}

void standins_name_chain(struct standins *standins, size_t from, struct str name)
{
    while (name.n > 0 && name.p[name.n - 1] == ',')
        name.n--;
    if (name.n > 0 && is_strange(name)) {
        struct buf written = BUF_EMPTY;

        buf_adds(&written, PREFIX);
        for (size_t i = 0; i < name.n; i++) {
            if (is_letter(name.p[i]))
                buf_addc(&written, name.p[i]);
            else
                buf_addf(&written, "/%02x", (unsigned char)name.p[i]);
        }
        standins_add(standins, from, from + name.n)->written = str_dup(standins->arena, buf_str(&written));
        buf_free(&written);
    }
}

static unsigned hex(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

struct str standins_restore_chains(struct arena *arena, struct str listing)
{
    static const char begin[] = "\"" PREFIX;
    struct buf out = BUF_EMPTY;
    struct str restored;

    if (!str_contains(listing, begin))
        return listing;
    while (listing.n > 0) {
        const char *found = memmem(listing.p, listing.n, begin, sizeof begin - 1);
        size_t n = found == NULL ? listing.n : (size_t)(found - listing.p) + 1;

        buf_add(&out, str_head(listing, n));
        listing = str_from(listing, n);
        if (found == NULL)
            break;
        listing = str_from(listing, sizeof PREFIX - 1);
        while (listing.n > 2 && listing.p[0] != '"') {
            bool escaped = listing.p[0] == '/';

            buf_addc(&out, escaped ? (char)(hex(listing.p[1]) << 4 | hex(listing.p[2])) : listing.p[0]);
            listing = str_from(listing, escaped ? 3 : 1);
        }
    }
    restored = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return restored;
}
