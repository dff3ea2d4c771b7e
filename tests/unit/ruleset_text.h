/* A ruleset as compact canonical text, for tables of cases: `FORWARD 1: proto=6 ports=80 frag=0-1 accept`. */
#ifndef PORTOLAN_TESTS_RULESET_TEXT_H
#define PORTOLAN_TESTS_RULESET_TEXT_H

#include "model/ruleset.h"

void ruleset_text_matches(struct buf *out, const struct match *matches, size_t n, enum family family);
void ruleset_text_rule(struct buf *out, const struct rule *rule);
void ruleset_text(struct buf *out, const struct ruleset *ruleset);

#endif
