/* Interfaces that a text of nft needs to be there; see nft_inside.h. */
#include "base/map.h"
#include "system/nft_inside.h"

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

int nft_run(const struct namespace *namespace, const char *const *argv, struct str input, const char *directory,
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

void nft_interfaces(const struct namespace *namespace, struct str text)
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
    if (buf_ok(&batch) && nft_run(namespace, argv, buf_str(&batch), NULL, &result) == 0)
        process_result_free(&result);
    buf_free(&batch);
    arena_free(arena);
}
