/* What the parts of the importer share. */
#ifndef PORTOLAN_IMPORT_IMPORTER_H
#define PORTOLAN_IMPORT_IMPORTER_H

#include "base/map.h"
#include "base/vec.h"
#include "import/columns.h"
#include "import/import.h"
#include "import/phrases.h"
#include "import/ports.h"

/* One kind of party as the documents name it, in every table the same object. */
struct actor {
    struct str title;
    struct str key;      /* what equal names have in common */
    struct str name;     /* in the catalog; set at the end */
    struct str *domains; /* n 0: none */
    size_t domain_n;
    struct span span; /* where it is first named */
    bool used;
};

struct party {
    struct actor *actor;  /* NULL: not known */
    struct str why;       /* empty: the row itself says so */
    struct str condition; /* that its cell names; may be empty */
};

/* Something read, with the reason where the row itself does not say it. */
struct said {
    struct str text;
    struct str why;
};

struct texts VEC(struct str);

struct fact {
    struct party from;
    struct party to;
    struct port_entry *ports; /* transports set, unless PORT_ANY, PORT_ICMP or PORT_UNSTATED */
    size_t port_n;
    struct str transport_why;
    struct str ports_why;
    struct str direction_why;
    struct said purpose;
    const struct service_word *service;
    struct texts conditions;
    struct str condition_why;
    enum need need;
    struct str need_why;
    bool adjustable; /* the document calls the port a default */
    struct texts reviews;
    struct str place; /* DOCUMENT#"place": its origin */
    struct span span;
    struct str *marks; /* of footnotes */
    size_t mark_n;
    size_t table; /* which table or list of the page, from 1 */
    size_t document;
    enum way way;
    bool inside;  /* "internal" stands where its source should */
    bool outside; /* "external" does */
    bool local;   /* "localhost" does */
    bool mirror;  /* the other way of the fact before */
};

/* What a heading, a sentence or a caption says about what follows it. */
struct hints {
    enum way way;
    struct str from; /* phrases; empty: none */
    struct str to;
    struct str owner; /* whose ports they are */
    unsigned transports;
    struct str condition;
    bool ports; /* speaks of ports, firewalls, access */
    bool domains;
    bool optional;
    bool forbidden;
    bool exposed; /* forbidden is to expose the ports, which says nothing of ends that rows name */
    bool example;
    bool local;   /* the ports do not leave the host */
    bool inside;  /* the ports are for one of them to another */
    bool between; /* the ends, but not which of them begins */
    bool arrow;   /* an arrow stands between the ends */
    bool weak;    /* the ends count only if both are kinds of machines or programs */
};

#define HEADINGS_MOST 8

/* What stands around a table or a list. */
struct surroundings {
    struct str headings[HEADINGS_MOST + 1]; /* by level */
    struct str tab;
    struct str lead; /* the sentences since the heading, the last one last */
    struct str last_lead;
    struct str caption;
    struct str section; /* of a section row */
};

struct scope { /* surroundings, understood: innermost first */
    struct hints hints;
    struct str from_why;
    struct str to_why;
    struct str owner_why;
    struct str way_why;
    struct str transports_why;
    struct str condition_why;
    struct str heading; /* the innermost that names something */
    struct str place;
    struct actor *subject; /* what the heading names as a party; NULL: none */
};

struct pending_note {
    struct str text;
    struct str mark; /* of a footnote */
    struct span span;
    size_t table; /* the last before it in its section; 0: none */
    struct str place;
    size_t document;
    bool attached;
};

struct command_port { /* that a command opens */
    struct port_entry entry;
    struct str text;
    struct span span;
};

struct mention { /* of a port, in a text that was not read as a requirement */
    uint16_t port;
    struct span span;
};

struct importer {
    struct arena *arena;
    struct diags *diags;
    const struct page *page;
    size_t document; /* index of the page */
    struct document *documents;
    struct map actors;
    struct actor *product;
    struct arena *fact_arena; /* for the list of facts alone: it is gone when they are a catalog */
    struct facts VEC(struct fact) facts;
    struct pending_notes VEC(struct pending_note) notes;
    struct catalog_notes VEC(struct note) said;        /* for the catalog */
    struct commands VEC(struct command_port) commands; /* of the page */
    struct mentions VEC(struct mention) mentions;      /* of the page */
    struct surroundings around;
    size_t table;
    unsigned label_level; /* of the item that stands over the items below it; 0: none */
    size_t section_table; /* the last table of this section; 0: none */
    bool https_said;      /* a sentence of the page says that it goes out over 443 */
    bool section_first;   /* what is read now is the first table or list of its section */
};

/* parties.c */
struct str party_key(struct arena *arena, struct str text);
/* The actor of that name, made when it is new. NULL for an empty text. */
struct actor *party_actor(struct importer *importer, struct str title, struct span span);
struct actor *party_known(const struct importer *importer, struct str text);
/* A cell of source or destination: domains, or a name with what it is bound to in parentheses as condition. */
struct actor *party_cell(struct importer *importer, struct str text, struct span span, struct str *condition);
struct actor *party_domains(struct importer *importer, struct str title, struct str *domains, size_t n,
                            struct span span);
