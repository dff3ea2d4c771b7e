/*
 * Names from Ansible inventories (the INI and the YAML form; docs.ansible.com, "How to build your inventory"). Hosts
 * and groups become names; of the variables only `ansible_host` is read. A host whose address is not there is an error
 * when, and only when, the site asks for it.
 */
#include "site/reader.h"

#include "base/num.h"

#include <errno.h>
#include <string.h>

#define MOST_HOSTS_OF_PATTERN 65536u
#define DEEPEST_PATTERN 8 /* ranges in one pattern */

struct str site_path(struct site_reader *reader, struct str path)
{
    struct str name = reader->source->name;
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != '/')
        n--;
    if (n == 0 || str_starts(path, "/"))
        return path;
    return str_printf(reader->arena, "%.*s%.*s", STR_ARG(str_head(name, n)), STR_ARG(path));
}

static void read_from(struct site_reader *reader, struct yaml_node *node)
{
    const struct source *source;
    struct str path;
    int error = 0;

    if (!yaml_string(node, "a file of \"names-from\"", reader->diags, &path))
        return;
    if (reader->files == NULL) {
        diag_error(reader->diags, node->span, "\"names-from\" cannot be read here");
        return;
    }
    path = site_path(reader, path);
    if (!reader->files->open(reader->files->context, path, &source, &error)) {
        if (error != 0)
            diag_error(reader->diags, node->span, "cannot read %.*s: %s", STR_ARG(path), strerror(error));
        return;
    }
    if (str_ends(path, ".csv"))
        site_inventory_csv(reader, source);
    else if (str_ends(path, ".yaml") || str_ends(path, ".yml"))
        site_inventory_yaml(reader, source);
    else
        site_inventory_ini(reader, source);
}

void site_names_from(struct site_reader *reader, struct yaml_node *node)
{
    if (node != NULL && node->kind == YAML_SCALAR && !site_is_null(node)) {
        read_from(reader, node);
        return;
    }
    if (!site_section(reader, node, YAML_LIST, "\"names-from\""))
        return;
    for (size_t i = 0; i < node->n; i++)
        read_from(reader, node->items[i]);
}

struct name_entry *site_foreign(struct site_reader *reader, struct str name, struct span span)
{
    bool fresh;
    struct name_entry *entry = site_name_entry(reader, name, span, &fresh);

    if (entry->node != NULL) {
        diag_error(reader->diags, span, "\"%.*s\" is a name of the site file too", STR_ARG(name));
        diag_hint(reader->diags, "give one of the two another name");
        return NULL;
    }
    return entry;
}

static struct name_entry *add_host(struct site_reader *reader, struct str name, struct span span)
{
    struct name_entry *entry = site_foreign(reader, name, span);
    struct addr_range range;

    if (entry == NULL || entry->ranges.n > 0 || entry->hollow != NULL || entry->members.n > 0)
        return entry;
    if (addr_range_parse(name, &range) == ADDR_OK)
        *vec_push(reader->arena, &entry->ranges) = range;
    else
        entry->hollow = "has no `ansible_host` in the inventory, and is no address itself";
    return entry;
}

static void set_host(struct site_reader *reader, struct name_entry *entry, struct str value, struct span span)
{
    struct addr_range range;

    if (entry == NULL)
        return;
    if (value.n > 1 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0])
        value = str_head(str_from(value, 1), value.n - 2);
    if (addr_range_parse(value, &range) != ADDR_OK || range.range.lo != range.range.hi) {
        if (entry->ranges.n == 0) {
            entry->hollow = "has an `ansible_host` that is not an address";
            entry->span = span;
        }
        return;
    }
    entry->hollow = NULL;
    entry->ranges.n = 0;
    *vec_push(reader->arena, &entry->ranges) = range;
}

static void add_member(struct site_reader *reader, struct name_entry *group, struct str member)
{
    if (group != NULL && !str_eq(group->name, member))
        *vec_push(reader->arena, &group->members) = member;
}

/* `all` is every host, where nobody wrote such a name. */
static void add_to_all(struct site_reader *reader, struct str host, struct span span)
{
    bool fresh;
    struct name_entry *all = site_name_entry(reader, STR("all"), span, &fresh);

    if (fresh)
        all->implied = true;
    if (all->implied)
        *vec_push(reader->arena, &all->members) = host;
}

