/*
 * `ipset save` texts: sets and their entries, and what a match on one asks about a packet.
 *
 *     line  = "create" NAME TYPE { option value } | "add" NAME entry { option value }
 *     entry = part { "," part }        one part for each dimension of the type: hash:net,port is two
 *
 * Meaning after ipset(8) 7.17. Of hash:net the longest prefix decides, so that an entry with nomatch takes a piece out
 * of wider ones. An entry with a timeout may be gone tomorrow: it is an unknown. A set that rules change (SET target)
 * is not modelled at all, nor are sets with MAC addresses, interfaces or marks.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"
#include "net/proto.h"

#define DIMENSIONS_MAX 3
#define LIST_DEPTH_MAX 8

enum part_kind { PART_IP, PART_NET, PART_PORT };

struct entry {
    struct range address[DIMENSIONS_MAX]; /* of dimensions that are addresses */
    struct range port;                    /* of the dimension that is a port; with icmp, messages */
    unsigned char protocol;
    bool nomatch;
    bool timeout;
    struct str text;
    struct str member; /* of list:set */
};

struct ipset {
    struct str name;
    struct str type;
    struct span place;
    enum family family;
    bool list; /* list:set */
    bool bitmap_port;
    bool modelled;
    bool used;
    enum part_kind parts[DIMENSIONS_MAX];
    size_t part_n;
    unsigned netmask; /* of hash:ip and bitmap:ip: how many bits count */
    struct VEC(struct entry) entries;
};

bool ipset_is_line(struct str line)
{
    struct str word;

    line = str_trim(line);
    word = str_word(&line);
    if (str_is(word, "ipset"))
        word = str_word(&line);
    if (str_is(word, "add"))
        return str_word(&line).n > 0 && str_word(&line).n > 0;
    if (!str_is(word, "create") || str_word(&line).n == 0)
        return false;
    word = str_word(&line);
    return str_starts(word, "hash:") || str_starts(word, "bitmap:") || str_starts(word, "list:");
}

static bool has_digit(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9')
            return true;
    }
    return false;
}

static bool parse_type(struct ipset *set)
{
    struct str rest;
    struct str method = str_cut(set->type, ':', &rest);

    set->list = str_is(set->type, "list:set");
    if (set->list)
        return true;
    set->bitmap_port = str_is(set->type, "bitmap:port");
    if (!str_is(method, "hash") && !str_is(set->type, "bitmap:ip") && !set->bitmap_port)
        return false;
    while (rest.n > 0) {
        struct str part = str_cut(rest, ',', &rest);

        if (set->part_n == DIMENSIONS_MAX)
            return false;
        if (str_is(part, "ip"))
            set->parts[set->part_n++] = PART_IP;
        else if (str_is(part, "net"))
            set->parts[set->part_n++] = PART_NET;
        else if (str_is(part, "port"))
            set->parts[set->part_n++] = PART_PORT;
        else
            return false;
    }
    return set->part_n > 0;
}

static void read_create(struct reader *reader, size_t at)
{
    const struct words *words = &reader->words;
    struct ipset *set = arena_new_object(reader->scratch, struct ipset);
    uint64_t bits;

    set->name = words->v[at].text;
    set->type = words->v[at + 1].text;
    set->place = reader_word_span(reader, at);
    set->modelled = parse_type(set);
    for (size_t i = at + 2; i < words->n; i++) {
        struct str value = i + 1 < words->n ? words->v[i + 1].text : STR_EMPTY;

        if (str_is(words->v[i].text, "family"))
            set->family = str_is(value, "inet6") ? FAMILY_V6 : FAMILY_V4;
        else if (str_is(words->v[i].text, "netmask") || str_is(words->v[i].text, "bitmask"))
            set->modelled = set->modelled && num_decimal(value, 128, &bits) && (set->netmask = (unsigned)bits) > 0;
        else if (str_is(words->v[i].text, "markmask"))
            set->modelled = false;
    }
    if (map_set(reader->scratch, &reader->sets, set->name, set) != NULL)
        diag_error(reader->diags, set->place, "a second set \"%.*s\"", STR_ARG(set->name));
    *vec_push(reader->scratch, &reader->set_order) = set;
}

