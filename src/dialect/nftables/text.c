/*
 * Rules of the JSON listing in nft's own syntax, for people to read: `nft list ruleset` without the counters. What has
 * no words here is shown as its JSON.
 */
#include "dialect/nftables/reader.h"

/* Deeper than nft ever prints. */
#define DEPTH_MAX 32

static void expression(struct buf *out, const json_t *value, bool quoted, unsigned depth);

static void raw_json(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    buf_adds(out, text == NULL ? "?" : text);
    free(text);
}

static const char *member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static void join(struct buf *out, const json_t *list, const char *by, bool quoted, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        buf_adds(out, i == 0 ? "" : by);
        expression(out, json_array_get(list, i), quoted, depth);
    }
}

static void braces(struct buf *out, const json_t *list, bool quoted, unsigned depth)
{
    if (json_array_size(list) == 0) {
        buf_adds(out, "{ }");
        return;
    }
    buf_adds(out, "{ ");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);

        buf_adds(out, i == 0 ? "" : ", ");
        if (json_array_size(element) == 2) { /* of a map */
            expression(out, json_array_get(element, 0), quoted, depth);
            buf_adds(out, " : ");
            expression(out, json_array_get(element, 1), quoted, depth);
        } else {
            expression(out, element, quoted, depth);
        }
    }
    buf_adds(out, " }");
}

static void payload(struct buf *out, const json_t *value)
{
    if (json_object_get(value, "field") != NULL)
        buf_addf(out, "%s %s", member(value, "protocol"), member(value, "field"));
    else if (json_object_get(value, "base") != NULL)
        buf_addf(out, "@%s,%d,%d", member(value, "base"), (int)json_integer_value(json_object_get(value, "offset")),
                 (int)json_integer_value(json_object_get(value, "len")));
    else
        raw_json(out, value);
}

static void meta(struct buf *out, const json_t *value)
{
    static const char *const bare[] = {"iif", "iifname", "iifgroup", "oif", "oifname", "oifgroup"};
    const char *key = member(value, "key");

    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        if (strcmp(key, bare[i]) == 0) {
            buf_adds(out, key);
            return;
        }
    }
    buf_addf(out, "meta %s", key);
}

static void fib(struct buf *out, const json_t *value)
{
    const json_t *flags = json_object_get(value, "flags");

    buf_adds(out, "fib ");
    if (json_is_string(flags))
        buf_adds(out, json_string_value(flags));
    join(out, flags, " . ", false, DEPTH_MAX);
    buf_addf(out, " %s", member(value, "result"));
}

static void element(struct buf *out, const json_t *value, bool quoted, unsigned depth)
{
    expression(out, json_object_get(value, "val"), quoted, depth);
    if (json_object_get(value, "timeout") != NULL)
        buf_addf(out, " timeout %ds", (int)json_integer_value(json_object_get(value, "timeout")));
    if (json_object_get(value, "comment") != NULL)
        buf_addf(out, " comment \"%s\"", member(value, "comment"));
}

static void verdict_of(struct buf *out, const char *name, const json_t *value)
{
    buf_adds(out, name);
    if (json_object_get(value, "target") != NULL)
        buf_addf(out, " %s", member(value, "target"));
}

static void named(struct buf *out, const char *name, const json_t *value, bool quoted, unsigned depth)
{
    if (strcmp(name, "payload") == 0) {
        payload(out, value);
    } else if (strcmp(name, "meta") == 0) {
        meta(out, value);
    } else if (strcmp(name, "ct") == 0) {
        buf_addf(out, "ct %s%s%s", member(value, "dir"), member(value, "dir")[0] == '\0' ? "" : " ",
                 member(value, "key"));
    } else if (strcmp(name, "fib") == 0) {
        fib(out, value);
    } else if (strcmp(name, "exthdr") == 0 && json_object_get(value, "field") == NULL) {
        buf_addf(out, "exthdr %s", member(value, "name"));
    } else if (strcmp(name, "exthdr") == 0) {
        buf_addf(out, "%s %s", member(value, "name"), member(value, "field"));
    } else if (strcmp(name, "tcp option") == 0 || strcmp(name, "ip option") == 0) {
        buf_addf(out, "%s %s %s", name, member(value, "name"), member(value, "field"));
    } else if (strcmp(name, "rt") == 0) {
        buf_addf(out, "rt %s %s", member(value, "family"), member(value, "key"));
    } else if (strcmp(name, "concat") == 0) {
        join(out, value, " . ", quoted, depth);
    } else if (strcmp(name, "set") == 0 && json_is_array(value)) {
        braces(out, value, quoted, depth);
    } else if (strcmp(name, "range") == 0) {
        join(out, value, "-", quoted, depth);
    } else if (strcmp(name, "prefix") == 0) {
        buf_addf(out, "%s/%d", member(value, "addr"), (int)json_integer_value(json_object_get(value, "len")));
    } else if (strcmp(name, "elem") == 0) {
        element(out, value, quoted, depth);
    } else if (strcmp(name, "|") == 0) {
        join(out, value, " | ", quoted, depth);
    } else if (strcmp(name, "&") == 0 && json_array_size(value) == 2) {
        expression(out, json_array_get(value, 0), quoted, depth);
        buf_adds(out, " & ");
        if (json_is_array(json_array_get(value, 1))) {
            buf_addc(out, '(');
            join(out, json_array_get(value, 1), " | ", quoted, depth);
            buf_addc(out, ')');
        } else {
            expression(out, json_array_get(value, 1), quoted, depth);
        }
    } else if (json_is_null(value) || json_object_get(value, "target") != NULL) {
        verdict_of(out, name, value);
    } else {
        buf_addf(out, "%s ", name);
        raw_json(out, value);
    }
}

