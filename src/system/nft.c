/*
 * Running nft; see nft.h. Its errors look like this (nft 1.0.6; columns from 1, in bytes):
 *
 *     /dev/stdin:3:5-9: Error: syntax error, unexpected accept
 *     accept accept
 *            ^^^^^^
 */
#include "system/nft.h"

#include <errno.h>

#include "base/map.h"
#include "base/num.h"
#include "system/process.h"

#define OUTPUT_MAX ((size_t)1 << 30)
#define TIMEOUT_MS 120000
#define INTERFACES_MAX 512

struct names {
    struct arena *arena;
    struct map seen;
    struct map defines; /* name -> struct str of its value */
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '@' || c == '$' || c == '/' || c == ':';
}

/* Next word or sign of a text, comments left out; empty at the end. */
static struct str next_word(struct str *rest)
{
    struct str word;
    size_t n = 0;

    while (rest->n > 0 && (strchr(" \t\r\\\"", rest->p[0]) != NULL || rest->p[0] == '#')) {
        if (rest->p[0] == '#') {
            while (rest->n > 0 && rest->p[0] != '\n')
                *rest = str_from(*rest, 1);
        } else {
            *rest = str_from(*rest, 1);
        }
    }
    while (n < rest->n && is_word(rest->p[n]))
        n++;
    if (n == 0 && rest->n > 0)
        n = 1;
    word = str_head(*rest, n);
    *rest = str_from(*rest, n);
    return word;
}

static void add_names(struct names *names, struct str text, unsigned depth);

static void add_name(struct names *names, struct str word, unsigned depth)
{
    struct str *value;

    if (str_starts(word, "$") && depth > 0) {
        value = map_get(&names->defines, str_from(word, 1));
        if (value != NULL)
            add_names(names, *value, depth - 1);
    } else if (word.n > 0 && word.n < 16 && is_word(word.p[0]) && !str_contains(word, "/") &&
               !str_contains(word, "$") && !str_contains(word, ":") && word.p[0] != '@' && word.p[0] != '-' &&
               !str_is(word, ".") && !str_is(word, "..") && !str_is(word, "lo") && !str_is(word, "vmap") &&
               names->seen.n < INTERFACES_MAX) {
        map_set(names->arena, &names->seen, word, names);
    }
}

/* All words up to the end of the braces, or the one word. Words that are no interfaces do no harm. */
static void add_names(struct names *names, struct str text, unsigned depth)
{
    struct str word = next_word(&text);

    while (str_is(word, "=") || str_is(word, "!") || str_is(word, ".") || str_is(word, "vmap") || str_is(word, "oif") ||
           str_is(word, "iif"))
        word = next_word(&text);
    if (!str_is(word, "{")) {
        add_name(names, word, depth);
        return;
    }
    for (word = next_word(&text); word.n > 0 && !str_is(word, "}"); word = next_word(&text))
        add_name(names, word, depth);
}

/* Names behind iif, oif, device and devices: nft wants those to be there. */
static void collect_names(struct names *names, struct str text)
{
    struct str rest = text;
    struct str word;

    for (word = next_word(&rest); word.n > 0; word = next_word(&rest)) {
        if (str_is(word, "define")) {
            struct str name = next_word(&rest);
            struct str *value = arena_new_object(names->arena, struct str);

            *value = rest;
            map_set(names->arena, &names->defines, name, value);
        }
    }
    rest = text;
    for (word = next_word(&rest); word.n > 0; word = next_word(&rest)) {
        if (str_is(word, "iif") || str_is(word, "oif") || str_is(word, "device") || str_is(word, "devices"))
            add_names(names, rest, 8);
    }
}

static int run(const struct namespace *namespace, const char *const *argv, struct str input, const char *directory,
               struct process_result *result)
{
    struct process process = {
        .argv = argv,
        .input = input,
        .directory = directory,
        .namespace = namespace,
        .output_max = OUTPUT_MAX,
        .timeout_ms = TIMEOUT_MS,
    };

    return process_run(&process, result);
}

/* Makes the interfaces that the text needs and that are not there; where that fails nft says which is missing. */
static void make_interfaces(const struct namespace *namespace, struct str text)
{
    static const char *const argv[] = {"ip", "-force", "-batch", "-", NULL};
    static const char *const kinds[] = {"dummy", "ifb", "bridge"};
    struct arena *arena = arena_new();
    struct names names = {.arena = arena};
    struct process_result result;
    struct buf batch = BUF_EMPTY;

    collect_names(&names, text);
    if (names.seen.n == 0) {
        arena_free(arena);
        return;
    }
    buf_adds(&batch, "link set lo up\n");
    for (size_t i = 0; i < names.seen.n; i++) {
        /* One of the kinds that this kernel has; the others then fail, since the name is taken. */
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            buf_addf(&batch, "link add name %.*s type %s\n", STR_ARG(names.seen.entries[i].key), kinds[k]);
    }
    if (buf_ok(&batch) && run(namespace, argv, buf_str(&batch), NULL, &result) == 0)
        process_result_free(&result);
    buf_free(&batch);
    arena_free(arena);
}

/* `:LINE:COLUMN-COLUMN` in front of an error, as a place in the text. */
static struct span place_of(const struct source *text, struct str where)
{
    struct str rest;
    struct str line_text;
    uint64_t line;
    uint64_t from;
    uint64_t to;

