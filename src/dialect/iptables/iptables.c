/* The iptables dialect: iptables-save, ip6tables-save and ipset save texts; see dialect.h. */
#include "dialect/dialect.h"
#include "dialect/iptables/print.h"
#include "dialect/iptables/read.h"

#define LOOKED_AT 65536 /* bytes of a text that decide */

/* A line that no other dialect has. */
static bool is_ours(struct str line)
{
    static const char *const starts[] = {"*filter",
                                         "*nat",
                                         "*mangle",
                                         "*raw",
                                         "*security",
                                         "-A ",
                                         "-P ",
                                         "-N ",
                                         ":INPUT ",
                                         ":PREROUTING ",
                                         "iptables ",
                                         "ip6tables ",
                                         "/sbin/iptables ",
                                         "/usr/sbin/iptables ",
                                         "sudo iptables ",
                                         "sudo ip6tables "};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(line, starts[i]))
            return true;
    }
    if (str_starts(line, "create ") &&
        (str_contains(line, " hash:") || str_contains(line, " bitmap:") || str_contains(line, " list:set")))
        return true;
    return str_starts(line, "[") && str_contains(line, "] -A ");
}

static bool recognise(struct str text)
{
    text = str_head(text, LOOKED_AT);
    while (text.n > 0) {
        if (is_ours(str_trim(str_cut(text, '\n', &text))))
            return true;
    }
    return false;
}

static bool needs_listing(struct str text)
{
    (void)text;
    return false;
}

const struct dialect dialect_iptables = {
    .name = "iptables",
    .title = "iptables-save, ip6tables-save and ipset save",
    .recognise = recognise,
    .needs_listing = needs_listing,
    .read = iptables_read,
    .print = iptables_print,
};