/* `tcp:80`, `80-90`, `icmp:8/0`, `gre:0`. */
static bool parse_port_part(struct str text, const struct ipset *set, struct entry *entry)
{
    struct str rest;
    struct str first = str_cut(text, ':', &rest);
    int protocol = PROTO_TCP;

    if (first.n < text.n) {
        protocol = proto_parse(first);
        text = rest;
    }
    if (protocol < 0)
        return false;
    entry->protocol = (unsigned char)protocol;
    if (protocol == PROTO_ICMP || protocol == PROTO_ICMPV6)
        return icmp_parse(text, set->family, &entry->port);
    if (port_range_parse(text, true, &entry->port))
        return true;
    return false;
}

static bool parse_address_part(struct str text, const struct ipset *set, struct range *range)
{
    struct addr_range parsed;
    enum addr_error error = addr_range_parse(text, &parsed);

    if ((error != ADDR_OK && error != ADDR_HOST_BITS) || parsed.family != set->family)
        return false;
    *range = parsed.range;
    return true;
}

static bool parse_entry(const struct ipset *set, struct str text, struct entry *entry)
{
    entry->text = text;
    entry->member = text;
    if (set->list || !set->modelled)
        return true;
    for (size_t i = 0; i < set->part_n; i++) {
        struct str part = str_cut(text, ',', &text);

        if (part.n == 0)
            return false;
        if (set->parts[i] != PART_PORT) {
            if (!parse_address_part(part, set, &entry->address[i]))
                return false;
            if (set->netmask > 0 && set->netmask <= addr_bits(set->family)) {
                entry->address[i].lo = addr_prefix(set->family, entry->address[i].lo, set->netmask).lo;
                entry->address[i].hi = addr_prefix(set->family, entry->address[i].hi, set->netmask).hi;
            }
        } else if (!parse_port_part(part, set, entry)) {
            return false;
        }
    }
    return text.n == 0;
}

static void read_add(struct reader *reader, size_t at)
{
    const struct words *words = &reader->words;
    struct ipset *set = map_get(&reader->sets, words->v[at].text);
    struct entry entry = {0};

    if (set == NULL && reader->set_order.n == 0 && !has_digit(words->v[at + 1].text))
        return; /* "add a rule": people's words */
    if (set == NULL) {
        diag_error(reader->diags, reader_word_span(reader, at), "no set \"%.*s\" was created before",
                   STR_ARG(words->v[at].text));
        return;
    }
    if (!parse_entry(set, words->v[at + 1].text, &entry)) {
        diag_error(reader->diags, reader_word_span(reader, at + 1), "\"%.*s\" is not an entry of a set of type %.*s",
                   STR_ARG(words->v[at + 1].text), STR_ARG(set->type));
        return;
    }
    for (size_t i = at + 2; i < words->n; i++) {
        if (str_is(words->v[i].text, "nomatch"))
            entry.nomatch = true;
        else if (str_is(words->v[i].text, "timeout") && i + 1 < words->n)
            entry.timeout = !str_is(words->v[i + 1].text, "0");
    }
    *vec_push(reader->scratch, &set->entries) = entry;
}

void ipset_read(struct reader *reader)
{
    size_t at = str_is(reader->words.v[0].text, "ipset") ? 1 : 0;

    if (str_is(reader->words.v[at].text, "create"))
        read_create(reader, at + 1);
    else
        read_add(reader, at + 1);
}

/* What --match-set's flags say about each dimension. */
static bool parse_flags(struct str flags, bool source[DIMENSIONS_MAX], size_t *n)
{
    *n = 0;
    while (flags.n > 0) {
        struct str flag = str_cut(flags, ',', &flags);

        if (*n == DIMENSIONS_MAX || (!str_is(flag, "src") && !str_is(flag, "dst")))
            return false;
        source[(*n)++] = str_is(flag, "src");
    }
    return *n > 0;
}

