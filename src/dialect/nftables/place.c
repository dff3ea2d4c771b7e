/*
 * Rules of the listing to statements of the text, and chains to the interfaces that they are bound to; see reader.h. A
 * chain whose count of rules differs from the text's, or where one rule cannot be its statement, gets no lines at all.
 */
#include "dialect/nftables/lines.h"
#include "dialect/nftables/reader.h"

/* Whether a statement of the text can be the rule of this text and comment: a cheap guard against wrong lines. */
static bool may_be(struct reader *reader, struct span span, const struct rule *rule, struct str comment)
{
    struct str text = str_head(str_from(span.source->text, span.at), span.n);
    const char *word = NULL;

    if (comment.n > 0 && !str_contains(text, str_cstr(reader->arena, comment)) && !str_contains(text, "$"))
        return false;
    switch (rule->action) {
    case ACTION_ACCEPT: word = str_ends(rule->text, "accept") ? "accept" : NULL; break;
    case ACTION_DROP: word = "drop"; break;
    case ACTION_REJECT: word = "reject"; break;
    case ACTION_RETURN: word = "return"; break;
    case ACTION_JUMP: word = "jump"; break;
    case ACTION_GOTO: word = "goto"; break;
    case ACTION_NOTRACK: word = "notrack"; break;
    case ACTION_MARK: word = "mark"; break;
    case ACTION_NONE:
    case ACTION_DNAT:
    case ACTION_SNAT:
    case ACTION_UNKNOWN:
    case ACTION_N: break;
    }
    if (rule->action == ACTION_REJECT && str_contains(text, "xt target"))
        return true;
    return word == NULL || str_contains(text, word) || str_contains(text, "$") || str_contains(text, "@");
}

/* A statement in one line: runs of white space and line ends as one blank, comments left out. */
static struct str one_line(struct arena *arena, struct span span)
{
    struct buf out = BUF_EMPTY;
    bool quoted = false;
    struct str text;

    for (uint32_t i = 0; i < span.n; i++) {
        char c = span.source->text.p[span.at + i];

        if (c == '#' && !quoted) {
            while (i + 1 < span.n && span.source->text.p[span.at + i + 1] != '\n')
                i++;
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\')) {
            if (out.n > 0 && out.p[out.n - 1] != ' ')
                buf_addc(&out, ' ');
            continue;
        }
        buf_addc(&out, c);
    }
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}

static void place_rules(struct reader *reader, struct chain_entry *entry, const struct lines_chain *lines)
{
    struct str *texts;

    if (lines->uncertain || lines->rules.n != entry->listed)
        return;
    for (size_t i = 0; i < entry->rules.n; i++) {
        const struct rule *rule = &entry->rules.v[i];

        if (!may_be(reader, lines->rules.v[rule->index - 1], rule, entry->comments.v[rule->index - 1]))
            return;
    }
    texts = arena_new_array(reader->arena, struct str, entry->listed);
    for (size_t i = 0; i < lines->rules.n; i++)
        texts[i] = one_line(reader->arena, lines->rules.v[i]);
    for (size_t i = 0; i < entry->rules.n; i++) {
        struct rule *rule = &entry->rules.v[i];

        rule->place = lines->rules.v[rule->index - 1];
        rule->has_line = true;
        rule->text = texts[rule->index - 1];
    }
}

void place_chain(struct reader *reader, const struct lines *lines, struct chain_entry *entry)
{
    struct chain *chain = entry->chain;
    const struct lines_chain *found = lines == NULL ? NULL : lines_chain(lines, chain->table, chain->name);

    if (found == NULL)
        return;
    chain->place = found->place;
    chain->has_line = true;
    chain->policy_written = found->policy;
    place_rules(reader, entry, found);
}

