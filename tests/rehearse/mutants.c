/*
 * Trust in a rehearsal: one rule of a printed ruleset is changed at a time (mutation.h), and the naive oracle, packet
 * by packet on both rulesets, decides whether that alters anything. Rehearsal and proof both have to catch every mutant
 * that does, and neither may cry at one that does not; and of no packet may they say different things.
 * The oracle is asked about the packets that were played, for one of them may be the only one that shows it, and about
 * packets drawn for it alone, next to what the changed rule says: what nobody plays is missed by both.
 *
 *     mutants N SEED SITE [DIALECT]
 *
 * The rehearsal is one of the site: what one firewall lets through and another stops is nothing to it. The proof is one
 * of the changed firewall. The oracle answers for each.
 * Exit status: 0, 1 with each mutant that does not hold, 77 with the reason where the machine allows no namespaces.
 */
#include "base/num.h"
#include "mutation.h"
#include "net/proto.h"
#include "packet/naive.h"
#include "rehearse/allowed.h"
#include "rehearse/dialogue.h"
#include "rehearse/play.h"
#include "scene.h"
#include "system/nft.h"

#define TIMEOUT_MS 150
#define TRIES_MAX 1000
#define DRAWN 4000 /* packets that the oracle is asked about beside those that were played */

struct mutant {
    struct scene *scene;
    struct arena *arena; /* of this mutant */
    struct diags diags;
    struct prover **provers; /* of the rulesets as they were */
    size_t firewall;
    enum mutation mutation;
    struct str file;
    uint32_t line;
    struct stage_ruleset texts;
    struct ruleset *ruleset;
    struct cast *cast;
    struct draw *draw;
    struct VEC(struct verdict) verdicts; /* of the changed firewall */
    struct findings findings;
    bool cries; /* the proof */
};

struct counts {
    size_t altering;  /* for the site */
    size_t drawn;     /* of those: drawn packets show it */
    size_t contained; /* for the firewall alone */
    size_t equal;
    size_t refused;
    size_t failed;
    size_t packets;
};

/* --- a mutant ----------------------------------------------------------------------------------------------------- */

/* False: its program refuses it. */
static bool read_mutant(struct mutant *mutant, const struct stage_ruleset *original, size_t changed, struct str text)
{
    struct dialect_input *inputs = arena_new_array(mutant->arena, struct dialect_input, original->n);
    const struct source **sources = arena_new_array(mutant->arena, const struct source *, original->n);

    for (size_t i = 0; i < original->n; i++) {
        struct source *listing = NULL;

        sources[i] = i != changed ? original->texts[i] : source_new(mutant->arena, original->texts[i]->name, text);
        inputs[i] = (struct dialect_input){.text = sources[i], .family = FAMILY_N};
        if (original->dialect->needs_listing(sources[i]->text) &&
            nft_list(mutant->arena, sources[i], ".", false, &listing, &mutant->diags) < 0)
            return false;
        inputs[i].listing = listing;
    }
    mutant->texts = *original;
    mutant->texts.texts = sources;
    mutant->ruleset = original->dialect->read(mutant->arena, inputs, original->n, &mutant->diags);
    return mutant->ruleset != NULL && mutant->diags.errors == 0;
}

static bool make_mutant(struct mutant *mutant, struct draw *draw)
{
    struct scene *scene = mutant->scene;
    struct str text;
    size_t at;

    mutant->firewall = draw_below(draw, (unsigned)scene->plan->site->firewall_n);
    mutant->mutation = (enum mutation)draw_below(draw, MUTATION_N);
    at = draw_below(draw, (unsigned)scene->texts[mutant->firewall].n);
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        const struct source *source = scene->texts[mutant->firewall].texts[at];

        if (!mutate(mutant->arena, draw, source, mutant->mutation, &text, &mutant->line))
            continue;
        mutant->file = source->name;
        return read_mutant(mutant, &scene->texts[mutant->firewall], at, text);
    }
    return false;
}

