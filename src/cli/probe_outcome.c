/*
 * One result of the engine as an outcome: evidence, who refused, whether its certificate is borne; see probing.h.
 * Certificates that are their own issuer can be pinned: a file with a line `HOST:PORT FINGERPRINT` for each, trusted
 * when they are first seen, and never again when they change.
 */
#include "cli/probing.h"

#include "net/proto.h"
#include "system/file.h"

struct pins {
    struct cli *cli;
    struct str path;
    struct str text; /* of the file, as it was */
    struct map by_host;
    struct VEC(struct str) fresh;
};

struct pins *pins_open(struct cli *cli, struct str path)
{
    struct pins *pins = arena_new_object(cli->arena, struct pins);
    size_t errors = cli->diags.errors;
    const struct source *source = file_read_if_there(cli->arena, path, FILE_LIMIT_TEXT, &cli->diags);

    pins->cli = cli;
    pins->path = path;
    pins->text = source == NULL ? STR_EMPTY : source->text;
    for (uint32_t line = 1; source != NULL && line <= source->line_n; line++) {
        struct str text = str_trim(source_line_text(source, line));
        struct str host = str_word(&text);
        struct str *fingerprint = arena_new_object(cli->arena, struct str);

        *fingerprint = str_trim(text);
        if (host.n == 0 || host.p[0] == '#')
            continue;
        if (fingerprint->n == 0)
            diag_error(&cli->diags, span_line(source, line), "HOST:PORT FINGERPRINT was expected");
        map_set(cli->arena, &pins->by_host, host, fingerprint);
    }
    return cli->diags.errors == errors ? pins : NULL;
}

bool pins_close(struct pins *pins)
{
    struct buf text = BUF_EMPTY;
    bool written;

    if (pins->fresh.n == 0)
        return true;
    buf_add(&text, pins->text);
    if (pins->text.n > 0 && !str_ends(pins->text, "\n"))
        buf_addc(&text, '\n');
    vec_each (const struct str *, line, &pins->fresh)
        buf_addf(&text, "%.*s\n", STR_ARG(*line));
    written = file_write(pins->path, buf_str(&text), &pins->cli->diags);
    buf_free(&text);
    return written;
}

enum pinned { PIN_SAME, PIN_NEW, PIN_CHANGED };

static enum pinned ask_pins(struct pins *pins, const struct probe_question *question, struct str fingerprint,
                            struct str *before)
{
    struct arena *arena = pins->cli->arena;
    struct buf host = BUF_EMPTY;
    struct str key;
    const struct str *known;
    struct str *kept;

    addr_format(&host, question->family, question->address);
    key = question->family == FAMILY_V6 ? str_printf(arena, "[%.*s]:%u", STR_ARG(buf_str(&host)), question->port)
                                        : str_printf(arena, "%.*s:%u", STR_ARG(buf_str(&host)), question->port);
    buf_free(&host);
    known = map_get(&pins->by_host, key);
    if (known != NULL) {
        *before = *known;
        return str_eq(*known, fingerprint) ? PIN_SAME : PIN_CHANGED;
    }
    kept = arena_new_object(arena, struct str);
    *kept = str_dup(arena, fingerprint);
    map_set(arena, &pins->by_host, key, kept);
    *vec_push(arena, &pins->fresh) = str_printf(arena, "%.*s %.*s", STR_ARG(key), STR_ARG(*kept));
    return PIN_NEW;
}

/* --- TLS --------------------------------------------------------------------------------------------------------- */

static bool is_unvouched(enum tls_trust trust)
{
    switch (trust) {
    case TLS_SELF_SIGNED:
    case TLS_UNKNOWN_ISSUER:
    case TLS_WRONG_NAME: return true;
    case TLS_TRUSTED:
    case TLS_EXPIRED:
    case TLS_BROKEN:
    case TLS_TRUST_N: break;
    }
    return false;
}

