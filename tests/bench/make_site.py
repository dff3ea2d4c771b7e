#!/usr/bin/env python3
"""A site of any size, for measurements.

    make_site.py HOSTS INSTANCES SEED [--v6]

The hosts are dealt to instances of xcp-ng, xenserver and qumulo-core, each with servers and clients of its own and
features by chance. Pools stand in four zones, servers in eight, and three firewalls in a row lie between them. The same
arguments give the same text.
"""
import argparse
import random

SERVERS = {
    'xcp-ng': ['ntp-server', 'dns-server', 'domain-controller', 'smb-server', 'san-controller', 'nfs-server',
               'syslog-server', 'wlb', 'client'],
    'xenserver': ['ntp-server', 'dns-server', 'domain-controller', 'smb-server', 'san-controller', 'nfs-server',
                  'syslog-server', 'wlb', 'client', 'license-server'],
    'qumulo-core': ['client', 'peer-cluster', 'dns-server', 'kdc', 'domain-controller', 'ldap-server', 'nfs-client',
                    'ntp-server', 'syslog-server', 's3-endpoint'],
}
HYPERVISOR_CHOICES = ['active-directory', 'smb', 'iscsi', 'nfs3', 'nfs4', 'syslog', 'clustering', 'wlb']
CHOICES = {
    'xcp-ng': HYPERVISOR_CHOICES,
    'xenserver': HYPERVISOR_CHOICES,
    'qumulo-core': ['ftp', 'nfs3', 'replication', 's3-api', 'active-directory', 'ldap', 'shift-s3', 'audit'],
}
SWITCHED_OFF = {'xcp-ng': ['-updates'], 'xenserver': ['-updates', '-telemetry'], 'qumulo-core': []}
PINNED = '{mountd-port: 20048, nlockmgr-port: 32803, status-port: 32765}'
MEMBERS = {'xcp-ng': 'host', 'xenserver': 'host', 'qumulo-core': 'node'}

POOL_ZONES = range(10, 14)
SERVER_ZONES = range(20, 28)


class Zones:
    """Hands out addresses, one after the other in each zone."""

    def __init__(self, v6):
        self.v6 = v6
        self.used = {}

    def next(self, zone):
        number = self.used[zone] = self.used.get(zone, 0) + 1
        four = '10.%d.%d.%d' % (zone, number // 250, number % 250 + 1)
        return '[%s, "fd00:%x::%x"]' % (four, zone, number + 1) if self.v6 else four

    def prefix(self, zone):
        four = '10.%d.0.0/16' % zone
        return '[%s, "fd00:%x::/32"]' % (four, zone) if self.v6 else four


def firewall(name, zones):
    faces = ', '.join('%s: eth%d' % (zone, number) for number, zone in enumerate(zones))
    return '  %s:\n    dialect: nftables\n    ruleset: %s.nft\n    interfaces: {%s}' % (name, name, faces)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('hosts', type=int)
    parser.add_argument('instances', type=int)
    parser.add_argument('seed', type=int)
    parser.add_argument('--v6', action='store_true')
    options = parser.parse_args()
    chance = random.Random('site %d %d %d' % (options.hosts, options.instances, options.seed))
    zones = Zones(options.v6)
    names, instances = [], []
    for i in range(options.instances):
        product = list(SERVERS)[i % len(SERVERS)]
        members = []
        for k in range(options.hosts * i // options.instances, options.hosts * (i + 1) // options.instances):
            members.append('n%d' % k)
            names.append('  n%d: %s' % (k, zones.next(POOL_ZONES[i % len(POOL_ZONES)])))
        names.append('  pool%d: [%s]' % (i, ', '.join(members)))
        roles = ['%s: pool%d' % (MEMBERS[product], i)]
        for k, role in enumerate(SERVERS[product]):
            names.append('  %s-%d: %s' % (role, i, zones.next(SERVER_ZONES[k % len(SERVER_ZONES)])))
            roles.append('%s: %s-%d' % (role, role, i))
        features = [name for name in CHOICES[product] if chance.random() < 0.6] or CHOICES[product][:1]
        instances.append('  i%d:\n    product: %s' % (i, product))
        instances.append('    features: [%s]' % ', '.join(SWITCHED_OFF[product] + features))
        if product != 'qumulo-core':
            instances.append('    parameters: ' + PINNED)
        instances.append('    roles: {%s}' % ', '.join(roles))
    print('portolan: site/1\nsite: bench-%d' % options.hosts)
    print('\n'.join(['names:'] + names + ['instances:'] + instances + ['zones:']))
    for zone in [*POOL_ZONES, *SERVER_ZONES]:
        print('  z%d: %s' % (zone, zones.prefix(zone)))
    print('  link1: 172.16.1.0/24\n  link2: 172.16.2.0/24')
    print('firewalls:')
    print(firewall('west', ['z%d' % zone for zone in POOL_ZONES] + ['link1']))
    print(firewall('middle', ['link1', 'link2']))
    print(firewall('east', ['z%d' % zone for zone in SERVER_ZONES] + ['link2']))


main()
