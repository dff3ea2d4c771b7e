/*
 * The program nft, run in a network namespace of its own: to turn a ruleset as text into the listing that the dialect
 * reads, and to have a printed ruleset judged. The machine's own ruleset is neither seen nor touched.
 */
#ifndef PORTOLAN_SYSTEM_NFT_H
#define PORTOLAN_SYSTEM_NFT_H

#include "base/diag.h"
#include "system/namespace.h"

/*
 * Loads a text and gives what `nft -j list ruleset` then prints. `directory` is where its includes are looked for;
 * NULL: an include is an error. Interfaces that the text names by number (`iif eth0`, devices) are made up.
 * 0; -EINVAL when nft refused the text, with its errors at their places in diags; else -errno, with one error in diags
 * that says what is missing (-ENOENT: no nft, -EPERM and others: no namespace).
 */
int nft_list(struct arena *arena, const struct source *text, const char *directory, struct source **listing,
             struct diags *diags);
/* Likewise, but only has the text judged. */
int nft_check(const struct source *text, const char *directory, struct diags *diags);

/*
 * Loads a text, or a listing as nft -j printed it, into a namespace that stays. Interfaces that the text names by
 * number and that are not there are made up. As nft_list, without a listing.
 */
int nft_load(const struct namespace *namespace, const struct source *text, const char *directory, struct diags *diags);

#endif
