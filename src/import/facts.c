/*
 * Facts -> model/catalog.h. Names are made of the documents' words, so that they stay the same from one version of a
 * document to the next: a requirement's of its ends and its first port. Features are on: a person switches off.
 */
#include "import/importer.h"
#include "net/proto.h"

struct making {
    struct importer *importer;
    struct catalog *catalog;
    struct map ids;
    struct map features;
    struct map parameters;
    struct map parameter_names;
    struct features VEC(struct feature) feature_list;
    struct parameters VEC(struct parameter) parameter_list;
};

struct taken {
    unsigned n; /* the last number behind this name */
};

/* The name, or the name with the least number that makes it new. */
static struct str unique(struct arena *arena, struct map *names, struct str name)
{
    struct taken *taken = map_get(names, name);
    struct str tried = name;

    if (taken == NULL) {
        taken = arena_new_object(arena, struct taken);
        taken->n = 1;
        map_set(arena, names, name, taken);
        return name;
    }
    do {
        tried = str_printf(arena, "%.*s-%u", (int)(name.n > 52 ? 52 : name.n), name.p, ++taken->n);
    } while (map_get(names, tried) != NULL);
    map_set(arena, names, tried, arena_new_object(arena, struct taken));
    return tried;
}

static void make_roles(struct making *making)
{
    struct importer *importer = making->importer;
    struct roles VEC(struct role) roles = {0};
    struct map names = {0};

    for (size_t i = 0; i < importer->actors.n; i++) {
        struct actor *actor = importer->actors.entries[i].value;
        struct role *role;

        if (!actor->used)
            continue;
        actor->name = unique(importer->arena, &names, words_name(importer->arena, actor->key, 48));
        role = vec_push(importer->arena, &roles);
        *role = (struct role){.name = actor->name,
                              .title = actor->title,
                              .otherwise = STR_EMPTY,
                              .domains = actor->domains,
                              .domain_n = actor->domain_n,
                              .span = actor->span};
    }
    making->catalog->roles = roles.v;
    making->catalog->role_n = roles.n;
}

/* "If you use Active Directory in your environment" is `active-directory`. */
static struct str feature_name(struct arena *arena, struct str text)
{
    static const char *const dull[] = {
        "if",      "you",    "use", "used", "using", "your", "in", "environment", "have", "set",  "up",   "to",
        "the",     "a",      "an",  "with", "when",  "only", "is", "are",         "for",  "that", "this", "of",
        "enabled", "enable", "and", "or",   "not",   "want", "on", "selected",    "by",   "into", "it",   "where"};
    struct str rest = words_normal(arena, text);
    struct buf name = BUF_EMPTY;
    size_t words = 0;
    struct str made;

    for (struct str word = str_word(&rest); word.n > 0 && words < 5; word = str_word(&rest)) {
        bool skip = false;

        for (size_t i = 0; i < sizeof dull / sizeof *dull && !skip; i++)
            skip = str_is(word, dull[i]);
        if (skip)
            continue;
        buf_addf(&name, "%s%.*s", words++ > 0 ? "-" : "", STR_ARG(word));
    }
    made = words_name(arena, words == 0 ? text : str_dup(arena, buf_str(&name)), 48);
    buf_free(&name);
    if (str_is(made, "and") || str_is(made, "or") || str_is(made, "not"))
        made = str_printf(arena, "%.*s-feature", STR_ARG(made));
    return made;
}

static struct str make_when(struct making *making, const struct fact *fact)
{
    struct arena *arena = making->importer->arena;
    struct str when = STR_EMPTY;

    for (size_t i = 0; i < fact->conditions.n; i++) {
        struct str name = feature_name(arena, fact->conditions.v[i]);

        if (map_get(&making->features, name) == NULL) {
            map_set(arena, &making->features, name, making);
            *vec_push(arena, &making->feature_list) =
                (struct feature){.name = name, .title = words_line(arena, fact->conditions.v[i], 160), .on = true};
        }
        if (when.n == 0)
            when = name;
        else if (!words_have(when, str_cstr(arena, name)))
            when = str_printf(arena, "%.*s and %.*s", STR_ARG(when), STR_ARG(name));
    }
    return when;
}

