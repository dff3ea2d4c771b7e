/*
 * JSON of catalogs, as DESIGN.md section 5 has it. `ports` are what the documents say: a parameter stands there as its
 * default, and by its name only where it has none; `ports_written` is what the file says, where the two differ.
 */
#include "report/catalog_json.h"

#define SCHEMA_VERSION 1

static json_t *text(struct str s)
{
    return json_stringn(s.p == NULL ? "" : s.p, s.n);
}

static json_t *text_or_null(struct str s)
{
    return s.n == 0 ? json_null() : text(s);
}

static json_t *texts(const struct str *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, text(v[i]));
    return array;
}

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

/* Keys come out of a file: they are no C strings. */
static void set_named(json_t *object, struct str key, json_t *value)
{
    json_object_setn_new(object, key.p, key.n, value);
}

static int add_chunk(const char *chunk, size_t size, void *out)
{
    buf_add(out, (struct str){chunk, size});
    return 0;
}

/* Prints and frees. */
static void print(struct buf *out, json_t *document)
{
    if (json_dump_callback(document, add_chunk, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0)
        out->failed = true;
    buf_addc(out, '\n');
    json_decref(document);
}

static json_t *document_new(void)
{
    json_t *document = json_object();

    set(document, "schema_version", json_integer(SCHEMA_VERSION));
    return document;
}

void catalog_json_list(struct buf *out, const struct catalog *const *catalogs, size_t n)
{
    json_t *document = document_new();
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();

        set(one, "product", text(catalogs[i]->product));
        set(one, "title", text(catalogs[i]->title));
        set(one, "requirements", json_integer((json_int_t)catalogs[i]->requirement_n));
        set(one, "roles", json_integer((json_int_t)catalogs[i]->role_n));
        set(one, "features", json_integer((json_int_t)catalogs[i]->feature_n));
        set(one, "parameters", json_integer((json_int_t)catalogs[i]->parameter_n));
        json_array_append_new(list, one);
    }
    set(document, "catalogs", list);
    print(out, document);
}

static json_t *port(const struct catalog *catalog, const struct port_item *item)
{
    const struct parameter *parameter =
        item->kind == PORT_PARAMETER ? catalog_parameter(catalog, item->parameter) : NULL;
    struct str transport;

    if (parameter == NULL || parameter->value.n == 0)
        return text(item->text);
    str_cut(item->text, '/', &transport);
    return json_sprintf("%.*s/%.*s", STR_ARG(parameter->value), STR_ARG(transport));
}

static void set_ports(json_t *object, const struct catalog *catalog, const struct requirement *requirement)
{
    json_t *ports = json_array();
    json_t *written = json_array();

    for (size_t i = 0; i < requirement->port_n; i++) {
        json_array_append_new(ports, port(catalog, &requirement->ports[i]));
        json_array_append_new(written, text(requirement->ports[i].text));
    }
    set(object, "ports", ports);
    if (json_equal(ports, written))
        json_decref(written);
    else
        set(object, "ports_written", written);
}

static json_t *source_ports(const struct ranges *ranges)
{
    json_t *array = json_array();

    for (size_t i = 0; i < ranges->n; i++)
        json_array_append_new(array, json_pack("[I,I]", (json_int_t)ranges->v[i].lo, (json_int_t)ranges->v[i].hi));
    return array;
}

static json_t *inferred(const struct requirement *requirement)
{
    json_t *object = json_object();

    for (size_t i = 0; i < requirement->inferred_n; i++)
        set_named(object, requirement->inferred[i].name, text(requirement->inferred[i].text));
    return object;
}

/* Keys that most requirements do not have. */
static void set_rest(json_t *object, const struct requirement *requirement)
{
    if (requirement->has_family)
        set(object, "family", json_string(requirement->family == FAMILY_V4 ? "ipv4" : "ipv6"));
    if (requirement->subnet)
        set(object, "scope", json_string("subnet"));
    if (requirement->no_reply)
        set(object, "reply", json_string("none"));
    if (requirement->replaces_n > 0)
        set(object, "replaces", texts(requirement->replaces, requirement->replaces_n));
    if (requirement->any_of.n > 0)
        set(object, "any_of", text(requirement->any_of));
    if (requirement->discover_n > 0)
        set(object, "discover", texts(requirement->discover, requirement->discover_n));
    if (requirement->source_ports != NULL)
        set(object, "source_ports", source_ports(requirement->source_ports));
}

