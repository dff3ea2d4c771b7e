/*
 * One fact: its ports with their transports, its ends, and what a person must look at. Every field that the row does
 * not hold gets a reason; where even the surroundings say nothing the fact is kept with a review.
 */
#include "import/domains.h"
#include "import/importer.h"
#include "net/proto.h"

void fact_review(struct importer *importer, struct fact *fact, struct str text)
{
    vec_each (struct str *, known, &fact->reviews) {
        if (str_eq(*known, text))
            return;
    }
    *vec_push(importer->arena, &fact->reviews) = text;
}

void fact_when(struct importer *importer, struct fact *fact, struct str text)
{
    vec_each (struct str *, known, &fact->conditions) {
        if (str_eq(*known, text))
            return;
    }
    if (text.n > 0)
        *vec_push(importer->arena, &fact->conditions) = text;
}

/* Which transport a bare port has, from the nearest that says so; 0: nobody does. `usual`: the row's service, and then
 * the one whose usual transport it is; NULL: said otherwise. */
static unsigned transport_for(const struct port_text *transport, const struct scope *scope,
                              const struct service_word **usual, struct str use, bool domains, struct arena *arena,
                              struct str *why)
{
    struct arena_mark mark = arena_mark(arena);
    const struct service_word *service = *usual;
    struct port_text words;

    *usual = NULL;
    if (transport != NULL && transport->transports != 0) {
        *why = STR_EMPTY;
        return transport->transports;
    }
    if (transport != NULL && transport->n == 1 && transport->entries[0].kind == PORT_ANY) {
        *why = STR("any protocol in the document; of those with ports, TCP and UDP");
        return WORDS_TCP | WORDS_UDP;
    }
    if (scope->hints.transports != 0) {
        *why = scope->transports_why;
        return scope->hints.transports;
    }
    ports_read(arena, use, &words);
    arena_release(arena, mark);
    if (words.transports != 0) {
        *why = STR("read from the row's words");
        return words.transports;
    }
    if (service == NULL || service->transports == 0)
        service = transport != NULL ? transport->service : service;
    if (service == NULL || service->transports == 0)
        service = words_service_in(words_normal(arena, use));
    if (service != NULL && service->transports != 0) {
        *why = str_printf(arena, "not stated; usual for %s", service->word);
        *usual = service;
        return service->transports;
    }
    if (domains) {
        *why = STR("no protocol column; TCP assumed");
        return WORDS_TCP;
    }
    return 0;
}

/* Whether one of these services, each of one port by its standard, is meant by another: "DNS management, port 9001" is
 * the program beside it. */
static bool is_elsewhere(const struct service_word *service, const struct port_entry *entry)
{
    static const struct {
        const char *peer;
        uint16_t ports[5];
    } known[] = {
        {"DNS server", {53, 853, 5353}},
        {"NTP server", {123}},
        {"TFTP server", {69}},
        {"DHCP server", {67, 68, 546, 547}},
        {"RADIUS server", {1812, 1813, 1645, 1646, 3799}},
    };

    for (size_t i = 0; service != NULL && service->peer != NULL && i < sizeof known / sizeof *known; i++) {
        bool found = entry->kind != PORT_RANGE || entry->lo != entry->hi;

        if (strcmp(service->peer, known[i].peer) != 0)
            continue;
        for (size_t k = 0; k < sizeof known[i].ports / sizeof *known[i].ports; k++)
            found = found || known[i].ports[k] == entry->lo;
        return !found;
    }
    return false;
}

