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
 * The text may be a paste (dialect/loadable.h). What nft lists and does not load, and what the kernel of this machine
 * cannot do, is in the listing as the firewall would list it (dialect/standin.h), or else, with a warning, as a
 * statement that may do anything; `lenient`: so are rules with errors, and a text that was cut off.
 */
int nft_list(struct arena *arena, const struct source *text, const char *directory, bool lenient,
             struct source **listing, struct diags *diags);
/* Only has the text judged, as it is. */
int nft_check(const struct source *text, const char *directory, struct diags *diags);

/*
 * Loads a text, or a listing as nft -j printed it, into a namespace that stays. Interfaces that the text names by
 * number and that are not there are made up. What is loaded is the text: what nft or this kernel refuses is an error,
 * and nothing stands in for it. As nft_list else, without a listing.
 */
int nft_load(const struct namespace *namespace, const struct source *text, const char *directory, struct diags *diags);

#endif
