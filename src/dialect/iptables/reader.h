/*
 * Inside of the iptables reader: what its files share. read.c walks the lines, table.c keeps tables and chains, rule.c
 * reads one rule, match.c and target.c its parts, ipset.c the sets; reader.c makes the small things they all need.
 */
#ifndef PORTOLAN_DIALECT_IPTABLES_READER_H
#define PORTOLAN_DIALECT_IPTABLES_READER_H

#include "base/map.h"
#include "base/vec.h"
#include "dialect/iptables/dumps.h"
#include "dialect/iptables/options.h"
#include "dialect/iptables/words.h"

enum table_id { TABLE_RAW, TABLE_MANGLE, TABLE_NAT, TABLE_FILTER, TABLE_SECURITY, TABLE_N };

#define SINGLE_PAGES 256

struct rule_list VEC(struct rule);

/* A chain while it is read. The rules come out as `front` backwards (what -I put first), then `rules`. */
struct building {
    struct chain chain;
    struct rule_list rules;
    struct rule_list front;
    bool declared;
    bool called;
    struct span wanted; /* first use */
    size_t inserts;     /* -I with a position: bounded, for each moves what follows */
    size_t waiting;     /* used by the search for loops: calls from chains that are in or behind one */
    const struct rule *caller;
};

struct table {
    enum table_id id;
    enum family family;
    struct map chains; /* name -> struct building */
    struct VEC(struct building *) order;
    struct building *last; /* that a rule was added to */
    struct span place;
    bool committed;
};

struct reader {
    struct arena *arena;   /* of the ruleset */
    struct arena *scratch; /* dies with the reader */
    struct diags *diags;
    struct ruleset *ruleset;
    const struct source *source; /* being read */
    struct line line;
    enum family family;
    struct words words;
    struct table *tables[FAMILY_N][TABLE_N];
    struct VEC(struct table *) order;
    struct map sets; /* name -> struct ipset */
    struct VEC(struct ipset *) set_order;
    struct map moving;                           /* names of sets that rules change */
    struct map literals;                         /* text -> number + 1 */
    struct map interfaces;                       /* word -> struct interface_pattern */
    struct map constants;                        /* bytes of ranges -> struct ranges */
    const struct ranges **singles[SINGLE_PAGES]; /* of one number each, as a port or a protocol; by its high byte */
    const struct ranges *no_later;               /* fragments that carry ports */
    struct map set_matches;                      /* "NAME src,dst" and family -> struct match */
    struct map strangers;                        /* names of modules and targets that were said to be unknown */
    enum table_id table_id;                      /* of the rule being read */
    bool unusable;                               /* an error that not even a lenient reading can do with */
    bool perhaps;                                /* a script decides whether the rules are there */
    bool marks_matter;                           /* some rule asks for a mark */
    uint32_t mark_bits;                          /* that some rule sets in marks */
    bool written;                                /* some rule writes into packets, beside their marks */
    struct VEC(struct match) matches;            /* of the rule being read */
};

/* Whether an unknown is the same as another of the same text. */
enum sameness {
    SAME_ALWAYS,        /* no rule changes what it asks about */
    SAME_UNTIL_WRITTEN, /* asks about something that targets may write */
    SAME_NEVER,         /* its answer changes from packet to packet, or from look to look */
};

/* reader.c */
struct span reader_span(const struct reader *reader, uint32_t from, uint32_t end); /* bytes of the line */
struct span reader_word_span(const struct reader *reader, size_t word);
/* Ranges that many rules share; equal ones are the same object. */
const struct ranges *reader_constant(struct reader *reader, const struct range *v, size_t n);
const struct ranges *reader_constant_one(struct reader *reader, u128 lo, u128 hi);
const struct ranges *reader_complement(struct reader *reader, const struct ranges *ranges, u128 max);
/* The number of an unknown, of a rule of reader->table_id. */
uint32_t reader_literal(struct reader *reader, struct str text, enum sameness same);
const struct interface_pattern *reader_interface(struct reader *reader, struct str word);
/* Values that are `value` where `mask` has ones; NULL when those are more than a few ranges. */
const struct ranges *reader_masked(struct reader *reader, u128 value, u128 mask, unsigned bits);
/*
 * An address, prefix or `a-b` of the family; host bits are cut off, masks may be dotted or have holes. False, and
 * *name: it stands for addresses that cannot be listed, being a name (*why NULL) or having a mask with too many holes.
 */
bool reader_address(struct reader *reader, struct str text, const struct ranges **ranges, bool *name, const char **why);

/* table.c */
bool table_parse_id(struct str name, enum table_id *id);
const char *table_name(enum table_id id);
/* A new table; one that was there before is given up, and that is an error. */
struct table *table_open(struct reader *reader, enum table_id id, struct span place);
struct table *table_get(struct reader *reader, enum table_id id);                          /* opened where it was not */
struct building *table_chain(struct reader *reader, struct table *table, struct str name); /* made when new */
void table_declare(struct reader *reader, struct table *table, size_t word, struct str policy, size_t policy_word);
void table_finish(struct reader *reader, struct table *table); /* undeclared chains, loops; rules into their chains */

/* rule.c: the words from `at` on are the rule's; it goes to the end of the chain, or before `position` (from 1). */
void rule_read(struct reader *reader, struct table *table, struct building *chain, size_t at, size_t position);

/* In the place of a line that cannot be read: a rule that may match or not, and do anything. */
void rule_broken(struct reader *reader, struct table *table, struct building *chain);

