/* See play.h. What is played (play_make), and playing it (play_run); what it means is judged in judgement.c. */
#include "rehearse/play.h"

#include <errno.h>
#include <time.h>

#include "net/proto.h"
#include "rehearse/dialogue.h"
#include "rehearse/judgement.h"

#define SOURCE_PORT 40001 /* of those that clients have: each packet another */
#define SOURCE_PORTS 8000

/* --- what is played ----------------------------------------------------------------------------------------------- */

/* Packets of the flow that a proof showed, where both ends take part. */
static void add_asked(struct arena *arena, struct play *play, const struct flow *flow)
{
    const struct play_wishes *wishes = &play->wishes;

    for (size_t i = 0; i < wishes->asked_n; i++) {
        const struct packet *asked = &wishes->asked[i];
        const struct actor *from = cast_find(wishes->cast, asked->family, asked->source);
        const struct actor *to = cast_find(wishes->cast, asked->family, asked->destination);
        struct pair pair = {.packet = *asked, .from = from, .to = to};

        if (flow->status != FLOW_RESOLVED || !flow_has(flow, asked) || !pair_is_played(flow, from, to))
            continue;
        pair.packet.in = pair.packet.out = STR_EMPTY;
        pair.packet.has_in = pair.packet.has_out = false;
        if (asked->protocol == PROTO_TCP)
            pair.packet.tcp_flags = TCP_SYN;
        *vec_push(arena, &play->pairs) = pair;
    }
}

static void add_part(struct arena *arena, struct play *play, const struct flow *flow, const struct site_test *test)
{
    struct scene_part *part = vec_push(arena, &play->flows);

    *part = (struct scene_part){.flow = flow, .test = test, .first = play->pairs.n};
    pairs_find(arena, play->wishes.plan->site, play->wishes.cast, flow, play->wishes.all, &play->pairs, &part->reason);
    if (test == NULL)
        add_asked(arena, play, flow);
    part->n = play->pairs.n - part->first;
}

struct play *play_make(struct arena *arena, const struct play_wishes *wishes)
{
    struct play *play = arena_new_object(arena, struct play);
    const struct site *site = wishes->plan->site;
    struct neighbours_wishes neighbours = {.plan = wishes->plan,
                                           .cast = wishes->cast,
                                           .policies = wishes->policies,
                                           .witnesses = wishes->witnesses,
                                           .witness_n = wishes->witness_n,
                                           .today = wishes->today};

    play->wishes = *wishes;
    for (size_t i = 0; i < wishes->plan->n; i++) {
        if (wishes->plan->flows[i]->need != NEED_FORBIDDEN)
            add_part(arena, play, wishes->plan->flows[i], NULL);
    }
    for (size_t i = 0; i < site->test_n; i++) {
        struct probe_flows flows = {0};

        if (site->tests[i].allow)
            flows = plan_exception_flows(arena, &site->tests[i].what, STR("test"));
        for (size_t k = 0; k < flows.n; k++)
            add_part(arena, play, flows.v[k], &site->tests[i]);
    }
    play->neighbours = neighbours_find(arena, &neighbours);
    return play;
}

size_t play_connections(const struct play *play, const struct reals *reals)
{
    size_t n = 0;

    vec_each (const struct pair *, pair, &play->pairs)
        n += pair->packet.protocol == PROTO_TCP && reals_find(reals, pair->packet.port) != NULL;
    return n * DIALOGUE_TRIES;
}

/* --- playing it --------------------------------------------------------------------------------------------------- */

struct running {
    struct arena *arena;
    const struct play *play;
    const struct play_side *side;
    struct diags *diags;
    struct played *result;
    struct stage *stage;
    struct fates *fates;
    struct capture *capture;
};

/* Whether it is said and answered, or sent one way. */
static bool is_dialogue(const struct flow *flow, const struct packet *packet)
{
    return !flow->no_reply && (packet->protocol == PROTO_TCP || packet->protocol == PROTO_UDP ||
                               packet->protocol == proto_icmp(packet->family));
}

static void end_dialogue(struct running *running, const struct dialogue *dialogue, struct played_packet *played)
{
    played->packet = dialogue->packet;
    played->kernel = !dialogue->played ? PLAYED_NOT : dialogue->through ? PLAYED_PASSES : PLAYED_STOPPED;
    played->reason = dialogue->reason;
    played->follows = dialogue->packet.protocol == PROTO_TCP || dialogue->answered;
    if (!dialogue->stopped)
        return;
    played->kernel = PLAYED_STOPPED; /* seen to be: whatever the conversation ended with */
    played->firewall = dialogue->fate.firewall->name;
    played->rule = dialogue->fate.rule;
    if (dialogue->of_reply)
        played->reason = str_printf(running->arena, "the reply is stopped%s%.*s", dialogue->reason.n > 0 ? "; " : "",
                                    STR_ARG(dialogue->reason));
}

static void end_shot(struct running *running, const struct shot *shot, struct played_packet *played)
{
    played->packet = shot->packet;
    switch (shot->end) {
    case SHOT_UNSENT:
        played->kernel = shot->error == -ENETUNREACH || shot->error == -EHOSTUNREACH ? PLAYED_STOPPED : PLAYED_NOT;
        played->reason = shot->error == 0 ? STR("one packet alone cannot show it")
                                          : str_printf(running->arena, "it cannot be sent: %s", strerror(-shot->error));
        break;
    case SHOT_ARRIVED: played->kernel = PLAYED_PASSES; break;
    case SHOT_STOPPED:
        played->kernel = PLAYED_STOPPED;
        played->firewall = shot->fate.firewall->name;
        played->rule = shot->fate.rule;
        break;
    case SHOT_LOST:
        played->kernel = judgement_translates(running->side->rulesets, running->play->wishes.plan->site)
                             ? PLAYED_NOT
                             : PLAYED_STOPPED;
        played->reason = STR("it did not arrive, and no rule was seen to stop it");
        if (shot->seen)
            played->firewall = shot->fate.firewall->name;
        break;
    case SHOT_END_N: break;
    }
}

