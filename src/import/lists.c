/*
 * Bullets and sentences that state ports outright. A bullet counts where it begins with its ports, or is a label with
 * ports in parentheses or behind a colon, and what stands before it speaks of ports. A sentence counts only when it
 * names both ends, its transport and its ports.
 */
#include "import/domains.h"
#include "import/importer.h"

/* "443 to the server": a `to` or `from` that is not of a range. */
static size_t to_end(struct str text, size_t end)
{
    static const char *const words[] = {" to ", " from "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        for (size_t at = 0; at + n < end; at++) {
            if (memcmp(text.p + at, words[i], n) == 0 && (text.p[at + n] < '0' || text.p[at + n] > '9'))
                end = at;
        }
    }
    return end;
}

/* How much of the text from its start is ports and nothing else: up to a sign that parts them from the purpose. */
static size_t ports_end(struct str text)
{
    static const char *const signs[] = {
        "\n",    "=>",       "->",        " - ",       ": ", " \xe2\x80\x93 ", " \xe2\x80\x94 ", "\xe2\x86\x92",
        " for ", " is used", " are used", " between ", " (", ", used"};
    size_t end = text.n;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);

        for (size_t at = 0; at + n <= end; at++) {
            if (memcmp(text.p + at, signs[i], n) == 0) {
                end = at;
                break;
            }
        }
    }
    return to_end(text, end);
}

static struct str skip_signs(struct str text)
{
    size_t bytes;

    while (text.n > 0) {
        enum words_sign sign = words_sign(text, 0, &bytes);

        if (strchr(" :-=>(\t", text.p[0]) == NULL && sign != SIGN_DASH && sign != SIGN_ARROW && sign != SIGN_BLANK)
            break;
        text = str_from(text, bytes);
    }
    return str_trim(text);
}

static bool is_good(const struct port_text *read)
{
    enum port_shape shape = ports_shape(read);

    if (read->fault != NULL || read->unknown > 0 || read->foreign)
        return false;
    for (size_t i = 0; i < read->n; i++) {
        if (read->entries[i].kind != PORT_RANGE && read->entries[i].kind != PORT_ICMP)
            return false;
    }
    return read->n > 0 && (shape == SHAPE_BOTH || shape == SHAPE_PORTS || shape == SHAPE_TRANSPORTS);
}

/* "Open", "Allow inbound": what a bullet may say before its ports. */
static struct str skip_verbs(struct arena *arena, struct str text)
{
    static const char *const words[] = {"open",    "allow",   "permit",   "enable",   "unblock",
                                        "forward", "inbound", "outbound", "incoming", "outgoing",
                                        "traffic", "on",      "the",      "access",   "to"};

    for (bool again = true; again;) {
        struct str rest = text;
        struct str word = words_normal(arena, str_word(&rest));

        again = false;
        for (size_t i = 0; i < sizeof words / sizeof *words && !again; i++)
            again = rest.n > 0 && str_is(word, words[i]);
        if (again)
            text = str_trim(rest);
    }
    return text;
}

/* "TCP 443 => purpose", "443/tcp (HTTPS): purpose". */
static bool ports_first(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    size_t end;
    struct str head;
    struct str tail;

    text = skip_verbs(importer->arena, text);
    end = ports_end(text);
    head = str_head(text, end);
    tail = str_from(text, end);
    ports_read(importer->arena, head, ports);
    if (!is_good(ports))
        return false;
    while (str_starts(tail, " (")) { /* 22 (TCP): …, 443 (HTTPS), 8443 (API) … */
        const char *close = memchr(tail.p, ')', tail.n);
        struct port_text more;
        struct str both;

        if (close == NULL)
            break;
        both = str_head(text, (size_t)(close - text.p) + 1);
        end = both.n;
        if (end < text.n && (text.p[end] == ',' || text.p[end] == ';'))
            end += 1 + ports_end(str_from(text, end + 1));
        ports_read(importer->arena, str_head(text, end), &more);
        if (!is_good(&more)) {
            end = both.n;
            ports_read(importer->arena, both, &more);
        }
        if (!is_good(&more))
            break;
        *ports = more;
        tail = str_from(text, end);
    }
    *purpose = skip_signs(str_starts(tail, " (") ? str_trim(tail) : tail);
    return true;
}

