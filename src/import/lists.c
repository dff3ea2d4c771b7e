/*
 * Bullets and sentences that state ports outright. A bullet counts where it begins with its ports, or is a label with
 * ports in parentheses or behind a colon, and what stands before it speaks of ports. A sentence counts only when it
 * names both ends, its transport and its ports.
 */
#include "import/domains.h"
#include "import/importer.h"
#include "import/item_ports.h"

static bool says_port(struct importer *importer, struct str text)
{
    struct str normal = words_normal(importer->arena, text);

    return words_have(normal, "ports");
}

static bool has_transports(const struct port_text *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        if (ports->entries[i].transports == 0)
            return false;
    }
    return ports->n > 0;
}

/* "Version: 12", "3: retries": a number without a transport that need not be a port. */
static bool is_other_number(struct importer *importer, struct str text, const struct port_text *ports)
{
    static const char *const words[] = {"version", "versions", "release", "number of", "count", "maximum",
                                        "minimum", "limit",    "timeout", "retries",   "size",  "at least"};
    struct str normal = words_normal(importer->arena, text);

    for (size_t i = 0; i < ports->n; i++) {
        if (ports->entries[i].transports == 0 && ports->entries[i].lo < 20)
            return true;
    }
    for (size_t i = 0; !has_transports(ports) && i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i]))
            return true;
    }
    return false;
}

static bool item_says(struct importer *importer, struct str text, const struct scope *scope, struct port_text *ports,
                      struct str *purpose)
{
    bool before = says_port(importer, importer->around.last_lead) || says_port(importer, importer->around.lead);

    for (size_t i = 0; i <= HEADINGS_MOST && !before; i++)
        before = words_have(words_normal(importer->arena, importer->around.headings[i]), "port") ||
                 says_port(importer, importer->around.headings[i]);
    before = before && scope->hints.ports;
    if (item_ports_first(importer, text, ports, purpose) || item_term(importer, text, ports, purpose))
        return has_transports(ports) || (before && !is_other_number(importer, text, ports));
    if (!item_ports_last(importer, text, ports, purpose))
        return false;
    before = before || (scope->hints.ports && words_service_in(words_normal(importer->arena, text)) != NULL);
    return has_transports(ports) || (before && !is_other_number(importer, text, ports));
}

static struct str part_before(struct str text, const char *sign)
{
    for (size_t i = 0; i + strlen(sign) < text.n; i++) {
        if (str_starts(str_from(text, i), sign))
            return str_head(text, i);
    }
    return STR_EMPTY;
}

/* What stands behind the domain: "on port 443". */
static bool domain_item_ports(struct importer *importer, struct fact *fact, struct str text)
{
    struct port_text ports;

    if (!str_starts(text, " on "))
        return false;
    text = str_from(text, 4);
    ports_read(importer->arena, str_head(text, item_ports_end(text)), &ports);
    return item_is_good(&ports) && fact_ports(importer, fact, &ports, NULL, text);
}

/* "`api.example.com` - licences" under a sentence that asks for access. */
static bool domain_item(struct importer *importer, const struct block *block, struct str text,
                        const struct scope *scope)
{
    struct fact fact = {.span = block->span, .purpose = {STR_EMPTY, STR_EMPTY}, .way = WAY_OUT};
    struct str head = str_head(text, item_ports_end(text));
    struct str on = part_before(text, " on ");
    struct domain_text read;

    if (str_starts(str_from(text, head.n), ": ") == false && head.n < text.n && text.p[head.n] == '/')
        return false;
    if (on.n > 0 && on.n < head.n)
        head = on;
    if ((!scope->hints.domains && (scope->hints.way != WAY_OUT || on.n == 0)) || scope->hints.example ||
        !domains_in(importer->arena, head))
        return false;
    domains_read_text(importer->arena, head, &read);
    fact.to.actor = party_domains(importer, head, read.domains, read.n, block->span);
    fact.purpose.text = words_line(importer->arena, item_skip_signs(str_from(text, head.n)), 300);
    if (!domain_item_ports(importer, &fact, str_from(text, head.n)))
        fact_domain_ports(importer, &fact, &read);
    fact_finish(importer, &fact, NULL, scope, STR_EMPTY, true);
    fact_ends(importer, &fact, scope, NULL);
    if (fact.purpose.text.n == 0)
        fact.purpose = (struct said){STR("not stated in the document"), STR("the document states none")};
    fact.place = fact_place(importer, scope, head, block->span);
    fact_add(importer, &fact);
    return true;
}

