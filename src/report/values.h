/* Parts that several views share: rules, packets and boxes as JSON and in one line. */
#ifndef PORTOLAN_REPORT_VALUES_H
#define PORTOLAN_REPORT_VALUES_H

#include <jansson.h>

#include "model/verdict.h"

json_t *report_json_str(struct str s);
json_t *report_json_rule(const struct rule_ref *rule);   /* null where there is none */
json_t *report_json_packet(const struct packet *packet); /* PACKET of DESIGN, section 5 */
json_t *report_json_box(const struct box *box);          /* "box" of a finding */
json_t *report_json_finding(const struct finding *finding);
/* Prints the value with a line end and frees it. */
void report_json_print(struct buf *out, json_t *value);
/*
 * The same for an object with a list that may be long: under the key `list` (null in the object) stands an array of n
 * elements, each made when it is printed and freed then.
 */
typedef json_t *report_element(const void *context, size_t i);
void report_json_print_with(struct buf *out, json_t *object, const char *list, report_element *element,
                            const void *context, size_t n);

/* `edge.nft:12: inet portolan forward 3: tcp dport 22 accept` */
void report_line_rule(struct buf *out, const struct rule_ref *rule);
/* `tcp 10.0.0.0/8 > any ports 22, 80-90 in eth0 out eth1 state new` */
void report_line_box(struct buf *out, const struct box *box);

/* The same as cells of a table; empty where there is none. */
struct str report_cell_rule(struct arena *arena, const struct rule_ref *rule);
struct str report_cell_box(struct arena *arena, const struct box *box);
struct str report_cell_packet(struct arena *arena, bool has, const struct packet *packet);
/* What a finding says: its message, or its box; and its reason in brackets. */
struct str report_cell_finding(struct arena *arena, const struct finding *finding);

/* Text inside XML and HTML. */
void report_xml_text(struct buf *out, struct str text);

#endif