/* Without what stands in parentheses and is neither port nor transport: "9042/tcp (queries)". */
static struct str without_remarks(struct arena *arena, struct str text)
{
    struct buf left = BUF_EMPTY;
    struct str made;

    while (text.n > 0) {
        const char *open = memchr(text.p, '(', text.n);
        const char *close = open == NULL ? NULL : memchr(open, ')', text.n - (size_t)(open - text.p));
        size_t n = close == NULL ? text.n : (size_t)(close - text.p) + 1;
        struct port_text read = {.n = 1};

        if (close != NULL)
            ports_read(arena, (struct str){open + 1, (size_t)(close - open) - 1}, &read);
        if (read.n == 0 && read.transports == 0)
            buf_add(&left, str_head(text, (size_t)(open - text.p)));
        else
            buf_add(&left, str_head(text, n));
        text = str_from(text, n);
    }
    made = str_dup(arena, buf_str(&left));
    buf_free(&left);
    return made;
}

/* "Web interface: 8006 (TCP, HTTP)", "queue - 5672": a label, and behind its last colon or dash nothing but ports. */
static bool ports_behind(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    for (size_t i = text.n; i > 1; i--) {
        size_t bytes;
        bool sign =
            text.p[i - 1] == ':' || (text.p[i - 1] == ' ' && i < text.n &&
                                     (str_starts(str_from(text, i), "- ") || words_sign(text, i, &bytes) == SIGN_DASH));

        if (!sign)
            continue;
        *purpose = str_trim(str_head(text, i - 1));
        if (i == text.n || words_count(words_normal(importer->arena, *purpose)) > 10)
            return false;
        ports_read(importer->arena, without_remarks(importer->arena, skip_signs(str_from(text, i))), ports);
        return is_good(ports) && purpose->n > 0;
    }
    return false;
}

/* "the gossip port (TCP and UDP) 8301", "web access tcp/443": what the item ends with is transport and port. */
static bool ports_at_end(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct arena *arena = importer->arena;

    for (size_t i = text.n > 60 ? text.n - 60 : 1; i < text.n; i++) {
        struct arena_mark mark = arena_mark(arena);

        if (text.p[i - 1] != ' ' && text.p[i - 1] != ':')
            continue;
        ports_read(arena, str_from(text, i), ports);
        if (is_good(ports) && ports->transports != 0 && ports_shape(ports) == SHAPE_BOTH) {
            *purpose = str_trim(str_head(text, i));
            return words_count(words_normal(arena, *purpose)) <= 14;
        }
        arena_release(arena, mark);
    }
    return false;
}

/* What follows says what the ports are for. */
static bool begins_remark(struct str rest)
{
    return str_starts(rest, ":") || str_starts(rest, ". ") || str_starts(rest, " - ");
}

/* "nginx (80, 443)", "redis (6379) or zookeeper (2181, 2888)": short labels, each with its ports in parentheses. */
static bool ports_last(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct arena *arena = importer->arena;
    struct entries VEC(struct port_entry) all = {0};
    struct str rest = text;
    bool either = false;

    if (ports_behind(importer, text, ports, purpose))
        return true;
    *ports = (struct port_text){.mark = STR_EMPTY};
    for (;;) {
        const char *open = memchr(rest.p, '(', rest.n);
        const char *close = open == NULL ? NULL : memchr(open, ')', rest.n - (size_t)(open - rest.p));
        struct port_text one;

        if (close == NULL || (all.n > 0 && begins_remark(rest)))
            break; /* what follows says what for */
        ports_read(arena, (struct str){open + 1, (size_t)(close - open) - 1}, &one);
        if (!is_good(&one))
            return ports_at_end(importer, text, ports, purpose);
        either = either || all.n > 0;
        for (size_t i = 0; i < one.n; i++)
            *vec_push(arena, &all) = one.entries[i];
        rest = str_from(rest, (size_t)(close - rest.p) + 1);
    }
    if (all.n == 0 || (words_count(words_normal(arena, rest)) > 0 && !begins_remark(rest)))
        return ports_at_end(importer, text, ports, purpose);
    ports->entries = all.v;
    ports->n = all.n;
    ports->either = either && words_have(words_normal(arena, text), "or");
    ports->known = all.n;
    *purpose = text;
    return words_count(words_normal(arena, str_head(text, (size_t)(rest.p - text.p)))) <= 14;
}