/* --- the proof ---------------------------------------------------------------------------------------------------- */

static void prove(struct mutant *mutant, struct arena *scratch, struct prover *prover)
{
    const struct policy *policy = mutant->scene->policies[mutant->firewall];
    struct rule_ref rule = {0};

    for (size_t i = 0; i < policy->permit_n; i++) {
        for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
            struct verdict verdict;

            if (direction == DIRECTION_REPLY && policy->permits[i].flow->no_reply)
                continue;
            judge_permit(scratch, prover, &policy->permits[i], direction, &verdict);
            *vec_push(mutant->arena, &mutant->verdicts) = verdict;
            mutant->cries = mutant->cries || verdict.kind != VERDICT_PERMITTED;
        }
    }
    excess_find(scratch, prover, policy, &mutant->findings, &rule);
    vec_each (const struct finding *, finding, &mutant->findings)
        mutant->cries = mutant->cries || finding->kind == FINDING_EXCESS;
}

struct packets VEC(struct packet);

static void collect(struct mutant *mutant, struct packets *witnesses, struct packets *asked)
{
    vec_each (const struct finding *, finding, &mutant->findings) {
        if (finding->kind == FINDING_EXCESS && finding->has_packet)
            *vec_push(mutant->arena, witnesses) = finding->packet;
    }
    vec_each (const struct verdict *, verdict, &mutant->verdicts) {
        if (verdict->kind != VERDICT_PERMITTED && verdict->has_packet)
            *vec_push(mutant->arena, asked) =
                verdict->direction == DIRECTION_REQUEST ? verdict->packet : dialogue_opener(&verdict->packet);
    }
}

/* --- the oracle --------------------------------------------------------------------------------------------------- */

static bool naive_passes(const struct ruleset *ruleset, const struct hop *hop, struct packet packet)
{
    struct naive_question question = {.ruleset = ruleset, .hook = hop->hook, .packet = &packet};

    packet.in = hop->in;
    packet.out = hop->out;
    packet.has_in = packet.has_out = true;
    return naive_ask(&question) == NAIVE_ACCEPT;
}

static struct hop turned(const struct hop *hop)
{
    struct hop back = *hop;

    back.in = hop->out;
    back.out = hop->in;
    back.hook = hop->hook == HOOK_INPUT ? HOOK_OUTPUT : hop->hook == HOOK_OUTPUT ? HOOK_INPUT : hop->hook;
    return back;
}

struct oracle {
    bool here; /* the changed firewall treats it otherwise */
    bool site; /* it fares otherwise in the end */
};

/* One packet and what answers it, with the ruleset as it was and with the mutant. */
static struct oracle ask_oracle(struct mutant *mutant, const struct packet *packet, bool subnet, bool replies)
{
    struct scene *scene = mutant->scene;
    const struct site *site = scene->plan->site;
    struct packet reply = dialogue_reply(packet);
    struct packet then = *packet; /* of a connection of TCP */
    struct routes routes = {0};
    bool passes[2] = {true, true};
    struct oracle oracle = {0};

    then.state = STATE_ESTABLISHED;
    then.tcp_flags = TCP_ACK;
    routes_find(mutant->arena, site, packet->family, ranges_value(mutant->arena, packet->source),
                ranges_value(mutant->arena, packet->destination), subnet, &routes);
    for (size_t i = 0; routes.n > 0 && i < routes.v[0].hop_n; i++) {
        const struct hop *hop = &routes.v[0].hops[i];
        size_t at = (size_t)(hop->firewall - site->firewalls);
        const struct ruleset *rulesets[2] = {scene->rulesets[at],
                                             at == mutant->firewall ? mutant->ruleset : scene->rulesets[at]};
        struct hop back = turned(hop);
        bool here[2];

        for (unsigned side = 0; side < 2; side++) {
            here[side] = naive_passes(rulesets[side], hop, *packet) &&
                         (!replies || naive_passes(rulesets[side], &back, reply)) &&
                         (!replies || packet->protocol != PROTO_TCP || naive_passes(rulesets[side], hop, then));
            passes[side] = passes[side] && here[side];
        }
        oracle.here = oracle.here || here[0] != here[1];
    }
    oracle.site = passes[0] != passes[1];
    return oracle;
}