static struct str value_of(struct arena *arena, const struct port_entry *entry)
{
    return entry->lo == entry->hi ? str_printf(arena, "%u", entry->lo)
                                  : str_printf(arena, "%u-%u", entry->lo, entry->hi);
}

/* The one port of a fact that may be set otherwise becomes a parameter; empty: it has none. */
static struct str make_parameter(struct making *making, const struct fact *fact)
{
    struct arena *arena = making->importer->arena;
    const struct port_entry *entry = &fact->ports[0];
    struct parameter *parameter;
    struct str value;
    struct str key;
    struct str *name;

    if (!fact->adjustable || fact->port_n != 1 || entry->kind != PORT_RANGE || entry->hi - entry->lo > 20000)
        return STR_EMPTY;
    value = value_of(arena, entry);
    key = str_printf(arena, "%.*s %.*s", STR_ARG(fact->to.actor->name), STR_ARG(value));
    name = map_get(&making->parameters, key);
    if (name != NULL)
        return *name;
    name = arena_new_object(arena, struct str);
    *name =
        words_name(arena,
                   str_printf(arena, "%.*s-port-%.*s", (int)(fact->to.actor->name.n > 36 ? 36 : fact->to.actor->name.n),
                              fact->to.actor->name.p, STR_ARG(value)),
                   60);
    *name = unique(arena, &making->parameter_names, *name);
    map_set(arena, &making->parameters, key, name);
    parameter = vec_push(arena, &making->parameter_list);
    *parameter = (struct parameter){
        .name = *name,
        .title = str_printf(arena, "port of %.*s: %.*s", STR_ARG(fact->to.actor->title),
                            STR_ARG(words_line(arena, fact->purpose.text, 80))),
        .value = value,
    };
    return *name;
}

struct items {
    struct port_item *v;
    size_t n;
};

/* There is room: an entry has no more transports than there are. */
static void add_item(struct items *items, struct port_item item)
{
    for (size_t i = 0; i < items->n; i++) {
        if (str_eq(items->v[i].text, item.text))
            return;
    }
    items->v[items->n++] = item;
}

static void add_entry(struct arena *arena, struct items *items, const struct port_entry *entry, struct str parameter)
{
    struct port_item item = {.kind = entry->kind, .lo = entry->lo, .hi = entry->hi, .parameter = parameter};

    switch (entry->kind) {
    case PORT_ANY:
        item.transport = TRANSPORT_ANY;
        item.text = STR("any");
        add_item(items, item);
        return;
    case PORT_ICMP:
        item.transport = PROTO_ICMP;
        item.text = STR("icmp");
        add_item(items, item);
        return;
    case PORT_UNSTATED:
        item.transport = TRANSPORT_UNSTATED;
        item.text = STR("unstated");
        add_item(items, item);
        return;
    case PORT_RANGE:
    case PORT_DYNAMIC:
    case PORT_PARAMETER:
    case PORT_KIND_N: break;
    }
    for (unsigned bit = 1; bit < 1u << WORDS_TRANSPORTS; bit <<= 1) {
        struct buf text = BUF_EMPTY;

        if (!(entry->transports & bit))
            continue;
        item.transport = words_transport(bit);
        if (parameter.n > 0) {
            item.kind = PORT_PARAMETER;
            buf_addf(&text, "{%.*s}/", STR_ARG(parameter));
        } else if (entry->kind == PORT_DYNAMIC) {
            buf_adds(&text, "dynamic/");
        } else {
            buf_addf(&text, "%.*s/", STR_ARG(value_of(arena, entry)));
        }
        proto_format(&text, (unsigned)item.transport);
        item.text = str_dup(arena, buf_str(&text));
        buf_free(&text);
        add_item(items, item);
    }
}

