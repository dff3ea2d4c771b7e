/*
 * The tree of HTML; see elements.h. Places are the position of libxml2's own input, not its line numbers, which end at
 * 65535: the parser is asked at every event, and what lies between two events belongs to the second.
 *
 * Two things in libxml2 are not linear, and are bounded before or as it runs: a start tag with very many attributes
 * (blanked out beforehand), and very deep nesting (the rest is left out). Bytes that are no text are given to it as
 * DEL, one for one, so that places stay right; words.c knows them.
 */
#include "document/elements.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <limits.h>

#define PARSER_DEEPEST 3500u /* elements inside elements, with which libxml2 is still fast */
#define ATTRIBUTES_MOST 256u /* words in one start tag */

struct reading {
    struct builder *builder;
    htmlParserCtxtPtr parser;
    struct element *root;
    struct element *open;
    size_t depth; /* of the parser's elements */
    size_t base;  /* where the text begins in the source */
    size_t last;  /* behind the last event, in the text */
    struct str text;
    bool said;
    bool stopped;
};

#define TAG(name) #name,
static const char *const names[] = {
#include "document/tags.def"
};
#undef TAG

static enum tag tag_of(const char *name)
{
    size_t low = 0;
    size_t high = sizeof names / sizeof *names;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, names[middle]);

        if (order == 0)
            return (enum tag)(TAG_other + 1 + middle);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return TAG_other;
}

static size_t position(const struct reading *reading)
{
    htmlParserInputPtr input = reading->parser->input;
    size_t at = input == NULL ? reading->last : (size_t)(input->cur - input->base) + input->consumed;

    return at > reading->text.n ? reading->text.n : at;
}

static struct element *append(struct reading *reading, enum tag tag, size_t at, size_t end)
{
    struct element *element = arena_new_object(reading->builder->arena, struct element);
    struct element *parent = reading->open;

    element->tag = tag;
    element->parent = parent;
    element->at = (uint32_t)(reading->base + at);
    element->end = (uint32_t)(reading->base + end);
    if (parent->last == NULL)
        parent->child = element;
    else
        parent->last->next = element;
    parent->last = element;
    return element;
}

static struct str copy(const struct reading *reading, const xmlChar *text)
{
    return str_dup(reading->builder->arena, str_of((const char *)text));
}

static void add_attributes(struct reading *reading, struct element *element, const xmlChar **attributes)
{
    size_t n = 0;

    while (attributes != NULL && attributes[n] != NULL)
        n += 2;
    element->attributes = n == 0 ? NULL : arena_new_array(reading->builder->arena, struct attribute, n / 2);
    for (size_t i = 0; i < n; i += 2) {
        element->attributes[element->attribute_n].name = copy(reading, attributes[i]);
        element->attributes[element->attribute_n++].value = copy(reading, attributes[i + 1]);
    }
}

static void too_deep(struct reading *reading, size_t at)
{
    if (!reading->said)
        diag_warning(reading->builder->diags, builder_span(reading->builder, reading->base + at, 1),
                     "elements are nested deeper than %u; what lies deeper is read as if it were not",
                     ELEMENTS_DEEPEST);
    reading->said = true;
    if (reading->depth < PARSER_DEEPEST || reading->stopped)
        return;
    diag_error(reading->builder->diags, builder_span(reading->builder, reading->base + at, 1),
               "elements are nested deeper than %u; what follows is left out", PARSER_DEEPEST);
    reading->stopped = true;
    xmlStopParser(reading->parser);
}

/* Where the tag begins that the parser has just read. */
static size_t tag_start(const struct reading *reading, size_t end)
{
    const char *found = end > reading->last ? memchr(reading->text.p + reading->last, '<', end - reading->last) : NULL;

    return found == NULL ? end : (size_t)(found - reading->text.p);
}

static void start_element(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct reading *reading = context;
    size_t end = position(reading);
    size_t at = tag_start(reading, end);

    reading->depth++;
    if (reading->depth > ELEMENTS_DEEPEST) {
        too_deep(reading, at);
    } else {
        reading->open = append(reading, tag_of((const char *)name), at, end);
        add_attributes(reading, reading->open, attributes);
    }
    reading->last = end;
}

static void end_element(void *context, const xmlChar *name)
{
    struct reading *reading = context;
    size_t end = position(reading);

    (void)name;
    if (reading->depth == 0)
        return;
    if (reading->depth <= ELEMENTS_DEEPEST) {
        reading->open->end = (uint32_t)(reading->base + end);
        reading->open = reading->open->parent;
    } else if (reading->open->last != NULL) {
        append(reading, TAG_br, end, end); /* what was deeper does not run together */
    }
    reading->depth--;
    reading->last = end;
}

