/* A catalog as YAML, in the order of catalog/'s files; see write.h. Quoting is that of YAML 1.2, sections 7.3.1
 * and 7.3.3, stricter than needed: only what is plainly a word or a sentence stands without quotes. */
#include "catalog/write.h"

#include "net/ranges.h"

static bool is_plain_byte(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
        return true;
    return !first &&
           (c == ' ' || c == '-' || c == '_' || c == '.' || c == '/' || c == '(' || c == ')' || c == '+' || c == ';');
}

/* A character beyond ASCII that YAML does not take as it stands (section 5.1), and its code; 0: it does. */
static unsigned hidden_at(struct str text, size_t at)
{
    static const struct {
        const char *bytes;
        unsigned code;
    } hidden[] = {{"\xef\xbb\xbf", 0xfeff},
                  {"\xef\xbf\xbe", 0xfffe},
                  {"\xef\xbf\xbf", 0xffff},
                  {"\xe2\x80\xa8", 0x2028},
                  {"\xe2\x80\xa9", 0x2029}};
    struct str rest = str_from(text, at);

    if (rest.n >= 2 && (unsigned char)rest.p[0] == 0xc2 && (unsigned char)rest.p[1] < 0xa0)
        return (unsigned char)rest.p[1];
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (str_starts(rest, hidden[i].bytes))
            return hidden[i].code;
    }
    return 0;
}

static bool is_plain(struct str text)
{
    if (text.n == 0 || text.p[text.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_plain_byte(text.p[i], i == 0) || ((unsigned char)text.p[i] >= 0x80 && hidden_at(text, i) != 0))
            return false;
    }
    return true;
}

/* Gives the bytes that follow its first one. */
static size_t escape(struct buf *out, unsigned code)
{
    buf_addf(out, "\\u%04x", code);
    return code < 0x800 ? 1 : 2;
}

void catalog_write_text(struct buf *out, struct str text)
{
    if (is_plain(text)) {
        buf_add(out, text);
        return;
    }
    buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if ((unsigned char)c < ' ' || c == 0x7f)
            buf_addf(out, "\\x%02x", (unsigned)(unsigned char)c);
        else if ((unsigned char)c >= 0x80 && hidden_at(text, i) != 0)
            i += escape(out, hidden_at(text, i));
        else
            buf_addc(out, c);
    }
    buf_addc(out, '"');
}

static void pair(struct buf *out, const char *before, const char *key, struct str text)
{
    if (text.n == 0)
        return;
    buf_addf(out, "%s%s: ", before, key);
    catalog_write_text(out, text);
}

static void line(struct buf *out, const char *indent, const char *key, struct str text)
{
    pair(out, indent, key, text);
    if (text.n > 0)
        buf_addc(out, '\n');
}

static void list(struct buf *out, const struct str *v, size_t n)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        catalog_write_text(out, v[i]);
    }
    buf_addc(out, ']');
}

static void named_list(struct buf *out, const char *key, const struct str *v, size_t n)
{
    if (n == 0)
        return;
    buf_addf(out, "    %s: ", key);
    list(out, v, n);
    buf_addc(out, '\n');
}

static void write_head(struct buf *out, const struct catalog *catalog)
{
    buf_adds(out, "portolan: catalog/1\n");
    line(out, "", "product", catalog->product);
    line(out, "", "title", catalog->title);
    buf_adds(out, "documents:\n");
    for (size_t i = 0; i < catalog->document_n; i++) {
        const struct document *document = &catalog->documents[i];

        buf_addf(out, "  %.*s:\n", STR_ARG(document->key));
        line(out, "    ", "title", document->title);
        line(out, "    ", "url", document->url);
        line(out, "    ", "retrieved", document->retrieved);
    }
    if (catalog->note_n > 0)
        buf_adds(out, "notes:\n");
    for (size_t i = 0; i < catalog->note_n; i++) {
        line(out, "  - ", "text", catalog->notes[i].text);
        line(out, "    ", "origin", catalog->notes[i].origin);
    }
}