struct ini {
    struct site_reader *reader;
    const struct source *source;
    struct str group; /* empty: none */
    enum { INI_HOSTS, INI_CHILDREN, INI_VARS } part;
    struct span span; /* of the line */
};

/* A word up to a blank; quotes hold blanks. */
static struct str next_word(struct str *rest)
{
    char quote = 0;
    size_t n = 0;
    struct str word;

    *rest = str_trim(*rest);
    while (n < rest->n && (quote != 0 || (rest->p[n] != ' ' && rest->p[n] != '\t'))) {
        if (quote == 0 && (rest->p[n] == '"' || rest->p[n] == '\''))
            quote = rest->p[n];
        else if (rest->p[n] == quote)
            quote = 0;
        n++;
    }
    word = str_head(*rest, n);
    *rest = str_from(*rest, n);
    return word;
}

static void add_ini_host(struct ini *ini, struct str name, struct str variables)
{
    struct site_reader *reader = ini->reader;
    struct name_entry *entry = add_host(reader, name, ini->span);
    bool fresh;

    for (;;) {
        struct str value;
        struct str word = next_word(&variables);
        struct str key = str_cut(word, '=', &value);

        if (word.n == 0 || word.p[0] == '#')
            break;
        if (str_is(key, "ansible_host") || str_is(key, "ansible_ssh_host"))
            set_host(reader, entry, value, ini->span);
    }
    if (entry == NULL)
        return;
    if (ini->group.n > 0)
        add_member(reader, site_name_entry(reader, ini->group, ini->span, &fresh), name);
    add_to_all(reader, name, ini->span);
}

/* The inside of [ ]: FROM:TO or FROM:TO:STEP, numbers (leading zeros keep the width) or single letters. */
struct sequence {
    uint64_t from;
    uint64_t to;
    uint64_t step;
    size_t width;
    bool letters;
};

static bool parse_sequence(struct str text, struct sequence *sequence)
{
    struct str rest;
    struct str step;
    struct str from = str_cut(text, ':', &rest);
    struct str to = str_cut(rest, ':', &step);

    *sequence = (struct sequence){.step = 1, .width = from.n};
    if (step.n > 0 && (!num_decimal(step, UINT32_MAX, &sequence->step) || sequence->step == 0))
        return false;
    if (num_decimal(from, UINT32_MAX, &sequence->from) && num_decimal(to, UINT32_MAX, &sequence->to))
        return sequence->from <= sequence->to;
    if (from.n != 1 || to.n != 1)
        return false;
    sequence->letters = true;
    sequence->from = (unsigned char)from.p[0];
    sequence->to = (unsigned char)to.p[0];
    return sequence->from >= 'A' && sequence->to <= 'z' && sequence->from <= sequence->to;
}

static struct str sequence_item(struct arena *arena, const struct sequence *sequence, uint64_t at, struct str before,
                                struct str after)
{
    if (sequence->letters)
        return str_printf(arena, "%.*s%c%.*s", STR_ARG(before), (char)at, STR_ARG(after));
    return str_printf(arena, "%.*s%0*llu%.*s", STR_ARG(before), (int)sequence->width, (unsigned long long)at,
                      STR_ARG(after));
}

/* host = { text | "[" sequence "]" } */
static bool expand(struct ini *ini, struct str pattern, struct str variables, uint64_t *budget, unsigned depth)
{
    struct str rest;
    struct str before = str_cut(pattern, '[', &rest);
    struct str after;
    struct str inside;
    struct sequence sequence;

    if (before.n == pattern.n) {
        if (*budget == 0)
            return false;
        --*budget;
        add_ini_host(ini, pattern, variables);
        return true;
    }
    inside = str_cut(rest, ']', &after);
    if (depth == DEEPEST_PATTERN || inside.n == rest.n || inside.n > 40 || !parse_sequence(inside, &sequence))
        return false;
    for (uint64_t at = sequence.from; at <= sequence.to; at += sequence.step) {
        struct str item = sequence_item(ini->reader->arena, &sequence, at, before, after);

        if (!expand(ini, item, variables, budget, depth + 1))
            return false;
    }
    return true;
}