static struct oracle either(struct oracle a, struct oracle b)
{
    return (struct oracle){a.here || b.here, a.site || b.site};
}

static struct oracle ask_about_played(struct mutant *mutant, const struct play *play, const struct played *played)
{
    struct oracle all = {0};

    for (size_t i = 0; i < play->flows.n; i++) {
        const struct scene_part *part = &play->flows.v[i];

        for (size_t k = part->first; k < part->first + part->n; k++)
            all = either(all, ask_oracle(mutant, &played->pairs[k].packet, part->flow->subnet, !part->flow->no_reply));
    }
    for (size_t i = 0; i < play->neighbours->n; i++)
        all = either(all, ask_oracle(mutant, &played->neighbours[i].packet, false, false));
    return all;
}

/* --- packets of the oracle's own ---------------------------------------------------------------------------------- */

struct values VEC(u128);

/* What the changed rule says, before and after, and the next numbers. */
struct corners {
    struct values addresses[FAMILY_N];
    struct values ports;
};

static void add_corners(struct mutant *mutant, struct str line, struct corners *corners)
{
    for (size_t i = 0; i < line.n; i++) {
        size_t end = i;
        struct addr_range range;
        uint64_t number;
        struct str word;

        while (end < line.n && strchr(" ,{}-:", line.p[end]) == NULL)
            end++;
        word = str_head(str_from(line, i), end - i);
        if (num_decimal(word, 65534, &number) && number > 0) {
            for (uint64_t port = number - 1; port <= number + 1; port++)
                *vec_push(mutant->arena, &corners->ports) = port;
        } else if (addr_range_parse(word, &range) == ADDR_OK) {
            const u128 around[] = {range.range.lo - 1, range.range.lo, range.range.hi, range.range.hi + 1};

            for (size_t k = 0; k < 4; k++) {
                if (cast_find(mutant->cast, range.family, around[k]) != NULL)
                    *vec_push(mutant->arena, &corners->addresses[range.family]) = around[k];
            }
        }
        i = end;
    }
}

static struct corners corners_of(struct mutant *mutant)
{
    const struct stage_ruleset *before = &mutant->scene->texts[mutant->firewall];
    struct corners corners = {0};

    for (size_t i = 0; i < before->n; i++) {
        for (uint32_t line = mutant->line; line <= mutant->line + 1; line++) {
            if (str_eq(before->texts[i]->name, mutant->file) && line <= before->texts[i]->line_n)
                add_corners(mutant, source_line_text(before->texts[i], line), &corners);
        }
        if (str_eq(before->texts[i]->name, mutant->file) && mutant->line <= mutant->texts.texts[i]->line_n)
            add_corners(mutant, source_line_text(mutant->texts.texts[i], mutant->line), &corners);
    }
    return corners;
}

static u128 draw_address(struct mutant *mutant, const struct corners *corners, enum family family)
{
    const struct values *near = &corners->addresses[family];

    if (near->n > 0 && draw_once_in(mutant->draw, 2))
        return near->v[draw_below(mutant->draw, (unsigned)near->n)];
    return mutant->cast->entries[family][draw_below(mutant->draw, (unsigned)mutant->cast->entry_n[family])].address;
}

static uint16_t draw_port(struct mutant *mutant, const struct corners *corners)
{
    const struct plan *plan = mutant->scene->plan;
    const struct flow *flow = plan->flows[draw_below(mutant->draw, (unsigned)plan->n)];

    if (corners->ports.n > 0 && !draw_once_in(mutant->draw, 3))
        return (uint16_t)corners->ports.v[draw_below(mutant->draw, (unsigned)corners->ports.n)];
    return flow->ports == NULL || flow->ports->n == 0 ? 9000 : (uint16_t)flow->ports->v[0].lo;
}

