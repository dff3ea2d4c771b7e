/* What is seen of probes while they run: progress on a terminal, --trace, the audit log. */
#include "cli/probe_running.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "report/probe.h"
#include "report/values.h"

#define PROGRESS_US 200000u

/* --- on the terminal --------------------------------------------------------------------------------------------- */

static void show_progress(struct deadline *deadline)
{
    struct running *running = (struct running *)(void *)((char *)deadline - offsetof(struct running, progress));
    size_t all = running->probing->items.n;

    if (running->engine == NULL)
        fprintf(stderr, "\r\033[Kasking for names: %zu of %zu", running->names_asked - running->names_open,
                running->probing->names.n);
    else
        fprintf(stderr, "\r\033[K%zu of %zu probes, %zu open", running->done, all > running->done ? all : running->done,
                running->open);
    fflush(stderr);
    loop_after(&running->loop, deadline, PROGRESS_US);
}

void running_show(struct running *running)
{
    running->shows_progress = isatty(STDERR_FILENO) && !running->probing->options->trace;
    running->progress.fire = show_progress;
    if (running->shows_progress)
        loop_after(&running->loop, &running->progress, PROGRESS_US);
}

void running_hide(struct running *running)
{
    if (!running->shows_progress)
        return;
    loop_cancel(&running->loop, &running->progress);
    fprintf(stderr, "\r\033[K");
    fflush(stderr);
}

static void print_bytes(struct str bytes)
{
    for (size_t at = 0; at < bytes.n; at += 16) {
        char text[17] = {0};

        fprintf(stderr, "           %04zx ", at);
        for (size_t i = at; i < at + 16; i++) {
            if (i >= bytes.n) {
                fputs("   ", stderr);
                continue;
            }
            fprintf(stderr, " %02x", (unsigned char)bytes.p[i]);
            text[i - at] = bytes.p[i];
            if (text[i - at] < ' ' || text[i - at] > '~')
                text[i - at] = '.';
        }
        fprintf(stderr, "  %s\n", text);
    }
}

void running_trace(void *user, const struct probe *probe, uint64_t at_us, struct str what, struct str bytes)
{
    struct running *running = user;
    const struct probing_item *item = probe->user;

    if (item == NULL)
        return; /* the control datagram */
    if (item != running->traced) {
        struct str address = report_probe_address(running->probing->cli->arena, &item->question);

        fprintf(stderr, "%.*s%s%.*s\n", STR_ARG(item->question.target),
                report_probe_named(&item->question) ? " at " : "",
                report_probe_named(&item->question) ? (int)address.n : 0, address.p);
        running->traced = item;
        running->traced_us = at_us;
    }
    fprintf(stderr, "%8.3f ms %.*s\n", (double)(at_us - running->traced_us) / 1000, STR_ARG(what));
    print_bytes(bytes);
}

/* --- one line for each probe ------------------------------------------------------------------------------------- */

static json_t *seen_from(const struct probe_result *result)
{
    struct buf text = BUF_EMPTY;
    json_t *value;

    if (!result->has_local)
        return json_null();
    addr_format(&text, result->probe->family, result->local);
    value = report_json_str(buf_str(&text));
    buf_free(&text);
    return value;
}

/* Written at once, so that lines of several programs in one file stay whole. */
void running_audit(struct running *running, const struct probe_outcome *outcome, const struct probe_result *result)
{
    struct timespec now;
    struct tm utc;
    char at[40];
    json_t *line = json_object();
    char *text;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_object_set_new(line, "at", json_string(at));
    json_object_set_new(line, "target", report_json_str(outcome->question.target));
    json_object_set_new(line, "address",
                        report_json_str(report_probe_address(running->probing->cli->arena, &outcome->question)));
    json_object_set_new(line, "from", seen_from(result));
    json_object_set_new(line, "from_port", result->has_local ? json_integer(result->local_port) : json_null());
    json_object_set_new(line, "proxy",
                        outcome->question.proxy.n > 0 ? report_json_str(outcome->question.proxy) : json_null());
    json_object_set_new(line, "tries", json_integer(result->tries));
    json_object_set_new(line, "outcome", json_string(outcome_name(outcome->outcome)));
    text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text != NULL && dprintf(running->audit, "%s\n", text) < 0) {
        diag_error(&running->probing->cli->diags, SPAN_NONE, "cannot write to %.*s: %s",
                   STR_ARG(cli_last(&running->probing->options->audit_logs)), strerror(errno));
        engine_stop(running->engine);
    }
    free(text);
}