static size_t transport_n(unsigned transports)
{
    size_t n = 0;

    for (unsigned bit = 1; bit < 1u << WORDS_TRANSPORTS; bit <<= 1)
        n += (transports & bit) != 0;
    return n == 0 ? 1 : n;
}

static struct str service_of(const struct fact *fact, const struct items *items)
{
    const struct port_item *first = &items->v[0];

    if (fact->service != NULL && fact->service->service != NULL)
        return str_of(fact->service->service);
    if (first->kind == PORT_ICMP)
        return STR("icmp");
    if (first->transport == PROTO_TCP)
        return STR("tcp");
    return first->transport == PROTO_UDP ? STR("udp") : STR("any");
}

struct inferences {
    struct named_text v[8];
    size_t n;
};

static void infer(struct inferences *inferences, const char *field, struct str why)
{
    if (why.n > 0)
        inferences->v[inferences->n++] = (struct named_text){str_of(field), why};
}

static struct str make_id(struct making *making, const struct fact *fact, const struct port_item *first)
{
    struct arena *arena = making->importer->arena;
    struct str made;
    struct buf name = BUF_EMPTY;
    struct arena_mark mark = arena_mark(arena);

    buf_addf(&name, "%.*s-%.*s-", STR_ARG(words_name(arena, fact->from.actor->name, 22)),
             STR_ARG(words_name(arena, fact->to.actor->name, 26)));
    if (first->kind == PORT_RANGE || first->kind == PORT_PARAMETER)
        buf_addf(&name, "%u", fact->ports[0].lo);
    else
        buf_add(&name, words_name(arena, first->text, 10));
    arena_release(arena, mark);
    made = str_dup(arena, buf_str(&name));
    buf_free(&name);
    return unique(arena, &making->ids, made);
}

static struct str join_reviews(struct arena *arena, const struct fact *fact)
{
    struct buf all = BUF_EMPTY;
    struct str review;

    for (size_t i = 0; i < fact->reviews.n; i++)
        buf_addf(&all, "%s%.*s", i > 0 ? "; " : "", STR_ARG(fact->reviews.v[i]));
    review = str_dup(arena, buf_str(&all));
    buf_free(&all);
    return review;
}

static void make_requirement(struct making *making, const struct fact *fact, struct requirement *requirement)
{
    struct arena *arena = making->importer->arena;
    struct str parameter = make_parameter(making, fact);
    struct items items = {0};
    struct inferences inferred = {0};
    size_t most = 0;

    for (size_t i = 0; i < fact->port_n; i++)
        most += transport_n(fact->ports[i].transports);
    items.v = arena_new_array(arena, struct port_item, most);
    for (size_t i = 0; i < fact->port_n; i++)
        add_entry(arena, &items, &fact->ports[i], parameter);
    requirement->id = make_id(making, fact, &items.v[0]);
    requirement->from = fact->from.actor->name;
    requirement->to = fact->to.actor->name;
    requirement->ports = items.v;
    requirement->port_n = items.n;
    requirement->service = service_of(fact, &items);
    requirement->purpose = fact->purpose.text;
    requirement->when_text = make_when(making, fact);
    requirement->need = fact->need;
    requirement->any_of = STR_EMPTY;
    requirement->review = join_reviews(arena, fact);
    requirement->origins = arena_new_object(arena, struct str);
    requirement->origins[0] = fact->place;
    requirement->origin_n = 1;
    requirement->span = fact->span;
    infer(&inferred, "from", fact->from.why);
    infer(&inferred, "to", fact->to.why);
    infer(&inferred, "ports", fact->ports_why);
    infer(&inferred, "transport", fact->transport_why);
    infer(&inferred, "direction", fact->direction_why);
    infer(&inferred, "purpose", fact->purpose.why);
    infer(&inferred, "when", requirement->when_text.n > 0 ? fact->condition_why : STR_EMPTY);
    infer(&inferred, "need", fact->need_why);
    requirement->inferred = inferred.n == 0 ? NULL : arena_copy(arena, inferred.v, inferred.n * sizeof *inferred.v);
    requirement->inferred_n = inferred.n;
}