static const struct flow *flow_of(const struct play *play, size_t pair)
{
    for (size_t i = 0; i < play->flows.n; i++) {
        if (pair >= play->flows.v[i].first && pair < play->flows.v[i].first + play->flows.v[i].n)
            return play->flows.v[i].flow;
    }
    return NULL;
}

static struct packet opener_of(const struct running *running, size_t pair)
{
    const struct pairs *pairs = &running->play->pairs;
    struct packet packet = pairs->v[pair].packet;

    if (packet.source_port == 0 && proto_has_ports(packet.protocol))
        packet.source_port = (uint16_t)(SOURCE_PORT + (running->side->turn * pairs->n + pair) % SOURCE_PORTS);
    return packet;
}

static int act_one(struct running *running)
{
    const struct pairs *pairs = &running->play->pairs;
    struct dialogues with = {.arena = running->arena,
                             .stage = running->stage,
                             .plan = running->play->wishes.plan,
                             .fates = running->fates,
                             .capture = running->capture,
                             .reals = running->side->reals,
                             .timeout_ms = running->side->timeout_ms};
    struct dialogue *dialogues = arena_new_array(running->arena, struct dialogue, pairs->n);
    size_t *of_pair = arena_new_array(running->arena, size_t, pairs->n);
    size_t n = 0;
    int error;

    for (size_t i = 0; i < pairs->n; i++) {
        const struct pair *pair = &pairs->v[i];

        if (!is_dialogue(flow_of(running->play, i), &pair->packet))
            continue;
        of_pair[n] = i;
        dialogues[n++] = (struct dialogue){.packet = opener_of(running, i), .from = pair->from, .to = pair->to};
    }
    error = dialogues_play(&with, dialogues, n, running->diags);
    for (size_t i = 0; i < n; i++)
        end_dialogue(running, &dialogues[i], &running->result->pairs[of_pair[i]]);
    return error;
}

/* One-way flows and neighbours together. */
static int act_two(struct running *running)
{
    const struct pairs *pairs = &running->play->pairs;
    const struct neighbours *neighbours = running->play->neighbours;
    struct volley volley = {running->stage, running->fates, running->capture};
    struct shot *shots = arena_new_array(running->arena, struct shot, pairs->n + neighbours->n);
    struct played_packet **played = arena_new_array(running->arena, struct played_packet *, pairs->n + neighbours->n);
    size_t n = 0;
    int error;

    for (size_t i = 0; i < pairs->n; i++) {
        const struct pair *pair = &pairs->v[i];

        if (is_dialogue(flow_of(running->play, i), &pair->packet))
            continue;
        shots[n] = (struct shot){.packet = opener_of(running, i), .from = pair->from, .to = pair->to};
        played[n++] = &running->result->pairs[i];
    }
    vec_each (const struct neighbour *, neighbour, neighbours) {
        shots[n] = (struct shot){.packet = neighbour->packet, .from = neighbour->from, .to = neighbour->to};
        played[n++] = &running->result->neighbours[neighbour - neighbours->v];
    }
    fates_forget(running->fates);
    error = volley_fire(&volley, shots, n, running->diags);
    for (size_t i = 0; i < n; i++)
        end_shot(running, &shots[i], played[i]);
    return error;
}

static int run(struct running *running)
{
    const struct play_side *side = running->side;
    int error = fates_open(running->arena, running->stage, side->rulesets, running->diags, &running->fates);

    if (error == 0 && side->pcap.n > 0)
        error = capture_open(running->arena, running->stage, side->pcap, running->diags, &running->capture);
    if (error == 0)
        error = act_one(running);
    if (error == 0)
        error = act_two(running);
    return error;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int play_on(struct arena *arena, const struct play *play, const struct play_side *side, struct stage *stage,
            struct diags *diags, struct played *result)
{
    struct running running = {
        .arena = arena, .play = play, .side = side, .diags = diags, .result = result, .stage = stage};
    int error;

    *result = (struct played){.pairs = arena_new_array(arena, struct played_packet, play->pairs.n),
                              .neighbours = arena_new_array(arena, struct played_packet, play->neighbours->n)};
    error = run(&running);
    if (error == 0)
        judgement_make(arena, play, side, stage, result);
    capture_close(running.capture, diags);
    fates_close(running.fates);
    return error;
}

static int all_loaded(const struct stage *stage, const struct site *site)
{
    for (size_t i = 0; i < site->firewall_n; i++) {
        if (stage_namespace(stage, &site->firewalls[i]) != NULL && !stage_loaded(stage, &site->firewalls[i]))
            return -EINVAL; /* and why was said */
    }
    return 0;
}

int play_run(struct arena *arena, const struct play *play, const struct play_side *side, struct diags *diags,
             struct played *result)
{
    struct stage_wishes wishes = {.site = play->wishes.plan->site, .cast = play->wishes.cast, .rulesets = side->texts};
    double began = seconds_now();
    struct stage *stage;
    int error = stage_open(arena, &wishes, diags, &stage);

    if (error < 0)
        return error;
    error = all_loaded(stage, wishes.site);
    if (error == 0)
        error = play_on(arena, play, side, stage, diags, result);
    if (error == 0)
        result->rehearsal.summary.seconds = seconds_now() - began;
    stage_close(stage);
    return error;
}
