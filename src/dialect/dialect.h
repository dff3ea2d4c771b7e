/*
 * A firewall's configuration language: a reader and a printer side by side. Each dialect is a folder with read.c,
 * print.c and the table of fields that both use, one `const struct dialect` and one line in dialects.def.
 *
 * Pure: a reader gets text and gives a ruleset, a printer gets a policy and gives text. What needs a program (nft turns
 * a ruleset as text into JSON) is done before, in system/, and comes in as `listing`.
 */
#ifndef PORTOLAN_DIALECT_DIALECT_H
#define PORTOLAN_DIALECT_DIALECT_H

#include "model/policy.h"
#include "model/ruleset.h"

struct dialect_input {
    const struct source *text;    /* as the user gave it */
    enum family family;           /* that the user said it is of, where its text does not say; FAMILY_N: did not */
    const struct source *listing; /* nftables: the same as `nft -j list ruleset` printed it; NULL when text is that */
};

/* One file of a printed configuration. */
struct dialect_output {
    struct str suffix; /* behind the firewall's name: "nft", "v4.rules", "v6.rules", "ipset" */
    struct buf text;
};

#define DIALECT_OUTPUTS_MAX 4

struct dialect {
    const char *name;
    const char *title;
    const char *v6_name; /* for reading: the same for texts of IPv6 that do not say so; NULL: none */
    /* Whether a text looks like this dialect; for input whose dialect nobody named. */
    bool (*recognise)(struct str text);
    /* The text needs a listing by the dialect's own program before it can be read. */
    bool (*needs_listing)(struct str text);
    /*
     * Reads all the files of one firewall, in any order (iptables: IPv4, IPv6, ipset). NULL when an error makes the
     * whole unusable; errors and warnings are in diags. Text that slices point to must outlive the ruleset.
     */
    struct ruleset *(*read)(struct arena *arena, const struct dialect_input *inputs, size_t n, struct diags *diags);
    /*
     * Prints a policy. What the dialect cannot say is an error that names the flow, never a wider rule; then false.
     * *n files are written to outputs; the caller frees their text.
     */
    bool (*print)(const struct policy *policy, struct dialect_output outputs[DIALECT_OUTPUTS_MAX], size_t *n,
                  struct diags *diags);
};

extern const struct dialect dialect_nftables;
extern const struct dialect dialect_iptables;

const struct dialect *dialect_find(struct str name); /* NULL where there is none */
/* Of texts to read: *family is the one that the name stands for, FAMILY_N: none in particular. */
const struct dialect *dialect_find_reader(struct str name, enum family *family);
const struct dialect *dialect_recognise(struct str text);
const struct dialect *const *dialect_all(size_t *n);

#endif