static void add_text(void *context, const xmlChar *text, int n)
{
    struct reading *reading = context;
    struct str s = {(const char *)text, n < 0 ? 0 : (size_t)n};
    size_t end = position(reading);
    size_t at = reading->last;
    struct element *element;

    if (s.n == 0)
        return;
    /* The parser may hand out text late: it stands where it is found. */
    if (end >= s.n && memcmp(reading->text.p + end - s.n, s.p, s.n) == 0 && end - s.n >= at)
        at = end - s.n;
    element = append(reading, TAG_text, at, end < at ? at : end);
    element->exact = at + s.n <= reading->text.n && memcmp(reading->text.p + at, s.p, s.n) == 0;
    element->text = element->exact ? (struct str){reading->text.p + at, s.n} : str_dup(reading->builder->arena, s);
    if (element->exact)
        element->end = (uint32_t)(reading->base + at + s.n);
    reading->last = element->exact ? at + s.n : end;
}

static void skip(struct reading *reading)
{
    reading->last = position(reading);
}

static void comment(void *context, const xmlChar *text)
{
    (void)text;
    skip(context);
}

static void instruction(void *context, const xmlChar *target, const xmlChar *data)
{
    (void)target;
    (void)data;
    skip(context);
}

/* Behind the '>' of the start tag at `at`, quotes respected; counts its words. */
static size_t behind_tag(struct str text, size_t at, size_t *words)
{
    char quote = 0;

    *words = 0;
    for (; at < text.n; at++) {
        char c = text.p[at];

        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '>') {
            return at + 1;
        } else if ((c == '"' || c == '\'') && text.p[at - 1] == '=') {
            quote = c;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '/' || c == '"' || c == '\'') {
            ++*words;
        }
    }
    return at;
}

static bool no_text(struct str rest, size_t *n)
{
    uint32_t letter = 0;

    *n = words_letter(rest, &letter);
    if (*n == 0)
        *n = 1;
    else if (letter >= ' ' || letter == '\t' || letter == '\n' || letter == '\r' || letter == '\f')
        return false;
    return true;
}

static bool begins_tag(struct str rest)
{
    return rest.n > 1 && rest.p[0] == '<' && (rest.p[1] | 0x20) >= 'a' && (rest.p[1] | 0x20) <= 'z';
}

/* The text as libxml2 is given it: of the same length. */
static struct str prepare(struct builder *builder, struct str text, size_t base)
{
    char *made = NULL;
    size_t n;
    size_t tag_end = 0;

    for (size_t at = 0; at < text.n; at += n) {
        struct str rest = str_from(text, at);
        size_t words = 0;
        bool bad = no_text(rest, &n);

        if (at >= tag_end && begins_tag(rest))
            tag_end = behind_tag(text, at + 1, &words);
        if (!bad && words <= ATTRIBUTES_MOST)
            continue;
        if (made == NULL) {
            made = arena_alloc(builder->arena, text.n + 1);
            memcpy(made, text.p, text.n);
        }
        if (!bad) {
            n = tag_end - at;
            diag_error(builder->diags, builder_span(builder, base + at, 1),
                       "a tag with more than %u attributes is left out", ATTRIBUTES_MOST);
        }
        memset(made + at, bad ? 0x7f : ' ', n);
    }
    return made == NULL ? text : (struct str){made, text.n};
}

static void parse(struct reading *reading)
{
    htmlSAXHandler handler = {
        .startElement = start_element,
        .endElement = end_element,
        .characters = add_text,
        .ignorableWhitespace = add_text,
        .comment = comment,
        .processingInstruction = instruction,
    };
    htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(reading->text.p, (int)reading->text.n);

    if (parser == NULL)
        return;
    reading->parser = parser;
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                   HTML_PARSE_IGNORE_ENC);
    parser->options |= XML_PARSE_HUGE;
    parser->charset = XML_CHAR_ENCODING_UTF8;
    *parser->sax = handler;
    parser->userData = reading;
    htmlParseDocument(parser);
    htmlFreeParserCtxt(parser);
}

struct element *elements_read(struct builder *builder, struct str text, size_t at)
{
    struct reading reading = {.builder = builder, .base = at, .root = arena_new_object(builder->arena, struct element)};

    reading.root->tag = TAG_other;
    reading.root->at = (uint32_t)at;
    reading.root->end = (uint32_t)(at + text.n);
    reading.open = reading.root;
    if (text.n >= INT_MAX) {
        diag_error(builder->diags, builder_span(builder, at, 1), "HTML of more than 2 GiB is not read");
        return reading.root;
    }
    reading.text = prepare(builder, text, at);
    if (text.n > 0)
        parse(&reading);
    return reading.root;
}

struct str element_get(const struct element *element, const char *attribute)
{
    for (size_t i = 0; i < element->attribute_n; i++) {
        if (str_is(element->attributes[i].name, attribute))
            return element->attributes[i].value;
    }
    return STR_EMPTY;
}

bool element_has_class(const struct element *element, const char *name)
{
    struct str classes = element_get(element, "class");

    while (classes.n > 0) {
        if (str_is(str_cut(classes, ' ', &classes), name))
            return true;
    }
    return false;
}
