/*
 * What the pages of HTML are made of: tones, numbers, tables, the lines of a card. Texts that are `struct str` are
 * escaped here; words that are `const char *` are our own.
 */
#ifndef PORTOLAN_REPORT_HTML_PARTS_H
#define PORTOLAN_REPORT_HTML_PARTS_H

#include "base/buf.h"
#include "model/verdict.h"

/* What a colour says, a symbol and a word say as well. */
enum tone { TONE_GOOD, TONE_BAD, TONE_WARN, TONE_UNKNOWN, TONE_N };

const char *html_tone(enum tone tone); /* its class: "good" */
void html_mark(struct buf *out, enum tone tone, const char *word);
void html_code(struct buf *out, struct str line);
const char *html_plural(size_t n); /* "s", but for one */

/* What the page is and whose, then the box with its answer: begin, one or more sentences, end. */
void html_answer_begin(struct buf *out, const char *kicker, struct str title, enum tone tone);
void html_answer_end(struct buf *out);

void html_number(struct buf *out, size_t n, const char *word); /* in <dl class="numbers"> */

/* `class` of tables and cells: empty or ` class="ports"`. */
void html_table_begin(struct buf *out, const char *class, const char *caption, const char *const *columns, size_t n);
void html_table_end(struct buf *out);
void html_cell(struct buf *out, const char *class, struct str s);

/* A line of a card's <dl>; nothing where there is nothing to say. */
void html_line(struct buf *out, const char *label, struct str s);
void html_rule(struct buf *out, const struct rule_ref *rule);
void html_packet(struct buf *out, bool has, const struct packet *packet);

#endif
