/* Addresses of this machine, as getifaddrs(3) lists them; see addresses.h. */
#include "system/addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "base/vec.h"

static u128 v4_of(const struct sockaddr *address)
{
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
}

static u128 v6_of(const struct sockaddr *address)
{
    const uint8_t *bytes = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
    u128 value = 0;

    for (size_t i = 0; i < 16; i++)
        value = value << 8 | bytes[i];
    return value;
}

int addresses_own(struct arena *arena, const struct ranges *own[FAMILY_N])
{
    struct VEC(struct range) found[FAMILY_N] = {{0}};
    struct ifaddrs *list;

    if (getifaddrs(&list) != 0)
        return -errno;
    for (const struct ifaddrs *one = list; one != NULL; one = one->ifa_next) {
        if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET) {
            bool loopback = (one->ifa_flags & IFF_LOOPBACK) != 0 && one->ifa_netmask != NULL;
            u128 rest = loopback ? addr_max(FAMILY_V4) & ~v4_of(one->ifa_netmask) : 0;
            u128 address = v4_of(one->ifa_addr);

            *vec_push(arena, &found[FAMILY_V4]) = (struct range){address & ~rest, address | rest};
        } else if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET6) {
            u128 address = v6_of(one->ifa_addr);

            *vec_push(arena, &found[FAMILY_V6]) = (struct range){address, address};
        }
    }
    freeifaddrs(list);
    for (enum family family = 0; family < FAMILY_N; family++)
        own[family] = ranges_of(arena, found[family].v, found[family].n);
    return 0;
}
