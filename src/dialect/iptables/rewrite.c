/*
 * Targets of iptables that write into the packet: MARK, NOTRACK, DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP. Operands
 * after iptables-extensions(8); what is not one of these forms stays a target that is not modelled.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"
#include "net/proto.h"

/* The words of the target: an option, and the value behind it. */
static struct str word_of(const struct reading *reading, size_t i)
{
    return reading->reader->words.v[i].text;
}

static bool is_value(const struct reading *reading, size_t i)
{
    const struct reader *reader = reading->reader;

    return i < reader->words.n && !(word_of(reading, i).n > 1 && word_of(reading, i).p[0] == '-');
}

static bool is_one_of(struct str text, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (str_is(text, *names))
            return true;
    }
    return false;
}

/* The value of the one option that is one of `names`; the others must be among `plain`. Empty: there is none. */
static bool only_option(const struct reading *reading, const char *const *names, const char *const *plain,
                        struct str *value, struct str *option)
{
    bool found = false;

    *value = *option = STR_EMPTY;
    for (size_t i = 0; i < reading->target_options.n; i++) {
        size_t word = reading->target_options.v[i];

        if (is_one_of(word_of(reading, word), plain))
            continue;
        if (found || !is_one_of(word_of(reading, word), names) || !is_value(reading, word + 1))
            return false;
        found = true;
        *option = word_of(reading, word);
        *value = word_of(reading, word + 1);
    }
    return true;
}

/* The kernel is to choose another source port, of no range that is said. */
static bool is_random(const struct reading *reading, const struct rewrite *rewrite)
{
    static const char *const names[] = {"--random", "--random-fully", NULL};

    for (size_t i = 0; i < reading->target_options.n && !rewrite->has_ports; i++) {
        if (is_one_of(word_of(reading, reading->target_options.v[i]), names))
            return true;
    }
    return false;
}

/* `80`, `80-90`. */
static bool parse_ports(struct str text, struct rewrite *rewrite)
{
    rewrite->has_ports = port_range_parse(text, true, &rewrite->ports);
    return rewrite->has_ports;
}

/* `a`, `a-b`. */
static bool parse_addresses(const struct reading *reading, struct str text, struct rewrite *rewrite)
{
    struct str rest;
    struct str first = str_cut(text, '-', &rest);
    enum family family;

    if (!addr_parse(first, &family, &rewrite->addresses.lo) || family != reading->reader->family)
        return false;
    rewrite->addresses.hi = rewrite->addresses.lo;
    rewrite->has_addresses = true;
    return first.n == text.n || (addr_parse(rest, &family, &rewrite->addresses.hi) &&
                                 family == reading->reader->family && rewrite->addresses.lo <= rewrite->addresses.hi);
}

/* `a`, `a-b`, `a:80`, `:80-90`, `[a]:80`, `[a]-[b]:80`. */
static bool parse_place(const struct reading *reading, struct str text, struct rewrite *rewrite)
{
    struct str inside;
    struct str rest;

    if (reading->reader->family == FAMILY_V4) {
        inside = str_cut(text, ':', &rest);
        return (inside.n == 0 || parse_addresses(reading, inside, rewrite)) &&
               (inside.n == text.n || parse_ports(rest, rewrite)) && text.n > 0;
    }
    if (!str_starts(text, "["))
        return parse_addresses(reading, text, rewrite);
    inside = str_cut(str_from(text, 1), ']', &rest);
    return parse_addresses(reading, inside, rewrite) &&
           (rest.n == 0 || (rest.p[0] == ':' && parse_ports(str_from(rest, 1), rewrite)));
}

static bool parse_mark(struct str text, uint64_t *value, uint64_t *mask)
{
    struct str rest;
    struct str first = str_cut(text, '/', &rest);

    *mask = UINT32_MAX;
    return num_any(first, UINT32_MAX, value) && (first.n == text.n || num_any(rest, UINT32_MAX, mask));
}

