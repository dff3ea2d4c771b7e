/* Flows out of a file: a plan as JSON (DESIGN, section 5), or CSV with the header
 * id,source,destination,transport,ports. */
#ifndef PORTOLAN_PLAN_FLOWS_H
#define PORTOLAN_PLAN_FLOWS_H

#include "model/flow.h"

struct flows {
    const struct flow **v;
    size_t n;
    size_t capacity;
};

/*
 * JSON when the text begins with `{` or `[`, else CSV. Errors are in diags, all of them. A row of CSV whose ends have
 * both families becomes two flows, the second with `/v6` behind its id; ends that share no family are an error.
 */
bool flows_read(struct arena *arena, const struct source *source, struct diags *diags, struct flows *flows);

#endif
