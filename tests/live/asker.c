/*
 * A small front of the engine, for its tests: reads probes from standard input, prints what was found.
 *
 *     asker [in-flight=N] [rate=N] [timeout=MS] [tries=N] [gap=MS] [most=MS] [stop=MS] [no-control] [trace] [quiet]
 *     SERVICE PROTO ADDRESS PORT[-PORT] [bare] [own] [name=NAME] [source=ADDRESS] [source-port=N] [interface=NAME]
 *             [netns=PATH] [seek=SERVICE/PROTO] [host=NAME] [proxy=ADDRESS/PORT]
 *
 * A result is a line: address, port, outcome, what answered, tries, ICMP type/code and by whom, microseconds of connect
 * and handshake, reason; parted by tabs. With `quiet` only the counts of outcomes, the ports that are open, and the
 * most memory that was resident are printed. What an answer names next is asked as well (`next`).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/num.h"
#include "live/engine.h"

struct wish {
    struct probe probe;
    unsigned last; /* port */
};

static struct loop loop;
static struct engine *engine;
static struct wish *wishes;
static size_t wish_n;
static size_t wish_at;
static unsigned port_at;
static bool quiet;
static size_t counts[OUTCOME_N];
static size_t found;

static void die(const char *what)
{
    fprintf(stderr, "asker: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t number(struct str text)
{
    uint64_t value;

    if (!num_decimal(text, UINT32_MAX, &value))
        die(text.p);
    return value;
}

/* ------------------------------------------------------------------ what the engine calls */

static bool next_probe(void *user, struct probe *probe)
{
    (void)user;
    if (wish_at == wish_n)
        return false;
    *probe = wishes[wish_at].probe;
    if (port_at == 0)
        port_at = probe->port;
    probe->port = (uint16_t)port_at;
    if (port_at++ == wishes[wish_at].last) {
        wish_at++;
        port_at = 0;
    }
    return true;
}

static void print_result(const struct probe_result *result)
{
    const struct answer *answer = result->answer;
    struct buf line = BUF_EMPTY;

    addr_format(&line, result->probe->family, result->probe->address);
    buf_addf(&line, "\t%u\t%s\t%s\t%u\t", result->probe->port, outcome_name(answer->outcome),
             answer->answered != NULL ? answer->answered : "-", result->tries);
    if (result->refusal.reported) {
        buf_addf(&line, "%u/%u ", result->refusal.icmp_type, result->refusal.icmp_code);
        if (result->refusal.has_by)
            addr_format(&line, result->refusal.family, result->refusal.by);
    } else {
        buf_adds(&line, "-");
    }
    buf_addf(&line, "\t%llu\t%llu\t%.*s\n", (unsigned long long)result->us[PHASE_CONNECT],
             (unsigned long long)result->us[PHASE_HANDSHAKE], STR_ARG(answer->reason));
    fwrite(line.p, 1, line.n, stdout);
    buf_free(&line);
}

static void take_result(void *user, const struct probe_result *result)
{
    (void)user;
    counts[result->answer->outcome]++;
    found++;
    if (!quiet)
        print_result(result);
    for (size_t i = 0; i < result->answer->next_n; i++) {
        struct probe probe = *result->probe;

        probe.service = service_find(str_of(result->answer->next[i].service));
        probe.proto = result->answer->next[i].proto;
        probe.port = result->answer->next[i].port;
        engine_follow(engine, &probe);
    }
}

static void trace(void *user, const struct probe *probe, uint64_t at_us, struct str what, struct str bytes)
{
    (void)user;
    fprintf(stderr, "%llu\t%u\t%.*s", (unsigned long long)at_us, probe->port, STR_ARG(what));
    fprintf(stderr, bytes.n > 0 ? "\t%zu bytes\n" : "\n", bytes.n);
}

static void stop(struct deadline *deadline)
{
    (void)deadline;
    engine_stop(engine);
}

/* ------------------------------------------------------------------ what is asked for */

static u128 address(struct str text, enum family *family)
{
    u128 value;

    if (!addr_parse(text, family, &value))
        die(text.p);
    return value;
}

static void read_option(struct probe *probe, struct str word)
{
    enum family family;

    if (str_is(word, "bare")) {
        probe->bare = true;
    } else if (str_is(word, "own")) {
        probe->ask.own = true;
    } else if (str_starts(word, "name=")) {
        probe->ask.name = str_from(word, 5);
    } else if (str_starts(word, "host=")) {
        probe->ask.host = str_from(word, 5);
    } else if (str_starts(word, "proxy=")) {
        struct proxy *proxy = calloc(1, sizeof *proxy);
        struct str port;

        proxy->kind = PROXY_HTTP;
        proxy->text = str_from(word, 6);
        proxy->address = address(str_cut(proxy->text, '/', &port), &proxy->family);
        proxy->port = (uint16_t)number(port);
        probe->proxy = proxy;
    } else if (str_starts(word, "source=")) {
        probe->has_source = true;
        probe->source = address(str_from(word, 7), &family);
    } else if (str_starts(word, "source-port=")) {
        probe->source_port = (uint16_t)number(str_from(word, 12));
    } else if (str_starts(word, "interface=")) {
        probe->interface = strndup(word.p + 10, word.n - 10);
    } else if (str_starts(word, "netns=")) {
        char *path = strndup(word.p + 6, word.n - 6);

        probe->netns = open(path, O_RDONLY | O_CLOEXEC);
        if (probe->netns < 0)
            die(path);
        free(path);
    } else if (str_starts(word, "seek=")) {
        struct str over;

        probe->ask.seek = str_cut(str_from(word, 5), '/', &over);
        probe->ask.seek_of = (unsigned)proto_parse(over);
    } else {
        die(word.p);
    }
}

static void read_wish(struct str line)
{
    struct wish wish = {.probe.netns = -1};
    struct probe *probe = &wish.probe;
    struct range ports;
    struct str word = str_word(&line);

    if (word.n == 0)
        return;
    probe->service = service_find(word);
    if (probe->service == NULL)
        die(word.p);
    probe->proto = (unsigned)proto_parse(str_word(&line));
    probe->ask.host = str_word(&line);
    probe->address = address(probe->ask.host, &probe->family);
    if (!port_range_parse(str_word(&line), true, &ports))
        die("a port was expected");
    probe->port = probe->ask.port = (uint16_t)ports.lo;
    wish.last = (unsigned)ports.hi;
    for (word = str_word(&line); word.n > 0; word = str_word(&line))
        read_option(probe, word);
    if ((wish_n & (wish_n + 1)) == 0)
        wishes = realloc(wishes, (2 * wish_n + 2) * sizeof *wishes);
    wishes[wish_n++] = wish;
}

static void read_wishes(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&line, &room, stdin)) > 0) { /* kept: probes point into it */
        read_wish((struct str){line, (size_t)n - (line[n - 1] == '\n')});
        line = NULL;
        room = 0;
    }
    free(line);
}

