/*
 * Tables and chains of iptables while they are read; see reader.h. Hooks and priorities: linux/netfilter_ipv4.h
 * (NF_IP_PRI_*), and which chain a table has: the ip_tables modules of Linux 6.1.
 */
#include "dialect/iptables/reader.h"

#include "base/suggest.h"

static const char *const names[TABLE_N] = {"raw", "mangle", "nat", "filter", "security"};

static const struct {
    enum table_id table;
    const char *name;
    enum hook hook;
    int priority;
} bases[] = {
    {TABLE_RAW, "PREROUTING", HOOK_PREROUTING, -300},
    {TABLE_RAW, "OUTPUT", HOOK_OUTPUT, -300},
    {TABLE_MANGLE, "PREROUTING", HOOK_PREROUTING, -150},
    {TABLE_MANGLE, "INPUT", HOOK_INPUT, -150},
    {TABLE_MANGLE, "FORWARD", HOOK_FORWARD, -150},
    {TABLE_MANGLE, "OUTPUT", HOOK_OUTPUT, -150},
    {TABLE_MANGLE, "POSTROUTING", HOOK_POSTROUTING, -150},
    {TABLE_NAT, "PREROUTING", HOOK_PREROUTING, -100},
    {TABLE_NAT, "INPUT", HOOK_INPUT, 100},
    {TABLE_NAT, "OUTPUT", HOOK_OUTPUT, -100},
    {TABLE_NAT, "POSTROUTING", HOOK_POSTROUTING, 100},
    {TABLE_FILTER, "INPUT", HOOK_INPUT, 0},
    {TABLE_FILTER, "FORWARD", HOOK_FORWARD, 0},
    {TABLE_FILTER, "OUTPUT", HOOK_OUTPUT, 0},
    {TABLE_SECURITY, "INPUT", HOOK_INPUT, 50},
    {TABLE_SECURITY, "FORWARD", HOOK_FORWARD, 50},
    {TABLE_SECURITY, "OUTPUT", HOOK_OUTPUT, 50},
};

#define BASES (sizeof bases / sizeof *bases)

bool table_parse_id(struct str name, enum table_id *id)
{
    for (size_t i = 0; i < TABLE_N; i++) {
        if (str_is(name, names[i])) {
            *id = (enum table_id)i;
            return true;
        }
    }
    return false;
}

const char *table_name(enum table_id id)
{
    return names[id];
}

struct building *table_chain(struct reader *reader, struct table *table, struct str name)
{
    struct building *building;

    if (table->last != NULL && str_eq(table->last->chain.name, name))
        return table->last;
    building = map_get(&table->chains, name);
    if (building != NULL)
        return building;
    building = arena_new_object(reader->arena, struct building);
    building->chain.table = str_of(names[table->id]);
    building->chain.name = name;
    building->chain.families = FAMILY_BIT(table->family);
    building->chain.policy = ACTION_RETURN;
    map_set(reader->scratch, &table->chains, name, building);
    *vec_push(reader->scratch, &table->order) = building;
    return building;
}

static struct table *table_new(struct reader *reader, enum table_id id, struct span place)
{
    struct table *table = arena_new_object(reader->scratch, struct table);

    table->id = id;
    table->family = reader->family;
    table->place = place;
    for (size_t i = 0; i < BASES; i++) {
        struct building *building;

        if (bases[i].table != id)
            continue;
        building = table_chain(reader, table, str_of(bases[i].name));
        building->declared = true;
        building->chain.hook = bases[i].hook;
        building->chain.priority = bases[i].priority;
        building->chain.policy = ACTION_ACCEPT;
        building->chain.nat = id == TABLE_NAT;
    }
    reader->tables[reader->family][id] = table;
    *vec_push(reader->scratch, &reader->order) = table;
    return table;
}

struct table *table_open(struct reader *reader, enum table_id id, struct span place)
{
    struct table *old = reader->tables[reader->family][id];

