/* The table of services; see services.h. */
#include "model/services.h"

static const char *const services[] = {
#define SERVICE(id, name) name,
#include "model/services.def"
#undef SERVICE
};

#define SERVICE_N (sizeof services / sizeof *services)

bool service_known(struct str name)
{
    for (size_t i = 0; i < SERVICE_N; i++) {
        if (str_is(name, services[i]))
            return true;
    }
    return false;
}

void service_unknown(struct str name, struct span span, struct diags *diags)
{
    struct suggest suggest = suggest_for(name);

    diag_error(diags, span, "unknown service \"%.*s\"", STR_ARG(name));
    for (size_t i = 0; i < SERVICE_N; i++)
        suggest_offer(&suggest, str_of(services[i]));
    suggest_hint(&suggest, diags);
}