static void read_ini_section(struct ini *ini, struct str line)
{
    struct site_reader *reader = ini->reader;
    struct str part;
    struct str inside;
    bool fresh;

    line = str_from(line, 1);
    inside = str_cut(line, ']', &part);
    if (inside.n == line.n) {
        diag_error(reader->diags, ini->span, "a section does not end in \"]\"");
        return;
    }
    ini->group = str_trim(str_cut(inside, ':', &part));
    if (part.n == 0)
        ini->part = INI_HOSTS;
    else if (str_is(part, "children"))
        ini->part = INI_CHILDREN;
    else if (str_is(part, "vars"))
        ini->part = INI_VARS;
    else
        diag_error(reader->diags, ini->span, "unknown kind of section \"%.*s\"; expected children or vars",
                   STR_ARG(part));
    if (str_is(ini->group, "all")) {
        struct name_entry *all = site_name_entry(reader, ini->group, ini->span, &fresh);

        all->implied = all->implied || fresh;
    } else if (ini->part != INI_VARS && site_foreign(reader, ini->group, ini->span) == NULL) {
        ini->group = STR_EMPTY;
    }
}

static void read_ini_line(struct ini *ini, struct str line)
{
    struct site_reader *reader = ini->reader;
    uint64_t budget = MOST_HOSTS_OF_PATTERN;
    struct str word;
    bool fresh;

    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return;
    if (line.p[0] == '[') {
        read_ini_section(ini, line);
        return;
    }
    if (ini->part == INI_VARS)
        return;
    word = next_word(&line);
    if (ini->part == INI_CHILDREN) {
        if (ini->group.n > 0)
            add_member(reader, site_name_entry(reader, ini->group, ini->span, &fresh), word);
        return;
    }
    if (!expand(ini, word, line, &budget, 0)) {
        diag_error(reader->diags, ini->span, "\"%.*s\" is no host or range of hosts, like web[01:10]", STR_ARG(word));
        diag_hint(reader->diags, "one line stands for at most %u hosts", MOST_HOSTS_OF_PATTERN);
    }
}

void site_inventory_ini(struct site_reader *reader, const struct source *source)
{
    struct ini ini = {.reader = reader, .source = source};

    for (uint32_t line = 1; line <= source->line_n; line++) {
        struct str text = source_line_text(source, line);

        ini.span = span_line(source, line);
        if (text.n > 0 && memchr(text.p, 0, text.n) != NULL) {
            diag_error(reader->diags, ini.span, "not a text file");
            return;
        }
        read_ini_line(&ini, str_trim(text));
    }
}

static void read_yaml_hosts(struct site_reader *reader, struct name_entry *group, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"hosts\""))
        return;
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_pair *pair = &node->pairs[i];
        struct name_entry *entry = add_host(reader, pair->key, pair->key_span);
        struct yaml_node *address = yaml_get(pair->value, "ansible_host");

        if (address != NULL && address->kind == YAML_SCALAR)
            set_host(reader, entry, address->text, address->span);
        if (entry == NULL)
            continue;
        add_member(reader, group, pair->key);
        add_to_all(reader, pair->key, pair->key_span);
    }
}

static void read_yaml_group(struct site_reader *reader, struct yaml_pair *pair, struct name_entry *parent)
{
    struct name_entry *group = NULL;
    struct yaml_node *children;

    if (!str_is(pair->key, "all"))
        group = site_foreign(reader, pair->key, pair->key_span);
    if (group != NULL)
        add_member(reader, parent, pair->key);
    if (!site_section(reader, pair->value, YAML_MAP, "a group"))
        return;
    read_yaml_hosts(reader, group, yaml_get(pair->value, "hosts"));
    children = yaml_get(pair->value, "children");
    if (!site_section(reader, children, YAML_MAP, "\"children\""))
        return;
    for (size_t i = 0; i < children->n; i++)
        read_yaml_group(reader, &children->pairs[i], group);
}

void site_inventory_yaml(struct site_reader *reader, const struct source *source)
{
    struct yaml_node *root = yaml_parse(reader->arena, source, reader->diags);

    if (!yaml_is_map(root, "an inventory", reader->diags))
        return;
    for (size_t i = 0; i < root->n; i++)
        read_yaml_group(reader, &root->pairs[i], NULL);
}