    if (old != NULL) {
        const struct source *source = old->place.source;

        diag_error(reader->diags, place, "a second %s table of %s; the first is at %.*s:%u", names[id],
                   reader->family == FAMILY_V4 ? "IPv4" : "IPv6", source == NULL ? 4 : STR_ARG(source->name),
                   source == NULL ? 0 : source_line(source, old->place.at));
        diag_hint(reader->diags,
                  "give one dump of each family; of which family one is that does not show it, --dialect "
                  "ip6tables says, or \"v6\" in its file's name");
        for (size_t i = 0; i < reader->order.n; i++) {
            if (reader->order.v[i] == old)
                reader->order.v[i] = NULL;
        }
    }
    return table_new(reader, id, place);
}

struct table *table_get(struct reader *reader, enum table_id id)
{
    struct table *table = reader->tables[reader->family][id];

    return table != NULL ? table : table_new(reader, id, reader_word_span(reader, 0));
}

void table_declare(struct reader *reader, struct table *table, size_t word, struct str policy, size_t policy_word)
{
    struct str name = reader->words.v[word].text;
    struct building *building;

    if (str_starts(name, ":"))
        name = str_from(name, 1);
    if (name.n == 0) {
        diag_error(reader->diags, reader_word_span(reader, word), "a chain has a name");
        return;
    }
    building = table_chain(reader, table, name);
    building->declared = true;
    building->chain.place = reader_span(reader, reader->words.v[0].at, reader->words.v[reader->words.n - 1].end);
    building->chain.has_line = true;
    if (building->chain.hook == HOOK_NONE) {
        if (!str_is(policy, "-") && policy.n > 0)
            diag_error(reader->diags, reader_word_span(reader, policy_word),
                       "chain \"%.*s\" is no base chain of table %s and has no policy", STR_ARG(name),
                       names[table->id]);
        return;
    }
    building->chain.policy_written = true;
    if (str_is(policy, "ACCEPT"))
        building->chain.policy = ACTION_ACCEPT;
    else if (str_is(policy, "DROP"))
        building->chain.policy = ACTION_DROP;
    else if (!str_is(policy, "-"))
        diag_error(reader->diags, reader_word_span(reader, policy_word),
                   "the policy of a chain is ACCEPT or DROP, not \"%.*s\"", STR_ARG(policy));
}

static bool calls(const struct rule *rule)
{
    return rule->action == ACTION_JUMP || rule->action == ACTION_GOTO;
}

/* A chain that nothing declares: where it is called and has rules, its head was lost; else it is a mistake. */
static void report_undeclared(struct reader *reader, struct table *table, struct building *missing)
{
    struct suggest suggest = suggest_for(missing->chain.name);

    if (missing->chain.rule_n > 0 && missing->called) {
        diag_warning(reader->diags, missing->wanted, "nothing declares chain \"%.*s\" of table %s",
                     STR_ARG(missing->chain.name), names[table->id]);
        return;
    }
    diag_error(reader->diags, missing->wanted, "no chain \"%.*s\" in table %s", STR_ARG(missing->chain.name),
               names[table->id]);
    if (reader->diags->n >= DIAG_KEPT)
        return;
    for (size_t i = 0; i < table->order.n; i++) {
        if (table->order.v[i]->declared)
            suggest_offer(&suggest, table->order.v[i]->chain.name);
    }
    suggest_hint(&suggest, reader->diags);
}

static struct building *callee(const struct rule *rule)
{
    return (struct building *)rule->target; /* the chain is its first member */
}

/* For each chain in or behind a loop a rule by which another such chain calls it. */
static void find_callers(struct table *table)
{
    for (size_t i = 0; i < table->order.n; i++) {
        struct building *building = table->order.v[i];

        for (size_t k = 0; k < building->chain.rule_n && building->waiting > 0; k++) {
            const struct rule *rule = &building->chain.rules[k];

            if (calls(rule))
                callee(rule)->caller = rule;
        }
    }
}