void place_sets(struct reader *reader, const struct lines *lines)
{
    struct ruleset *ruleset = reader->ruleset;

    for (size_t i = 0; i < ruleset->set_n && lines != NULL; i++) {
        const struct span *span = lines_set(lines, ruleset->sets[i].table, ruleset->sets[i].name);

        if (span != NULL) {
            ruleset->sets[i].place = *span;
            ruleset->sets[i].has_line = true;
        }
    }
}

static void add_device(struct reader *reader, struct match *match, struct interface_pattern *v, struct str name)
{
    v[match->interface_n] = (struct interface_pattern){.name = name};
    *vec_push(reader->arena, &reader->ruleset->interfaces) = v[match->interface_n++];
}

/* The interfaces that a chain of ingress or egress is bound to: from the listing, else from the text. */
static bool read_devices(struct reader *reader, const struct lines *lines, struct chain_entry *entry,
                         struct match *match)
{
    const struct lines_chain *found =
        lines == NULL ? NULL : lines_chain(lines, entry->chain->table, entry->chain->name);
    struct str rest = found == NULL ? STR_EMPTY : found->devices;
    struct interface_pattern *v =
        arena_new_array(reader->arena, struct interface_pattern, json_array_size(entry->devices) + rest.n / 2 + 1);

    match->interfaces = v;
    if (json_is_string(entry->devices))
        add_device(reader, match, v, reader_str(reader, entry->devices));
    for (size_t i = 0; i < json_array_size(entry->devices); i++) {
        if (json_is_string(json_array_get(entry->devices, i)))
            add_device(reader, match, v, reader_str(reader, json_array_get(entry->devices, i)));
    }
    if (entry->devices != NULL || str_contains(rest, "$"))
        return match->interface_n > 0;
    while (rest.n > 0) {
        size_t n = 0;

        while (n < rest.n && strchr(" \t\r\n\"{},=;", rest.p[n]) == NULL)
            n++;
        if (n > 0)
            add_device(reader, match, v, str_head(rest, n));
        rest = str_from(rest, n == 0 ? 1 : n);
    }
    return match->interface_n > 0;
}

/* A chain that sees only the packets of a gate: each rule asks for it, and the policy becomes a last rule. */
static void bind_rules(struct reader *reader, struct chain_entry *entry, const struct match *gate, size_t n)
{
    if (entry->chain->policy == ACTION_DROP) {
        *vec_push(reader->arena, &entry->rules) = (struct rule){
            .place = entry->chain->place,
            .has_line = entry->chain->has_line,
            .index = entry->listed + 1,
            .text = STR("policy drop"),
            .families = entry->chain->families,
            .action = ACTION_DROP,
            .chain = entry->chain,
        };
        entry->chain->policy = ACTION_ACCEPT;
    }
    vec_each (struct rule *, rule, &entry->rules) {
        struct match *matches = arena_new_array(reader->arena, struct match, rule->match_n + n);

        memcpy(matches, gate, n * sizeof *matches);
        if (rule->match_n > 0)
            memcpy(matches + n, rule->matches, rule->match_n * sizeof *matches);
        rule->matches = matches;
        rule->match_n += n;
    }
}

/*
 * A chain that is bound to interfaces lets all others pass: each of its rules also asks for the interface, and its
 * policy becomes a last rule. nft 1.0.6 does not list the device of netdev chains; without text it is an unknown.
 */
void bind_devices(struct reader *reader, const struct lines *lines, struct chain_entry *entry)
{
    struct match match = {
        .kind = MATCH_INTERFACES,
        .field = entry->chain->hook == HOOK_INGRESS ? FIELD_IN : FIELD_OUT,
    };

    if (!read_devices(reader, lines, entry, &match))
        match = reader_unknown(reader,
                               str_printf(reader->arena, "device of chain %.*s %.*s", STR_ARG(entry->chain->table),
                                          STR_ARG(entry->chain->name)),
                               false);
    bind_rules(reader, entry, &match, 1);
}

void bind_first(struct reader *reader, struct chain_entry *entry)
{
    bind_rules(reader, entry, nat_gate, NAT_GATE_MATCHES);
}
