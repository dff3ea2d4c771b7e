/*
 * The prover against the slow oracle, in parts. Everything that rules and flows name comes from small domains, so that
 * the packets over those values (and one value beyond each) are one of every kind that a rule can tell apart.
 */
#ifndef PORTOLAN_TESTS_ORACLE_H
#define PORTOLAN_TESTS_ORACLE_H

#include "packet/naive.h"
#include "prove/prover.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- domain.c: chance, and the values that it chooses among ------------------------------------------------------- */

#define LITERALS 2u
#define MARKS 4u
#define ADDRESSES 3u /* rules and flows name the first two, and ranges that may reach the third */
#define INTERFACES 4u
#define PROTOCOLS 5u
#define NAMED_PORTS 2u
#define PORTS 5u
#define FLAGS 3u
#define MESSAGES 4u

extern uint64_t random_state;
/* Choices that are made before chance is asked: those of a fuzzer. */
extern const uint8_t *chosen;
extern size_t chosen_n;
extern enum family family; /* of the case */
extern bool tracing;       /* rules ask whether connections are translated */
extern bool choosing;      /* rules leave the kernel a choice */
extern bool networks;      /* some rule translates a network of destinations */
extern bool rewriting;     /* the ruleset has rules that write into packets */

/* Both: the prover takes the choice, and whether it changes anything, for two unknowns. */
static inline bool blurred(void)
{
    return tracing && choosing;
}

extern const char *const interfaces[INTERFACES];
extern const unsigned char protocols[PROTOCOLS]; /* the last is named by no rule */
extern const unsigned named_ports[NAMED_PORTS];
extern const unsigned ports[PORTS]; /* those, and what lies before, between and behind them */
extern const unsigned flags[FLAGS];

unsigned pick(unsigned n);
u128 address(unsigned i);
u128 icmp_value(unsigned i); /* i < MESSAGES */
unsigned protocol_value(unsigned i);
u128 value_of(enum field field, unsigned i);
const struct ranges *random_ranges(struct arena *arena, enum field field);
/* A random packet of the face that can open a connection, of one of the kinds that rules tell apart. */
struct packet random_packet(const struct face *face);
/* Interfaces that a question may mean: the one that it names, or every one. */
size_t names_for(struct str bound, struct str *names);

/* --- rulesets.c: random rulesets, and questions about them ---------------------------------------------------------
 */

struct ruleset *random_ruleset(struct arena *arena);
struct policy random_policy(struct arena *arena);
/* Another rule in the place of one. */
void random_rule(struct arena *arena, struct ruleset *ruleset, size_t c, size_t i);
/* Whether some rule writes into packets. */
bool writes(const struct ruleset *ruleset);

/* --- fates.c: what the oracle says ---------------------------------------------------------------------------------
 */

struct packets VEC(struct packet);

/* 1: passes whatever the unknowns are, 0: never, -1: depends. Unbound interfaces count as unknown. */
int fate(const struct ruleset *ruleset, struct packet packet, struct str in, struct str out);
/* The packets that a permit asks about, one of each kind. */
struct packets packets_of(struct arena *arena, const struct permit *permit, enum direction direction);
/* Those that answer the requests that may pass; where none is translated, all. */
struct packets replies_of(struct arena *arena, const struct ruleset *ruleset, const struct permit *permit);

/* --- comparisons, each of one case: failures are printed and counted -----------------------------------------------
 */

extern unsigned long failures;
extern unsigned long excess_open; /* cases with more boxes than are listed */
extern unsigned long audits_open; /* cases with a rule that an audit left undecided */

extern unsigned long certificates_checked;

/* cases.c */
/* Whether the witness of a verdict fares as that says. */
bool confirms(const struct ruleset *ruleset, const struct permit *permit, const struct verdict *verdict);
void complain(const char *what, unsigned long number, const struct packet *packet);

/* Makes a ruleset and flows, and holds what the prover says of them against the oracle; both arenas are used up. */
void compare_case(struct arena *arena, struct arena *scratch, unsigned long number);

/* boxes.c */
bool in_box(const struct box *box, const struct packet *packet);
void compare_excess(struct arena *arena, const struct prover *prover, const struct policy *policy,
                    unsigned long number);
/* certificates.c */
void compare_certificate(struct arena *arena, const struct prover *prover, const struct permit *permit,
                         enum direction direction, unsigned long number);
/* changes.c */
struct rule *rule_of_finding(const struct ruleset *ruleset, const struct finding *finding);
void compare_audit(struct arena *arena, const struct prover *prover, unsigned long number);
void compare_diff(struct arena *arena, unsigned long number);

/* edits.c */
/* Rules become others, one after the other; all verdicts stay those of the ruleset as it is. */
void compare_edits(struct arena *arena, struct arena *scratch, struct ruleset *ruleset, const struct policy *policy,
                   unsigned long number);

#endif
