/*
 * The one table of what nftables can ask of a packet: its words for it, and the field of the model behind. The reader
 * finds a row by nft's words, the printer by the model's field.
 */
#ifndef PORTOLAN_DIALECT_NFTABLES_FIELDS_H
#define PORTOLAN_DIALECT_NFTABLES_FIELDS_H

#include "model/field.h"

/* How the raw number that nft compares becomes a set of the model's field. */
enum nft_kind {
    NFT_NUMBER,     /* as it is */
    NFT_INTERFACE,  /* a name, perhaps with * at its end */
    NFT_ICMP_TYPE,  /* upper byte of FIELD_ICMP */
    NFT_ICMP_CODE,  /* lower byte of it */
    NFT_STATE,      /* one bit for each state */
    NFT_FLAGS,      /* TCP flags: bits, as they are */
    NFT_NFPROTO,    /* address family, 2 or 10 */
    NFT_ETHERTYPE,  /* address family, 0x0800 or 0x86dd */
    NFT_FRAGMENT,   /* the frag-off word of IPv4: DF, MF and offset */
    NFT_FRAGMENT_6, /* the offset in the fragment header of IPv6 */
    NFT_KIND_N
};

struct nft_field {
    const char *object; /* "ip", "tcp", "meta", "ct", "exthdr" */
    const char *key;
    enum nft_kind kind;
    enum field field;
    unsigned bits;    /* of the raw number */
    const char *type; /* nft's name of the type, for sets; NULL: never printed */
};

/* A header: asking for anything in it implies these. */
struct nft_header {
    const char *name;
    unsigned families;
    int protocol;   /* -1: any */
    bool transport; /* behind the network header: not there in later fragments */
};

const struct nft_field *nft_field_find(struct str object, struct str key); /* NULL: not modelled */
const struct nft_header *nft_header_find(struct str name);                 /* NULL: nothing is implied */
/* The row to print a field by: of a family for addresses, of a protocol for ports. */
const struct nft_field *nft_field_for(enum field field, enum family family, unsigned protocol);

/* The raw number that a name stands for in a field; false: not a name of it. Addresses are not names. */
bool nft_name_parse(const struct nft_field *field, struct str name, u128 *value);

u128 nft_field_last(const struct nft_field *field); /* the largest raw number */
bool nft_field_is_bits(const struct nft_field *field);
bool nft_field_is_next_header(const struct nft_field *field); /* `ip6 nexthdr`: not always the protocol */
enum family nft_field_family(const struct nft_field *field);  /* of addresses and ICMP; else FAMILY_N */

#define NFT_FRAGMENT_HEADER 44 /* what `ip6 nexthdr` of a fragment is */

extern const unsigned nft_state_bits[STATE_N];
extern const char *const nft_flag_names[8]; /* by bit */

/* Named priorities of filter chains in the families ip, ip6 and inet; false: no such name. */
bool nft_priority_parse(struct str text, int *priority);

#endif
