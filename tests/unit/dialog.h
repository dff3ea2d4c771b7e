/*
 * Two ends of a conversation in memory: a probe and a responder hand each other their bytes, in pieces of a given size.
 * TLS is taken as done where both ends want it; no time passes, so that a probe that waits is told that it is over.
 * Nothing is lost but what the driver of a responder drops: over UDP an answer that is longer than its request.
 */
#ifndef PORTOLAN_TESTS_DIALOG_H
#define PORTOLAN_TESTS_DIALOG_H

#include "service/service.h"

#define DIALOG_BYTES_MAX 32768
#define DIALOG_ROUNDS_MAX 100000

/* One direction: what was said and is not yet used, and how much of it has arrived. */
struct dialog_way {
    uint8_t p[DIALOG_BYTES_MAX];
    size_t n;
    size_t arrived;
};

struct dialog {
    struct talk probe;
    struct talk responder;
    struct dialog_way there;
    struct dialog_way back;
    size_t piece; /* bytes that arrive at once; 0: all */
    size_t asked; /* bytes that the probe sent */
    size_t said;  /* bytes that the responder sent */
    bool waited;  /* what ended it was the probe's time */
    struct answer answer;
    struct answer receipt;
};

static const struct ask dialog_ask = {.host = {"filer.example", 13}};
static const struct next dialog_ports[] = {{"mountd", PROTO_TCP, 20048}, {"nlockmgr", PROTO_UDP, 32803}};
static const struct offer dialog_offer = {.passive_port = 40000, .ports = dialog_ports, .port_n = 2};

static inline void dialog_init(struct dialog *dialog, const struct service *probe, const struct service *responder,
                               unsigned proto, const struct ask *ask)
{
    memset(dialog, 0, sizeof *dialog);
    talk_begin(&dialog->probe, probe, proto);
    talk_begin(&dialog->responder, responder, proto);
    dialog->probe.ask = ask;
    dialog->responder.offer = &dialog_offer;
    for (unsigned i = 0; i < TALK_RANDOM; i++) {
        dialog->probe.random[i] = (uint8_t)(17 * i + 3);
        dialog->responder.random[i] = (uint8_t)(200 - i);
    }
    dialog->probe.now_us = dialog->responder.now_us = 1795000000000000u;
    dialog->responder.peer = 0x0a000001;
    dialog->responder.peer_port = 40000;
    answer_init(&dialog->answer);
    answer_init(&dialog->receipt);
}

static inline void dialog_say(struct dialog_way *way, const struct wire_out *out)
{
    assert(out->n <= sizeof way->p - way->n && !out->failed);
    memcpy(way->p + way->n, out->p, out->n);
    way->n += out->n;
}

/* The next piece arrives; false when all has. */
static inline bool dialog_arrive(struct dialog_way *way, size_t piece)
{
    if (way->arrived == way->n)
        return false;
    way->arrived = piece == 0 || way->n - way->arrived < piece ? way->n : way->arrived + piece;
    return true;
}

static inline void dialog_used(struct dialog_way *way, size_t used)
{
    assert(used <= way->arrived);
    memmove(way->p, way->p + used, way->n - used);
    way->n -= used;
    way->arrived -= used;
}

/* A datagram without bytes is no news to a way, but it is to a responder: those answer nothing to it, which is tested
 * apart. */
static inline void dialog_run(struct dialog *dialog)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    enum step probe = probe_start(&dialog->probe, &out, &dialog->answer);
    enum step responder;
    bool moved = true;

    dialog->asked += out.n;
    dialog_say(&dialog->there, &out);
    out.n = 0;
    responder = respond_start(&dialog->responder, &out, &dialog->receipt);
    dialog->said += out.n;
    dialog_say(&dialog->back, &out);
    for (unsigned round = 0; round < DIALOG_ROUNDS_MAX && moved && probe != STEP_DONE; round++) {
        size_t piece = dialog->probe.datagram ? 0 : dialog->piece;
        size_t used;

        moved = false;
        if (dialog_arrive(&dialog->there, piece) && (responder == STEP_READ || dialog->probe.datagram)) {
            out = (struct wire_out){bytes, 0, sizeof bytes, false};
            responder = respond_heard(&dialog->responder, dialog->there.p, dialog->there.arrived, &used, &out,
                                      &dialog->receipt);
            dialog_used(&dialog->there, used);
            if (dialog->probe.datagram && out.n > used)
                out.n = 0;
            dialog->said += out.n;
            dialog_say(&dialog->back, &out);
            if (responder == STEP_TLS) {
                out.n = 0;
                responder = respond_secured(&dialog->responder, &out, &dialog->receipt);
            }
            moved = true;
        }
        if (dialog_arrive(&dialog->back, piece)) {
            out = (struct wire_out){bytes, 0, sizeof bytes, false};
            answer_init(&dialog->answer);
            probe = probe_heard(&dialog->probe, dialog->back.p, dialog->back.arrived, &used, &out, &dialog->answer);
            dialog_used(&dialog->back, used);
            if (probe == STEP_TLS) {
                out.n = 0;
                probe = probe_secured(&dialog->probe, &out, &dialog->answer);
            }
            dialog->asked += out.n;
            dialog_say(&dialog->there, &out);
            moved = true;
        }
    }
    dialog->waited = probe != STEP_DONE;
    if (dialog->waited) {
        answer_init(&dialog->answer);
        probe_end(&dialog->probe, dialog->back.p, dialog->back.n,
                  responder == STEP_FOREIGN || responder == STEP_DONE ? ENDING_CLOSED : ENDING_TIMEOUT,
                  &dialog->answer);
    }
}

#endif
