/*
 * Surroundings of a table or list, understood: section row, sentences before it, caption, tab, headings, in this order.
 * What the nearest of them says counts; where it stands is the reason that `inferred` gives.
 */
#include "import/importer.h"

static void take(struct str *field, struct str *why, struct str value, struct str reason)
{
    if (field->n == 0 && value.n > 0) {
        *field = value;
        *why = reason;
    }
}

/* What a label names as a party is whose ports they are, unless something nearer says otherwise. */
static void take_subject(struct importer *importer, struct scope *scope, struct str subject)
{
    struct str from;
    struct str to;

    if (words_have(words_normal(importer->arena, subject), "firewall"))
        return; /* it is what the rules are for, and no end of them */
    if (scope->subject == NULL && subject.n > 0 && !columns_to(subject, &from, &to) && party_is_role(importer, subject))
        scope->subject = party_actor(importer, subject, SPAN_NONE);
}

/* "All of these ports are TCP", not "it pings with ICMP or a TCP echo". */
static bool speaks_of_ports(struct importer *importer, struct str text)
{
    static const char *const words[] = {"port",    "ports",       "protocol", "protocols",
                                        "traffic", "connections", "following"};
    struct str normal = words_normal(importer->arena, text);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i]))
            return true;
    }
    return false;
}

/* One unit of text: a heading, or one sentence. */
static void take_unit(struct importer *importer, struct scope *scope, struct str text, bool heading, struct str reason)
{
    struct hints read;
    struct hints *hints = &scope->hints;

    if (text.n == 0)
        return;
    if (text.p[text.n - 1] == ':' && words_count(words_normal(importer->arena, text)) <= 6)
        heading = true; /* "Manager to agents:" */
    sentence_read(importer->arena, text, heading, &read);
    if (heading && text.p[text.n - 1] == ':')
        take_subject(importer, scope, heading_subject(importer->arena, text)); /* "Worker nodes:" */
    hints->local = hints->local || read.local;
    if (!heading && !read.ports && !read.domains && text.p[text.n - 1] != ':')
        return;
    if (!read.arrow) {
        read.from = party_is_phrase(importer, read.from) ? read.from : STR_EMPTY;
        read.to = party_is_phrase(importer, read.to) ? read.to : STR_EMPTY;
        read.owner = party_is_phrase(importer, read.owner) && !party_is_anything(importer->arena, read.owner)
                         ? read.owner
                         : STR_EMPTY;
    }
    hints->inside = hints->inside || read.inside;
    if (read.weak && !(party_is_role(importer, read.from) && party_is_role(importer, read.to)))
        read.from = read.to = STR_EMPTY;
    hints->ports = hints->ports || read.ports;
    hints->domains = hints->domains || read.domains;
    hints->optional = hints->optional || (heading && read.optional);
    if (read.forbidden && !read.example && !hints->forbidden) {
        hints->forbidden = true;
        hints->exposed = read.exposed;
    }
    if (hints->way == WAY_UNSAID && read.way != WAY_UNSAID) {
        hints->way = read.way;
        scope->way_why = reason;
    }
    if (hints->transports == 0 && read.transports != 0 && (heading || speaks_of_ports(importer, text))) {
        hints->transports = read.transports;
        scope->transports_why = reason;
    }
    if (hints->from.n == 0 && hints->to.n == 0) { /* both ends are of one sentence */
        take(&hints->from, &scope->from_why, read.from, reason);
        take(&hints->to, &scope->to_why, read.to, reason);
        hints->between = read.between;
    }
    take(&hints->owner, &scope->owner_why, read.owner, reason);
    if (!heading)
        take(&hints->condition, &scope->condition_why, read.condition, reason);
}

/* "SIP TCP/UDP" over its ports: a label that names both is about both; a sentence may be about one each. */
static void take_both(struct importer *importer, struct scope *scope, struct str label)
{
    struct port_text read;

    ports_read(importer->arena, label, &read);
    if (scope->hints.transports == 0 && read.n == 0 && read.transports == (WORDS_TCP | WORDS_UDP)) {
        scope->hints.transports = read.transports;
        scope->transports_why = STR("section row");
    }
}

