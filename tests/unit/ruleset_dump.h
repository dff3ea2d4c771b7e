/* A ruleset in a compact form for tests: one line a rule, every match of it in words. */
#ifndef PORTOLAN_TESTS_RULESET_DUMP_H
#define PORTOLAN_TESTS_RULESET_DUMP_H

#include "model/ruleset.h"

/*
 *     chain inet t/input at input -5 policy drop
 *       2:7 v4 protocol=tcp port=80,443 accept "ip saddr … accept"
 *
 * index, `:line` where there is one, families where not both, matches, action, target; the text with `texts`.
 */
void ruleset_dump(struct buf *out, const struct ruleset *ruleset, bool texts);

#endif
