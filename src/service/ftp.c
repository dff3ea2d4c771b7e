/*
 * FTP, RFC 959 4.2 and 5.4 (replies), RFC 2428 3 (EPSV). A greeting of 220 may be SMTP's as well, so that NOOP is asked
 * behind it: FTP answers 200, or 530 to those who have not logged on, SMTP 250. ftp-passive is about the data ports:
 * anonymous, it asks for one with EPSV (PASV where that is unknown), and whoever runs it connects there while this
 * connection is held. A server that wants a login first leaves its data ports unverifiable.
 */
#include "service/service.h"

enum { GREETING, NOOP, USER, PASS, EPSV, PASV };
enum { PACKET_NONE, PACKET_FIRST };

#define REPLY_MAX 8192

static const char *const sends[] = {"nothing: the server speaks first", "FTP NOOP, then QUIT", NULL};
static const char *const passive_sends[] = {"nothing: the server speaks first",
                                            "FTP anonymous login, EPSV or PASV; no file is touched", NULL};

/*
 * reply = code SP text CRLF | code "-" text CRLF {line CRLF} code SP text CRLF
 *
 * The whole reply or nothing is read; *text is its first line's.
 */
static enum step get_reply(struct wire_in *in, unsigned *code, struct str *text)
{
    struct str line;
    struct str first;

    for (size_t i = 0; i < wire_left(in) && i < 4; i++) {
        uint8_t c = in->p[in->at + i];

        if (i < 3 ? c < '0' || c > '9' : c != ' ' && c != '-' && c != '\r' && c != '\n')
            return STEP_FOREIGN;
    }
    if (!wire_line(in, &line)) {
        in->failed = true;
        return STEP_READ;
    }
    if (line.n < 3)
        return STEP_FOREIGN;
    first = str_head(line, 3);
    *code = (unsigned)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0'));
    *text = str_from(line, 4);
    while (line.n > 3 && !(str_eq(str_head(line, 3), first) && line.p[3] == ' ')) {
        do {
            if (!wire_line(in, &line)) {
                in->failed = true;
                return STEP_READ;
            }
        } while (line.n < 4);
    }
    return STEP_DONE;
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)out;
    (void)answer;
    return STEP_READ;
}

static enum step ask(struct talk *talk, struct wire_out *out, unsigned step, const char *command)
{
    wire_put_text(out, command);
    talk->step = (uint8_t)step;
    talk->packet = PACKET_FIRST;
    return STEP_READ;
}

static enum step greeted(struct talk *talk, struct wire_out *out, struct answer *answer, unsigned code, struct str text)
{
    if (str_contains(text, "SMTP"))
        return STEP_FOREIGN;
    if (code == 120)
        return STEP_READ;
    if (code == 421) {
        answer_is(answer, OUTCOME_ERROR, "FTP server is not available (421)");
        return STEP_DONE;
    }
    if (code != 220)
        return STEP_FOREIGN;
    if (talk->service == &service_ftp_passive)
        return ask(talk, out, USER, "USER anonymous\r\n");
    return ask(talk, out, NOOP, "NOOP\r\n");
}

/* (|||port|): three empty fields, whatever the delimiter is. */
static bool get_extended_port(struct str text, uint16_t *port)
{
    const char *open = text.n > 0 ? memchr(text.p, '(', text.n) : NULL;
    uint32_t value = 0;
    struct str rest;

    if (open == NULL)
        return false;
    rest = str_from(text, (size_t)(open - text.p) + 1);
    if (rest.n < 5 || rest.p[0] != rest.p[1] || rest.p[1] != rest.p[2])
        return false;
    for (size_t i = 3; i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9' && value <= UINT16_MAX; i++)
        value = value * 10 + (uint32_t)(rest.p[i] - '0');
    *port = (uint16_t)value;
    return value > 0 && value <= UINT16_MAX;
}

/* h1,h2,h3,h4,p1,p2: the address is not believed, it may be one from behind a NAT. */
static bool get_port(struct str text, uint16_t *port)
{
    uint32_t fields[6] = {0};
    size_t n = 0;
    bool digit = false;

    for (size_t i = 0; i < text.n && n < 6; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9') {
            fields[n] = fields[n] * 10 + (uint32_t)(text.p[i] - '0');
            digit = true;
            if (fields[n] > 255)
                return false;
        } else if (text.p[i] == ',' && digit) {
            n++;
            digit = false;
        } else if (n > 0 || digit) {
            break;
        }
    }
    *port = (uint16_t)(fields[4] << 8 | fields[5]);
    return n == 5 && digit && *port > 0;
}

static enum step passive(struct answer *answer, uint16_t port)
{
    answer_add(answer, "data-port", "%u", port);
    answer_next(answer, "tcp", PROTO_TCP, port);
    answer_is(answer, OUTCOME_OPEN, "FTP server opened data port %u", port);
    return STEP_DONE;
}

