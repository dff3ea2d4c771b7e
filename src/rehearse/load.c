/*
 * Rulesets into the kernel, as they are, each by the program of its dialect: nft, iptables-restore and
 * ip6tables-restore, ipset restore. Which of the kernel's two machines serves iptables is for the machine to choose;
 * the one over nf_tables is preferred, since it says which rule stopped a packet (fate.h).
 *
 * Dialects that Linux does not run end here with an error: this is the place for a translation.
 */
#include <errno.h>

#include "rehearse/build.h"
#include "system/nft.h"
#include "system/process.h"

#define OUTPUT_MAX ((size_t)1 << 20)
#define TIMEOUT_MS 120000

/* What the text is to be given to; in order of preference, NULL behind the last. */
static const char *const restore_v4[] = {"iptables-nft-restore", "iptables-restore", "iptables-legacy-restore", NULL};
static const char *const restore_v6[] = {"ip6tables-nft-restore", "ip6tables-restore", "ip6tables-legacy-restore",
                                         NULL};
static const char *const restore_sets[] = {"ipset", NULL};

/* iptables-restore says "line 4 failed" and ipset "line 4: …". */
static struct span place_of(const struct source *text, struct str said)
{
    struct str rest = said;

    while (rest.n > 5) {
        uint32_t line = 0;

        if (!str_starts(rest, "line ") && !str_starts(rest, "line: ")) {
            rest = str_from(rest, 1);
            continue;
        }
        rest = str_trim(str_from(rest, 5));
        for (; rest.n > 0 && rest.p[0] >= '0' && rest.p[0] <= '9' && line < 100000000; rest = str_from(rest, 1))
            line = line * 10 + (uint32_t)(rest.p[0] - '0');
        if (line > 0 && line <= text->line_n)
            return span_line(text, line);
    }
    return span_at(text, 0, 0);
}

static bool give(const struct place *place, const struct source *text, const char *const *programs, struct diags *diags)
{
    bool sets = programs == restore_sets;
    int error = -ENOENT;

    for (size_t i = 0; programs[i] != NULL && error == -ENOENT; i++) {
        const char *const argv[] = {programs[i], sets ? "restore" : NULL, NULL};
        struct process process = {.argv = argv,
                                  .input = text->text,
                                  .namespace = &place->net,
                                  .output_max = OUTPUT_MAX,
                                  .timeout_ms = TIMEOUT_MS};
        struct process_result result;
        struct str said;

        error = process_run(&process, &result);
        if (error < 0)
            continue;
        said = str_trim(buf_str(&result.errors));
        if (result.status != 0) {
            struct str first = str_cut(said, '\n', &(struct str){0});

            diag_error(diags, place_of(text, said), "%s: %.*s", programs[i], STR_ARG(first));
            error = -EINVAL;
        }
        process_result_free(&result);
    }
    if (error < 0 && error != -EINVAL)
        diag_error(diags, span_at(text, 0, 0), "%s cannot be run to load this: %s", programs[0], strerror(-error));
    return error == 0;
}

static bool is_sets(struct str text)
{
    while (text.n > 0) {
        struct str line = str_trim(str_cut(text, '\n', &text));

        if (line.n > 0 && line.p[0] != '#')
            return str_starts(line, "create ");
    }
    return false;
}

/* The reader knows how to tell the family of a text; what it has to say about it was said before. */
static unsigned families_of(const struct source *text)
{
    struct arena *arena = arena_new();
    struct diags ignored;
    struct dialect_input input = {.text = text, .family = FAMILY_N};
    const struct ruleset *ruleset;
    unsigned families;

    diags_init(&ignored, arena);
    ruleset = dialect_iptables.read(arena, &input, 1, &ignored);
    families = ruleset == NULL ? 0 : ruleset->families;
    arena_free(arena);
    return families;
}

static bool load_iptables(const struct place *place, const struct source *text, struct diags *diags)
{
    unsigned families = families_of(text);

    if (families == FAMILY_BIT(FAMILY_V4))
        return give(place, text, restore_v4, diags);
    if (families == FAMILY_BIT(FAMILY_V6))
        return give(place, text, restore_v6, diags);
    diag_error(diags, span_at(text, 0, 0),
               families == 0 ? "this is no text that iptables-restore can load"
                             : "IPv4 and IPv6 in one text cannot be loaded");
    diag_hint(diags, "give what iptables-save, ip6tables-save or ipset save prints, a file each");
    return false;
}

static bool load_text(const struct place *place, const struct stage_ruleset *ruleset, const struct source *text,
                      struct diags *diags)
{
    const struct dialect *dialect = ruleset->dialect != NULL ? ruleset->dialect : dialect_recognise(text->text);

    if (dialect == &dialect_nftables)
        return nft_load(&place->net, text, ruleset->directory, diags) == 0;
    if (dialect == &dialect_iptables)
        return load_iptables(place, text, diags);
    diag_error(diags, span_at(text, 0, 0), "the kernel of this machine cannot run a ruleset of %s",
               dialect == NULL ? "an unknown dialect" : dialect->name);
    return false;
}

/* What the older machine of iptables has is replaced as it is loaded. */
bool build_nothing(const struct place *place, struct diags *diags)
{
    struct source *flush = source_new(diags->arena, STR("an empty ruleset"), STR("flush ruleset\n"));
    const char *const argv[] = {"ipset", "destroy", NULL};
    struct process process = {
        .argv = argv, .namespace = &place->net, .output_max = OUTPUT_MAX, .timeout_ms = TIMEOUT_MS};
    struct process_result result;

    if (nft_load(&place->net, flush, NULL, diags) != 0)
        return false;
    if (process_run(&process, &result) == 0) /* no ipset, no sets of it */
        process_result_free(&result);
    return true;
}

bool build_ruleset(const struct place *place, const struct stage_ruleset *ruleset, struct diags *diags)
{
    bool loaded = ruleset->n > 0;

    if (ruleset->n == 0)
        diag_error(diags, place->firewall->span, "firewall \"%.*s\" has no ruleset to load",
                   STR_ARG(place->firewall->name));
    /* Sets before the rules that ask them. */
    for (size_t i = 0; i < ruleset->n; i++) {
        if (is_sets(ruleset->texts[i]->text))
            loaded = give(place, ruleset->texts[i], restore_sets, diags) && loaded;
    }
    for (size_t i = 0; i < ruleset->n; i++) {
        if (!is_sets(ruleset->texts[i]->text))
            loaded = load_text(place, ruleset, ruleset->texts[i], diags) && loaded;
    }
    return loaded;
}
