/*
 * Running nft; see nft.h. Its errors look like this (nft 1.0.6; columns from 1, in bytes):
 *
 *     /dev/stdin:3:5-9: Error: syntax error, unexpected accept
 *     accept accept
 *            ^^^^^^
 */
#include "system/nft.h"

#include <errno.h>

#include "base/num.h"
#include "dialect/loadable.h"
#include "dialect/standin.h"
#include "system/nft_inside.h"

#define RELOADS_MAX 64

/* A text on its way into a namespace. */
struct loading {
    struct arena *arena; /* dies with it */
    const struct namespace *namespace;
    const struct source *text; /* as the user gave it */
    struct standins standins;  /* of the same text, cleaned: its bytes have the same places */
    const char *directory;     /* NULL: none */
    bool lenient;
    bool exact; /* nothing may stand in for anything */
    struct diags *diags;
};

/* `:LINE:COLUMN-COLUMN` in front of an error, as a place in what was loaded; the end of the text where it is behind. */
static struct span place_of(const struct source *loaded, struct str where)
{
    struct str rest;
    struct str line_text;
    uint64_t line;
    uint64_t from;
    uint64_t to;

    if (!num_decimal(str_cut(where, ':', &rest), UINT32_MAX, &line) || line == 0)
        return span_at(loaded, 0, 0);
    if (line > loaded->line_n)
        return span_at(loaded, loaded->text.n, 0);
    line_text = source_line_text(loaded, (uint32_t)line);
    if (!num_decimal(str_cut(rest, '-', &rest), line_text.n + 1, &from) || from == 0)
        return span_line(loaded, (uint32_t)line);
    if (!num_decimal(str_cut(rest, ':', &rest), line_text.n, &to) || to < from)
        to = from;
    return span_at(loaded, loaded->line_starts[line - 1] + from - 1, to - from + 1);
}

/* The same in the text that it was made from. */
static struct span origin_of(const struct loading *loading, struct span span)
{
    size_t from = standins_origin(&loading->standins, span.at);
    size_t to = standins_origin(&loading->standins, span.at + span.n);

    return span_at(loading->text, from, to > from ? to - from : 0);
}

/* What only this machine cannot do, as far as nft's message tells: a module of its kernel, or a name of its own. */
static bool is_of_machine(struct str message, struct str at)
{
    static const char *const messages[] = {"Operation not supported",
                                           "Protocol error",
                                           "does not exist", /* users, groups, interfaces */
                                           "Could not resolve hostname",
                                           "devgroup name",
                                           "conntrack label",
                                           "routing realm",
                                           "packet mark",
                                           "cgroupv2 path"};
    static const char *const words[] = {"reject", "fib",   "socket",   "osf",       "tproxy", "synproxy",
                                        "log",    "limit", "quota",    "numgen",    "dup",    "fwd",
                                        "snat",   "dnat",  "redirect", "masquerade"};
    struct str word = str_word(&at);

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (str_contains(message, messages[i]))
            return true;
    }
    for (size_t i = 0; str_contains(message, "No such file") && i < sizeof words / sizeof *words; i++) {
        if (str_starts(word, words[i])) /* that name nothing else: what is missing is the module */
            return true;
    }
    return false;
}

static void hint_for(struct diags *diags, struct str message)
{
    if (str_contains(message, "Operation not supported") ||
        str_contains(message, "Could not process rule: No such file"))
        diag_hint(diags,
                  "if the kernel of this machine cannot do it, give what `nft -j list ruleset` prints on the firewall");
}

/* Whether the rule at the place can be taken for one that may do anything, and that has been said. */
static bool stood_in(struct loading *loading, struct span loaded, struct str message)
{
    struct span span = origin_of(loading, loaded);
    bool machine = is_of_machine(message, str_from(loading->text->text, span.at));
    bool cut = loaded.at == loaded.source->text.n || str_contains(message, "unexpected end of file");

    if (loading->exact || (!machine && !loading->lenient))
        return false;
    if ((str_starts(message, "User does not exist") || str_starts(message, "Group does not exist")) &&
        standins_add_number(&loading->standins, span.at, span.n)) {
        diag_note(loading->diags, span, "nft: %.*s here: which one it is is not known", STR_ARG(message));
        return true;
    }
    if (cut && loading->lenient && standins_close(&loading->standins)) {
        diag_warning(loading->diags, span, "nft: %.*s: what is behind the cut is not known", STR_ARG(message));
        return true;
    }
    if (!standins_add_rule(&loading->standins, span.at))
        return false;
    diag_warning(loading->diags, span, "nft%s: %.*s: this rule may match or not, and do anything",
                 machine ? " of this machine" : "", STR_ARG(message));
    return true;
}