/* Sentences of a paragraph, the last first. */
static void take_sentences(struct importer *importer, struct scope *scope, struct str text, struct str reason)
{
    size_t end = text.n;

    for (size_t i = text.n; i > 1; i--) {
        if (text.p[i - 2] == '.' && (text.p[i - 1] == ' ' || text.p[i - 1] == '\n') && i < text.n) {
            take_unit(importer, scope, str_trim((struct str){text.p + i, end - i}), false, reason);
            end = i;
        }
    }
    take_unit(importer, scope, str_trim(str_head(text, end)), false, reason);
}

/* A paragraph further up says which way and over what, but not who: it may be about something else. */
static void take_far(struct importer *importer, struct scope *scope, struct str text)
{
    struct scope far = *scope;

    take_sentences(importer, &far, text, STR("lead-in sentence"));
    far.hints.from = scope->hints.from;
    far.hints.to = scope->hints.to;
    far.hints.owner = scope->hints.owner;
    far.hints.condition = scope->hints.condition;
    far.hints.inside = scope->hints.inside;
    far.hints.local = scope->hints.local || (far.hints.local && importer->section_first);
    *scope = far;
}

/* "Acme" over "The Acme management console accesses…": the heading names who it is. */
static bool is_same_party(struct arena *arena, struct str heading, struct str phrase)
{
    struct str a = party_key(arena, heading);
    struct str b = party_key(arena, phrase);

    return a.n > 0 && b.n > 0 && words_have(b, str_cstr(arena, a));
}

static void take_label(struct importer *importer, struct scope *scope, struct str text, struct str reason)
{
    take_unit(importer, scope, text, true, reason);
    take_subject(importer, scope, heading_subject(importer->arena, text));
}

static void take_headings(struct importer *importer, struct scope *scope)
{
    const struct surroundings *around = &importer->around;

    for (int level = HEADINGS_MOST; level > 0; level--) {
        struct str heading = around->headings[level];
        struct str subject;
        struct str from;
        struct str to;
        bool nearer;

        if (heading.n == 0)
            continue;
        nearer = scope->subject != NULL && scope->hints.owner.n == 0;
        take_unit(importer, scope, heading, true, STR("section heading"));
        if (nearer)
            scope->hints.owner = STR_EMPTY; /* "Ports used by Acme" over "Load balancer": those of the balancer */
        if (scope->place.n == 0)
            scope->place = heading;
        subject =
            columns_ends(heading, &from, &to) != WAY_UNSAID ? STR_EMPTY : heading_subject(importer->arena, heading);
        if (scope->heading.n == 0 && subject.n > 0)
            scope->heading = subject;
        take_subject(importer, scope, subject);
    }
}

/* The product by a part of its name is the product. */
static void whole_name(struct importer *importer, struct str *phrase)
{
    struct str key = phrase->n == 0 ? STR_EMPTY : party_key(importer->arena, *phrase);

    if (key.n > 0 && map_get(&importer->actors, key) == NULL &&
        words_have(importer->product->key, str_cstr(importer->arena, key)))
        *phrase = importer->product->title;
}

void scope_find(struct importer *importer, struct scope *scope)
{
    const struct surroundings *around = &importer->around;
    struct hints *hints = &scope->hints;

    *scope = (struct scope){0};
    if (around->section.n > 0) {
        take_unit(importer, scope, around->section, true, STR("section row"));
        take_both(importer, scope, around->section);
        if (hints->way == WAY_UNSAID && columns_way(importer->arena, around->section) == WAY_BOTH) {
            hints->way = WAY_BOTH;
            scope->way_why = STR("section row");
        }
        take_subject(importer, scope, around->section);
    }
    take_sentences(importer, scope, around->last_lead, STR("lead-in sentence"));
    take_far(importer, scope, around->lead);
    take_label(importer, scope, around->caption, STR("caption"));
    take_label(importer, scope, around->tab, STR("tab"));
    take_headings(importer, scope);
    if (scope->place.n == 0)
        scope->place = around->caption.n > 0 ? around->caption : importer->page->title;
    if (scope->heading.n > 0 && hints->from.n > 0 && is_same_party(importer->arena, scope->heading, hints->from))
        hints->from = scope->heading;
    if (scope->heading.n > 0 && hints->owner.n > 0 && is_same_party(importer->arena, scope->heading, hints->owner))
        hints->owner = scope->heading;
    if (scope->heading.n > 0 && hints->to.n > 0 && is_same_party(importer->arena, scope->heading, hints->to))
        hints->to = scope->heading;
    whole_name(importer, &hints->from);
    whole_name(importer, &hints->to);
    whole_name(importer, &hints->owner);
}
