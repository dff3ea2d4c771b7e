/*
 * Commands that open ports, as guides show them: `ufw allow 80/tcp`, `firewall-cmd --add-port=443/tcp`. Where a page
 * says its ports in a table or a list as well, they repeat it; where it says them nowhere else, they are what it says.
 */
#include "import/importer.h"

/* The text behind the word, up to a blank; empty: it is not there. */
static struct str behind(struct str line, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n < line.n; i++) {
        struct str rest;

        if (memcmp(line.p + i, word, n) != 0)
            continue;
        rest = str_from(line, i + n);
        return str_word(&rest);
    }
    return STR_EMPTY;
}

static bool is_stated(const struct importer *importer, const struct port_entry *entry)
{
    vec_each (const struct fact *, fact, &importer->facts) {
        for (size_t i = 0; fact->document == importer->document && i < fact->port_n; i++) {
            const struct port_entry *other = &fact->ports[i];

            if (other->kind == PORT_RANGE && other->lo <= entry->lo && other->hi >= entry->hi &&
                (other->transports & entry->transports) == entry->transports)
                return true;
        }
    }
    return false;
}

void command_keep(struct importer *importer, const struct block *block)
{
    static const char *const words[] = {"ufw allow ", "--add-port=", "--add-port "};
    struct str rest = block->text;

    while (rest.n > 0) {
        struct str line = str_cut(rest, '\n', &rest);

        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct str text = behind(line, words[i]);
            struct port_text ports;

            for (size_t k = 0; k < text.n; k++) {
                if (text.p[k] == ':') /* ufw's way to write a range */
                    text = str_printf(importer->arena, "%.*s-%.*s", (int)k, text.p, STR_ARG(str_from(text, k + 1)));
            }
            ports_read(importer->arena, text, &ports);
            if (ports.n != 1 || ports.fault != NULL || ports.unknown > 0 || ports.entries[0].kind != PORT_RANGE ||
                ports.entries[0].transports == 0)
                continue;
            *vec_push(importer->arena, &importer->commands) =
                (struct command_port){ports.entries[0], text, block->span};
        }
    }
}

void commands_read(struct importer *importer)
{
    bool silent = true;

    vec_each (const struct fact *, fact, &importer->facts)
        silent = silent && fact->document != importer->document;
    importer->around = (struct surroundings){0};
    vec_each (const struct command_port *, command, &importer->commands) {
        struct scope scope;
        struct fact fact = {.span = command->span, .way = WAY_IN, .port_n = 1};

        if (is_stated(importer, &command->entry))
            continue;
        fact.ports = arena_copy(importer->arena, &command->entry, sizeof command->entry);
        scope_find(importer, &scope);
        if (!silent) {
            struct note *note = vec_push(importer->arena, &importer->said);

            note->text = str_printf(importer->arena, "a command opens %.*s, which no table or list names",
                                    STR_ARG(command->text));
            note->origin = fact_place(importer, &scope, STR_EMPTY, command->span);
            continue;
        }
        fact.purpose = (struct said){STR("not stated in the document"), STR("the document states none")};
        fact.direction_why = STR("a command opens the port");
        fact_ends(importer, &fact, &scope, NULL);
        fact.place = fact_place(importer, &scope, command->text, command->span);
        fact_add(importer, &fact);
    }
    importer->commands.n = 0;
}
