/*
 * What the files of the nftables reader share. A rule is built as drafts: conjunctions of matches with the same fate,
 * one for a plain rule, several where nft's rule has no single conjunction (a verdict map, `th dport` of no protocol).
 *
 * Input is the JSON of `nft -j list ruleset`; libnftables-json(5) describes it. An expression that is not modelled
 * becomes a MATCH_UNKNOWN with its text. Nothing is left out.
 */
#ifndef PORTOLAN_DIALECT_NFTABLES_READER_H
#define PORTOLAN_DIALECT_NFTABLES_READER_H

#include <jansson.h>

#include "base/map.h"
#include "base/vec.h"
#include "dialect/nftables/fields.h"
#include "model/ruleset.h"

struct draft_matches VEC(struct match);

struct draft {
    struct draft_matches matches; /* at most one MATCH_RANGES of a field */
    unsigned families;
};

struct drafts VEC(struct draft);

struct groups VEC(struct match_group);

/* The members of a set as conjunctions, for one order of its key. */
struct groups_of {
    struct str key; /* the key's text */
    const struct match_group *groups;
    size_t n;
    bool known;
};

struct ranges_of {
    const struct nft_field *field;
    const struct ranges *ranges;
    bool known;
};

/* A named set or map of the listing. */
struct nft_set {
    json_t *elements; /* may be NULL: empty */
    struct named_set *entry;
    bool changing; /* by timeouts or by the packets themselves: what it holds is not known */
    struct set_groups VEC(struct groups_of) groups;
    struct set_ranges VEC(struct ranges_of) ranges;
};

struct rules_of VEC(struct rule);

/* A chain of the listing, while its rules are collected. */
struct chain_entry {
    struct chain *chain;
    struct rules_of rules;
    uint32_t listed;                      /* rules of nft, not of the model */
    struct strs VEC(struct str) comments; /* of each of nft's rules */
    json_t *devices;
    bool bound; /* sees the packets of some interfaces only */
};

struct reader {
    struct arena *arena;
    struct diags *diags;
    const struct source *text;    /* places: the text that the user gave */
    const struct source *listing; /* JSON; the same as text where that is JSON */
    struct ruleset *ruleset;
    struct map literals; /* text -> number + 1 */
    struct map sets;     /* "family table name" -> struct nft_set */
    struct map chains;   /* "family table name" -> struct chain */
    struct map patterns; /* interface patterns that are known */
    bool marks_matter;   /* some rule asks for the packet's mark */
    uint32_t mark_bits;  /* that some rule sets in marks */
    bool written;        /* some rule writes into packets, beside their marks: two looks at an unknown may differ */
    bool pkttype_written;
    struct map strangers; /* names of statements that were said to be unknown */
    /* of the rule being read */
    struct chain *chain;
    struct str table;
    uint32_t index;
    struct str rule_text;
};

struct str reader_str(struct reader *reader, const json_t *string); /* a copy; empty when it is no string */

/* The same as a view of the JSON, for looking things up. */
static inline struct str view(const json_t *string)
{
    return json_is_string(string) ? (struct str){json_string_value(string), json_string_length(string)} : STR_EMPTY;
}

/* drafts */
void draft_ranges(struct reader *reader, struct draft *draft, enum field field, const struct ranges *ranges);
void draft_add(struct reader *reader, struct draft *draft, const struct match *match);
struct draft draft_copy(struct reader *reader, const struct draft *draft);
const struct ranges *draft_protocols(const struct draft *draft); /* NULL: any */
/* An unknown of this text; `unique`: one that is the same as no other, not even as the next of the same text. */
struct match reader_unknown(struct reader *reader, struct str text, bool unique);

/* values */
bool value_ranges(struct reader *reader, const struct nft_field *field, json_t *value, const struct ranges **raw);
bool value_interfaces(struct reader *reader, json_t *value, struct interface_pattern **v, size_t *n);
/* {x : x & mask == value}, of a field; false when that is too many ranges. */
bool value_masked(struct reader *reader, const struct nft_field *field, u128 mask, u128 value,
                  const struct ranges **raw);
/* The single number that an expression stands for: a name, a number, names ored together. */
bool value_number(struct reader *reader, const struct nft_field *field, const json_t *value, u128 *number);
/* Raw numbers as a set of the model's field; false when it cannot be said exactly. Not for families and interfaces. */
bool value_model(struct reader *reader, const struct nft_field *field, const struct ranges *raw,
                 const struct ranges **model);
unsigned value_families(const struct nft_field *field, const struct ranges *raw);

/* sets */
void sets_add(struct reader *reader, json_t *set);
void sets_note_rule(struct reader *reader, json_t *rule);               /* marks the sets that rules change */
struct nft_set *sets_find(struct reader *reader, struct str reference); /* "@name"; NULL where there is none */
bool sets_ranges(struct reader *reader, struct nft_set *set, const struct nft_field *field, const struct ranges **raw);
bool sets_groups(struct reader *reader, struct nft_set *set, const struct nft_field *const *keys, size_t key_n,
                 struct str key_text, const struct match_group **groups, size_t *n);
