/*
 * What a conversation found: an outcome, why, and the evidence. Everything in it is bounded and copied: bytes of the
 * far end become printable ASCII, others are written \xNN, so that an answer can be shown on a terminal.
 */
#ifndef PORTOLAN_SERVICE_ANSWER_H
#define PORTOLAN_SERVICE_ANSWER_H

#include "model/outcome.h"

#define ANSWER_EVIDENCE_MAX 16
#define ANSWER_NEXT_MAX 16
#define ANSWER_TEXT_MAX 1024

struct evidence {
    const char *name; /* a literal */
    struct str value;
};

/* Where to go on: a port that this answer names, on the same host. */
struct next {
    const char *service; /* its row's name */
    unsigned proto;      /* PROTO_TCP or PROTO_UDP */
    uint16_t port;
};

struct answer {
    enum outcome outcome;
    const char *answered; /* OUTCOME_WRONG_SERVICE: what did, "unknown" when nobody can say; a literal */
    struct str reason;
    struct evidence evidence[ANSWER_EVIDENCE_MAX]; /* no name twice: the first value stays */
    size_t evidence_n;
    struct next next[ANSWER_NEXT_MAX]; /* without doubles */
    size_t next_n;
    bool cut; /* there was more than fits */
    size_t text_n;
    char text[ANSWER_TEXT_MAX]; /* what reason and values point to: an answer is not copied, it is used where it is */
};

void answer_init(struct answer *answer);
void answer_is(struct answer *answer, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void answer_add(struct answer *answer, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Text of the far end, cut after a line's worth. */
void answer_add_text(struct answer *answer, const char *name, struct str text);
void answer_add_hex(struct answer *answer, const char *name, struct str bytes);
void answer_next(struct answer *answer, const char *service, unsigned proto, uint16_t port);
/* The value of an evidence by its name; NULL p when there is none. */
struct str answer_value(const struct answer *answer, const char *name);

#endif