struct set_reading {
    struct reader *reader;
    const struct ipset *set;
    bool source[DIMENSIONS_MAX];
    size_t flag_n;
    struct VEC(struct match_group) groups;
};

static struct match field_match(struct set_reading *reading, enum field field, struct range range)
{
    return (struct match){
        .kind = MATCH_RANGES, .field = field, .ranges = reader_constant_one(reading->reader, range.lo, range.hi)};
}

static enum field address_field(const struct set_reading *reading, size_t dimension)
{
    return reading->source[dimension] ? FIELD_SOURCE : FIELD_DESTINATION;
}

static size_t port_matches(struct set_reading *reading, const struct entry *entry, size_t dimension, struct match *v)
{
    const struct range early = {FRAGMENT_NONE, FRAGMENT_FIRST};
    const struct range protocol = {entry->protocol, entry->protocol};
    size_t n = 0;

    v[n++] = field_match(reading, FIELD_PROTOCOL, protocol);
    if (entry->protocol == PROTO_ICMP || entry->protocol == PROTO_ICMPV6) {
        v[n++] = field_match(reading, FIELD_ICMP, entry->port);
        v[n++] = field_match(reading, FIELD_FRAGMENT, early);
    } else if (proto_has_ports(entry->protocol)) {
        v[n++] = field_match(reading, reading->source[dimension] ? FIELD_SOURCE_PORT : FIELD_PORT, entry->port);
        v[n++] = field_match(reading, FIELD_FRAGMENT, early);
    }
    return n;
}

static struct match entry_unknown(struct set_reading *reading, const struct entry *entry)
{
    struct reader *reader = reading->reader;
    struct str text =
        str_printf(reader->arena, "add %.*s %.*s timeout", STR_ARG(reading->set->name), STR_ARG(entry->text));

    return (struct match){.kind = MATCH_UNKNOWN, .text = text, .literal = reader_literal(reader, text, false)};
}

static void add_group(struct set_reading *reading, const struct match *v, size_t n, struct str text)
{
    struct match *copy = arena_copy(reading->reader->arena, v, n * sizeof *v);

    *vec_push(reading->reader->arena, &reading->groups) = (struct match_group){.v = copy, .n = n, .text = text};
}

/* An entry of several dimensions. */
static void add_entry(struct set_reading *reading, const struct entry *entry)
{
    struct match v[3 * DIMENSIONS_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < reading->set->part_n; i++) {
        if (reading->set->parts[i] == PART_PORT)
            n += port_matches(reading, entry, i, v + n);
        else
            v[n++] = field_match(reading, address_field(reading, i), entry->address[i]);
    }
    if (entry->timeout)
        v[n++] = entry_unknown(reading, entry);
    add_group(reading, v, n, entry->text);
}

/* Entries of one address: one group for all that stay, the longest prefix deciding; one each for those with a timeout.
 */
static void add_addresses(struct set_reading *reading)
{
    const struct ipset *set = reading->set;
    struct reader *reader = reading->reader;
    const struct ranges *all = &ranges_empty;
    struct range *v = arena_new_array(reader->scratch, struct range, set->entries.n);
    unsigned lengths = addr_bits(set->family);
    bool plain = true;

    for (size_t i = 0; i < set->entries.n; i++)
        plain = plain && !set->entries.v[i].nomatch;
    /* Without nomatch the order does not count: all lengths at once. */
    for (unsigned length = plain ? lengths : 0; length <= lengths; length++) {
        for (int nomatch = 0; nomatch <= !plain; nomatch++) {
            size_t n = 0;

            for (size_t i = 0; i < set->entries.n; i++) {
                const struct entry *entry = &set->entries.v[i];

                if (!entry->timeout && entry->nomatch == (nomatch == 1) &&
                    (plain || addr_prefix_length(set->family, entry->address[0]) == (int)length))
                    v[n++] = entry->address[0];
            }
            if (n > 0)
                all =
                    (nomatch == 1 ? ranges_subtract : ranges_union)(reader->arena, all, ranges_of(reader->arena, v, n));
        }
    }
    if (all->n > 0) {
        struct match match = {.kind = MATCH_RANGES, .field = address_field(reading, 0), .ranges = all};

        add_group(reading, &match, 1, STR_EMPTY);
    }
    for (size_t i = 0; i < set->entries.n; i++) {
        if (set->entries.v[i].timeout)
            add_entry(reading, &set->entries.v[i]);
    }
}

