/* Instances: products as a site deploys them, checked against their catalogs. */
#include "site/reader.h"

static void say_unknown(struct site_reader *reader, struct span span, const char *what, struct str name,
                        const struct catalog *catalog, struct suggest *suggest)
{
    if (catalog != NULL)
        diag_error(reader->diags, span, "%.*s has no %s \"%.*s\"", STR_ARG(catalog->product), what, STR_ARG(name));
    else
        diag_error(reader->diags, span, "unknown %s \"%.*s\"", what, STR_ARG(name));
    suggest_hint(suggest, reader->diags);
}

static const struct catalog *read_product(struct site_reader *reader, struct yaml_node *node)
{
    const struct catalog *catalog;
    struct suggest suggest;
    struct str name;

    if (!yaml_string(node, "\"product\"", reader->diags, &name))
        return NULL;
    catalog = catalogs_find(reader->catalogs, name);
    if (catalog != NULL)
        return catalog;
    suggest = suggest_for(name);
    for (size_t i = 0; i < reader->catalogs->n; i++)
        suggest_offer(&suggest, reader->catalogs->v[i]->product);
    say_unknown(reader, node->span, "product", name, NULL, &suggest);
    return NULL;
}

static void read_feature(struct site_reader *reader, struct instance *instance, struct yaml_node *node,
                         struct map *said)
{
    const struct catalog *catalog = instance->catalog;
    struct suggest suggest;
    struct str text;
    bool on;

    if (!yaml_string(node, "a feature", reader->diags, &text))
        return;
    on = !str_starts(text, "-");
    text = str_from(text, on ? 0 : 1);
    if (catalog == NULL)
        return;
    if (catalog_feature(catalog, text) == NULL) {
        suggest = suggest_for(text);
        for (size_t i = 0; i < catalog->feature_n; i++)
            suggest_offer(&suggest, catalog->features[i].name);
        say_unknown(reader, node->span, "feature", text, catalog, &suggest);
        return;
    }
    if (map_set(reader->arena, said, text, node) != NULL)
        diag_error(reader->diags, node->span, "feature \"%.*s\" stands here twice", STR_ARG(text));
    map_set(reader->arena, &instance->features, text, on ? node : NULL);
}

static void read_features(struct site_reader *reader, struct instance *instance, struct yaml_node *node)
{
    struct map said = {0};

    for (size_t i = 0; instance->catalog != NULL && i < instance->catalog->feature_n; i++) {
        struct feature *feature = &instance->catalog->features[i];

        map_set(reader->arena, &instance->features, feature->name, feature->on ? feature : NULL);
    }
    if (!site_section(reader, node, YAML_LIST, "\"features\""))
        return;
    for (size_t i = 0; i < node->n; i++)
        read_feature(reader, instance, node->items[i], &said);
}

static void read_parameters(struct site_reader *reader, struct instance *instance, struct yaml_node *node)
{
    const struct catalog *catalog = instance->catalog;

    if (!site_section(reader, node, YAML_MAP, "\"parameters\""))
        return;
    instance->parameters = arena_new_array(reader->arena, struct setting, node->n);
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_pair *pair = &node->pairs[i];
        struct suggest suggest = suggest_for(pair->key);
        struct str value;

        if (catalog != NULL && catalog_parameter(catalog, pair->key) == NULL) {
            for (size_t j = 0; j < catalog->parameter_n; j++)
                suggest_offer(&suggest, catalog->parameters[j].name);
            say_unknown(reader, pair->key_span, "parameter", pair->key, catalog, &suggest);
        }
        /* A wrong value is said once: some port stands in, so that the plan does not miss the parameter too. */
        if (!yaml_string(pair->value, "a parameter", reader->diags, &value)) {
            value = STR("1");
        } else if (port_problem(value) != NULL) {
            diag_error(reader->diags, pair->value->span, "parameter \"%.*s\": \"%.*s\": %s", STR_ARG(pair->key),
                       STR_ARG(value), port_problem(value));
            value = STR("1");
        }
        instance->parameters[instance->parameter_n++] = (struct setting){pair->key, value, pair->value->span};
    }
}

static void say_not_filled(struct site_reader *reader, const struct instance *instance, const struct yaml_pair *pair)
{
    const struct role *role = instance->catalog == NULL ? NULL : catalog_role(instance->catalog, pair->key);

    diag_error(reader->diags, pair->key_span, "role \"%.*s\" of \"%.*s\" is not filled in", STR_ARG(pair->key),
               STR_ARG(instance->name));
    if (role != NULL && role->title.n > 0)
        diag_hint(reader->diags, "%.*s: addresses or a name, or `none` where there is none on purpose",
                  STR_ARG(role->title));
}

static void read_role(struct site_reader *reader, struct instance *instance, const struct yaml_pair *pair)
{
    const struct catalog *catalog = instance->catalog;
    struct suggest suggest = suggest_for(pair->key);
    struct binding *binding;

    if (catalog != NULL && catalog_role(catalog, pair->key) == NULL) {
        for (size_t i = 0; i < catalog->role_n; i++)
            suggest_offer(&suggest, catalog->roles[i].name);
        say_unknown(reader, pair->key_span, "role", pair->key, catalog, &suggest);
    }
    binding = &instance->bindings[instance->binding_n++];
    *binding = (struct binding){.role = pair->key, .text = site_text(reader, pair->value), .span = pair->value->span};
    if (site_is_null(pair->value)) {
        say_not_filled(reader, instance, pair);
        return;
    }
    if (pair->value->kind == YAML_SCALAR && str_is(pair->value->text, "none")) {
        binding->waived = true;
        return;
    }
    binding->set = site_ends(reader, pair->value, "a role", ENDS_ZONES);
}

static void read_roles(struct site_reader *reader, struct instance *instance, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"roles\""))
        return;
    instance->bindings = arena_new_array(reader->arena, struct binding, node->n);
    for (size_t i = 0; i < node->n; i++)
        read_role(reader, instance, &node->pairs[i]);
}

static void read_instance(struct site_reader *reader, struct yaml_pair *pair)
{
    static const char *const keys[] = {"product", "features", "parameters", "roles", NULL};
    struct instance *instance = &reader->site->instances[reader->site->instance_n];

    site_name_valid(reader, pair->key, pair->key_span, "instance");
    if (str_is(pair->key, "extra"))
        diag_error(reader->diags, pair->key_span, "\"extra\" is a word of its own and names no instance");
    if (!yaml_is_map(pair->value, "an instance", reader->diags))
        return;
    *instance = (struct instance){.name = pair->key, .span = pair->key_span};
    instance->catalog = read_product(reader, yaml_need(pair->value, "product", reader->diags));
    read_features(reader, instance, yaml_get(pair->value, "features"));
    read_parameters(reader, instance, yaml_get(pair->value, "parameters"));
    read_roles(reader, instance, yaml_get(pair->value, "roles"));
    yaml_finish(pair->value, keys, "an instance", reader->diags);
    reader->site->instance_n++;
}

void site_instances(struct site_reader *reader, struct yaml_node *node)
{
    if (!site_section(reader, node, YAML_MAP, "\"instances\""))
        return;
    reader->site->instances = arena_new_array(reader->arena, struct instance, node->n);
    for (size_t i = 0; i < node->n; i++)
        read_instance(reader, &node->pairs[i]);
}