/* 47, 50 and 51 where nobody says TCP or UDP and the row speaks of GRE, ESP or AH: protocols, not ports. */
static void find_protocols(struct importer *importer, struct fact *fact, struct str use)
{
    struct arena_mark mark = arena_mark(importer->arena);
    struct str normal = words_normal(importer->arena, use);
    bool tunnel = words_have(normal, "gre") || words_have(normal, "esp") || words_have(normal, "ah") ||
                  words_have(normal, "ipsec");

    arena_release(importer->arena, mark);
    for (size_t i = 0; tunnel && i < fact->port_n; i++) {
        struct port_entry *entry = &fact->ports[i];
        bool number = entry->lo == PROTO_GRE || entry->lo == PROTO_ESP || entry->lo == PROTO_AH;

        if (entry->kind == PORT_RANGE && entry->transports == 0 && entry->lo == entry->hi && number)
            *entry = (struct port_entry){.kind = PORT_UNSTATED,
                                         .text = str_printf(importer->arena, "IP protocol %u", entry->lo)};
    }
}

static void set_transports(struct importer *importer, struct fact *fact, const struct port_text *transport,
                           const struct scope *scope, struct str use, bool domains)
{
    struct str why = STR_EMPTY;
    const struct service_word *usual = fact->service;
    unsigned found = transport_for(transport, scope, &usual, use, domains, importer->arena, &why);

    if (transport == NULL || transport->transports == 0)
        find_protocols(importer, fact, use);
    for (size_t i = 0; i < fact->port_n; i++) {
        struct port_entry *entry = &fact->ports[i];

        if (entry->transports != 0 || (entry->kind != PORT_RANGE && entry->kind != PORT_DYNAMIC))
            continue;
        entry->transports = is_elsewhere(usual, entry) ? 0 : found;
        fact->transport_why = why;
        if (entry->transports != 0)
            continue;
        entry->transports = WORDS_TCP;
        fact->transport_why = STR("the document states no transport; TCP assumed");
        fact_review(importer, fact, STR("the document does not say whether the port is TCP or UDP"));
    }
}

static void unreadable(struct importer *importer, struct fact *fact, struct str text, const char *why)
{
    struct port_entry *entry = arena_new_object(importer->arena, struct port_entry);

    *entry = (struct port_entry){.kind = PORT_UNSTATED, .text = STR_EMPTY};
    fact->ports = entry;
    fact->port_n = 1;
    diag_warning(importer->diags, fact->span, "ports \"%.*s\" cannot be read: %s", STR_ARG(text), why);
    fact_review(importer, fact, str_printf(importer->arena, "ports \"%.*s\" cannot be read: %s", STR_ARG(text), why));
}

static void review_entries(struct importer *importer, struct fact *fact)
{
    for (size_t i = 0; i < fact->port_n; i++) {
        const struct port_entry *entry = &fact->ports[i];

        if (entry->text.n == 0)
            continue; /* nothing to say, or it was said */
        if (entry->kind == PORT_UNSTATED) {
            diag_warning(importer->diags, fact->span, "\"%.*s\" names no port", STR_ARG(entry->text));
            fact_review(
                importer, fact,
                str_printf(importer->arena, "the document says \"%.*s\" where a port should be", STR_ARG(entry->text)));
        } else if (entry->kind == PORT_ICMP) {
            fact_review(importer, fact, str_printf(importer->arena, "ICMP %.*s", STR_ARG(entry->text)));
        }
    }
}

static bool has_digits_only(struct str text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.n; i++) {
        digits += text.p[i] >= '0' && text.p[i] <= '9';
        if ((text.p[i] < '0' || text.p[i] > '9') && strchr("/, ", text.p[i]) == NULL)
            return false;
    }
    return digits > 0;
}