json_t *catalog_json_requirement(const struct catalog *catalog, const struct requirement *requirement)
{
    const struct role *to = catalog_role(catalog, requirement->to);
    json_t *object = json_object();

    set(object, "id", text(requirement->id));
    set(object, "from", text(requirement->from));
    set(object, "to", text(requirement->to));
    set(object, "domains", to == NULL ? json_array() : texts(to->domains, to->domain_n));
    set_ports(object, catalog, requirement);
    set(object, "service", text(requirement->service));
    set(object, "purpose", text(requirement->purpose));
    set(object, "when", text_or_null(requirement->when_text));
    set(object, "need", json_string(need_name(requirement->need)));
    set(object, "origin", texts(requirement->origins, requirement->origin_n));
    set(object, "inferred", inferred(requirement));
    set(object, "review", text_or_null(requirement->review));
    set_rest(object, requirement);
    return object;
}

static json_t *documents(const struct catalog *catalog)
{
    json_t *object = json_object();

    for (size_t i = 0; i < catalog->document_n; i++) {
        const struct document *document = &catalog->documents[i];
        json_t *one = json_object();

        set(one, "title", text(document->title));
        set(one, "url", text_or_null(document->url));
        set(one, "retrieved", text_or_null(document->retrieved));
        set_named(object, document->key, one);
    }
    return object;
}

static json_t *roles(const struct catalog *catalog)
{
    json_t *object = json_object();

    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];
        json_t *one = json_object();

        set(one, "title", text(role->title));
        set(one, "else", text_or_null(role->otherwise));
        set(one, "domains", texts(role->domains, role->domain_n));
        set_named(object, role->name, one);
    }
    return object;
}

static json_t *features(const struct catalog *catalog)
{
    json_t *object = json_object();

    for (size_t i = 0; i < catalog->feature_n; i++) {
        json_t *one = json_object();

        set(one, "title", text(catalog->features[i].title));
        set(one, "default", json_string(catalog->features[i].on ? "on" : "off"));
        set_named(object, catalog->features[i].name, one);
    }
    return object;
}

static json_t *parameters(const struct catalog *catalog)
{
    json_t *object = json_object();

    for (size_t i = 0; i < catalog->parameter_n; i++) {
        json_t *one = json_object();

        set(one, "title", text(catalog->parameters[i].title));
        set(one, "default", text_or_null(catalog->parameters[i].value));
        set_named(object, catalog->parameters[i].name, one);
    }
    return object;
}

void catalog_json_show(struct buf *out, const struct catalog *catalog)
{
    json_t *document = document_new();
    json_t *requirements = json_array();
    json_t *notes = json_array();

    for (size_t i = 0; i < catalog->requirement_n; i++)
        json_array_append_new(requirements, catalog_json_requirement(catalog, &catalog->requirements[i]));
    for (size_t i = 0; i < catalog->note_n; i++) {
        json_t *note = json_object();

        set(note, "text", text(catalog->notes[i].text));
        set(note, "origin", text(catalog->notes[i].origin));
        json_array_append_new(notes, note);
    }
    set(document, "product", text(catalog->product));
    set(document, "title", text(catalog->title));
    set(document, "documents", documents(catalog));
    set(document, "roles", roles(catalog));
    set(document, "features", features(catalog));
    set(document, "parameters", parameters(catalog));
    set(document, "requirements", requirements);
    set(document, "notes", notes);
    print(out, document);
}

void catalog_json_lint(struct buf *out, const struct lint_finding *findings, size_t n)
{
    json_t *document = document_new();
    json_t *list = json_array();
    json_t *summary = json_object();
    size_t counts[SEVERITY_N] = {0};

    for (size_t i = 0; i < n; i++) {
        const struct lint_finding *finding = &findings[i];
        const struct span *span = &finding->span;
        bool placed = span->source != NULL;
        json_t *one = json_object();

        counts[finding->severity]++;
        set(one, "kind", json_string(lint_kind_name(finding->kind)));
        set(one, "severity", json_string(severity_name(finding->severity)));
        set(one, "product", text(finding->product));
        set(one, "requirements", texts(finding->requirements, finding->requirement_n));
        set(one, "message", text(finding->message));
        set(one, "file", placed ? text(span->source->name) : json_null());
        set(one, "line", placed ? json_integer(source_line(span->source, span->at)) : json_null());
        set(one, "column", placed ? json_integer(source_column(span->source, span->at)) : json_null());
        json_array_append_new(list, one);
    }
    set(summary, "errors", json_integer((json_int_t)counts[SEVERITY_ERROR]));
    set(summary, "warnings", json_integer((json_int_t)counts[SEVERITY_WARNING]));
    set(summary, "notes", json_integer((json_int_t)counts[SEVERITY_NOTE]));
    set(document, "findings", list);
    set(document, "summary", summary);
    print(out, document);
}
