/* Names of the application protocols that requirements and extra flows may have; services.def lists them. */
#ifndef PORTOLAN_MODEL_SERVICES_H
#define PORTOLAN_MODEL_SERVICES_H

#include "base/suggest.h"

bool service_known(struct str name);
/* Adds an error about an unknown service, with the nearest name, at `span`. */
void service_unknown(struct str name, struct span span, struct diags *diags);

#endif
