/* What a site says beside the documents: extra flows, omissions, accepted excess, and tests. */
#include "site/reader.h"

#include "base/num.h"
#include "model/services.h"

static void read_expires(struct site_reader *reader, struct yaml_node *node, struct exception *exception)
{
    struct str text;

    if (!yaml_string(node, "\"expires\"", reader->diags, &text))
        return;
    if (!num_date(text, &exception->expires))
        diag_error(reader->diags, node->span, "\"expires\" must be a date YYYY-MM-DD, not \"%.*s\"", STR_ARG(text));
}

static void read_needed(struct site_reader *reader, struct yaml_node *map, const char *key, struct str *value)
{
    struct yaml_node *node = yaml_need(map, key, reader->diags);

    if (site_is_null(node))
        diag_error(reader->diags, node->span, "\"%s\" is empty", key);
    else
        yaml_string(node, key, reader->diags, value);
}

static void read_owned(struct site_reader *reader, struct yaml_node *map, struct exception *exception)
{
    read_needed(reader, map, "owner", &exception->owner);
    read_needed(reader, map, "reason", &exception->reason);
    read_expires(reader, yaml_get(map, "expires"), exception);
}

static void check_families(struct site_reader *reader, const struct exception *exception)
{
    const struct address_set *from = exception->from;
    const struct address_set *to = exception->to;

    if (from == NULL || to == NULL)
        return;
    for (unsigned f = 0; f < FAMILY_N; f++) {
        if (from->family[f].ranges->n > 0 && to->family[f].ranges->n > 0)
            return;
    }
    diag_error(reader->diags, exception->span, "\"%.*s\" and \"%.*s\" have no address family in common",
               STR_ARG(exception->from_text), STR_ARG(exception->to_text));
}

static void read_ends(struct site_reader *reader, struct yaml_node *map, struct exception *exception)
{
    struct yaml_node *from = yaml_need(map, "from", reader->diags);
    struct yaml_node *to = yaml_need(map, "to", reader->diags);

    exception->from = site_ends(reader, from, "\"from\"", ENDS_ZONES | ENDS_ROLES);
    exception->to = site_ends(reader, to, "\"to\"", ENDS_ZONES | ENDS_ROLES);
    exception->from_text = site_text(reader, from);
    exception->to_text = site_text(reader, to);
    check_families(reader, exception);
    site_ports(reader, yaml_need(map, "ports", reader->diags), &exception->ports, &exception->port_n);
}

static struct exception *list_of(struct site_reader *reader, struct yaml_node *node, const char *what)
{
    return site_section(reader, node, YAML_LIST, what) ? arena_new_array(reader->arena, struct exception, node->n)
                                                       : NULL;
}

static void read_extra(struct site_reader *reader, struct yaml_node *map, struct exception *extra)
{
    static const char *const keys[] = {"id",    "from",   "to",      "ports", "service",
                                       "owner", "reason", "expires", "reply", NULL};
    struct yaml_node *id = yaml_need(map, "id", reader->diags);
    struct yaml_node *reply = yaml_get(map, "reply");
    struct yaml_node *service = yaml_get(map, "service");
    struct str text;

    if (yaml_string(id, "\"id\"", reader->diags, &extra->id))
        site_name_valid(reader, extra->id, id->span, "extra flow");
    for (const struct exception *other = reader->site->extra; id != NULL && other < extra; other++) {
        if (str_eq(other->id, extra->id) && extra->id.n > 0)
            diag_error(reader->diags, id->span, "two extra flows have the id \"%.*s\"", STR_ARG(extra->id));
    }
    read_ends(reader, map, extra);
    if (yaml_string(service, "\"service\"", reader->diags, &extra->service) && !service_known(extra->service))
        service_unknown(extra->service, service->span, reader->diags);
    if (yaml_string(reply, "\"reply\"", reader->diags, &text)) {
        extra->no_reply = str_is(text, "none");
        if (!extra->no_reply)
            diag_error(reader->diags, reply->span, "\"reply\" must be none, not \"%.*s\"", STR_ARG(text));
    }
    read_owned(reader, map, extra);
    yaml_finish(map, keys, "an extra flow", reader->diags);
}

void site_extra(struct site_reader *reader, struct yaml_node *node)
{
    reader->site->extra = list_of(reader, node, "\"extra\"");
    for (size_t i = 0; reader->site->extra != NULL && i < node->n; i++) {
        struct exception *extra = &reader->site->extra[reader->site->extra_n];

        if (!yaml_is_map(node->items[i], "an extra flow", reader->diags))
            continue;
        extra->span = node->items[i]->span;
        read_extra(reader, node->items[i], extra);
        reader->site->extra_n++;
    }
}

static void suggest_requirement(struct site_reader *reader, const struct instance *instance, struct str id)
{
    struct suggest suggest = suggest_for(id);

    for (size_t i = 0; i < instance->catalog->requirement_n; i++)
        suggest_offer(&suggest, instance->catalog->requirements[i].id);
    if (suggest.best.n > 0)
        diag_hint(reader->diags, "did you mean \"%.*s/%.*s\"?", STR_ARG(instance->name), STR_ARG(suggest.best));
}