static bool draw_packet(struct mutant *mutant, const struct corners *corners, struct packet *packet)
{
    enum family family = (enum family)draw_below(mutant->draw, FAMILY_N);
    const unsigned protocols[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, proto_icmp(family)};

    if (mutant->cast->entry_n[family] == 0)
        return false;
    *packet = (struct packet){.family = family,
                              .source = draw_address(mutant, corners, family),
                              .destination = draw_address(mutant, corners, family),
                              .protocol = (uint8_t)protocols[draw_below(mutant->draw, 4)],
                              .state = STATE_NEW};
    if (packet->protocol == proto_icmp(family))
        packet->icmp_type = family == FAMILY_V4 ? 8 : 128;
    if (packet->protocol == PROTO_TCP)
        packet->tcp_flags = TCP_SYN;
    if (proto_has_ports(packet->protocol)) {
        packet->source_port = draw_once_in(mutant->draw, 4) ? draw_port(mutant, corners) : 40000;
        packet->port = draw_port(mutant, corners);
    }
    return true;
}

/* NULL: of none that could be played. */
static const struct flow *flow_with(const struct plan *plan, const struct actor *from, const struct actor *to,
                                    const struct packet *packet)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        if (flow->need != NEED_FORBIDDEN && flow->status == FLOW_RESOLVED && flow_has(flow, packet) &&
            (flow->source_ports == NULL || ranges_contain(flow->source_ports, packet->source_port)) &&
            pair_is_played(flow, from, to))
            return flow;
    }
    return NULL;
}

/* Packets that must pass or must not; what is neither may become as it likes. */
static struct oracle ask_about_drawn(struct mutant *mutant)
{
    struct scene *scene = mutant->scene;
    struct neighbours_wishes wishes = {.plan = scene->plan,
                                       .cast = mutant->cast,
                                       .policies = (const struct policy *const *)scene->policies,
                                       .today = SCENE_TODAY};
    struct allowed *allowed = allowed_new(mutant->arena, &wishes);
    struct corners corners = corners_of(mutant);
    struct oracle all = {0};

    for (unsigned i = 0; i < DRAWN && !all.site; i++) {
        const struct flow *flow;
        const struct actor *from;
        const struct actor *to;
        struct packet packet;

        if (!draw_packet(mutant, &corners, &packet))
            continue;
        from = cast_find(mutant->cast, packet.family, packet.source);
        to = cast_find(mutant->cast, packet.family, packet.destination);
        if (from == to || !allowed_crosses(allowed, from, to, &packet))
            continue;
        flow = flow_with(scene->plan, from, to, &packet);
        if (flow != NULL)
            all = either(all, ask_oracle(mutant, &packet, flow->subnet, !flow->no_reply));
        else if (!allowed_flow(allowed, from, to, &packet) && allowed_decided(allowed, from, to, &packet))
            all = either(all, ask_oracle(mutant, &packet, false, false));
    }
    return all;
}

/* --- holding all three together ----------------------------------------------------------------------------------- */

static bool rehearsal_cries(const struct rehearsal *rehearsal)
{
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        if (rehearsal->flows[i].n > 0 && rehearsal->flows[i].rehearsal != PLAYED_PASSES)
            return true;
    }
    return rehearsal->summary.neighbours_pass > 0;
}

/* Of the packets that were played. */
static bool proof_denies(const struct rehearsal *rehearsal)
{
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        if (rehearsal->flows[i].n > 0 && rehearsal->flows[i].proof != VERDICT_PERMITTED)
            return true;
    }
    return false;
}

