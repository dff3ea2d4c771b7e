/* Names; see rehearsal.h. */
#include "model/rehearsal.h"

const char *playing_name(enum playing playing)
{
    static const char *const names[PLAYED_N] = {
        [PLAYED_PASSES] = "passes",
        [PLAYED_STOPPED] = "stopped",
        [PLAYED_PARTLY] = "partly",
        [PLAYED_NOT] = "not-played",
    };

    return names[playing];
}
