/*
 * JSON as tools export it, read only: a list of objects is a table whose head are their keys, the name of what holds it
 * a heading. jansson parses; it knows no places, so that each key is looked for in the text behind the one before,
 * which is the order in which they were read.
 */
#include <jansson.h>

#include "base/map.h"
#include "document/builder.h"

#define DEEPEST 16u
#define MISSES_MOST 64u /* keys that are written with escapes and are not found; then no more are looked for */

struct reading {
    struct builder *builder;
    size_t at; /* of the last key or value that was found */
    unsigned misses;
};

static void find(struct reading *reading, struct str what, bool quoted)
{
    struct str text = reading->builder->source->text;
    const char *found = text.p + reading->at;
    const char *end = text.p + text.n;

    if (reading->misses >= MISSES_MOST || what.n == 0)
        return;
    while ((found = memmem(found, (size_t)(end - found), what.p, what.n)) != NULL) {
        if (!quoted || (found > text.p && found[-1] == '"' && found + what.n < end && found[what.n] == '"')) {
            reading->at = (size_t)(found - text.p);
            return;
        }
        found++;
    }
    reading->misses++;
}

/* A value as text: lists and objects line by line. */
static void add_value(struct reading *reading, struct words *words, const json_t *value, unsigned depth)
{
    struct arena *arena = reading->builder->arena;
    struct str text = STR_EMPTY;
    const char *key;
    json_t *inner;
    size_t i;

    switch (json_typeof(value)) {
    case JSON_STRING:
        text = (struct str){json_string_value(value), json_string_length(value)};
        find(reading, text, true);
        break;
    case JSON_INTEGER: text = str_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); break;
    case JSON_REAL: text = str_printf(arena, "%g", json_real_value(value)); break;
    case JSON_TRUE: text = STR("true"); break;
    case JSON_FALSE: text = STR("false"); break;
    case JSON_NULL: break;
    case JSON_ARRAY:
        json_array_foreach(value, i, inner)
        {
            words_break(words);
            if (depth < DEEPEST)
                add_value(reading, words, inner, depth + 1);
        }
        return;
    case JSON_OBJECT:
        json_object_foreach((json_t *)value, key, inner)
        {
            words_break(words);
            words_add_from(words, str_of(key), reading->at, reading->at + 1);
            words_add_from(words, STR(": "), reading->at, reading->at + 1);
            if (depth < DEEPEST)
                add_value(reading, words, inner, depth + 1);
        }
        return;
    }
    if (!json_is_string(value))
        find(reading, text, false);
    for (struct str rest = text; rest.n > 0;) {
        words_add_from(words, str_cut(rest, '\n', &rest), reading->at, reading->at + text.n);
        if (rest.n > 0)
            words_break(words);
    }
}

static void add_cell(struct reading *reading, struct grid_builder *grid, const json_t *value)
{
    struct words words;

    words_begin(&words, reading->builder->arena);
    if (value != NULL)
        add_value(reading, &words, value, 0);
    grid_words(grid, 1, 1, &words, reading->at);
}

/* The keys of all objects of a list, in the order in which they are met. */
static void find_keys(struct reading *reading, const json_t *list, struct map *keys)
{
    json_t *row;
    json_t *value;
    const char *key;
    size_t i;

    json_array_foreach(list, i, row)
    {
        json_object_foreach(row, key, value)
        {
            if (keys->n <= DOCUMENT_COLUMNS_MOST && map_get(keys, str_of(key)) == NULL)
                map_set(reading->builder->arena, keys, str_dup(reading->builder->arena, str_of(key)), reading);
        }
    }
}

static void table(struct reading *reading, const json_t *list)
{
    struct grid_builder grid;
    struct map keys = {0};
    json_t *row;
    size_t i;

    find_keys(reading, list, &keys);
    grid_begin(&grid, reading->builder, reading->at);
    grid_row(&grid);
    for (size_t k = 0; k < keys.n; k++) {
        struct words words;

        words_begin(&words, reading->builder->arena);
        words_add_from(&words, keys.entries[k].key, reading->at, reading->at + 1);
        grid_words(&grid, 1, 1, &words, reading->at);
    }
    json_array_foreach(list, i, row)
    {
        if (!grid.full || keys.n > DOCUMENT_COLUMNS_MOST)
            grid_row(&grid);
        for (size_t k = 0; k < keys.n && k < DOCUMENT_COLUMNS_MOST; k++) {
            const json_t *value = json_object_getn(row, keys.entries[k].key.p, keys.entries[k].key.n);

            if (value != NULL)
                find(reading, keys.entries[k].key, true);
            add_cell(reading, &grid, value);
        }
    }
    grid_add(&grid, 1, STR_EMPTY, reading->at);
}

static bool is_table(const json_t *value)
{
    json_t *row;
    size_t i;

    if (!json_is_array(value) || json_array_size(value) == 0)
        return false;
    json_array_foreach(value, i, row)
    {
        if (!json_is_object(row) || json_object_size(row) == 0)
            return false;
    }
    return true;
}

static void walk(struct reading *reading, const json_t *value, unsigned depth)
{
    const char *key;
    json_t *inner;
    struct words words;

    if (is_table(value)) {
        table(reading, value);
        return;
    }
    if (json_is_object(value) && depth < DEEPEST) {
        json_object_foreach((json_t *)value, key, inner)
        {
            bool holds = json_is_object(inner) || is_table(inner);

            find(reading, str_of(key), true);
            words_begin(&words, reading->builder->arena);
            words_add_from(&words, str_of(key), reading->at, reading->at + 1);
            if (!holds) {
                words_break(&words);
                add_value(reading, &words, inner, 0);
            }
            builder_words(reading->builder, holds ? BLOCK_HEADING : BLOCK_ITEM, holds && depth < 5 ? depth + 1 : 1,
                          &words);
            if (holds)
                walk(reading, inner, depth + 1);
        }
        return;
    }
    words_begin(&words, reading->builder->arena);
    add_value(reading, &words, value, 0);
    builder_words(reading->builder, BLOCK_PARAGRAPH, 0, &words);
}

static struct page *read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct reading reading = {.builder = &builder};
    struct str text = source->text;
    json_error_t error;
    json_t *root;

    builder_begin(&builder, arena, source, diags);
    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_from(text, 3);
    root = json_loadb(text.p, text.n, JSON_DECODE_ANY, &error);
    if (root != NULL) {
        walk(&reading, root, 0);
        json_decref(root);
    } else {
        struct str raw = words_code(arena, text);

        diag_error(diags, builder_span(&builder, error.position < 0 ? 0 : (size_t)error.position, 1),
                   "this is no JSON: %s", error.text);
        if (raw.n > 0)
            builder_add(&builder, BLOCK_CODE, 0, raw, builder_span(&builder, 0, source->text.n));
    }
    return builder_end(&builder);
}

static bool recognise(struct str text)
{
    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_from(text, 3);
    text = str_trim(str_head(text, 4096));
    if (text.n < 2 || (text.p[0] != '{' && text.p[0] != '['))
        return false;
    text = str_trim(str_from(text, 1));
    return text.n > 0 && (text.p[0] == '"' || text.p[0] == '{' || text.p[0] == '}' || text.p[0] == ']');
}

static const char *const suffixes[] = {"json", NULL};

const struct document_format document_json = {
    .name = "json",
    .title = "JSON",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = read,
};