static void write_names(struct buf *out, const struct catalog *catalog)
{
    buf_adds(out, catalog->role_n > 0 ? "roles:\n" : "roles: {}\n");
    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];

        buf_addf(out, "  %.*s: ", STR_ARG(role->name));
        pair(out, "{", "title", role->title);
        pair(out, ", ", "else", role->otherwise);
        if (role->domain_n > 0) {
            buf_adds(out, ", domains: ");
            list(out, role->domains, role->domain_n);
        }
        buf_adds(out, "}\n");
    }
    if (catalog->feature_n > 0)
        buf_adds(out, "features:\n");
    for (size_t i = 0; i < catalog->feature_n; i++) {
        buf_addf(out, "  %.*s: ", STR_ARG(catalog->features[i].name));
        pair(out, "{", "title", catalog->features[i].title);
        buf_addf(out, ", default: %s}\n", catalog->features[i].on ? "on" : "off");
    }
    if (catalog->parameter_n > 0)
        buf_adds(out, "parameters:\n");
    for (size_t i = 0; i < catalog->parameter_n; i++) {
        buf_addf(out, "  %.*s: ", STR_ARG(catalog->parameters[i].name));
        pair(out, "{", "title", catalog->parameters[i].title);
        pair(out, ", ", "default", catalog->parameters[i].value);
        buf_adds(out, "}\n");
    }
}

static void write_source_ports(struct buf *out, const struct ranges *ranges)
{
    buf_adds(out, "    source-ports: [");
    for (size_t i = 0; i < ranges->n; i++) {
        buf_addf(out, "%s%u", i > 0 ? ", " : "", (unsigned)ranges->v[i].lo);
        if (ranges->v[i].hi > ranges->v[i].lo)
            buf_addf(out, "-%u", (unsigned)ranges->v[i].hi);
    }
    buf_adds(out, "]\n");
}

static void write_inferred(struct buf *out, const struct requirement *requirement)
{
    if (requirement->inferred_n == 0)
        return;
    buf_adds(out, "    inferred: {");
    for (size_t i = 0; i < requirement->inferred_n; i++) {
        buf_addf(out, "%s%.*s: ", i > 0 ? ", " : "", STR_ARG(requirement->inferred[i].name));
        catalog_write_text(out, requirement->inferred[i].text);
    }
    buf_adds(out, "}\n");
}

static void write_requirement(struct buf *out, const struct requirement *requirement)
{
    line(out, "  - ", "id", requirement->id);
    line(out, "    ", "from", requirement->from);
    line(out, "    ", "to", requirement->to);
    buf_adds(out, "    ports: [");
    for (size_t i = 0; i < requirement->port_n; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        catalog_write_text(out, requirement->ports[i].text);
    }
    buf_adds(out, "]\n");
    named_list(out, "discover", requirement->discover, requirement->discover_n);
    line(out, "    ", "service", requirement->service);
    line(out, "    ", "purpose", requirement->purpose);
    line(out, "    ", "when", requirement->when_text);
    if (requirement->need != NEED_REQUIRED)
        line(out, "    ", "need", str_of(need_name(requirement->need)));
    named_list(out, "replaces", requirement->replaces, requirement->replaces_n);
    line(out, "    ", "any-of", requirement->any_of);
    if (requirement->has_family)
        line(out, "    ", "family", requirement->family == FAMILY_V4 ? STR("ipv4") : STR("ipv6"));
    if (requirement->subnet)
        buf_adds(out, "    scope: subnet\n");
    if (requirement->no_reply)
        buf_adds(out, "    reply: none\n");
    if (requirement->source_ports != NULL)
        write_source_ports(out, requirement->source_ports);
    line(out, "    ", "review", requirement->review);
    write_inferred(out, requirement);
    named_list(out, "origin", requirement->origins, requirement->origin_n);
}

void catalog_write_head(struct buf *out, const struct catalog *catalog)
{
    write_head(out, catalog);
    write_names(out, catalog);
}

void catalog_write(struct buf *out, const struct catalog *catalog)
{
    catalog_write_head(out, catalog);
    buf_adds(out, catalog->requirement_n > 0 ? "requirements:\n" : "requirements: []\n");
    for (size_t i = 0; i < catalog->requirement_n; i++)
        write_requirement(out, &catalog->requirements[i]);
}