/* What the service itself has shown, whatever its certificate is. */
static enum outcome beneath(const struct probing_item *item)
{
    const struct exchange *exchange = service_exchange(item->service, item->question.proto);

    return exchange->proof == PROOF_UNVERIFIABLE && !item->ask.own ? OUTCOME_UNVERIFIABLE : OUTCOME_OPEN;
}

static bool self_signed(const struct probe_result *result)
{
    struct str subject = answer_value(result->answer, "subject");

    return result->tls.trust == TLS_SELF_SIGNED || (subject.n > 0 && str_eq(subject, result->tls.issuer));
}

static void judge_pin(struct probing *probing, const struct probe_result *result, struct pins *pins,
                      struct probe_outcome *outcome, enum outcome shown)
{
    struct arena *arena = probing->cli->arena;
    struct str before = STR_EMPTY;

    switch (ask_pins(pins, &outcome->question, result->tls.fingerprint, &before)) {
    case PIN_SAME:
        outcome->outcome = shown;
        outcome->reason = STR("the certificate is the one that was pinned");
        return;
    case PIN_NEW:
        outcome->outcome = shown;
        outcome->reason = STR("the certificate was seen for the first time, and is pinned now");
        outcome->warning = outcome->reason;
        return;
    case PIN_CHANGED:
        outcome->unvouched = false;
        outcome->reason = str_printf(arena, "the certificate is not the one that was pinned (%.*s): it was %.*s",
                                     STR_ARG(probing->options->pins.v[0]), STR_ARG(before));
        return;
    }
}

static void judge_tls(struct probing *probing, const struct probing_item *item, const struct probe_result *result,
                      struct pins *pins, struct probe_outcome *outcome)
{
    enum outcome shown = beneath(item);

    if (outcome->outcome != OUTCOME_TLS_UNTRUSTED)
        return;
    outcome->unvouched = is_unvouched(result->tls.trust);
    if (pins != NULL && outcome->question.has_address && self_signed(result) &&
        (outcome->unvouched || result->tls.trust == TLS_EXPIRED)) {
        judge_pin(probing, result, pins, outcome, shown);
    } else if (shown == OUTCOME_UNVERIFIABLE && outcome->unvouched && outcome->question.by_address) {
        outcome->warning = outcome->reason;
        outcome->outcome = shown; /* bearing the certificate is no proof of what is behind it */
        outcome->reason = STR("TLS was made: there is no public handshake, only our own responder can tell");
    }
}

/* --- the outcome ------------------------------------------------------------------------------------------------- */

struct details VEC(struct probe_detail);

static void add_detail(struct arena *arena, struct details *details, const char *name, struct str value)
{
    *vec_push(arena, details) = (struct probe_detail){str_of(name), value};
}

static const struct firewall *firewall_of(const struct site *site, enum family family, u128 address)
{
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct address_set *own = site->firewalls[i].addresses;

        if (own != NULL && ranges_contain(own->family[family].ranges, address))
            return &site->firewalls[i];
    }
    return NULL;
}

static void add_refusal(struct probing *probing, const struct refusal *refusal, struct probe_outcome *outcome,
                        struct details *details)
{
    struct arena *arena = probing->cli->arena;
    struct probe_question by = {.has_address = true, .family = refusal->family, .address = refusal->by};
    const struct firewall *firewall;

    if (!refusal->reported)
        return;
    add_detail(arena, details, "icmp", str_printf(arena, "%u/%u", refusal->icmp_type, refusal->icmp_code));
    if (!refusal->has_by)
        return;
    add_detail(arena, details, "rejected-by", addr_text(arena, by.family, by.address));
    firewall = probing->plan == NULL ? NULL : firewall_of(probing->plan->site, refusal->family, refusal->by);
    if (firewall == NULL || outcome->outcome == OUTCOME_REFUSED)
        return;
    add_detail(arena, details, "firewall", firewall->name);
    outcome->reason = str_printf(arena, "%.*s, which is the firewall %.*s of the site", STR_ARG(outcome->reason),
                                 STR_ARG(firewall->name));
}