static void blame(const struct mutant *mutant, const char *what, struct counts *counts)
{
    const struct source *text = mutant->texts.texts[0];

    counts->failed++;
    printf("not ok: %s: %s of line %u of %.*s\n", what, mutation_name(mutant->mutation), mutant->line,
           STR_ARG(mutant->file));
    for (size_t i = 0; i < mutant->texts.n; i++) {
        if (str_eq(mutant->texts.texts[i]->name, mutant->file))
            text = mutant->texts.texts[i];
    }
    if (mutant->line <= text->line_n)
        printf("  now: %.*s\n", STR_ARG(str_trim(source_line_text(text, mutant->line))));
}

static void blame_packets(const struct rehearsal *rehearsal)
{
    struct buf text = BUF_EMPTY;

    for (size_t i = 0; i < rehearsal->finding_n && i < 3; i++) {
        const struct played_packet *played = rehearsal->findings[i].played;

        text.n = 0;
        packet_format(&text, &played->packet);
        printf("  %.*s: kernel %s (%.*s), prover %s\n", STR_ARG(buf_str(&text)), playing_name(played->kernel),
               STR_ARG(played->reason), verdict_name(played->proof));
    }
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        const struct rehearsed_flow *flow = &rehearsal->flows[i];

        if (flow->n == 0 || flow->rehearsal == PLAYED_PASSES)
            continue;
        text.n = 0;
        packet_format(&text, &flow->shown->packet);
        printf("  %.*s %s: %.*s: %.*s\n", STR_ARG(flow->flow->id), playing_name(flow->rehearsal),
               STR_ARG(buf_str(&text)), STR_ARG(flow->shown->reason));
    }
    buf_free(&text);
}

static void judge(struct mutant *mutant, const struct play *play, const struct played *played, struct counts *counts)
{
    struct oracle of_played = ask_about_played(mutant, play, played);
    struct oracle drawn = ask_about_drawn(mutant);
    struct oracle oracle = either(of_played, drawn);
    bool cries = rehearsal_cries(&played->rehearsal);
    bool proof_cries = mutant->cries || proof_denies(&played->rehearsal);
    size_t failed = counts->failed;

    counts->altering += oracle.site;
    counts->drawn += drawn.site;
    counts->contained += oracle.here && !oracle.site;
    counts->equal += !oracle.here;
    counts->packets += played->rehearsal.summary.packets;
    if (oracle.site != cries)
        blame(mutant, cries ? "the rehearsal cries for nothing" : "the rehearsal misses it", counts);
    if (oracle.here != proof_cries)
        blame(mutant, proof_cries ? "the proof cries for nothing" : "the proof misses it", counts);
    if (played->rehearsal.finding_n > 0)
        blame(mutant, "kernel and prover disagree", counts);
    if (counts->failed > failed)
        blame_packets(&played->rehearsal);
}

