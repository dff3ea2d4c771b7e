/* The table of services: model/services.def names them, so that no name that a catalog may use is without a row. */
#include "service/own.h"
#include "service/service.h"

static const struct service *const all[] = {
#define SERVICE(id, name) &service_##id,
#include "model/services.def"
#undef SERVICE
};

const struct service *const *service_all(size_t *n)
{
    *n = sizeof all / sizeof *all;
    return all;
}

const struct service *service_find(struct str name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (str_is(name, all[i]->name))
            return all[i];
    }
    return NULL;
}

const struct exchange *service_exchange(const struct service *service, unsigned proto)
{
    switch (proto) {
    case PROTO_TCP: return service->tcp != NULL ? service->tcp : &own_tcp;
    case PROTO_UDP: return service->udp != NULL ? service->udp : &own_udp;
    case PROTO_ICMP:
    case PROTO_ICMPV6: return service_icmp.icmp;
    default: return NULL;
    }
}

uint16_t service_default_port(const struct service *service, unsigned proto)
{
    unsigned bit = proto == PROTO_TCP ? SERVICE_TCP : SERVICE_UDP;

    for (size_t i = 0; i < SERVICE_PORTS_MAX && service->ports[i].lo > 0; i++) {
        if (service->ports[i].protos & bit)
            return service->ports[i].lo;
    }
    return 0;
}