/* command.c: the line's words as a command; `table` NULL: of the table that they name. False: it is none. */
bool command_read(struct reader *reader, struct table *table);

/* One rule while it is read. */
struct reading {
    struct reader *reader;
    struct table *table;
    size_t at;    /* word that is next */
    bool negated; /* a ! stands before the option */
    bool in_target;
    enum module module;             /* of the last -m; MODULE_N: not known, or none */
    size_t module_word;             /* its -m; 0: none */
    struct VEC(struct word) opaque; /* words of a module that is one unknown as a whole */
    uint32_t loaded;                /* 1u << enum module */
    int protocol;                   /* that it must be; -1: any, or not just one */
    struct str protocol_name;       /* of it, as written */
    bool no_later;                  /* has the match that leaves later fragments out */
    bool bad;
    bool does_more; /* than decide; see struct rule */
    struct str comment;
    const struct ranges **sources; /* of a list of addresses; a rule each */
    size_t source_n;
    const struct ranges **destinations;
    size_t destination_n;
    size_t target_word; /* the name behind -j or -g; 0: none */
    bool go_to;
    struct VEC(size_t) target_options;
    enum action action;
    struct chain *target;
    const struct rewrite *rewrite;
    const struct chain *chain; /* that the rule stands in */
};

/* reading.c: what the readers of options share. */
struct word *reading_word(struct reading *reading, size_t at); /* NULL: the line ends before */
bool word_is_not(const struct word *word);                     /* a bare !; NULL is none */
void reading_error(struct reading *reading, size_t word, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The next word as the value of the option before it; takes a ! before it. False when the line ends: an error. */
bool reading_value(struct reading *reading, size_t option, struct str *value);
void reading_add(struct reading *reading, enum field field, const struct ranges *ranges);
void reading_add_not(struct reading *reading, enum field field, const struct ranges *ranges); /* minds `negated` */
/* A value that was made unreadable before the text was shown, `xxx.xxx.xxx.xxx`: an unknown, each time another. */
bool reading_hidden(struct reading *reading, const char *option, struct str value);
void reading_unknown(struct reading *reading, struct str text, bool negated, enum sameness same);

/* A match of groups while it is made: what is added belongs to the group that is open. */
struct grouping {
    struct match v[8];
    size_t n;
    struct VEC(struct match_group) groups;
};

void grouping_field(struct reading *reading, struct grouping *grouping, enum field field, const struct ranges *ranges);
void grouping_unknown(struct reading *reading, struct grouping *grouping, struct str text, bool negated,
                      enum sameness same);
void grouping_translated(struct grouping *grouping, enum field end);
void grouping_next(struct reading *reading, struct grouping *grouping); /* the group is complete */
/* One of the groups holds; negated: none. */
void grouping_add(struct reading *reading, struct grouping *grouping);

/* prepare.c: false, and an error, where only a shell could tell what the words are. */
bool prepare_words(struct reading *reading);
/* place.c: at the end of the chain, or before `position` (from 1). */
void place_rules(struct reading *reading, struct building *chain, struct rule *rule, size_t position);
/* rule.c: that its target is not known here. */
void reading_note_target(struct reading *reading);

/* match.c: one option of the table; `option` is its word, reading->at the word behind it. */
void match_read(struct reading *reading, const struct option_row *row, size_t option);
void match_protocol(struct reading *reading, size_t option);
int match_protocol_parse(struct str text); /* `tcp`, `TCP`, `6`; 0: all; -1: none of that name */
void match_interface(struct reading *reading, const struct option_row *row, size_t option);
void match_module(struct reading *reading, size_t option);    /* what -m NAME asks for by itself */
bool match_parse_ports(struct str text, struct range *range); /* `80`, `80:90`, `:90`, `80:`, `http` */
/* address.c */
void match_addresses(struct reading *reading, const struct option_row *row, size_t option);
void match_range(struct reading *reading, const struct option_row *row, size_t option);
/* connection.c */
void match_states(struct reading *reading, size_t option);
void match_ctproto(struct reading *reading, size_t option);
void match_ctdir(struct reading *reading, size_t option);
void match_ctstatus(struct reading *reading, size_t option);
void match_ctaddress(struct reading *reading, const struct option_row *row, size_t option);
void match_ctport(struct reading *reading, const struct option_row *row, size_t option);
/* meta.c */
void match_mark(struct reading *reading, size_t option);
void match_addrtype(struct reading *reading, const struct option_row *row, size_t option);
void match_mac(struct reading *reading, size_t option);
void match_pkttype(struct reading *reading, size_t option);
void match_physdev(struct reading *reading, const struct option_row *row, size_t option);

/* survey.c: what a text has to say before its rules are read: sets that move, marks, targets that write. */
void survey_text(struct reader *reader, struct str text);

/* target.c */
void target_resolve(struct reading *reading);

/* rewrite.c: the action of a target that writes, with reading->rewrite; ACTION_UNKNOWN where it is no exact form. */
enum action rewrite_read(struct reading *reading, struct str target);

/* ipset.c: a line of `ipset save`; the words are split. */
bool ipset_is_line(struct str line);
void ipset_read(struct reader *reader);
/* The match of --match-set NAME FLAGS; false where the set is not known or not modelled: it is an unknown. */
bool ipset_match(struct reader *reader, struct str name, struct str flags, enum family family, struct match *match);
void ipset_finish(struct reader *reader);

#endif