static void print_counts(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    for (size_t i = 0; i < OUTCOME_N; i++) {
        if (counts[i] > 0)
            printf("%s %zu\n", outcome_name((enum outcome)i), counts[i]);
    }
    printf("memory %ld\n", usage.ru_maxrss);
}

int main(int argc, char **argv)
{
    struct engine_options options = {.source = next_probe, .sink = take_result};
    struct deadline alarm = {.fire = stop};
    unsigned stop_ms = 0;

    for (int i = 1; i < argc; i++) {
        struct str value;
        struct str name = str_cut(str_of(argv[i]), '=', &value);

        if (str_is(name, "in-flight"))
            options.in_flight = number(value);
        else if (str_is(name, "rate"))
            options.rate = (unsigned)number(value);
        else if (str_is(name, "timeout"))
            options.timeout_ms = (unsigned)number(value);
        else if (str_is(name, "tries"))
            options.tries = (unsigned)number(value);
        else if (str_is(name, "gap"))
            options.host_gap_ms = (unsigned)number(value);
        else if (str_is(name, "most"))
            options.most_ms = (unsigned)number(value);
        else if (str_is(name, "stop"))
            stop_ms = (unsigned)number(value);
        else if (str_is(name, "no-control"))
            options.no_control = true;
        else if (str_is(name, "trace"))
            options.trace = trace;
        else if (str_is(name, "quiet"))
            quiet = true;
        else
            die(argv[i]);
    }
    read_wishes();
    if (loop_open(&loop) < 0 || engine_open(&loop, &options, &engine) < 0)
        die("the engine cannot be opened");
    engine_start(engine);
    if (stop_ms > 0)
        loop_after(&loop, &alarm, stop_ms * 1000ull);
    while (engine_in_flight(engine) > 0 || wish_at < wish_n) {
        if (loop_round(&loop, UINT64_MAX) < 0 || (stop_ms > 0 && alarm.place == 0 && !engine_in_flight(engine)))
            break;
    }
    if (quiet)
        print_counts();
    engine_close(engine);
    loop_close(&loop);
    return 0;
}
