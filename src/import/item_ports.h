/* Ports in bullets, terms and short sentences; see item_ports.c. */
#ifndef PORTOLAN_IMPORT_ITEM_PORTS_H
#define PORTOLAN_IMPORT_ITEM_PORTS_H

#include "import/importer.h"

/* Where `to` or `from` begins that is not of a range; `end` where there is none before it. */
size_t item_to_end(struct str text, size_t end);
/* How much of the text from its start is ports and nothing else: up to a sign that parts them from the purpose. */
size_t item_ports_end(struct str text);
struct str item_skip_signs(struct str text);
/* Nothing but ports and what belongs to them. */
bool item_is_good(const struct port_text *read);
/* These give the ports and what the rest of the text says they are for. */
bool item_ports_first(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose);
bool item_ports_last(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose);
bool item_term(struct importer *importer, struct str text, struct port_text *ports, struct str *purpose);

#endif