static void expression(struct buf *out, const json_t *value, bool quoted, unsigned depth)
{
    const char *name;
    json_t *inner;

    if (depth == 0 || value == NULL) {
        raw_json(out, value);
        return;
    }
    if (json_is_string(value)) {
        const char *text = json_string_value(value);

        buf_addf(out, quoted && text[0] != '@' ? "\"%s\"" : "%s", text);
    } else if (json_is_boolean(value)) {
        buf_adds(out, json_is_true(value) ? "exists" : "missing");
    } else if (json_is_array(value)) {
        join(out, value, ",", quoted, depth - 1);
    } else if (json_object_size(value) == 1) {
        json_object_foreach((json_t *)value, name, inner) named(out, name, inner, quoted, depth - 1);
    } else {
        raw_json(out, value);
    }
}

/* Values of these are strings in nft's syntax. */
static bool wants_quotes(const json_t *left)
{
    const char *key = member(json_object_get(left, "meta"), "key");

    return strcmp(key, "iifname") == 0 || strcmp(key, "oifname") == 0 || strcmp(key, "iif") == 0 ||
           strcmp(key, "oif") == 0;
}

static void match(struct buf *out, const json_t *value)
{
    const json_t *left = json_object_get(value, "left");
    const json_t *right = json_object_get(value, "right");
    const char *op = member(value, "op");
    bool bits =
        json_object_get(left, "&") != NULL || strcmp(member(json_object_get(left, "payload"), "field"), "flags") == 0;

    expression(out, left, false, DEPTH_MAX);
    if (strcmp(op, "in") != 0 && (strcmp(op, "==") != 0 || (bits && json_object_get(right, "set") == NULL)))
        buf_addf(out, " %s", op);
    buf_addc(out, ' ');
    if (json_is_array(right) && strcmp(op, "==") == 0) {
        buf_addc(out, '(');
        join(out, right, " | ", false, DEPTH_MAX);
        buf_addc(out, ')');
    } else {
        expression(out, right, wants_quotes(left), DEPTH_MAX);
    }
}

static void log_statement(struct buf *out, const json_t *value)
{
    buf_adds(out, "log");
    if (json_object_get(value, "prefix") != NULL)
        buf_addf(out, " prefix \"%s\"", member(value, "prefix"));
    if (json_object_get(value, "group") != NULL)
        buf_addf(out, " group %d", (int)json_integer_value(json_object_get(value, "group")));
    if (json_object_get(value, "level") != NULL)
        buf_addf(out, " level %s", member(value, "level"));
}

static void limit(struct buf *out, const json_t *value)
{
    const char *unit = member(value, "rate_unit");

    buf_addf(out, "limit rate %s%lld", json_is_true(json_object_get(value, "inv")) ? "over " : "",
             (long long)json_integer_value(json_object_get(value, "rate")));
    buf_addf(out, "%s%s/%s", unit[0] == '\0' || strcmp(unit, "packets") == 0 ? "" : " ",
             strcmp(unit, "packets") == 0 ? "" : unit, member(value, "per"));
    if (json_object_get(value, "burst") != NULL)
        buf_addf(out, " burst %lld %s", (long long)json_integer_value(json_object_get(value, "burst")),
                 unit[0] == '\0' ? "packets" : member(value, "burst_unit"));
}

static void nat(struct buf *out, const char *name, const json_t *value)
{
    const json_t *flags = json_object_get(value, "flags");

    buf_adds(out, name);
    if (json_object_get(value, "addr") != NULL || json_object_get(value, "port") != NULL)
        buf_adds(out, " to ");
    if (json_object_get(value, "addr") != NULL)
        expression(out, json_object_get(value, "addr"), false, DEPTH_MAX);
    if (json_object_get(value, "port") != NULL) {
        buf_addc(out, ':');
        expression(out, json_object_get(value, "port"), false, DEPTH_MAX);
    }
    if (json_is_string(flags) && strcmp(json_string_value(flags), "netmap") != 0)
        buf_addf(out, " %s", json_string_value(flags));
    if (json_array_size(flags) > 0)
        buf_addc(out, ' ');
    join(out, flags, ",", false, DEPTH_MAX);
}

