/*
 * SSH, RFC 4253 4.2: the server's identification line is the proof. Lines may come before it; the line itself has at
 * most 255 bytes. Nothing is sent: no key exchange begins and nobody logs on.
 */
#include "service/service.h"

#define LINE_MAX_SIZE 255
#define BANNER_LINE_MAX 1024 /* of what comes before it */
#define LINES_MAX 32

static const char *const sends[] = {"nothing: the server speaks first", NULL};

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)out;
    (void)answer;
    return STEP_READ;
}

/* SSH-protoversion-softwareversion SP comments */
static enum step identified(struct str line, struct answer *answer)
{
    struct str rest = str_from(line, 4);
    struct str version = str_cut(rest, '-', &rest);
    struct str software = str_cut(rest, ' ', &rest);

    if (line.n > LINE_MAX_SIZE || software.n == 0)
        return STEP_FOREIGN;
    answer_add_text(answer, "version", version);
    answer_add_text(answer, "software", software);
    if (str_is(version, "2.0") || str_is(version, "1.99"))
        answer_is(answer, OUTCOME_OPEN, "SSH server identified itself");
    else
        answer_is(answer, OUTCOME_ERROR, "SSH, but not of version 2");
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct str line;
    bool more;

    (void)talk;
    (void)out;
    for (unsigned i = 0; i < LINES_MAX; i++) {
        const char *name = recognise(in->p + in->at, wire_left(in), false, &more);

        if (name != NULL && strcmp(name, "ssh") != 0)
            return STEP_FOREIGN;
        if (!wire_line(in, &line)) {
            in->failed = true;
            return wire_left(in) > BANNER_LINE_MAX ? STEP_FOREIGN : STEP_READ;
        }
        if (str_starts(line, "SSH-"))
            return identified(line, answer);
    }
    return STEP_FOREIGN;
}

static enum step greet(struct talk *talk, struct wire_out *out, struct answer *receipt)
{
    (void)talk;
    (void)receipt;
    wire_put_text(out, "SSH-2.0-Portolan_stand_in\r\n");
    return STEP_READ;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str line;

    (void)talk;
    (void)out;
    if (!wire_line(in, &line)) {
        in->failed = true;
        return in->n > LINE_MAX_SIZE ? STEP_FOREIGN : STEP_READ;
    }
    if (!str_starts(line, "SSH-"))
        return STEP_FOREIGN;
    answer_add_text(receipt, "client", line);
    answer_is(receipt, OUTCOME_OPEN, "an SSH client's identification");
    return STEP_DONE;
}

static const struct exchange over_tcp = {
    .protocol = "ssh",
    .speaks_first = true,
    .input_max = 4096,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .greet = greet,
    .serve = serve,
};

const struct service service_ssh = {
    .name = "ssh",
    .title = "Secure Shell",
    .tcp = &over_tcp,
    .ports = {{22, 22, SERVICE_TCP}},
};