/* False: it could not be played, and why was said. */
static bool play_mutant(struct mutant *mutant, unsigned turn, bool blind, struct counts *counts)
{
    struct scene *scene = mutant->scene;
    size_t n = scene->plan->site->firewall_n;
    struct arena *scratch = arena_new();
    const struct ruleset **rulesets = arena_copy(mutant->arena, scene->rulesets, n * sizeof *rulesets);
    struct prover **provers = arena_copy(mutant->arena, mutant->provers, n * sizeof *provers);
    const struct firewall *firewall = &scene->plan->site->firewalls[mutant->firewall];
    struct packets witnesses = {0};
    struct packets asked = {0};
    struct cast_wishes cast = {.plan = scene->plan, .rulesets = rulesets};
    struct play_wishes wishes = {
        .plan = scene->plan, .policies = (const struct policy *const *)scene->policies, .today = SCENE_TODAY};
    struct play_side side = {
        .rulesets = rulesets, .provers = provers, .proofs = scratch, .timeout_ms = TIMEOUT_MS, .turn = turn};
    struct played played;
    bool good;

    rulesets[mutant->firewall] = mutant->ruleset;
    provers[mutant->firewall] = prover_new(mutant->arena, mutant->ruleset, scene->policies[mutant->firewall]);
    prove(mutant, scratch, provers[mutant->firewall]);
    if (blind)
        provers[mutant->firewall] = mutant->provers[mutant->firewall];
    collect(mutant, &witnesses, &asked);
    cast.packets = witnesses.v;
    cast.packet_n = witnesses.n;
    wishes.cast = mutant->cast = cast_make(mutant->arena, &cast, &mutant->diags);
    wishes.witnesses = witnesses.v;
    wishes.witness_n = witnesses.n;
    wishes.asked = asked.v;
    wishes.asked_n = asked.n;
    good = stage_reload(scene->stage, firewall, &mutant->texts, &mutant->diags) == 0;
    if (good) {
        struct play *play = play_make(mutant->arena, &wishes);

        good = play_on(mutant->arena, play, &side, scene->stage, &mutant->diags, &played) == 0;
        if (good && !blind)
            judge(mutant, play, &played, counts);
        else if (good && rehearsal_cries(&played.rehearsal) && played.rehearsal.finding_n == 0)
            blame(mutant, "the prover has not seen the mutant, and no packet is disagreed on", counts);
    }
    if (stage_reload(scene->stage, firewall, &scene->texts[mutant->firewall], &mutant->diags) < 0)
        good = false;
    arena_free(scratch);
    return good;
}

static void say(struct mutant *mutant)
{
    struct buf out = BUF_EMPTY;

    diags_print(&out, &mutant->diags, false);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&out)));
    buf_free(&out);
}

/* Every eighth mutant is played with a prover that still has the ruleset as it was: the two must be seen to disagree.
 */
static void run(struct scene *scene, struct prover **provers, unsigned long n, unsigned long seed,
                struct counts *counts)
{
    struct draw draw = draw_from(seed);
    unsigned turn = 0;

    for (unsigned long done = 0; done < n;) {
        struct mutant mutant = {.scene = scene, .arena = arena_new(), .provers = provers, .draw = &draw};

        diags_init(&mutant.diags, mutant.arena);
        if (!make_mutant(&mutant, &draw)) {
            counts->refused++;
        } else {
            done++;
            if (!play_mutant(&mutant, turn++, false, counts) ||
                (done % 8 == 0 && !play_mutant(&mutant, turn++, true, counts))) {
                blame(&mutant, "cannot be played", counts);
                say(&mutant);
            }
        }
        arena_free(mutant.arena);
    }
}

int main(int argc, char **argv)
{
    unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct scene_wishes wishes = {.site = argc > 3 ? argv[3] : NULL, .dialect = argc > 4 ? argv[4] : NULL};
    struct scene scene;
    struct counts counts = {0};
    struct prover **provers;
    int status;

    if (n == 0 || wishes.site == NULL) {
        fprintf(stderr, "usage: mutants N SEED SITE [DIALECT]\n");
        return 2;
    }
    status = scene_open(&scene, &wishes);
    if (status != 0)
        return status;
    provers = arena_new_array(scene.arena, struct prover *, scene.plan->site->firewall_n);
    for (size_t i = 0; i < scene.plan->site->firewall_n; i++)
        provers[i] = prover_new(scene.arena, scene.rulesets[i], scene.policies[i]);
    run(&scene, provers, n, seed, &counts);
    printf("%lu mutants from seed %lu: %zu alter the site (%zu by packets drawn for the oracle too), %zu one firewall "
           "alone, %zu nothing; %zu were refused; %zu packets\n",
           n, seed, counts.altering, counts.drawn, counts.contained, counts.equal, counts.refused, counts.packets);
    printf("%zu passed, %zu failed\n", (size_t)n - (counts.failed < n ? counts.failed : n), counts.failed);
    scene_close(&scene);
    return counts.failed > 0 || counts.altering == 0;
}