/* A term and what is said of it, in two lines: the ports stand in one of them. */
static bool term_says(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose)
{
    struct str rest = STR_EMPTY;
    struct str term = str_trim(str_cut(text, '\n', &rest));

    rest = str_trim(rest);
    if (term.n == 0 || rest.n == 0)
        return false;
    if (ports_first(importer, term, ports, purpose)) {
        *purpose = purpose->n > 0 ? text : rest;
        return true;
    }
    if (ports_last(importer, term, ports, purpose)) {
        *purpose = text;
        return true;
    }
    if (!ports_first(importer, rest, ports, purpose) && !ports_at_end(importer, rest, ports, purpose))
        return false;
    *purpose = purpose->n > 0 ? text : term;
    return true;
}

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
    if (ports_first(importer, text, ports, purpose) || term_says(importer, text, ports, purpose))
        return has_transports(ports) || (before && !is_other_number(importer, text, ports));
    if (!ports_last(importer, text, ports, purpose))
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
    ports_read(importer->arena, str_head(text, ports_end(text)), &ports);
    return is_good(&ports) && fact_ports(importer, fact, &ports, NULL, text);
}

/* "`api.example.com` - licences" under a sentence that asks for access. */
static bool domain_item(struct importer *importer, const struct block *block, struct str text,
                        const struct scope *scope)
{
    struct fact fact = {.span = block->span, .purpose = {STR_EMPTY, STR_EMPTY}, .way = WAY_OUT};
    struct str head = str_head(text, ports_end(text));
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
    fact.purpose.text = words_line(importer->arena, skip_signs(str_from(text, head.n)), 300);
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
    struct str rest = str_from(text, to_end(text, text.n));
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
    phrase = str_head(rest, ports_end(rest));
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
    if (domain_item(importer, block, text, &scope))
        return true;
    if (!item_says(importer, text, &scope, &ports, &purpose))
        return false;
    fact.purpose.text = words_line(importer->arena, purpose, 300);
    normal = words_normal(importer->arena, purpose);
    fact.service = words_service_in(str_head(normal, 60));
    if (!fact_ports(importer, &fact, &ports, NULL, words_line(importer->arena, text, 80)))
        return false;
    sentence_read(importer->arena, text, false, &hints);
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
    if (hints.from.n > 0 && hints.to.n > 0) {
        fact.from.actor = party_actor(importer, hints.from, block->span);
        fact.to.actor = party_actor(importer, hints.to, block->span);
        fact.from.why = fact.to.why = STR("read from the item's words");
        if (hints.between && fact.from.actor != fact.to.actor)
            fact_review(importer, &fact, STR("the document says between, not which side connects"));
    }
    if (fact.to.actor == NULL && domains_in(importer->arena, purpose)) { /* api.example.org: tcp/443 */
        struct domain_text domains;

        domains_read_text(importer->arena, purpose, &domains);
        fact.to.actor = party_domains(importer, purpose, domains.domains, domains.n, block->span);
        fact.way = WAY_OUT;
    }
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
    if (!is_good(&ports) || (ports.transports == 0 && !str_starts(words_normal(importer->arena, block->text), "port")))
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
    if (hints.from.n == 0 || hints.to.n == 0 || hints.example)
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
    if (!is_good(&ports) || ports.transports == 0)
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
