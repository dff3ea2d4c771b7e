#!/usr/bin/env python3
"""Random small sites, the same for the same seed: zones, one firewall or two in a row, firewalls on hosts, instances of
several products with random features, extra flows, exceptions, domains. As a program it writes some of them as files.

Addresses are private, for documentation, or link-local where a product says so. A site is JSON, which is YAML too.

    sites.py PORTOLAN SEED N DIRECTORY
"""
import json
import os
import random
import re
import subprocess
import sys

DAY = '2026-12-01'


def run(portolan, *words):
    return subprocess.run([portolan, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


class Products:
    """What the built-in catalog asks of a site that deploys its products."""

    def __init__(self, portolan):
        rows = json.loads(run(portolan, 'catalog', 'list', '--format', 'json').stdout)['catalogs']
        self.names = sorted(row['product'] for row in rows)
        self.of = {name: json.loads(run(portolan, 'catalog', 'show', name, '--format', 'json').stdout)
                   for name in self.names}


def v6(zone, host):
    return 'fd%02x::%x' % (zone + 16, host)


class Zone:
    def __init__(self, number, name, families):
        self.number, self.name = number, name
        self.inner = None
        self.prefixes = []
        if 4 in families:
            self.prefixes.append('10.%d.0.0/16' % (number + 10))
        if 6 in families:
            self.prefixes.append('fd%02x::/64' % (number + 16))


class Maker:
    def __init__(self, seed, products):
        self.rng = random.Random('portolan site %d' % seed)
        self.seed = seed
        self.products = products
        self.names = {}
        self.domains = {}

    # --- addresses ---------------------------------------------------------------------------------------------------

    def host(self, zone):
        """One host: an address of each family that the site has; now and then of one only."""
        n = self.rng.choice([1, 2, 3, 10, 11, 12, 13, 100, 254, 255, 256, self.rng.randrange(1, 65000)])
        four = '10.%d.%d.%d' % (zone.number + 10, n >> 8, n & 255)
        six = v6(zone.number, n)
        if self.families == {4, 6}:
            return self.rng.choices([[four, six], [four], [six]], [6, 3, 0.3])[0]
        return [four] if 4 in self.families else [six]

    def wide(self, zone):
        """A range or a prefix in a zone, of each family."""
        out = []
        if 4 in self.families:
            lo = self.rng.randrange(0, 60000)
            hi = lo + self.rng.choice([1, 2, 5, 255, 256, 1000])
            base = '10.%d.' % (zone.number + 10)
            at = lambda n: base + '%d.%d' % (n >> 8, n & 255)
            kind = self.rng.randrange(3)
            if kind == 0:
                out.append('%s-%s' % (at(lo), at(hi)))
            elif kind == 1:
                length = self.rng.randrange(17, 31)
                mask = (1 << (32 - length)) - 1
                out.append('%s/%d' % (at(lo & ~mask), length))
            else:
                out.append(base + '0.0/16')
        if 6 in self.families and (not out or self.rng.random() < 0.6):
            lo = self.rng.randrange(1, 60000)
            if self.rng.random() < 0.5:
                out.append('%s-%s' % (v6(zone.number, lo), v6(zone.number, lo + self.rng.choice([1, 6, 400]))))
            else:
                length = self.rng.choice([64, 96, 112, 120, 127])
                mask = (1 << (128 - length)) - 1
                out.append('%s/%d' % (v6(zone.number, lo & ~mask) if lo & ~mask else 'fd%02x::' % (zone.number + 16),
                                      length))
        return out

    def make_names(self):
        rng = self.rng
        for zone in self.zones:
            for i in range(rng.randrange(2, 5)):
                self.names['%s-h%d' % (zone.name, i)] = self.host(zone)
            if rng.random() < 0.6:
                self.names[zone.name + '-net'] = self.wide(zone)
        hosts = sorted(self.names)
        for i in range(rng.randrange(1, 4)):
            self.names['group%d' % i] = rng.sample(hosts, min(len(hosts), rng.randrange(2, 5)))
        if rng.random() < 0.4:
            span = ['10.0.0.0/8'] if 4 in self.families and self.rest else []
            if 4 in self.families and not self.rest and len(self.zones) > 1:
                span = ['10.10.255.250-10.11.0.5']
            if 6 in self.families and self.rest:
                span.append('fd00::/8')
            if span:
                self.names['span'] = span

    # --- parts of a site ---------------------------------------------------------------------------------------------

    def make_zones(self):
        rng = self.rng
        self.families = rng.choices([{4, 6}, {4}, {6}], [6, 3, 1])[0]
        self.zones = [Zone(i, name, self.families)
                      for i, name in enumerate(['mgmt', 'storage', 'users', 'dmz', 'lab', 'branch'][:rng.randrange(2, 7)])]
        self.rest = rng.random() < 0.7
        out = {zone.name: zone.prefixes for zone in self.zones}
        if 4 in self.families and rng.random() < 0.3:
            zone = rng.choice(self.zones)
            out['inner'] = ['10.%d.%d.0/24' % (zone.number + 10, rng.choice([0, 1, 7]))]
        if self.rest:
            out['outside'] = 'any'
        else:
            net = (['203.0.113.0/24'] if 4 in self.families else []) + (['2001:db8::/32'] if 6 in self.families else [])
            out['outside'] = net
        return out

    def some_name(self, any_allowed=False):
        roll = self.rng.random()
        if any_allowed and self.rest and roll < 0.08:
            return 'any'
        if any_allowed and self.rest and roll < 0.14:
            return 'outside-host'
        if roll < 0.25:
            return self.rng.sample(sorted(self.names), min(2, len(self.names)))
        return self.rng.choice(sorted(self.names))

    def resolve_domain(self, domain):
        n = self.rng.randrange(2, 250)
        out = []
        if 4 in self.families:
            out += ['203.0.113.%d' % (n + i) for i in range(self.rng.choice([1, 1, 2, 3]))]
        if 6 in self.families and (not out or self.rng.random() < 0.7):
            out.append('2001:db8:%x::%x' % (n, n))
        self.domains[domain] = out

    def instance(self, product):
        rng = self.rng
        catalog = self.products.of[product]
        out = {'product': product}
        features = []
        for name, feature in sorted(catalog['features'].items()):
            on = feature.get('default') in (True, 'on')
            if on and rng.random() < 0.25:
                features.append('-' + name)
            if not on and rng.random() < 0.35:
                features.append(name)
        if features:
            out['features'] = features
        parameters = {}
        for name, parameter in sorted(catalog['parameters'].items()):
            if parameter.get('default') is None or rng.random() < 0.3:
                lo = rng.randrange(1, 65000)
                ranged = 'ports' in name and rng.random() < 0.7
                parameters[name] = '%d-%d' % (lo, lo + rng.randrange(1, 200)) if ranged else lo
        if parameters:
            out['parameters'] = parameters
        roles = {}
        for name, role in sorted(catalog['roles'].items()):
            if role.get('domains'):
                if rng.random() < 0.2:
                    roles[name] = self.some_name()
                continue
            if role.get('else') and rng.random() < 0.5:
                continue
            roles[name] = self.some_name()
        out['roles'] = roles
        return out

    def ports(self):
        rng = self.rng
        out = set()
        for _ in range(rng.choice([1, 1, 2, 4, 20])):
            proto = rng.choice(['tcp', 'tcp', 'udp', 'udp', 'sctp'])
            lo = rng.choice([1, 22, 53, 80, 443, 65535, rng.randrange(1, 65536)])
            hi = min(65535, lo + rng.choice([1, 2, 100, 30000]))
            out.add('%d/%s' % (lo, proto) if rng.random() < 0.6 or lo == hi else '%d-%d/%s' % (lo, hi, proto))
        roll = rng.random()
        if roll < 0.15:
            return ['icmp'] + sorted(out)
        if roll < 0.22:
            return ['any']
        return sorted(out)

    def firewalls(self, zones):
        rng = self.rng
        names = sorted(zones, key=lambda name: (name != 'outside', name))
        common = lambda: {
            'dialect': 'nftables',
            'deny': rng.choice(['drop', 'drop', 'reject']),
            'scope': rng.choice(['all', 'all', 'site']),
        }
        out = {}
        if len(names) >= 4 and rng.random() < 0.5:
            cut = rng.randrange(2, len(names) - 1)
            transit = names[cut - 1]
            out['front'] = dict(common(), interfaces={name: 'eth%d' % i for i, name in enumerate(names[:cut])})
            out['back'] = dict(common(), interfaces={name: 'lan%d' % i for i, name in
                                                     enumerate([transit] + names[cut:])})
        else:
            out['edge'] = dict(common(), interfaces={name: 'eth%d' % i for i, name in enumerate(names)})
        for number, firewall in enumerate(out.values()):
            if rng.random() < 0.5:
                own = []
                for zone in self.zones[:3]:
                    if 4 in self.families:
                        own.append('10.%d.200.%d' % (zone.number + 10, number + 1))
                    if 6 in self.families:
                        own.append(v6(zone.number, 0xfe01 + number))
                firewall['addresses'] = own
                self.names['gate%d' % number] = own
            if rng.random() < 0.3:
                first = rng.choice(sorted(firewall['interfaces']))
                firewall['interfaces'][first] = [firewall['interfaces'][first], 'bond%d' % number]
        hosts = [name for name in sorted(self.names) if re.search('-h[0-9]$', name)]
        for name in rng.sample(hosts, min(len(hosts), rng.choice([0, 1, 2]))):
            out[name] = dict(common(), host=name)
        for firewall in out.values():
            if rng.random() < 0.15:
                firewall['baseline'] = ['loopback', 'replies', 'icmp-errors', 'neighbour-discovery', 'dhcp']
        return out

    def make(self):
        rng = self.rng
        zones = self.make_zones()
        self.make_names()
        if self.rest:
            self.names['outside-host'] = (['198.51.100.7'] if 4 in self.families else []) + \
                                         (['2001:db8:7::7'] if 6 in self.families else [])
        firewalls = self.firewalls(zones)
        site = {'portolan': 'site/1', 'site': 'random-%d' % self.seed, 'names': self.names}
        instances = {}
        for i in range(rng.randrange(1, 4)):
            instances['i%d' % i] = self.instance(rng.choice(self.products.names))
        site['instances'] = instances
        for instance in instances.values():
            for role in self.products.of[instance['product']]['roles'].values():
                for domain in role.get('domains') or []:
                    self.resolve_domain(domain)
        if self.domains:
            site['domains'] = self.domains
        extra = []
        for i in range(rng.randrange(0, 5)):
            extra.append({'id': 'e%d' % i, 'from': self.some_name(True), 'to': self.some_name(True),
                          'ports': self.ports(), 'owner': 'team', 'reason': 'reason %d' % i})
            if rng.random() < 0.2:
                extra[-1]['expires'] = rng.choice(['2026-11-30', '2026-12-01', '2027-06-01'])
        if extra:
            site['extra'] = extra
        if rng.random() < 0.3:
            site['accept'] = [{'firewall': rng.choice(sorted(firewalls)), 'from': self.some_name(), 'to': self.some_name(),
                               'ports': ['22/tcp'], 'owner': 'team', 'reason': 'known'}]
        site['zones'] = zones
        site['firewalls'] = firewalls
        return site


def settle(portolan, site, path):
    """Leaves out what the site cannot have (a flow without a port that the document leaves unstated, an end that the
    site's families do not have), and adds tests that hold. Gives the flows, or None with the reason on standard error."""
    for _ in range(12):
        write(site, path)
        done = run(portolan, 'plan', path, '--format', 'json', '--on', DAY)
        if done.returncode == 0:
            flows = json.loads(done.stdout)['flows']
            bad = sorted({(flow['instance'], flow['requirement']) for flow in flows if flow['status'] != 'resolved'})
            if not bad:
                add_tests(site, flows)
                write(site, path)
                return flows
        else:
            bad = sorted({(m.group(1), m.group(2)) for m in re.finditer(r'error: ([\w.-]+)/([\w-]+)[:\s/]', done.stderr)})
            mixed = [kind for kind in ('accept', 'extra') if site.get(kind)]
            if not bad and mixed and 'no address family in common' in done.stderr:
                site[mixed[0]].pop()
                continue
            if not bad:
                sys.stderr.write(done.stderr)
                return None
        if any(instance == 'extra' for instance, _ in bad):
            site['extra'] = [one for one in site['extra'] if ('extra', one['id']) not in bad]
            bad = [one for one in bad if one[0] != 'extra']
        site['omit'] = site.get('omit', []) + [{'requirement': '%s/%s' % one, 'owner': 'team', 'reason': 'not here'}
                                               for one in bad]
        if not site['omit']:
            del site['omit']
    sys.stderr.write('the plan does not settle: ' + done.stderr)
    return None


def add_tests(site, flows):
    tests = []
    for flow in flows[::max(1, len(flows) // 3)]:
        if flow['transport'] in ('tcp', 'udp') and flow['ports'] not in (None, 'any'):
            lo = flow['ports'][0][0] if isinstance(flow['ports'][0], list) else flow['ports'][0]
            if flow['source'][0] != flow['destination'][0] and '/' not in flow['source'][0] + flow['destination'][0]:
                tests.append({'allow': {'from': flow['source'][0], 'to': flow['destination'][0],
                                        'ports': ['%s/%s' % (lo, flow['transport'])]}})
    if tests:
        site['tests'] = tests[:3]


def write(site, path):
    with open(path, 'w', encoding='utf-8') as out:
        json.dump(site, out, indent=1)
        out.write('\n')


def main():
    portolan, seed, n, directory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    products = Products(portolan)
    for i in range(n):
        path = os.path.join(directory, 'random-%d.yaml' % (seed + i))
        if settle(portolan, Maker(seed + i, products).make(), path) is None:
            raise SystemExit('site %d does not plan' % (seed + i))


if __name__ == '__main__':
    main()
