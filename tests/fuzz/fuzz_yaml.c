/*
 * The YAML tree reader: any bytes give a tree or errors with a place inside the text, and printing the errors with
 * their lines holds as well. The tree is walked to the bottom, every byte of every scalar read.
 */
#include "base/yaml.h"
#include "fuzz.h"

/* Aliases may share nodes, so that a walk without a bound could take for ever where the reader's own bound failed. */
#define WALK_MAX 10000000

static void walk(const struct yaml_node *node, uint64_t *steps)
{
    if (++*steps > WALK_MAX)
        abort();
    switch (node->kind) {
    case YAML_SCALAR: str_hash(node->text); break;
    case YAML_LIST:
        for (size_t i = 0; i < node->n; i++)
            walk(node->items[i], steps);
        break;
    case YAML_MAP:
        for (size_t i = 0; i < node->n; i++) {
            str_hash(node->pairs[i].key);
            walk(node->pairs[i].value, steps);
        }
        break;
    case YAML_N: abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct diags diags;
    diags_init(&diags, arena);
    struct source *source = source_new(arena, STR("input.yaml"), (struct str){(const char *)data, size});
    struct yaml_node *root = yaml_parse(arena, source, &diags);
    uint64_t steps = 0;
    if (root)
        walk(root, &steps);
    else if (diags.errors == 0)
        abort(); /* no tree and no reason */
    struct buf out = {0};
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