/* "TCP 443 to the licence server" where connections go out, "TCP 22 from the console" where they come in. */
static void read_far_end(struct importer *importer, struct str text, const struct scope *scope, struct fact *fact)
{
    enum way way = fact->way == WAY_UNSAID ? scope->hints.way : fact->way;
    struct str rest = str_from(text, item_to_end(text, text.n));
    struct domain_text domains;
    struct sentence sentence;
    struct str phrase;
    struct actor *actor;

    if (way == WAY_UNSAID && str_starts(rest, " from "))
        way = WAY_IN;
    if (fact->from.actor != NULL || fact->to.actor != NULL || way != (str_starts(rest, " to ") ? WAY_OUT : WAY_IN) ||
        rest.n < 5)
        return;
    rest = str_from(rest, str_starts(rest, " to ") ? 4 : 6);
    phrase = str_head(rest, item_ports_end(rest));
    if (domains_in(importer->arena, phrase)) {
        domains_read_text(importer->arena, phrase, &domains);
        actor = party_domains(importer, phrase, domains.domains, domains.n, fact->span);
    } else {
        sentence_split(importer->arena, rest, &sentence);
        phrase = sentence.n == 0 ? STR_EMPTY : phrase_from(&sentence, 0, NULL);
        actor = phrase.n > 0 && party_is_role(importer, phrase) ? party_actor(importer, phrase, fact->span) : NULL;
    }
    *(way == WAY_OUT ? &fact->to : &fact->from) =
        (struct party){.actor = actor, .why = actor == NULL ? STR_EMPTY : STR("read from the item's words")};
}

/* "api.example.org: tcp/443". */
static void read_domain_label(struct importer *importer, struct str label, struct fact *fact)
{
    struct domain_text domains;

    if (!domains_in(importer->arena, label))
        return;
    domains_read_text(importer->arena, label, &domains);
    fact->to.actor = party_domains(importer, label, domains.domains, domains.n, fact->span);
    fact->way = WAY_OUT;
}

/* "Default: 6800" below the name of a setting, beside its type. */
static bool is_setting(struct importer *importer, struct str text)
{
    char sign = memchr(text.p, '\n', text.n) != NULL ? '\n' : ':'; /* the name of a field stands in a line of its own */
    struct str rest;
    struct str label = words_normal(importer->arena, str_cut(str_head(text, 40), sign, &rest));

    return rest.n > 0 && (str_is(label, "default") || str_is(label, "default value") || str_is(label, "type"));
}

bool item_read(struct importer *importer, const struct block *block)
{
    struct fact fact = {.span = block->span, .purpose = {STR_EMPTY, STR_EMPTY}};
    struct str text = str_trim(block->text);
    struct port_text ports;
    struct scope scope;
    struct hints hints;
    struct str purpose;
    struct str normal;

    if (text.n == 0 || text.n > 600)
        return false;
    scope_find(importer, &scope);
    if (scope.hints.local || is_setting(importer, text))
        return false;
    if (domain_item(importer, block, text, &scope))
        return true;
    if (!item_says(importer, text, &scope, &ports, &purpose))
        return false;
    if (purpose.n == 0)
        purpose = importer->around.section; /* "SSH" over its ports */
    fact.purpose.text = words_line(importer->arena, purpose, 300);
    normal = words_normal(importer->arena, purpose);
    fact.service = words_service_in(str_head(normal, 60));
    if (!fact_ports(importer, &fact, &ports, NULL, words_line(importer->arena, text, 80)))
        return false;
    sentence_read(importer->arena, text, false, &hints);
    if (hints.local) {
        diag_warning(importer->diags, block->span, "item is left out: its port does not leave the host, as it says");
        return true;
    }
    fact.way = hints.way;
    if (words_have(normal, "optional") && !words_have(normal, "required")) {
        fact.need = NEED_OPTIONAL;
        fact.need_why = STR("the item says optional");
    }
    if (hints.forbidden || scope.hints.forbidden) {
        fact.need = NEED_FORBIDDEN;
        fact.need_why = hints.forbidden ? STR("the item says so") : STR("lead-in sentence");
    }
    if (hints.from.n == 0 || hints.to.n == 0) {
        sentence_read(importer->arena, purpose, true, &hints);
        if (hints.weak)
            hints.from = STR_EMPTY;
    }
    if (hints.from.n > 0 && hints.to.n > 0 && party_is_phrase(importer, hints.from) &&
        party_is_phrase(importer, hints.to)) {
        fact.from.actor = party_actor(importer, hints.from, block->span);
        fact.to.actor = party_actor(importer, hints.to, block->span);
        fact.from.why = fact.to.why = STR("read from the item's words");
        if (hints.between && fact.from.actor != fact.to.actor)
            fact_review(importer, &fact, STR("the document says between, not which side connects"));
    }
    if (fact.to.actor == NULL)
        read_domain_label(importer, purpose, &fact);
    read_far_end(importer, text, &scope, &fact);
    fact_finish(importer, &fact, NULL, &scope, fact.purpose.text, false);
    if (ports.either)
        fact.need = fact.need == NEED_REQUIRED ? NEED_OPTIONAL : fact.need;
    fact_ends(importer, &fact, &scope, NULL);
    if (fact.purpose.text.n == 0)
        fact.purpose = (struct said){STR("not stated in the document"), STR("the document states none")};
    fact.place = fact_place(importer, &scope, fact.purpose.text, block->span);
    fact_add(importer, &fact);
    return true;
}