bool fact_ports(struct importer *importer, struct fact *fact, const struct port_text *ports,
                const struct port_text *transport, struct str written)
{
    size_t extra = transport == NULL || (transport->n > 0 && transport->entries[0].kind == PORT_ANY) ? 0 : transport->n;
    struct port_entry *entries = arena_new_array(importer->arena, struct port_entry, ports->n + extra);

    if (fact->service == NULL)
        fact->service = ports->service;
    fact->ports = entries;
    if (extra > 0 && transport->transports == 0 && transport->entries[0].kind == PORT_ICMP &&
        has_digits_only(written)) {
        entries[fact->port_n++] =
            (struct port_entry){.kind = PORT_ICMP, .text = str_printf(importer->arena, "type %.*s", STR_ARG(written))};
        return true; /* 8 or 8/0 beside ICMP is its type and code */
    }
    for (size_t i = 0; i < ports->n; i++) {
        if (extra > 0 && transport->transports == 0 && transport->entries[0].kind == PORT_UNSTATED &&
            ports->entries[i].transports == 0 && ports->entries[i].kind == PORT_RANGE)
            continue; /* 50 beside ESP is the protocol's number */
        if (ports->entries[i].kind != PORT_ANY || extra == 0 || transport->transports != 0)
            entries[fact->port_n++] = ports->entries[i]; /* any port of ICMP is ICMP */
    }
    for (size_t i = 0; i < extra; i++) { /* ICMP or a protocol in the column of transports */
        if (transport->entries[i].kind == PORT_ICMP ||
            (transport->entries[i].kind == PORT_UNSTATED && fact->port_n == i))
            entries[fact->port_n++] = transport->entries[i];
    }
    if (ports->fault != NULL) {
        unreadable(importer, fact, written, ports->fault);
        return true;
    }
    if (ports->n == 1 && ports->entries[0].kind == PORT_ANY && transport != NULL && transport->transports != 0) {
        entries[0] = (struct port_entry){.kind = PORT_RANGE, .transports = transport->transports, .lo = 1, .hi = 65535};
    }
    if (fact->port_n == 0)
        return false;
    if (ports->either)
        fact_review(importer, fact, STR("one of these ports, the document does not say which"));
    fact->adjustable = fact->adjustable || ports->is_default;
    return true;
}

void fact_finish(struct importer *importer, struct fact *fact, const struct port_text *transport,
                 const struct scope *scope, struct str use, bool domains)
{
    set_transports(importer, fact, transport, scope, use, domains);
    review_entries(importer, fact);
    if (scope->hints.condition.n > 0) {
        fact_when(importer, fact, scope->hints.condition);
        fact->condition_why = scope->condition_why;
    }
    if (importer->around.tab.n > 0 &&
        !party_is_role(importer, heading_subject(importer->arena, importer->around.tab))) {
        fact_when(importer, fact, importer->around.tab);
        fact->condition_why = STR("tab");
    }
}

static struct party party(struct actor *actor, struct str why)
{
    return (struct party){.actor = actor, .why = actor == NULL ? STR_EMPTY : why};
}

struct self {
    struct party owner; /* whose document, section or row it is */
    struct party from;  /* what sentences and headings say */
    struct party to;
    bool among; /* they are for one of them to another */
};

static struct self find_self(struct importer *importer, const struct scope *scope, struct actor *owner,
                             struct span span)
{
    const struct hints *hints = &scope->hints;
    struct self self = {
        .from = party(party_actor(importer, hints->from, span), scope->from_why),
        .to = party(party_actor(importer, hints->to, span), scope->to_why),
        .among = hints->inside,
    };

    if (owner != NULL)
        self.owner = party(owner, STR_EMPTY);
    else if (hints->owner.n > 0)
        self.owner = party(party_actor(importer, hints->owner, span), scope->owner_why);
    else if (scope->subject != NULL)
        self.owner = party(scope->subject, STR("section heading"));
    else
        self.owner = party(importer->product, STR("the document's subject"));
    return self;
}

static const char no_source[] = "the document names no source";

static struct party any_client(struct importer *importer, struct span span)
{
    return party(party_actor(importer, STR("client"), span), str_of(no_source));
}

static struct party peer(struct importer *importer, struct fact *fact, struct str use)
{
    struct actor *actor = party_of_use(importer, use, fact->service, fact->span);

    if (actor != NULL && actor != fact->from.actor)
        return party(actor, STR("read from what the row is used for"));
    fact_review(importer, fact, STR("the document does not name the destination"));
    return party(party_actor(importer, STR("unnamed destination"), fact->span),
                 STR("the document names no destination"));
}

