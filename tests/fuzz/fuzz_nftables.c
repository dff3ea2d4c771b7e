/*
 * The nftables reader on any bytes: as a listing, as a text beside a listing, and in the scanner of lines alone. A
 * ruleset or a reason comes out; every rule belongs to its chain, every line is inside the text.
 */
#include "dialect/loadable.h"
#include "dialect/nftables/lines.h"
#include "dialect/nftables/nftables.h"
#include "dialect/standin.h"
#include "fuzz.h"

static const char listing_text[] =
    "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"hook\":\"input\",\"prio\":0,"
    "\"policy\":\"drop\"}},{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"expr\":[{\"accept\":null}]}"
    "},"
    "{\"chain\":{\"family\":\"netdev\",\"table\":\"n\",\"name\":\"d\",\"hook\":\"ingress\",\"prio\":0,"
    "\"policy\":\"drop\"}}]}";

static void walk_matches(const struct match *matches, size_t n, uint32_t literals)
{
    for (size_t i = 0; i < n; i++) {
        bool grouped = matches[i].kind == MATCH_ANY_OF || matches[i].kind == MATCH_NONE_OF;

        for (size_t k = 0; grouped && k < matches[i].group_n; k++)
            walk_matches(matches[i].groups[k].v, matches[i].groups[k].n, literals);
        if (matches[i].kind == MATCH_UNKNOWN && matches[i].literal >= literals)
            abort();
        if (matches[i].kind == MATCH_RANGES && matches[i].ranges == NULL)
            abort();
    }
}

static void walk(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            const struct rule *rule = &chain->rules[k];

            if (rule->chain != chain || rule->index == 0)
                abort();
            if (rule->has_line && (size_t)rule->place.at + rule->place.n > rule->place.source->text.n)
                abort();
            if ((rule->action == ACTION_JUMP || rule->action == ACTION_GOTO) && rule->target == NULL)
                abort();
            str_hash(rule->text);
            walk_matches(rule->matches, rule->match_n, ruleset->literal_n);
        }
    }
}

static void read_one(struct arena *arena, struct dialect_input input)
{
    struct diags diags;
    struct buf out = BUF_EMPTY;
    struct ruleset *ruleset;

    diags_init(&diags, arena);
    ruleset = nftables_read(arena, &input, 1, &diags);
    if (ruleset != NULL)
        walk(ruleset);
    else if (diags.errors == 0)
        abort(); /* no ruleset and no reason */
    diags_print(&out, &diags, false);
    buf_free(&out);
}

/* Pasted texts keep their length, and every place in what is loaded has one in them. */
static void stand_in(struct arena *arena, struct str text)
{
    struct str loadable = loadable_text(arena, text);
    struct standins standins;

    if (loadable.n != text.n)
        abort();
    standins_find(&standins, arena, loadable);
    for (unsigned round = 0; round < 3; round++) {
        struct buf out = BUF_EMPTY;

        standins_write(&standins, &out);
        for (size_t at = 0; at <= out.n; at += out.n / 16 + 1) {
            if (standins_origin(&standins, at) > text.n)
                abort();
        }
        standins_restore(&standins, buf_str(&out));
        if (round == 0 && !standins_close(&standins))
            standins_add_rule(&standins, text.n / 2);
        else if (round == 1)
            standins_add_rule(&standins, standins_origin(&standins, out.n / 3));
        buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct str text = {(const char *)data, size};
    struct source *source = source_new(arena, STR("input.nft"), text);

    read_one(arena, (struct dialect_input){.text = source});
    if (size == 0 || data[0] != '{') {
        struct source *listing = source_new(arena, STR("listing"), STR(listing_text));

        read_one(arena, (struct dialect_input){.text = source, .listing = listing});
    }
    dialect_nftables.recognise(text);
    stand_in(arena, text);
    arena_free(arena);
    return 0;
}
