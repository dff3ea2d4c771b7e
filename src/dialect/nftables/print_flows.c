/*
 * Flows as nft says them: a named set of concatenated keys and a rule that looks it up, or a plain rule. Each flow is
 * named in full, with purpose and origin, in `#` lines; the comment that the kernel keeps is at most 128 bytes.
 */
#include "dialect/nftables/fields.h"
#include "dialect/nftables/print.h"
#include "net/proto.h"

/* NFTNL_UDATA_COMMENT_MAXLEN is 128 with the NUL. */
#define COMMENT_MAX 127

static void clean_add(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        buf_addc(out, c < ' ' || c == 127 ? ' ' : c == '"' ? '\'' : text.p[i]);
    }
}

/* An id that is too long keeps its beginning and gets its hash: two long ids never look the same. */
static struct str short_id(struct arena *arena, struct str id, size_t max)
{
    size_t keep = max - 9;

    if (id.n <= max)
        return id;
    while (keep > 0 && ((unsigned char)id.p[keep] & 0xc0) == 0x80) /* not through a UTF-8 character */
        keep--;
    return str_printf(arena, "%.*s~%08x", (int)keep, id.p, (unsigned)(str_hash(id) & 0xffffffff));
}

/* `comment "id, id and 3 more"`: as many as fit. */
static void print_comment(struct arena *arena, struct buf *out, const struct permit *const *permits, size_t n)
{
    static const size_t more_max = sizeof " and 4294967295 more" - 1;
    struct buf ids = BUF_EMPTY;
    struct map distinct = {0};
    size_t shown = 0;

    for (size_t i = 0; i < n; i++)
        map_set(arena, &distinct, permits[i]->flow->id, &distinct);
    while (shown < distinct.n) {
        bool last = shown + 1 == distinct.n;
        size_t max = COMMENT_MAX - (last ? 0 : more_max);
        struct str id = short_id(arena, distinct.entries[shown].key, COMMENT_MAX - more_max);

        if (shown > 0 && ids.n + 2 + id.n > max)
            break;
        buf_adds(&ids, shown == 0 ? "" : ", ");
        clean_add(&ids, id);
        shown++;
    }
    if (shown < distinct.n)
        buf_addf(&ids, " and %zu more", distinct.n - shown);
    buf_addf(out, " comment \"%.*s\"", (int)ids.n, ids.p);
    buf_free(&ids);
}

/* The flow's id, its purpose and where it is documented, for the person who reads the file. */
static void print_flow_note(struct buf *out, const char *indent, const struct flow *flow)
{
    buf_addf(out, "%s# ", indent);
    clean_add(out, flow->id);
    if (flow->purpose.n > 0) {
        buf_adds(out, ": ");
        clean_add(out, flow->purpose);
    }
    for (size_t i = 0; i < flow->origin_n; i++) {
        buf_adds(out, i == 0 ? " (" : "; ");
        for (size_t k = 0; k < flow->origins[i].n; k++) { /* quotes stay: this is no string of nft's */
            unsigned char c = (unsigned char)flow->origins[i].p[k];

            buf_addc(out, c < ' ' || c == 127 ? ' ' : flow->origins[i].p[k]);
        }
    }
    buf_adds(out, flow->origin_n > 0 ? ")\n" : "\n");
}

static void print_range(struct buf *out, enum family family, bool address, struct range range)
{
    if (address)
        addr_range_format(out, family, range);
    else if (range.lo == range.hi)
        buf_addf(out, "%u", (unsigned)range.lo);
    else
        buf_addf(out, "%u-%u", (unsigned)range.lo, (unsigned)range.hi);
}

void print_ranges(struct buf *out, enum family family, bool addresses, const struct ranges *ranges)
{
    bool many = ranges->n != 1;

    buf_adds(out, many ? "{ " : "");
    for (size_t i = 0; i < ranges->n; i++) {
        buf_adds(out, i == 0 ? "" : ", ");
        print_range(out, family, addresses, ranges->v[i]);
    }
    buf_adds(out, many ? " }" : "");
}

static enum field field_of(enum part part)
{
    switch (part) {
    case PART_SOURCE: return FIELD_SOURCE;
    case PART_DESTINATION: return FIELD_DESTINATION;
    case PART_PORT: return FIELD_PORT;
    case PART_N: break;
    }
    return FIELD_N;
}

static const struct nft_field *key_part(const struct group *group, enum part part)
{
    return nft_field_for(field_of(part), group->family, (unsigned)group->transport);
}

static bool has_part(const struct group *group, enum part part)
{
    return (group->parts & 1u << part) != 0;
}

static void print_key(struct buf *out, const struct group *group, bool types)
{
    bool first = true;

    for (enum part part = 0; part < PART_N; part++) {
        const struct nft_field *field;

        if (!has_part(group, part))
            continue;
        field = key_part(group, part);
        buf_adds(out, first ? "" : " . ");
        if (types)
            buf_adds(out, field->type);
        else
            buf_addf(out, "%s %s", field->object, field->key);
        first = false;
    }
}

static void print_element(struct arena *arena, struct buf *out, const struct group *group,
                          const struct element *element)
{
    bool first = true;

    for (enum part part = 0; part < PART_N; part++) {
        if (!has_part(group, part))
            continue;
        buf_adds(out, first ? "" : " . ");
        print_range(out, group->family, part != PART_PORT, element->part[part]);
        first = false;
    }
    print_comment(arena, out, element->permits, element->permit_n);
}