/* nft's messages as errors at their places. True: each was got round, and the text may be loaded again. */
static bool report(struct loading *loading, const struct source *loaded, struct str errors)
{
    struct diags *diags = loading->diags;
    size_t before = diags->errors;
    bool changed = false;

    while (errors.n > 0) {
        struct str line = str_cut(errors, '\n', &errors);
        struct span span = span_at(loading->text, 0, 0);
        struct str message = line;
        size_t at = 0;

        while (at < line.n && !str_starts(str_from(line, at), "Error: "))
            at++;
        if (at == line.n)
            continue;
        message = str_from(line, at + 7);
        if (str_starts(line, "/dev/stdin:")) {
            span = place_of(loaded, str_head(str_from(line, 11), at - 11));
            if (stood_in(loading, span, message)) {
                changed = true;
                break; /* places of further errors are of what was loaded before */
            }
            diag_error(diags, origin_of(loading, span), "nft: %.*s", STR_ARG(message));
        } else if (at > 0) { /* of an included file */
            diag_error(diags, span, "nft: %.*s%.*s", (int)at, line.p, STR_ARG(message));
        } else {
            diag_error(diags, span, "nft: %.*s", STR_ARG(message));
        }
        hint_for(diags, message);
    }
    if (diags->errors == before && !changed)
        diag_error(diags, span_at(loading->text, 0, 0), "nft refuses this text, and does not say why");
    return changed && diags->errors == before;
}

/* Includes of a text whose directory nobody knows. */
static bool refuse_includes(const struct source *text, struct diags *diags)
{
    bool found = false;

    for (uint32_t line = 1; line <= text->line_n; line++) {
        struct str rest = str_trim(source_line_text(text, line));

        if (!str_starts(rest, "include") || rest.n == 7 || strchr(" \t\"", rest.p[7]) == NULL)
            continue;
        diag_error(diags, span_line(text, line), "include: there is no folder to look for it in");
        diag_hint(diags, "give the file by its name, or what `nft -j list ruleset` prints");
        found = true;
    }
    return found;
}

static int could_not_run(const struct source *text, int error, struct diags *diags)
{
    if (error == -ENOENT) {
        diag_error(diags, span_at(text, 0, 0), "the program nft is not there, and this text needs it to be read");
        diag_hint(diags, "install nftables, or give what `nft -j list ruleset` prints");
    } else {
        diag_error(diags, span_at(text, 0, 0), "cannot run nft: %s", strerror(-error));
    }
    return error;
}

static int load_once(struct loading *loading, const struct source *loaded, bool check, bool *again)
{
    const char *directory = loading->directory;
    const char *argv[8] = {"nft"};
    struct process_result result;
    size_t n = 1;
    int error;

    if (check)
        argv[n++] = "-c";
    if (str_starts(str_trim(loaded->text), "{"))
        argv[n++] = "-j";
    if (directory != NULL) {
        argv[n++] = "-I";
        argv[n++] = directory[0] == '\0' ? "." : directory;
    }
    argv[n++] = "-f";
    argv[n] = "-";
    *again = false;
    error = nft_run(loading->namespace, argv, loaded->text,
                    directory == NULL || directory[0] == '\0' ? NULL : directory, &result);
    if (error < 0)
        return could_not_run(loading->text, error, loading->diags);
    if (result.status != 0) {
        *again = report(loading, loaded, buf_str(&result.errors));
        error = -EINVAL;
    }
    process_result_free(&result);
    return error;
}

/* Loads or judges the text in a namespace; again, with stand-ins, while nothing else is wrong with it. */
static int load(struct loading *loading, bool check)
{
    bool again = true;
    int error = -EINVAL;

    nft_interfaces(loading->namespace, loading->standins.text);
    for (unsigned i = 0; again && error < 0 && i < RELOADS_MAX; i++) {
        struct buf written = BUF_EMPTY;

        standins_write(&loading->standins, &written);
        error = -ENOMEM;
        again = false;
        if (buf_ok(&written))
            error =
                load_once(loading, source_new(loading->arena, loading->text->name, buf_str(&written)), check, &again);
        buf_free(&written);
    }
    if (again && error < 0)
        diag_error(loading->diags, span_at(loading->text, 0, 0),
                   "more than %d rules of this text cannot be loaded here", RELOADS_MAX);
    return error;
}

