#!/usr/bin/env python3
"""A site to be rehearsed, for measurements.

    make_town.py HOSTS GUARDED

The hosts stand in six zones, with both families, in a row with five firewalls between them; the first GUARDED of them
have a firewall of their own. From each host a flow goes to another one. The same arguments give the same text.
"""
import sys

ZONES = 6


def main():
    hosts, guarded = int(sys.argv[1]), int(sys.argv[2])
    print('portolan: site/1\nsite: town\nnames:')
    for host in range(hosts):
        zone = 10 + host % ZONES
        print('  h%d: [10.%d.%d.%d, "fd00:%x::%x"]' % (host, zone, host // 200, host % 200 + 1, zone, host + 1))
    print('zones: {%s}' % ', '.join('z%d: [10.%d.0.0/16, "fd00:%x::/32"]' % (zone, 10 + zone, 10 + zone)
                                    for zone in range(ZONES)))
    print('firewalls:')
    for wall in range(ZONES - 1):
        print('  f%d: {dialect: nftables, ruleset: f%d.nft, interfaces: {z%d: eth0, z%d: eth1}}'
              % (wall, wall, wall, wall + 1))
    for host in range(guarded):
        print('  g%d: {dialect: nftables, ruleset: g%d.nft, host: h%d}' % (host, host, host))
    print('extra:')
    for host in range(hosts):
        other = (host * 7 + 1) % hosts
        if other != host:
            print('  - {id: e%d, from: h%d, to: h%d, ports: [%d/tcp], owner: town, reason: a flow}'
                  % (host, host, other, 1000 + host))


if __name__ == '__main__':
    main()