/* Inbound: the other end of a port that is listened on. */
static struct party caller(struct importer *importer, struct fact *fact, const struct self *self, struct str use)
{
    struct str normal = words_normal(importer->arena, use);
    struct str left;
    struct str right;

    if (self->from.actor != NULL && self->from.actor != fact->to.actor)
        return self->from;
    if (party_among(normal))
        return party(fact->to.actor, STR("read from what the row is used for"));
    if (self->among)
        return party(self->owner.why.n == 0 ? importer->product : fact->to.actor,
                     STR("the words around the table say from one of them to another"));
    if (words_have(normal, "between"))
        fact_review(importer, fact, STR("see which side connects: the document says between"));
    if (columns_ends(use, &left, &right) != WAY_UNSAID)
        fact_review(importer, fact, STR("see which side connects: what it is for names both"));
    if (words_have(normal, "replication") || words_have(normal, "mirroring"))
        return party(party_of_use(importer, use, fact->service, fact->span), STR("read from what the row is used for"));
    if (str_is(fact->to.actor->key, "client"))
        return party(party_actor(importer, STR("unnamed source"), fact->span), str_of(no_source));
    return any_client(importer, fact->span);
}

static struct str use_of(const struct fact *fact)
{
    return fact->service != NULL && fact->purpose.text.n == 0 ? str_of(fact->service->word) : fact->purpose.text;
}

void fact_ends(struct importer *importer, struct fact *fact, const struct scope *scope, struct actor *owner)
{
    struct self self = find_self(importer, scope, owner, fact->span);
    struct str use = use_of(fact);
    bool out;

    if (fact->from.actor != NULL && fact->to.actor != NULL)
        return;
    if (fact->way == WAY_UNSAID && scope->hints.way != WAY_UNSAID) {
        fact->way = scope->hints.way;
        fact->direction_why = scope->way_why;
    }
    if (fact->from.actor == NULL && fact->to.actor == NULL && owner == NULL && self.from.actor != NULL &&
        self.to.actor != NULL) {
        fact->from = self.from;
        fact->to = self.to;
        if (scope->hints.between && self.from.actor != self.to.actor)
            fact_review(importer, fact, STR("the document says between, not which side connects"));
        return;
    }
    out = fact->way == WAY_OUT || (fact->way != WAY_IN && owner == NULL && self.from.actor != NULL);
    if (fact->to.actor != NULL) {
        struct party source = self.from.actor != NULL && owner == NULL ? self.from : self.owner;

        fact->from =
            fact->way == WAY_IN || source.actor == fact->to.actor ? caller(importer, fact, &self, use) : source;
    } else if (fact->from.actor != NULL) {
        struct party target = self.to.actor != NULL ? self.to : self.owner;
        bool same = target.actor == fact->from.actor && (target.actor == importer->product || fact->way == WAY_OUT);

        fact->to = same || (fact->way == WAY_OUT && self.to.actor == NULL) ? peer(importer, fact, use) : target;
    } else if (out) {
        fact->from = self.from.actor != NULL && owner == NULL ? self.from : self.owner;
        fact->to = self.to.actor != NULL && self.to.actor != fact->from.actor ? self.to : peer(importer, fact, use);
    } else {
        fact->to = self.to.actor != NULL && owner == NULL ? self.to : self.owner;
        fact->from = caller(importer, fact, &self, use);
        if (fact->way == WAY_UNSAID) {
            fact->way = WAY_IN;
            fact->direction_why = STR("the document does not say which way; read as ports that are listened on");
        }
    }
}

