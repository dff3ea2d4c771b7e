/* The iptables dialect: iptables-save, ip6tables-save and ipset save texts; see dialect.h. */
#include "dialect/dialect.h"
#include "dialect/iptables/print.h"
#include "dialect/iptables/read.h"
#include "dialect/iptables/reader.h"

#define LOOKED_AT 65536 /* bytes of a text that decide */

/* A line that no other dialect has; what iptables -L prints is ours to refuse. */
static bool is_ours(struct str line)
{
    switch (dumps_kind(line)) {
    case LINE_CHAIN: return str_starts(line, ":INPUT ") || str_starts(line, ":PREROUTING ");
    case LINE_SET: return str_starts(line, "create ") || str_starts(line, "ipset create ");
    case LINE_TABLE:
    case LINE_RULE:
    case LINE_LISTING: return true;
    case LINE_BLANK:
    case LINE_COMMENT:
    case LINE_COMMIT:
    case LINE_SCRIPT:
    case LINE_OTHER: break;
    }
    return false;
}

static bool recognise(struct str text)
{
    struct arena *arena = arena_new();
    struct lines lines;
    bool ours = false;

    lines_open(&lines, arena, source_new(arena, STR_EMPTY, str_head(text, LOOKED_AT)));
    for (uint32_t line = 1; line <= lines.source->line_n && !ours; line++)
        ours = is_ours(lines_look(&lines, line));
    arena_free(arena);
    return ours;
}

static bool needs_listing(struct str text)
{
    (void)text;
    return false;
}

const struct dialect dialect_iptables = {
    .name = "iptables",
    .v6_name = "ip6tables",
    .title = "iptables-save, ip6tables-save and ipset save",
    .recognise = recognise,
    .needs_listing = needs_listing,
    .read = iptables_read,
    .print = iptables_print,
};