static bool read_mark(const struct reading *reading, struct rewrite *rewrite)
{
    static const char *const names[] = {"--set-mark", "--set-xmark", "--and-mark", "--or-mark", "--xor-mark", NULL};
    static const char *const none[] = {NULL};
    struct str option;
    struct str text;
    uint64_t value;
    uint64_t mask;

    if (!only_option(reading, names, none, &text, &option) || !parse_mark(text, &value, &mask))
        return false;
    if (str_is(option, "--and-mark")) {
        rewrite->keep = (uint32_t)value;
        return mask == UINT32_MAX;
    }
    rewrite->flip = (uint32_t)value;
    if (str_is(option, "--set-xmark"))
        rewrite->keep = (uint32_t)~mask;
    else if (str_is(option, "--set-mark"))
        rewrite->keep = (uint32_t) ~(mask | value);
    else if (str_is(option, "--or-mark"))
        rewrite->keep = (uint32_t)~value;
    else
        rewrite->keep = UINT32_MAX;
    return true;
}

static bool read_places(const struct reading *reading, struct rewrite *rewrite)
{
    static const char *const names[] = {"--to-destination", "--to-source", "--to", NULL};
    static const char *const plain[] = {"--random", "--random-fully", "--persistent", NULL};
    struct str option;
    struct str text;

    return only_option(reading, names, plain, &text, &option) && option.n > 0 && parse_place(reading, text, rewrite);
}

static bool read_own(const struct reading *reading, struct rewrite *rewrite)
{
    static const char *const names[] = {"--to-ports", "--to-port", NULL};
    static const char *const plain[] = {"--random", "--random-fully", NULL};
    struct str option;
    struct str text;

    rewrite->own = true;
    return only_option(reading, names, plain, &text, &option) && (option.n == 0 || parse_ports(text, rewrite));
}

static bool read_network(const struct reading *reading, struct rewrite *rewrite)
{
    static const char *const names[] = {"--to", NULL};
    static const char *const none[] = {NULL};
    const struct ranges *ranges;
    struct str option;
    struct str text;
    const char *why;
    bool name;

    if (!only_option(reading, names, none, &text, &option) ||
        !reader_address(reading->reader, text, &ranges, &name, &why) || ranges->n != 1 ||
        addr_prefix_length(reading->reader->family, ranges->v[0]) < 0)
        return false;
    rewrite->addresses = ranges->v[0];
    rewrite->has_addresses = rewrite->network = true;
    return true;
}

enum action rewrite_read(struct reading *reading, struct str target)
{
    struct rewrite *rewrite = arena_new_object(reading->reader->arena, struct rewrite);
    enum hook hook = reading->chain->hook;
    bool nat = reading->table->id == TABLE_NAT;
    enum action action = ACTION_UNKNOWN;

    *rewrite = (struct rewrite){0};
    if (str_is(target, "MARK") && read_mark(reading, rewrite))
        action = ACTION_MARK;
    else if (str_is(target, "DNAT") && nat && read_places(reading, rewrite))
        action = ACTION_DNAT;
    else if (str_is(target, "SNAT") && nat && read_places(reading, rewrite))
        action = ACTION_SNAT;
    else if (str_is(target, "REDIRECT") && nat && read_own(reading, rewrite))
        action = ACTION_DNAT;
    else if (str_is(target, "MASQUERADE") && nat && read_own(reading, rewrite))
        action = ACTION_SNAT;
    else if (str_is(target, "NETMAP") && nat && hook != HOOK_NONE && read_network(reading, rewrite))
        action = hook == HOOK_PREROUTING || hook == HOOK_OUTPUT ? ACTION_DNAT : ACTION_SNAT;
    if (action != ACTION_UNKNOWN)
        reading->rewrite = rewrite;
    rewrite->any_port = action == ACTION_SNAT && is_random(reading, rewrite);
    return action;
}