void fact_domain_ports(struct importer *importer, struct fact *fact, const struct domain_text *read)
{
    struct str around =
        words_normal(importer->arena, str_printf(importer->arena, "%.*s %.*s %.*s", STR_ARG(importer->around.last_lead),
                                                 STR_ARG(importer->around.lead), STR_ARG(importer->around.caption)));
    struct port_entry *entries = arena_new_array(importer->arena, struct port_entry, read->port_n + 2);
    size_t n = 0;

    for (size_t i = 0; i < read->port_n; i++)
        entries[n++] = (struct port_entry){
            .kind = PORT_RANGE, .transports = WORDS_TCP, .lo = read->ports[i], .hi = read->ports[i], .text = STR_EMPTY};
    fact->ports_why = STR("the URL's scheme or port");
    if (n == 0 && (words_have(around, "https") || words_have(around, "443"))) {
        entries[n++] =
            (struct port_entry){.kind = PORT_RANGE, .transports = WORDS_TCP, .lo = 443, .hi = 443, .text = STR_EMPTY};
        fact->ports_why = STR("lead-in sentence");
    }
    if (n == 0 && importer->https_said) {
        entries[n++] =
            (struct port_entry){.kind = PORT_RANGE, .transports = WORDS_TCP, .lo = 443, .hi = 443, .text = STR_EMPTY};
        fact->ports_why = STR("a sentence above it on the page");
    }
    fact->transport_why = STR("no protocol column; TCP assumed");
    if (n == 0) {
        entries[n++] = (struct port_entry){.kind = PORT_UNSTATED, .text = STR_EMPTY};
        fact->ports_why = fact->transport_why = STR_EMPTY;
        fact_review(importer, fact, STR("the document names no port for this domain"));
    }
    fact->ports = entries;
    fact->port_n = n;
}

struct str fact_place(struct importer *importer, const struct scope *scope, struct str label, struct span span)
{
    struct arena *arena = importer->arena;
    struct arena_mark mark = arena_mark(arena);
    struct str heading = words_line(arena, scope->place, 80);
    struct str row = words_line(arena, label, 60);
    struct buf place = BUF_EMPTY;
    struct str kept;

    buf_addf(&place, "%.*s%s%.*s%sline %u", STR_ARG(heading), heading.n > 0 && row.n > 0 ? " / " : "", STR_ARG(row),
             heading.n + row.n > 0 ? ", " : "", span.source == NULL ? 0 : source_line(span.source, span.at));
    for (size_t i = 0; i < place.n; i++)
        place.p[i] = place.p[i] == '"' ? '\'' : place.p[i];
    arena_release(arena, mark);
    kept = str_printf(arena, "%.*s#\"%.*s\"", STR_ARG(importer->documents[importer->document].key),
                      STR_ARG(buf_str(&place)));
    buf_free(&place);
    return kept;
}

void facts_reserve(struct importer *importer, size_t n)
{
    struct facts *facts = &importer->facts;
    struct fact *v;

    if (facts->capacity - facts->n >= n || n < 64)
        return;
    v = arena_new_array(importer->fact_arena, struct fact, facts->n + n);
    if (facts->n > 0)
        memcpy(v, facts->v, facts->n * sizeof *v);
    facts->v = v;
    facts->capacity = facts->n + n;
}

void fact_add(struct importer *importer, const struct fact *fact)
{
    struct fact *added;

    if (fact->from.actor == NULL || fact->to.actor == NULL)
        return;
    fact->from.actor->used = fact->to.actor->used = true;
    added = vec_push(importer->fact_arena, &importer->facts);
    *added = *fact;
    added->table = importer->table;
    added->document = importer->document;
    if (fact->way != WAY_BOTH || fact->from.actor == fact->to.actor)
        return;
    added = vec_push(importer->fact_arena, &importer->facts);
    *added = *fact;
    added->table = importer->table;
    added->document = importer->document;
    added->from = fact->to;
    added->to = fact->from;
    if (str_is(fact->from.why, no_source))
        added->to = peer(importer, added, use_of(fact));
    added->to.actor->used = true;
    added->mirror = true;
    added->direction_why = STR("both ways in the document");
}