/* The same ends and the same port with other transports: both stay, each says so of the other. */
static void find_contradictions(struct importer *importer)
{
    struct arena *scratch = arena_new();
    struct map seen = {0};

    for (size_t i = 0; i < importer->facts.n; i++) {
        struct fact *fact = &importer->facts.v[i];

        for (size_t k = 0; k < fact->port_n; k++) {
            const struct port_entry *entry = &fact->ports[k];
            struct str key;
            struct fact *other;

            if (entry->kind != PORT_RANGE)
                continue;
            key = str_printf(scratch, "%p %p %u %u", (void *)fact->from.actor, (void *)fact->to.actor, entry->lo,
                             entry->hi);
            other = map_get(&seen, key);
            if (other == fact)
                continue;
            if (other == NULL) {
                map_set(scratch, &seen, key, fact);
                continue;
            }
            for (size_t j = 0; j < other->port_n; j++) {
                if (other->ports[j].lo != entry->lo || other->ports[j].hi != entry->hi ||
                    other->ports[j].transports == entry->transports ||
                    (other->ports[j].transports & entry->transports) == 0) /* a row each for TCP and UDP */
                    continue;
                fact_review(importer, fact,
                            str_printf(importer->arena, "port %u has other transports at %.*s", entry->lo,
                                       STR_ARG(other->place)));
                fact_review(importer, other,
                            str_printf(importer->arena, "port %u has other transports at %.*s", entry->lo,
                                       STR_ARG(fact->place)));
            }
        }
    }
    arena_free(scratch);
}

static struct str stem(struct str name)
{
    size_t from = name.n;
    size_t to = name.n;

    while (from > 0 && name.p[from - 1] != '/')
        from--;
    for (size_t i = from; i < name.n; i++) {
        if (name.p[i] == '.' && i > from)
            to = i;
    }
    return (struct str){name.p + from, to - from};
}

struct document *facts_documents(struct arena *arena, const struct page *const *pages, size_t n, struct str retrieved)
{
    struct document *documents = arena_new_array(arena, struct document, n);
    struct map names = {0};

    for (size_t i = 0; i < n; i++) {
        struct document *document = &documents[i];
        struct str name = stem(pages[i]->source->name);

        document->key = unique(arena, &names, words_name(arena, name, 32));
        document->title = words_line(arena, pages[i]->title, 120);
        for (size_t k = 0; k < pages[i]->block_n && document->title.n == 0; k++) {
            if (pages[i]->blocks[k].kind == BLOCK_HEADING || pages[i]->blocks[k].kind == BLOCK_PARAGRAPH)
                document->title = words_line(arena, pages[i]->blocks[k].text, 120);
        }
        if (document->title.n == 0)
            document->title = name;
        document->url = STR_EMPTY;
        document->retrieved = retrieved;
    }
    return documents;
}

struct catalog *facts_catalog(struct importer *importer, size_t document_n, const struct import_options *options)
{
    struct making making = {.importer = importer, .catalog = arena_new_object(importer->arena, struct catalog)};
    struct catalog *catalog = making.catalog;

    catalog->product =
        words_name(importer->arena, options->product.n > 0 ? options->product : importer->product->title, 48);
    catalog->title = options->title.n > 0 ? options->title : importer->product->title;
    catalog->documents = importer->documents;
    catalog->document_n = document_n;
    catalog->notes = importer->said.v;
    catalog->note_n = importer->said.n;
    make_roles(&making);
    find_contradictions(importer);
    catalog->requirements = arena_new_array(importer->arena, struct requirement, importer->facts.n);
    vec_each (const struct fact *, fact, &importer->facts)
        make_requirement(&making, fact, &catalog->requirements[catalog->requirement_n++]);
    catalog->features = making.feature_list.v;
    catalog->feature_n = making.feature_list.n;
    catalog->parameters = making.parameter_list.v;
    catalog->parameter_n = making.parameter_list.n;
    return catalog;
}
