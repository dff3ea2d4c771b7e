/* The words of `ports:`, which catalogs and sites share. */
#ifndef PORTOLAN_MODEL_PORTS_H
#define PORTOLAN_MODEL_PORTS_H

#include "base/buf.h"
#include "model/catalog.h"

/*
 * Reads `443/tcp`, `6910-6930/udp`, `{parameter}/tcp`, `dynamic/tcp`, `icmp`, `any` or `unstated`. `span` is where the
 * text stands; an error points at the part of it that is wrong. The item borrows the text. Whether a parameter of that
 * name exists is for the caller to say.
 */
bool port_item_parse(struct str text, struct span span, struct diags *diags, struct port_item *item);

/* "8012" or "6910-6930": what a parameter can be set to. Without a diagnostic. */
bool port_value_parse(struct str text, uint16_t *lo, uint16_t *hi);

/* Names as products, roles, features, parameters and requirements have them: lower-case letters, digits, hyphens. */
bool name_is_valid(struct str name);

#endif