static struct probe_detail *copy_details(struct probing *probing, const struct probe_result *result,
                                         struct probe_outcome *outcome)
{
    struct arena *arena = probing->cli->arena;
    struct details details = {0};

    for (size_t i = 0; i < result->answer->evidence_n; i++)
        add_detail(arena, &details, result->answer->evidence[i].name,
                   str_dup(arena, result->answer->evidence[i].value));
    add_refusal(probing, &result->refusal, outcome, &details);
    if (result->tries > 1)
        add_detail(arena, &details, "tries", str_printf(arena, "%u", result->tries));
    outcome->detail_n = details.n;
    return details.v;
}

/* A domain's address that the site does not know: no rule that was made from the site is about it. */
static void judge_address(struct probing *probing, const struct probing_item *item, struct probe_outcome *outcome)
{
    const struct flow *flow = item->subject->flow;

    if (flow == NULL || flow->domain_n == 0 || flow->destination.item_n == 0 || !outcome->question.has_address ||
        ranges_contain(flow->destination.ranges, outcome->question.address))
        return;
    outcome->warning =
        str_printf(probing->cli->arena, "the site does not know this address of %.*s", STR_ARG(item->subject->host));
}

static bool took_part(const struct probing_item *item, const struct probe_result *result)
{
    if (item->question.proto == PROTO_TCP)
        return result->has[PHASE_CONNECT];
    return result->has[PHASE_HANDSHAKE] && result->answer->outcome != OUTCOME_UNVERIFIABLE;
}

struct probe_outcome *probing_unasked(struct probing *probing, const struct probing_item *item, enum outcome found,
                                      struct str reason)
{
    struct probe_outcome *outcome = arena_new_object(probing->cli->arena, struct probe_outcome);

    outcome->question = item->question;
    outcome->outcome = found;
    outcome->reason = reason;
    outcome->interrupted = found == OUTCOME_ERROR;
    if (item->resolve_us > 0) {
        outcome->has_ms[PHASE_RESOLVE] = true;
        outcome->ms[PHASE_RESOLVE] = (double)item->resolve_us / 1000;
    }
    return outcome;
}

struct probe_outcome *probing_outcome(struct probing *probing, const struct probing_item *item,
                                      const struct probe_result *result, struct pins *pins)
{
    struct arena *arena = probing->cli->arena;
    struct probe_outcome *outcome = arena_new_object(arena, struct probe_outcome);
    const struct answer *answer = result->answer;

    outcome->question = item->question;
    outcome->outcome = answer->outcome;
    outcome->reason = str_dup(arena, answer->reason);
    outcome->answered = str_of(answer->answered);
    outcome->connected = took_part(item, result);
    outcome->interrupted =
        probing->interrupted && answer->outcome == OUTCOME_ERROR && str_is(answer->reason, "interrupted");
    outcome->details = copy_details(probing, result, outcome);
    for (enum probe_phase phase = 0; phase < PHASE_N; phase++) {
        outcome->has_ms[phase] = result->has[phase];
        outcome->ms[phase] = (double)result->us[phase] / 1000;
    }
    if (result->tls.done)
        judge_tls(probing, item, result, pins, outcome);
    judge_address(probing, item, outcome);
    if (item->subject->any && !item->subject->denied &&
        (outcome->outcome == OUTCOME_OPEN || outcome->outcome == OUTCOME_FILTERED)) {
        outcome->outcome = outcome->outcome == OUTCOME_OPEN ? OUTCOME_UNVERIFIABLE : OUTCOME_FILTERED_OR_SILENT;
        outcome->reason =
            str_printf(arena, "%.*s; what else of any protocol passes, no probe can tell", STR_ARG(outcome->reason));
    }
    return outcome;
}