/* "Port 443 (TCP)" as a heading, and below it what it is for: like an item. */
bool heading_fact(struct importer *importer, const struct block *block, const struct block *next)
{
    struct block item = *block;
    struct port_text ports;
    struct str rest;

    if (next == NULL || next->kind != BLOCK_PARAGRAPH || block->text.n > 80)
        return false;
    ports_read(importer->arena, block->text, &ports);
    if (!item_is_good(&ports) ||
        (ports.transports == 0 && !str_starts(words_normal(importer->arena, block->text), "port")))
        return false;
    item.kind = BLOCK_ITEM;
    item.text =
        str_printf(importer->arena, "%.*s: %.*s", STR_ARG(block->text), STR_ARG(str_cut(next->text, '\n', &rest)));
    importer->section_table = ++importer->table;
    return item_read(importer, &item);
}

/* "A must be able to reach B on TCP port 443." */
bool sentence_fact(struct importer *importer, const struct block *block)
{
    struct fact fact = {.span = block->span, .purpose = {STR_EMPTY, STR_EMPTY}};
    struct str text = str_trim(block->text);
    struct port_text ports;
    struct scope scope;
    struct hints hints;
    struct str normal = words_normal(importer->arena, text);
    size_t on;

    if (text.n > 300 || words_have(normal, "for example") || words_have(normal, "if") ||
        (!words_have(normal, "must") && !words_have(normal, "requires") && !words_have(normal, "needs")))
        return false;
    sentence_read(importer->arena, text, false, &hints);
    if (hints.from.n == 0 || hints.to.n == 0 || hints.example || !party_is_phrase(importer, hints.from) ||
        !party_is_phrase(importer, hints.to))
        return false;
    on = 0;
    for (size_t i = 0; i + 6 < text.n; i++) {
        if (memcmp(text.p + i, " on ", 4) == 0)
            on = i + 4;
        else if (memcmp(text.p + i, " over ", 6) == 0)
            on = i + 6;
    }
    if (on == 0)
        return false;
    ports_read(importer->arena, str_from(text, on), &ports);
    if (!item_is_good(&ports) || ports.transports == 0)
        return false;
    scope_find(importer, &scope);
    importer->table++;
    fact.from.actor = party_actor(importer, hints.from, block->span);
    fact.to.actor = party_actor(importer, hints.to, block->span);
    fact.purpose.text = words_line(importer->arena, text, 300);
    fact.need = hints.forbidden ? NEED_FORBIDDEN : NEED_REQUIRED;
    if (!fact_ports(importer, &fact, &ports, NULL, text))
        return false;
    fact_finish(importer, &fact, NULL, &scope, text, false);
    fact.place = fact_place(importer, &scope, STR_EMPTY, block->span);
    fact_add(importer, &fact);
    return true;
}
