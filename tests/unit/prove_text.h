/* Questions to the prover in short: a ruleset as iptables-save prints it, flows and packets in one line. */
#ifndef PORTOLAN_TESTS_PROVE_TEXT_H
#define PORTOLAN_TESTS_PROVE_TEXT_H

#include "dialect/iptables/read.h"
#include "net/proto.h"
#include "prove/prover.h"

/* One firewall with one policy. Start with firewall_text, add to the policy, then firewall_ready. */
struct firewall_text {
    struct arena *arena;
    struct arena *scratch; /* of each question: what it leaves there is nobody's */
    struct diags diags;
    struct ruleset *ruleset;
    struct permit permits[8];
    struct face faces[4];
    struct policy policy;
    struct prover *prover;
};

/* `rules` is the filter table without its frame; a name without a source in messages is "r". */
static inline void firewall_text(struct firewall_text *f, const char *rules)
{
    struct dialect_input input = {0};

    *f = (struct firewall_text){.arena = arena_new(), .scratch = arena_new()};
    diags_init(&f->diags, f->arena);
    input.text = source_new(f->arena, STR("r"), str_printf(f->arena, "*filter\n%sCOMMIT\n", rules));
    f->ruleset = iptables_read(f->arena, &input, 1, &f->diags);
    f->policy = (struct policy){.firewall = STR("fw"),
                                .hooks = 1u << HOOK_FORWARD,
                                .families = FAMILY_BOTH,
                                .permits = f->permits,
                                .faces = f->faces};
}

static inline const struct ranges *ranges_text(struct arena *arena, struct str text, enum family *family)
{
    struct addr_range range;

    if (addr_range_parse(text, &range) != ADDR_OK)
        return NULL;
    *family = range.family;
    return ranges_one(arena, range.range.lo, range.range.hi);
}

/* "tcp 10.0.0.1 10.0.0.2/31 80-90", ports left out: any of them; in and out NULL: not bound. */
static inline struct permit permit_text(struct arena *arena, const char *text, const char *in, const char *out)
{
    struct str rest = str_of(text);
    struct flow *flow = arena_new_object(arena, struct flow);
    struct permit permit = {.flow = flow, .hook = HOOK_FORWARD, .in = str_of(in), .out = str_of(out)};
    struct range ports;

    flow->id = str_of(text);
    transport_parse(str_word(&rest), &flow->transport);
    permit.source = flow->source.ranges = ranges_text(arena, str_word(&rest), &flow->family);
    permit.destination = flow->destination.ranges = ranges_text(arena, str_word(&rest), &flow->family);
    if (port_range_parse(str_word(&rest), true, &ports))
        flow->ports = ranges_one(arena, ports.lo, ports.hi);
    flow->ports_known = true;
    return permit;
}

static inline void firewall_permit(struct firewall_text *f, const char *text, const char *in, const char *out)
{
    f->permits[f->policy.permit_n++] = permit_text(f->arena, text, in, out);
}

/* Everything between two prefixes of one family. */
static inline void firewall_face(struct firewall_text *f, enum hook hook, const char *in, const char *out,
                                 const char *source, const char *destination)
{
    struct face *face = &f->faces[f->policy.face_n++];
    const struct ranges *from;
    const struct ranges *to;
    enum family family = FAMILY_V4;

    *face = (struct face){.hook = hook, .in = str_of(in), .out = str_of(out)};
    from = ranges_text(f->arena, str_of(source), &family);
    to = ranges_text(f->arena, str_of(destination), &family);
    for (enum family each = 0; each < FAMILY_N; each++) {
        face->source[each] = each == family ? from : &ranges_empty;
        face->destination[each] = each == family ? to : &ranges_empty;
    }
}

static inline void firewall_ready(struct firewall_text *f)
{
    f->prover = prover_new(f->arena, f->ruleset, &f->policy);
}

static inline void firewall_free(struct firewall_text *f)
{
    arena_free(f->arena);
    arena_free(f->scratch);
}

#endif