/* One element of a concatenated key as a conjunction. */
bool element_group(struct reader *reader, const struct nft_field *const *keys, size_t key_n, json_t *element,
                   struct match_group *group);
/* Takes the wrapper with comment and counters off an element; NULL when it carries more than those. */
json_t *element_value(json_t *element);

/* matches */
#define KEY_PARTS_MAX 8
/* The fields of a key, one or concatenated; 0 when one of them is not modelled. Headers it implies go to drafts. */
size_t key_fields(json_t *key, const struct nft_field *fields[KEY_PARTS_MAX]);
void key_imply(struct reader *reader, json_t *key, struct draft *draft);
/* Adds that one field's raw number is one of these. False (and nothing added): not exactly sayable. */
bool draft_field(struct reader *reader, struct draft *draft, const struct nft_field *field, const struct ranges *raw);
void read_match(struct reader *reader, struct drafts *drafts, json_t *match);
/*
 * Ports of `th` are bytes at that place of whatever protocol it is. Where a draft may be of a protocol without ports
 * it becomes two: one of the protocols with ports, and behind the first n drafts one of all others, with an unknown.
 */
void drafts_split_ports(struct reader *reader, struct drafts *drafts, json_t *match);
bool key_has_ports(const struct nft_field *const *fields, size_t n); /* of `th` */
/* Every element of such a key says a protocol that has ports. */
bool groups_have_ports(struct reader *reader, const struct match_group *groups, size_t n);
bool key_is_random(const json_t *key); /* gives another answer each time */
bool key_is_fixed(const json_t *key);  /* no statement changes what it asks about */

/* compare.c: raw numbers that satisfy `FIELD OP RIGHT`, `FIELD & MASK OP RIGHT` */
bool compare_plain(struct reader *reader, const struct nft_field *field, struct str op, json_t *right,
                   const struct ranges **raw);
bool compare_masked(struct reader *reader, const struct nft_field *field, struct str op, json_t *mask_value,
                    json_t *right, const struct ranges **raw);

/* connection.c and meta.c: comparisons that become groups. False, and nothing added: not of this kind. */
bool match_connection(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right);
bool match_packet_kind(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right);
bool match_hard_mark(struct reader *reader, struct drafts *drafts, struct str op, json_t *mask_value, json_t *right,
                     struct str text);
void drafts_any_of(struct reader *reader, struct drafts *drafts, const struct groups *groups, bool negated);

/* rules */
void read_rule(struct reader *reader, json_t *expressions, struct rules_of *rules);
/* Whether the rule logs, copies packets, or changes sets. */
bool rule_does_more(json_t *expressions);
void rules_emit(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, enum action action);

/* The pairs of {"key": KEY, "data": "@MAP" | {"set": [[KEY, VALUE]…]}}. */
struct map_pairs {
    const struct nft_field *fields[KEY_PARTS_MAX];
    size_t field_n;
    json_t *list;
    size_t n;
    bool known; /* there are no others */
};

struct map_element {
    struct drafts drafts; /* with what the key asks */
    json_t *value;
};

/* False: the key or the map is not known. What the key implies goes to the drafts. */
bool map_open(struct reader *reader, struct drafts *drafts, json_t *map, struct map_pairs *pairs);
/* `numgen random mod 2 map { 0 : …, 1 : … }`: whatever the number is, the map has it. */
bool map_has_every_number(json_t *key, json_t *list);
bool map_read(struct reader *reader, const struct drafts *drafts, const struct map_pairs *pairs, size_t i,
              struct map_element *element);

/* rewrite.c: statements that write. False, and nothing emitted, where it is no exact form. */
bool rewrite_nat(struct reader *reader, struct rules_of *rules, struct drafts *drafts, const char *name, json_t *value);
/* A target of iptables for NAT, of which only the name is listed: it writes some address, and perhaps some port. */
bool rewrite_xt(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, struct str name);
/* `last`: nothing with an effect follows in the rule. */
bool rewrite_mark(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, json_t *value, bool last);
bool rewrite_untrack(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, bool last);

/* place.c: gives chains, rules and sets the places that they have in the text; `lines` may be NULL */
struct lines;
struct lines_chain;
void place_chain(struct reader *reader, const struct lines *lines, struct chain_entry *entry);
void place_sets(struct reader *reader, const struct lines *lines);
/* Makes the interfaces that a chain is bound to part of its rules. */
void bind_devices(struct reader *reader, const struct lines *lines, struct chain_entry *entry);
/* Of a chain of NAT: lets packets pass that do not open a connection. */
void bind_first(struct reader *reader, struct chain_entry *entry);

/* text.c: the rule, or part of it, in nft's own syntax */
struct str text_rule(struct reader *reader, json_t *expressions);
struct str text_statement(struct reader *reader, json_t *statement);
struct str text_match(struct reader *reader, json_t *match);
struct str text_expression(struct reader *reader, json_t *expression);

#endif
