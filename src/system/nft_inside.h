/* What nft.c and nft_interfaces.c share. */
#ifndef PORTOLAN_SYSTEM_NFT_INSIDE_H
#define PORTOLAN_SYSTEM_NFT_INSIDE_H

#include "system/namespace.h"
#include "system/process.h"

/* A program in the namespace (NULL: in this one); 0, or -errno. */
int nft_run(const struct namespace *namespace, const char *const *argv, struct str input, const char *directory,
            struct process_result *result);
/* Makes the interfaces that the text needs and that are not there; where that fails nft says which is missing. */
void nft_interfaces(const struct namespace *namespace, struct str text);

#endif