/* One set of a group: the elements of one layer, each flow named where it first comes up. */
static void print_set(struct arena *arena, struct buf *out, const struct group *group, size_t layer)
{
    struct map named = {0};
    bool first = true;

    buf_addf(out, "    set %.*s {\n        type ", STR_ARG(group->set_names[layer]));
    print_key(out, group, true);
    buf_adds(out, "\n        flags interval\n        elements = {");
    vec_each (const struct element *, element, &group->elements) {
        if (element->layer != layer)
            continue;
        buf_adds(out, first ? "\n" : ",\n");
        for (size_t i = 0; i < element->permit_n; i++) {
            if (map_set(arena, &named, element->permits[i]->flow->id, &named) == NULL)
                print_flow_note(out, "            ", element->permits[i]->flow);
        }
        buf_adds(out, "            ");
        print_element(arena, out, group, element);
        first = false;
    }
    buf_adds(out, "\n        }\n    }\n\n");
}

void print_sets(struct arena *arena, struct buf *out, const struct groups *groups)
{
    vec_each (struct group **, group, groups) {
        for (size_t layer = 0; (*group)->set_names != NULL && layer < (*group)->layer_n; layer++)
            print_set(arena, out, *group, layer);
    }
}

/* By a name where every /etc/protocols has it, which is where nft looks; else by number. */
static void print_protocol(struct buf *out, unsigned protocol)
{
    if (protocol == PROTO_ICMPV6)
        buf_adds(out, "ipv6-icmp");
    else if (protocol == PROTO_ICMP || protocol == PROTO_TCP || protocol == PROTO_UDP)
        proto_format(out, protocol);
    else
        buf_addf(out, "%u", protocol);
}

/* `tcp dport` implies its protocol, `ip saddr` its family; what nothing implies is written out. */
static void print_implied(struct buf *out, const struct group *group)
{
    bool ports = has_part(group, PART_PORT) || group->source_ports != NULL;

    if (!has_part(group, PART_SOURCE) && !has_part(group, PART_DESTINATION))
        buf_addf(out, "meta nfproto %s ", group->family == FAMILY_V4 ? "ipv4" : "ipv6");
    if (group->transport != TRANSPORT_ANY && !ports) {
        buf_adds(out, "meta l4proto ");
        print_protocol(out, (unsigned)group->transport);
        buf_addc(out, ' ');
    }
}

static void print_interface(struct buf *out, const char *key, struct str name)
{
    if (name.n == 0)
        return;
    if (str_ends(name, "+"))
        buf_addf(out, "%s \"%.*s*\" ", key, (int)(name.n - 1), name.p);
    else
        buf_addf(out, "%s \"%.*s\" ", key, STR_ARG(name));
}

static void begin_rule(struct buf *out, const struct group *group)
{
    buf_adds(out, "        ");
    print_interface(out, "iifname", group->in);
    print_interface(out, "oifname", group->out);
    buf_adds(out, "ct state new ");
    print_implied(out, group);
    if (group->source_ports != NULL) {
        const struct nft_field *field = nft_field_for(FIELD_SOURCE_PORT, group->family, (unsigned)group->transport);

        buf_addf(out, "%s %s ", field->object, field->key);
        print_ranges(out, group->family, false, group->source_ports);
        buf_addc(out, ' ');
    }
}

static void end_rule(struct arena *arena, struct buf *out, const struct policy *policy,
                     const struct permit *const *permits, size_t n)
{
    buf_addf(out, "%saccept", policy->counters ? "counter " : "");
    print_comment(arena, out, permits, n);
    buf_addc(out, '\n');
}

/* The union of one part over all elements: exact where the key has no other part, or there is only one element. */
static const struct ranges *part_ranges(struct arena *arena, const struct group *group, enum part part)
{
    struct range *v = arena_new_array(arena, struct range, group->elements.n);

    for (size_t i = 0; i < group->elements.n; i++)
        v[i] = group->elements.v[i].part[part];
    return ranges_of(arena, v, group->elements.n);
}

static void print_plain(struct arena *arena, struct buf *out, const struct policy *policy, const struct group *group)
{
    struct map named = {0};

    vec_each (const struct permit *const *, permit, &group->permits) {
        if (map_set(arena, &named, (*permit)->flow->id, &named) == NULL)
            print_flow_note(out, "        ", (*permit)->flow);
    }
    begin_rule(out, group);
    for (enum part part = 0; part < PART_N; part++) {
        const struct nft_field *field;

        if (!has_part(group, part))
            continue;
        field = key_part(group, part);
        buf_addf(out, "%s %s ", field->object, field->key);
        print_ranges(out, group->family, part != PART_PORT, part_ranges(arena, group, part));
        buf_addc(out, ' ');
    }
    end_rule(arena, out, policy, group->permits.v, group->permits.n);
}

/* The permits that have an element in a layer, in the order of the plan. */
static struct members layer_permits(struct arena *arena, const struct group *group, size_t layer)
{
    struct map seen = {0};
    struct members members = {0};

    vec_each (const struct element *, element, &group->elements) {
        for (size_t i = 0; element->layer == layer && i < element->permit_n; i++) {
            if (map_set(arena, &seen, element->permits[i]->flow->id, &seen) == NULL)
                *vec_push(arena, &members) = element->permits[i];
        }
    }
    return members;
}

void print_flow_rules(struct arena *arena, struct buf *out, const struct policy *policy, const struct groups *groups,
                      enum hook hook)
{
    vec_each (struct group **, each, groups) {
        const struct group *group = *each;

        if (group->hook != hook)
            continue;
        if (group->set_names == NULL) {
            print_plain(arena, out, policy, group);
            continue;
        }
        for (size_t layer = 0; layer < group->layer_n; layer++) {
            struct members members = layer_permits(arena, group, layer);

            begin_rule(out, group);
            print_key(out, group, false);
            buf_addf(out, " @%.*s ", STR_ARG(group->set_names[layer]));
            end_rule(arena, out, policy, members.v, members.n);
        }
    }
}