/* Whether a phrase names a kind of machine or program: "backup server". */
bool party_is_role(const struct importer *importer, struct str text);
/* Who serves what a row is used for; NULL: the words do not tell. */
struct actor *party_of_use(struct importer *importer, struct str use, const struct service_word *service,
                           struct span span);
/* Ends that a use names: "X logon with Y", "packets destined for Y". */
void party_ends_of_use(struct importer *importer, struct str use, struct span span, struct str subject,
                       const struct actor *const *known, size_t known_n, struct party *from, struct party *to);

/* names.c */
struct whereabouts {  /* what a cell says where a party should stand */
    bool inside;      /* "internal": one of them to another */
    bool outside;     /* "external" */
    bool self;        /* "localhost": it does not leave the host */
    bool named;       /* anything else but "N/A" */
    struct str names; /* beside "self": without it; empty: all of it */
};
struct whereabouts party_where(struct arena *arena, struct str text);
/* "Internode RPC", "node-to-node communication": from one of them to another. */
bool party_among(struct str normal);
/* "administrators may want", "intervening firewalls": half a clause, or what traffic goes through. */
bool party_is_clause(struct arena *arena, struct str phrase);
/* "on each host": whatever the page is about runs there. */
bool party_is_anything(struct arena *arena, struct str phrase);
/* Whether a phrase out of a sentence or a heading can be the name of a party; false for half a clause. */
bool party_is_phrase(const struct importer *importer, struct str phrase);

/* sentences.c */
void sentence_read(struct arena *arena, struct str text, bool heading, struct hints *hints);
/* sentence_words.c: all of it but the ends and the condition. */
void sentence_words(const struct sentence *sentence, struct hints *hints);
/* scope.c */
void scope_find(struct importer *importer, struct scope *scope);

/* rows.c */
void table_read(struct importer *importer, const struct grid *grid);
/* fact.c */
/* The ports of a cell and what the cell of transports adds; false: there are none. `written`: the cell, for messages.
 */
bool fact_ports(struct importer *importer, struct fact *fact, const struct port_text *ports,
                const struct port_text *transport, struct str written);
/* Transports of bare ports, reviews of what is not a port, the condition of the surroundings. `use`: the words of the
 * row that may name a protocol. */
void fact_finish(struct importer *importer, struct fact *fact, const struct port_text *transport,
                 const struct scope *scope, struct str use, bool domains);
/* Ports of domains that have no column of ports: those of URLs, of the sentence before, else unstated. */
struct domain_text;
void fact_domain_ports(struct importer *importer, struct fact *fact, const struct domain_text *read);
void fact_when(struct importer *importer, struct fact *fact, struct str condition);
/* Room for so many more, so that a long table does not grow the list again and again. */
void facts_reserve(struct importer *importer, size_t n);
void fact_add(struct importer *importer, const struct fact *fact);
void fact_review(struct importer *importer, struct fact *fact, struct str text);
/* Ends of a fact by its way, where the row leaves them open. */
void fact_ends(struct importer *importer, struct fact *fact, const struct scope *scope, struct actor *owner);
/* DOCUMENT#"heading / label, line". */
struct str fact_place(struct importer *importer, const struct scope *scope, struct str label, struct span span);

/* lists.c: bullets and sentences; text_table.c: tables whose cells are parted by one blank. */
bool item_read(struct importer *importer, const struct block *block);
bool heading_fact(struct importer *importer, const struct block *block, const struct block *next);
bool sentence_fact(struct importer *importer, const struct block *block);
/* The grid with the heads that stand in a line above it; the grid itself where that line is something else. */
const struct grid *text_heads(struct importer *importer, const struct block *block, const struct grid *grid);
const struct grid *text_table(struct importer *importer, const struct block *blocks, size_t n, size_t *used);
/* stacked.c: a table that was copied with one cell a paragraph; NULL with `used` beyond its heads where it cannot be
 * read. */
const struct grid *stacked_table(struct importer *importer, const struct block *blocks, size_t n, size_t *used);

/* commands.c */
void command_keep(struct importer *importer, const struct block *block);
void commands_read(struct importer *importer); /* when all else of the page was read */

/* mentions.c: ports that a text names and that no requirement of the document has become a warning. */
void mention_keep(struct importer *importer, const struct block *block);
void mentions_report(struct importer *importer); /* when all else of the page was read */

/* notes.c */
void notes_attach(struct importer *importer);

/* facts.c */
struct document *facts_documents(struct arena *arena, const struct page *const *pages, size_t n, struct str retrieved);
struct catalog *facts_catalog(struct importer *importer, size_t document_n, const struct import_options *options);

#endif