static void reject(struct buf *out, const json_t *value)
{
    const char *type = member(value, "type");

    buf_adds(out, "reject");
    if (strcmp(type, "tcp reset") == 0)
        buf_adds(out, " with tcp reset");
    else if (type[0] != '\0')
        buf_addf(out, " with %s %s", type, member(value, "expr"));
}

static void update(struct buf *out, const char *name, const json_t *value)
{
    buf_addf(out, "%s %s { ", member(value, "op"), member(value, name));
    expression(out, json_object_get(value, "elem"), false, DEPTH_MAX);
    for (size_t i = 0; i < json_array_size(json_object_get(value, "stmt")); i++) {
        buf_addc(out, ' ');
        expression(out, json_array_get(json_object_get(value, "stmt"), i), false, DEPTH_MAX);
    }
    buf_adds(out, " }");
}

static void statement_named(struct buf *out, const char *name, const json_t *value)
{
    if (strcmp(name, "match") == 0) {
        match(out, value);
    } else if (strcmp(name, "vmap") == 0) {
        const json_t *key = json_object_get(value, "key");

        expression(out, key, false, DEPTH_MAX);
        buf_adds(out, " vmap ");
        expression(out, json_object_get(value, "data"), wants_quotes(key), DEPTH_MAX);
    } else if (strcmp(name, "mangle") == 0) {
        expression(out, json_object_get(value, "key"), false, DEPTH_MAX);
        buf_adds(out, " set ");
        expression(out, json_object_get(value, "value"), false, DEPTH_MAX);
    } else if (strcmp(name, "xt") == 0 && json_is_string(json_object_get(value, "name"))) {
        buf_addf(out, "xt %s \"%s\"", member(value, "type"), member(value, "name"));
    } else if (strcmp(name, "counter") == 0) {
        buf_adds(out, "counter");
    } else if (strcmp(name, "log") == 0) {
        log_statement(out, value);
    } else if (strcmp(name, "limit") == 0 && json_is_object(value)) {
        limit(out, value);
    } else if (strcmp(name, "snat") == 0 || strcmp(name, "dnat") == 0 || strcmp(name, "redirect") == 0 ||
               strcmp(name, "masquerade") == 0) {
        nat(out, name, value);
    } else if (strcmp(name, "reject") == 0) {
        reject(out, value);
    } else if ((strcmp(name, "set") == 0 || strcmp(name, "map") == 0) && json_is_object(value)) {
        update(out, name, value);
    } else if (strcmp(name, "ct count") == 0) {
        buf_addf(out, "ct count %s%lld", json_is_true(json_object_get(value, "inv")) ? "over " : "",
                 (long long)json_integer_value(json_object_get(value, "val")));
    } else if (strcmp(name, "quota") == 0 && json_is_object(value)) {
        buf_addf(out, "quota %s%lld %s", json_is_true(json_object_get(value, "inv")) ? "over " : "",
                 (long long)json_integer_value(json_object_get(value, "val")), member(value, "val_unit"));
    } else {
        named(out, name, value, false, DEPTH_MAX);
    }
}

static void statement(struct buf *out, const json_t *value)
{
    const char *name;
    json_t *inner;

    if (json_object_size(value) != 1) {
        raw_json(out, value);
        return;
    }
    json_object_foreach((json_t *)value, name, inner) statement_named(out, name, inner);
}

static struct str finish(struct reader *reader, struct buf *out)
{
    struct str text = str_dup(reader->arena, buf_str(out));

    buf_free(out);
    return text;
}

struct str text_rule(struct reader *reader, json_t *expressions)
{
    struct buf out = BUF_EMPTY;

    for (size_t i = 0; i < json_array_size(expressions); i++) {
        buf_adds(&out, i == 0 ? "" : " ");
        statement(&out, json_array_get(expressions, i));
    }
    return finish(reader, &out);
}

struct str text_statement(struct reader *reader, json_t *value)
{
    struct buf out = BUF_EMPTY;

    statement(&out, value);
    return finish(reader, &out);
}

struct str text_match(struct reader *reader, json_t *value)
{
    struct buf out = BUF_EMPTY;

    match(&out, value);
    return finish(reader, &out);
}

struct str text_expression(struct reader *reader, json_t *value)
{
    struct buf out = BUF_EMPTY;

    expression(&out, value, false, DEPTH_MAX);
    return finish(reader, &out);
}