/* bitmap:port asks for TCP and UDP alike, and for nothing else (ip_set_bitmap_port.c). */
static void add_ports(struct set_reading *reading)
{
    static const unsigned char protocols[] = {PROTO_TCP, PROTO_UDP};

    for (size_t i = 0; i < reading->set->entries.n; i++) {
        struct entry entry = reading->set->entries.v[i];

        for (size_t k = 0; k < sizeof protocols; k++) {
            struct match v[4];
            size_t n;

            entry.protocol = protocols[k];
            n = port_matches(reading, &entry, 0, v);
            if (entry.timeout)
                v[n++] = entry_unknown(reading, &entry);
            add_group(reading, v, n, entry.text);
        }
    }
}

/* Of several dimensions nomatch and timeouts together with it would need the order of lengths: left unknown. */
static bool can_say(const struct ipset *set)
{
    for (size_t i = 0; i < set->entries.n; i++) {
        const struct entry *entry = &set->entries.v[i];

        if (entry->nomatch && set->part_n > 1)
            return false;
        for (size_t k = 0; entry->nomatch && k < set->entries.n; k++) {
            if (set->entries.v[k].timeout)
                return false;
        }
        if (entry->nomatch)
            break;
    }
    return true;
}

static bool add_set(struct set_reading *reading, struct str name, unsigned depth)
{
    struct reader *reader = reading->reader;
    struct ipset *set = map_get(&reader->sets, name);

    if (set == NULL || depth > LIST_DEPTH_MAX)
        return false;
    set->used = true;
    if (!set->modelled || map_get(&reader->moving, name) != NULL)
        return false;
    if (set->list) {
        for (size_t i = 0; i < set->entries.n; i++) {
            if (set->entries.v[i].timeout || set->entries.v[i].nomatch ||
                !add_set(reading, set->entries.v[i].member, depth + 1))
                return false;
        }
        return true;
    }
    if (reading->flag_n < set->part_n || !can_say(set))
        return depth > 0 && reading->flag_n < set->part_n; /* a member with more dimensions than flags never matches */
    if (set->family != reader->family && !set->bitmap_port)
        return true; /* never matches: no groups */
    reading->set = set;
    if (set->bitmap_port) {
        add_ports(reading);
    } else if (set->part_n == 1 && set->parts[0] != PART_PORT) {
        add_addresses(reading);
    } else {
        for (size_t i = 0; i < set->entries.n; i++)
            add_entry(reading, &set->entries.v[i]);
    }
    return true;
}

bool ipset_match(struct reader *reader, struct str name, struct str flags, enum family family, struct match *match)
{
    struct str key = str_printf(reader->scratch, "%.*s %.*s %d", STR_ARG(name), STR_ARG(flags), (int)family);
    struct set_reading reading = {.reader = reader};
    struct match *made = map_get(&reader->set_matches, key);

    if (made == NULL) {
        if (!parse_flags(flags, reading.source, &reading.flag_n) || !add_set(&reading, name, 0))
            return false;
        made = arena_new_object(reader->scratch, struct match);
        *made = (struct match){
            .kind = MATCH_ANY_OF, .field = FIELD_N, .groups = reading.groups.v, .group_n = reading.groups.n};
        map_set(reader->scratch, &reader->set_matches, key, made);
    }
    *match = *made;
    return true;
}

void ipset_finish(struct reader *reader)
{
    struct ruleset *ruleset = reader->ruleset;

    ruleset->sets = arena_new_array(reader->arena, struct named_set, reader->set_order.n);
    for (size_t i = 0; i < reader->set_order.n; i++) {
        const struct ipset *set = reader->set_order.v[i];

        ruleset->sets[ruleset->set_n++] = (struct named_set){
            .table = STR("ipset"), .name = set->name, .place = set->place, .has_line = true, .used = set->used};
    }
}