/* What is left when chains that nobody left calls are taken away, again and again, is in a loop or behind one. */
static void report_loops(struct reader *reader, struct table *table)
{
    struct building **free = arena_new_array(reader->scratch, struct building *, table->order.n);
    size_t free_n = 0;
    struct building *left = NULL;

    for (size_t i = 0; i < table->order.n; i++) {
        for (size_t k = 0; k < table->order.v[i]->chain.rule_n; k++) {
            if (calls(&table->order.v[i]->chain.rules[k]))
                callee(&table->order.v[i]->chain.rules[k])->waiting++;
        }
    }
    for (size_t i = 0; i < table->order.n; i++) {
        if (table->order.v[i]->waiting == 0)
            free[free_n++] = table->order.v[i];
    }
    for (size_t i = 0; i < free_n; i++) {
        for (size_t k = 0; k < free[i]->chain.rule_n; k++) {
            struct rule *call = &free[i]->chain.rules[k];

            if (calls(call) && --callee(call)->waiting == 0)
                free[free_n++] = callee(call);
        }
    }
    if (free_n == table->order.n)
        return;
    for (size_t i = 0; i < table->order.n && left == NULL; i++) {
        if (table->order.v[i]->waiting > 0)
            left = table->order.v[i];
    }
    find_callers(table);
    /* Backwards from there along the calls: after as many steps as there are chains we are in the loop itself. */
    for (size_t i = 0; i < table->order.n; i++)
        left = (struct building *)left->caller->chain;
    diag_error(reader->diags, left->caller->place, "chain \"%.*s\" of table %s calls itself by way of this rule",
               STR_ARG(left->chain.name), names[table->id]);
    /* Nothing may follow the loop later: its calls are cut to what nobody can know. */
    for (size_t i = 0; i < table->order.n; i++) {
        for (size_t k = 0; k < table->order.v[i]->chain.rule_n && table->order.v[i]->waiting > 0; k++) {
            struct rule *call = &table->order.v[i]->chain.rules[k];

            if (calls(call)) {
                call->action = ACTION_UNKNOWN;
                call->target = NULL;
            }
        }
    }
}

static void find_called(struct table *table)
{
    for (size_t i = 0; i < table->order.n; i++) {
        for (size_t k = 0; k < table->order.v[i]->chain.rule_n; k++) {
            if (calls(&table->order.v[i]->chain.rules[k]))
                callee(&table->order.v[i]->chain.rules[k])->called = true;
        }
    }
}

/* What is in a chain that is not there may do anything. */
static void forget_undeclared(struct table *table)
{
    for (size_t i = 0; i < table->order.n; i++) {
        for (size_t k = 0; k < table->order.v[i]->chain.rule_n; k++) {
            struct rule *call = &table->order.v[i]->chain.rules[k];

            if (calls(call) && !callee(call)->declared && callee(call)->chain.rule_n == 0) {
                call->action = ACTION_UNKNOWN;
                call->target = NULL;
            }
        }
    }
}

static void settle(struct reader *reader, struct building *building)
{
    struct rule_list *rules = &building->rules;

    if (building->front.n > 0) {
        struct rule *all = arena_new_array(reader->arena, struct rule, building->front.n + rules->n);

        for (size_t i = 0; i < building->front.n; i++)
            all[i] = building->front.v[building->front.n - 1 - i];
        if (rules->n > 0)
            memcpy(all + building->front.n, rules->v, rules->n * sizeof *all);
        rules->v = all;
        rules->n += building->front.n;
        rules->capacity = rules->n;
        building->front.n = 0;
    }
    building->chain.rules = rules->v;
    building->chain.rule_n = rules->n;
    for (size_t i = 0; i < rules->n; i++)
        rules->v[i].index = (uint32_t)i + 1;
}

void table_finish(struct reader *reader, struct table *table)
{
    bool undeclared = false;

    for (size_t i = 0; i < table->order.n; i++)
        settle(reader, table->order.v[i]);
    for (size_t i = 0; i < table->order.n; i++)
        undeclared = undeclared || !table->order.v[i]->declared;
    if (undeclared)
        find_called(table);
    for (size_t i = 0; i < table->order.n && undeclared; i++) {
        if (!table->order.v[i]->declared)
            report_undeclared(reader, table, table->order.v[i]);
    }
    if (undeclared)
        forget_undeclared(table);
    report_loops(reader, table);
}