static enum step no_passive(struct wire_out *out, struct answer *answer, unsigned code)
{
    wire_put_text(out, "QUIT\r\n");
    answer_is(answer, OUTCOME_UNVERIFIABLE, "FTP answered, but opens no data port without a login (%u)", code);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    unsigned code = 0;
    struct str text = STR_EMPTY;
    enum step step = get_reply(in, &code, &text);
    uint16_t port;

    if (step != STEP_DONE)
        return step;
    switch (talk->step) {
    case GREETING: return greeted(talk, out, answer, code, text);
    case NOOP:
        if (code != 200 && code != 530)
            return STEP_FOREIGN;
        wire_put_text(out, "QUIT\r\n");
        answer_add_text(answer, "noop", text);
        answer_is(answer, OUTCOME_OPEN, "FTP server answered NOOP with %u", code);
        return STEP_DONE;
    case USER:
        if (code == 331)
            return ask(talk, out, PASS, "PASS portolan-probe@\r\n");
        return code == 230 ? ask(talk, out, EPSV, "EPSV\r\n") : no_passive(out, answer, code);
    case PASS: return code == 230 || code == 202 ? ask(talk, out, EPSV, "EPSV\r\n") : no_passive(out, answer, code);
    case EPSV:
        if (code == 229 && get_extended_port(text, &port))
            return passive(answer, port);
        return ask(talk, out, PASV, "PASV\r\n");
    default: /* PASV */
        return code == 227 && get_port(text, &port) ? passive(answer, port) : no_passive(out, answer, code);
    }
}

/* Servers let those who fail to log on wait; that they are FTP has been seen. */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    (void)ending;
    if (talk->step < USER || in->n > 0)
        return false;
    answer_is(answer, OUTCOME_UNVERIFIABLE, "FTP answered, but did not let us in, so that it opened no data port");
    return true;
}

static enum step greet(struct talk *talk, struct wire_out *out, struct answer *receipt)
{
    (void)talk;
    (void)receipt;
    wire_put_text(out, "220 FTP stand-in of portolan\r\n");
    return STEP_READ;
}

static const struct {
    const char *command;
    const char *reply;
} replies[] = {
    {"USER", "331 any password will do"},
    {"PASS", "230 logged on, to nothing"},
    {"NOOP", "200 done"},
    {"TYPE", "200 done"},
    {"SYST", "215 UNIX Type: L8"},
    {"PWD", "257 \"/\" is the current directory"},
    {"CWD", "250 done"},
};

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str line;
    struct str command;

    if (!wire_line(in, &line)) {
        in->failed = true;
        return STEP_READ;
    }
    command = str_cut(line, ' ', &line);
    for (size_t i = 0; i < command.n; i++) {
        if ((command.p[i] < 'A' || command.p[i] > 'Z') && (command.p[i] < 'a' || command.p[i] > 'z'))
            return STEP_FOREIGN;
    }
    if (command.n < 3 || command.n > 4)
        return STEP_FOREIGN;
    answer_add_text(receipt, "command", command);
    answer_is(receipt, OUTCOME_OPEN, "an FTP command");
    if (str_is(command, "QUIT")) {
        wire_put_text(out, "221 goodbye\r\n");
        return STEP_DONE;
    }
    if (str_is(command, "EPSV") && talk->offer != NULL && talk->offer->passive_port > 0) {
        wire_printf(out, "229 entering extended passive mode (|||%u|)\r\n", talk->offer->passive_port);
        return STEP_READ;
    }
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        if (str_is(command, replies[i].command)) {
            wire_printf(out, "%s\r\n", replies[i].reply);
            return STEP_READ;
        }
    }
    wire_put_text(out, "502 not implemented\r\n");
    return STEP_READ;
}

#define FTP_EXCHANGE(holds_, sends_)                                                                                   \
    {                                                                                                                  \
        .protocol = "ftp", .speaks_first = true, .holds = holds_, .input_max = REPLY_MAX, .sends = sends_,             \
        .begin = begin, .heard = heard, .ended = ended, .greet = greet, .serve = serve                                 \
    }

static const struct exchange control = FTP_EXCHANGE(false, sends);
static const struct exchange data = FTP_EXCHANGE(true, passive_sends);

const struct service service_ftp = {
    .name = "ftp",
    .title = "File Transfer Protocol",
    .tcp = &control,
    .ports = {{21, 21, SERVICE_TCP}},
};

/* The flow is to the data ports; the way to one leads through the control port. */
const struct service service_ftp_passive = {
    .name = "ftp-passive",
    .title = "FTP data ports in passive mode",
    .tcp = &data,
    .ports = {{21, 21, SERVICE_TCP}},
    .via = "ftp",
};