static int list(struct arena *arena, struct loading *loading, struct source **listing)
{
    static const char *const argv[] = {"nft", "-j", "list", "ruleset", NULL};
    struct process_result result;
    int error = nft_run(loading->namespace, argv, STR_EMPTY, NULL, &result);

    if (error < 0)
        return could_not_run(loading->text, error, loading->diags);
    if (result.status != 0) {
        diag_error(loading->diags, span_at(loading->text, 0, 0), "nft cannot list what it loaded: %.*s",
                   STR_ARG(str_trim(buf_str(&result.errors))));
        error = -EINVAL;
    } else {
        *listing = source_new(arena, loading->text->name,
                              str_dup(arena, standins_restore(&loading->standins, buf_str(&result.output))));
    }
    process_result_free(&result);
    return error;
}

static int open_namespace(const struct source *text, struct namespace *namespace, struct diags *diags)
{
    int error = namespace_open(namespace);

    if (error < 0) {
        diag_error(diags, span_at(text, 0, 0), "cannot make a network namespace to load this text in: %s",
                   strerror(-error));
        diag_hint(diags, "run as root, allow user namespaces, or give what `nft -j list ruleset` prints");
    }
    return error;
}

/* What was done to the text beside its line ends. */
static void note_changes(const struct loading *loading)
{
    struct str before = loading->text->text;
    struct str after = loading->standins.text;
    size_t at = str_starts(before, "\xef\xbb\xbf") ? 3 : 0;

    while (at < before.n && (before.p[at] == after.p[at] || before.p[at] == '\r' || before.p[at] == '\\'))
        at++;
    if (at < before.n)
        diag_note(loading->diags, span_line(loading->text, source_line(loading->text, (uint32_t)at)),
                  "prompts, numbers and whatever else is no text of nft was left out");
    vec_each (const struct standin *, standin, &loading->standins.v) {
        struct str words = str_from(before, standin->at);

        if (str_is(str_word(&words), "flowtable"))
            diag_note(
                loading->diags, span_at(loading->text, standin->at, 9),
                "flowtable \"%.*s\": packets of connections that it took over meet no rules; they are established",
                STR_ARG(str_word(&words)));
    }
}

int nft_load(const struct namespace *namespace, const struct source *text, const char *directory, struct diags *diags)
{
    struct loading loading = {.arena = arena_new(),
                              .namespace = namespace,
                              .text = text,
                              .directory = directory,
                              .exact = true,
                              .diags = diags};
    int error = -EINVAL;

    if (directory != NULL || !refuse_includes(text, diags)) {
        loading.standins = (struct standins){.arena = loading.arena, .text = loadable_text(loading.arena, text->text)};
        error = load(&loading, false);
    }
    arena_free(loading.arena);
    return error;
}

int nft_list(struct arena *arena, const struct source *text, const char *directory, bool lenient,
             struct source **listing, struct diags *diags)
{
    struct namespace namespace;
    struct loading loading = {.arena = arena_new(),
                              .namespace = &namespace,
                              .text = text,
                              .directory = directory,
                              .lenient = lenient,
                              .diags = diags};
    int error = -EINVAL;

    if (directory != NULL || !refuse_includes(text, diags))
        error = open_namespace(text, &namespace, diags);
    if (error == 0) {
        standins_find(&loading.standins, loading.arena, loadable_text(loading.arena, text->text));
        note_changes(&loading);
        error = load(&loading, false);
        if (error == 0)
            error = list(arena, &loading, listing);
        namespace_close(&namespace);
    }
    arena_free(loading.arena);
    return error;
}

int nft_check(const struct source *text, const char *directory, struct diags *diags)
{
    struct namespace namespace;
    struct loading loading = {
        .arena = arena_new(), .namespace = &namespace, .text = text, .directory = directory, .diags = diags};
    int error = -EINVAL;

    if (directory != NULL || !refuse_includes(text, diags))
        error = open_namespace(text, &namespace, diags);
    if (error == 0) {
        loading.standins = (struct standins){.arena = loading.arena, .text = text->text}; /* as it is */
        error = load(&loading, true);
        namespace_close(&namespace);
    }
    arena_free(loading.arena);
    return error;
}
