/* Domain names in cells and sentences. */
#ifndef PORTOLAN_IMPORT_DOMAINS_H
#define PORTOLAN_IMPORT_DOMAINS_H

#include "base/str.h"

struct domain_text {
    struct str *domains; /* as a catalog has them: "example.org", "*.example.org"; lower case, each once */
    size_t n;
    uint16_t *ports; /* what URLs say (https: 443), each once */
    size_t port_n;
    struct str rest; /* the first word that is none of this; empty: all was read */
};

/* Reads names, wildcards, URLs with or without port, and `… and subdomains`, parted by blanks, commas or line ends. */
void domains_read_text(struct arena *arena, struct str text, struct domain_text *result);
/* Whether the text is domains and nothing else. */
bool domains_in(struct arena *arena, struct str text);
/* Whether the text is an IP address or prefix, or several. */
bool domains_is_address(struct str text);

#endif