    if (!num_decimal(str_cut(where, ':', &rest), text->line_n, &line) || line == 0)
        return span_at(text, 0, 0);
    line_text = source_line_text(text, (uint32_t)line);
    if (!num_decimal(str_cut(rest, '-', &rest), line_text.n + 1, &from) || from == 0)
        return span_line(text, (uint32_t)line);
    if (!num_decimal(str_cut(rest, ':', &rest), line_text.n, &to) || to < from)
        to = from;
    return span_at(text, text->line_starts[line - 1] + from - 1, to - from + 1);
}

static void hint_for(struct diags *diags, struct str message)
{
    if (str_contains(message, "Operation not supported") ||
        str_contains(message, "Could not process rule: No such file"))
        diag_hint(diags,
                  "if the kernel of this machine cannot do it, give what `nft -j list ruleset` prints on the firewall");
}

/* nft's messages as errors at their places. */
static void report(const struct source *text, struct str errors, struct diags *diags)
{
    size_t before = diags->errors;

    while (errors.n > 0) {
        struct str line = str_cut(errors, '\n', &errors);
        struct str message = line;
        size_t at = 0;

        while (at < line.n && !str_starts(str_from(line, at), "Error: "))
            at++;
        if (at == line.n)
            continue;
        message = str_from(line, at + 7);
        if (str_starts(line, "/dev/stdin:")) {
            diag_error(diags, place_of(text, str_head(str_from(line, 11), at - 11)), "nft: %.*s", STR_ARG(message));
        } else if (at > 0) { /* of an included file */
            diag_error(diags, span_at(text, 0, 0), "nft: %.*s%.*s", (int)at, line.p, STR_ARG(message));
        } else {
            diag_error(diags, span_at(text, 0, 0), "nft: %.*s", STR_ARG(message));
        }
        hint_for(diags, message);
    }
    if (diags->errors == before)
        diag_error(diags, span_at(text, 0, 0), "nft refuses this text, and does not say why");
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

/* nft knows no CRLF: its returns go, which moves no line and no column. */
static bool without_returns(struct str text, struct buf *out)
{
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        bool returns = end != NULL && n > 0 && text.p[n - 1] == '\r';

        buf_add(out, str_head(text, returns ? n - 1 : n));
        if (end != NULL)
            buf_addc(out, '\n');
        text = str_from(text, end == NULL ? n : n + 1);
    }
    return buf_ok(out);
}

/* Loads or judges the text in a namespace. */
static int load(const struct namespace *namespace, const struct source *text, const char *directory, bool check,
                struct diags *diags)
{
    const char *argv[8] = {"nft"};
    struct process_result result;
    struct buf input = BUF_EMPTY;
    size_t n = 1;
    int error = -ENOMEM;

    if (check)
        argv[n++] = "-c";
    if (str_starts(str_trim(text->text), "{"))
        argv[n++] = "-j";
    if (directory != NULL) {
        argv[n++] = "-I";
        argv[n++] = directory[0] == '\0' ? "." : directory;
    }
    argv[n++] = "-f";
    argv[n] = "-";
    make_interfaces(namespace, text->text);
    if (without_returns(text->text, &input))
        error = run(namespace, argv, buf_str(&input), directory == NULL || directory[0] == '\0' ? NULL : directory,
                    &result);
    buf_free(&input);
    if (error < 0)
        return could_not_run(text, error, diags);
    if (result.status != 0) {
        report(text, buf_str(&result.errors), diags);
        error = -EINVAL;
    }
    process_result_free(&result);
    return error;
}

static int list(struct arena *arena, const struct namespace *namespace, const struct source *text,
                struct source **listing, struct diags *diags)
{
    static const char *const argv[] = {"nft", "-j", "list", "ruleset", NULL};
    struct process_result result;
    int error = run(namespace, argv, STR_EMPTY, NULL, &result);

    if (error < 0)
        return could_not_run(text, error, diags);
    if (result.status != 0) {
        report(text, buf_str(&result.errors), diags);
        error = -EINVAL;
    } else {
        *listing = source_new(arena, text->name, str_dup(arena, buf_str(&result.output)));
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

/* Loads a text into a namespace of its own (or only has it judged), and lists it where a listing is asked for. */
static int run_text(struct arena *arena, const struct source *text, const char *directory, bool check_only,
                    struct source **listing, struct diags *diags)
{
    struct namespace namespace;
    int error;

    if (directory == NULL && refuse_includes(text, diags))
        return -EINVAL;
    error = open_namespace(text, &namespace, diags);
    if (error < 0)
        return error;
    error = load(&namespace, text, directory, check_only, diags);
    if (error == 0 && listing != NULL)
        error = list(arena, &namespace, text, listing, diags);
    namespace_close(&namespace);
    return error;
}

int nft_load(const struct namespace *namespace, const struct source *text, const char *directory, struct diags *diags)
{
    if (directory == NULL && refuse_includes(text, diags))
        return -EINVAL;
    return load(namespace, text, directory, false, diags);
}

int nft_list(struct arena *arena, const struct source *text, const char *directory, struct source **listing,
             struct diags *diags)
{
    return run_text(arena, text, directory, false, listing, diags);
}

int nft_check(const struct source *text, const char *directory, struct diags *diags)
{
    return run_text(NULL, text, directory, true, NULL, diags);
}