static void check_requirement(struct site_reader *reader, struct str text, struct span span)
{
    struct str id;
    struct str name = str_cut(text, '/', &id);
    struct suggest suggest = suggest_for(name);

    if (name.n == text.n || id.n == 0) {
        diag_error(reader->diags, span, "\"%.*s\" must be INSTANCE/REQUIREMENT", STR_ARG(text));
        return;
    }
    for (size_t i = 0; i < reader->site->instance_n; i++) {
        const struct instance *instance = &reader->site->instances[i];

        suggest_offer(&suggest, instance->name);
        if (!str_eq(instance->name, name))
            continue;
        if (instance->catalog == NULL || catalog_requirement(instance->catalog, id) != NULL)
            return;
        diag_error(reader->diags, span, "%.*s has no requirement \"%.*s\"", STR_ARG(instance->catalog->product),
                   STR_ARG(id));
        suggest_requirement(reader, instance, id);
        return;
    }
    diag_error(reader->diags, span, "unknown instance \"%.*s\"", STR_ARG(name));
    suggest_hint(&suggest, reader->diags);
}

void site_omit(struct site_reader *reader, struct yaml_node *node)
{
    static const char *const keys[] = {"requirement", "ports", "owner", "reason", "expires", NULL};

    reader->site->omit = list_of(reader, node, "\"omit\"");
    for (size_t i = 0; reader->site->omit != NULL && i < node->n; i++) {
        struct yaml_node *map = node->items[i];
        struct exception *omit = &reader->site->omit[reader->site->omit_n];
        struct yaml_node *requirement;

        if (!yaml_is_map(map, "an omission", reader->diags))
            continue;
        omit->span = map->span;
        requirement = yaml_need(map, "requirement", reader->diags);
        if (yaml_string(requirement, "\"requirement\"", reader->diags, &omit->requirement))
            check_requirement(reader, omit->requirement, requirement->span);
        site_ports(reader, yaml_get(map, "ports"), &omit->ports, &omit->port_n);
        read_owned(reader, map, omit);
        yaml_finish(map, keys, "an omission", reader->diags);
        reader->site->omit_n++;
    }
}

static void check_firewall(struct site_reader *reader, struct str name, struct span span)
{
    struct suggest suggest = suggest_for(name);

    for (size_t i = 0; i < reader->site->firewall_n; i++) {
        if (str_eq(reader->site->firewalls[i].name, name))
            return;
        suggest_offer(&suggest, reader->site->firewalls[i].name);
    }
    diag_error(reader->diags, span, "unknown firewall \"%.*s\"", STR_ARG(name));
    suggest_hint(&suggest, reader->diags);
}

void site_accept(struct site_reader *reader, struct yaml_node *node)
{
    static const char *const keys[] = {"firewall", "from", "to", "ports", "owner", "reason", "expires", NULL};

    reader->site->accept = list_of(reader, node, "\"accept\"");
    for (size_t i = 0; reader->site->accept != NULL && i < node->n; i++) {
        struct yaml_node *map = node->items[i];
        struct exception *accept = &reader->site->accept[reader->site->accept_n];
        struct yaml_node *firewall;

        if (!yaml_is_map(map, "an accepted excess", reader->diags))
            continue;
        accept->span = map->span;
        firewall = yaml_need(map, "firewall", reader->diags);
        if (yaml_string(firewall, "\"firewall\"", reader->diags, &accept->firewall))
            check_firewall(reader, accept->firewall, firewall->span);
        read_ends(reader, map, accept);
        read_owned(reader, map, accept);
        yaml_finish(map, keys, "an accepted excess", reader->diags);
        reader->site->accept_n++;
    }
}

static void read_test(struct site_reader *reader, struct yaml_node *map, struct site_test *test)
{
    static const char *const outer[] = {"allow", "deny", NULL};
    static const char *const inner[] = {"from", "to", "ports", NULL};
    struct yaml_node *allow = yaml_get(map, "allow");
    struct yaml_node *deny = yaml_get(map, "deny");
    struct yaml_node *what = allow != NULL ? allow : deny;

    test->allow = allow != NULL;
    test->span = map->span;
    test->what.span = map->span;
    yaml_finish(map, outer, "a test", reader->diags);
    if ((allow == NULL) == (deny == NULL)) {
        diag_error(reader->diags, map->span, "a test is either `allow` or `deny`");
        return;
    }
    if (!yaml_is_map(what, "a test", reader->diags))
        return;
    read_ends(reader, what, &test->what);
    test->text = str_printf(reader->arena, "%s from %.*s to %.*s ports %.*s", test->allow ? "allow" : "deny",
                            STR_ARG(test->what.from_text), STR_ARG(test->what.to_text),
                            STR_ARG(site_text(reader, yaml_get(what, "ports"))));
    yaml_finish(what, inner, "a test", reader->diags);
}

void site_tests(struct site_reader *reader, struct yaml_node *node)
{
    struct site *site = reader->site;

    if (!site_section(reader, node, YAML_LIST, "\"tests\""))
        return;
    site->tests = arena_new_array(reader->arena, struct site_test, node->n);
    for (size_t i = 0; i < node->n; i++) {
        if (yaml_is_map(node->items[i], "a test", reader->diags))
            read_test(reader, node->items[i], &site->tests[site->test_n++]);
    }
}
