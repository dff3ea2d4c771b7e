/* The first exchange of SMB 2 and 3, which the NetBIOS session service carries too; [MS-SMB2] 2.2.3 and 2.2.4. */
#ifndef PORTOLAN_SERVICE_SMB_H
#define PORTOLAN_SERVICE_SMB_H

#include "service/service.h"

/* A NetBIOS session message (RFC 1002 4.3): a type, 24 bits of length. Any type that there is; the machine gets it too.
 */
extern const struct framing framing_session;

void smb_put_negotiate(const struct talk *talk, struct wire_out *out);
/* A session message that may hold the answer to it: evidence and outcome, else STEP_FOREIGN. */
enum step smb_heard_negotiate(struct wire_in *in, struct answer *answer);
/* Answers negotiate, and tells everything behind it that it is not supported. */
enum step smb_serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt);

#endif
