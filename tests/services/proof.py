"""`portolan probe` against far ends that are known, with everything between that a network can do to it.

All that is asked of a network in one state is one run of the program, so that what holds for one probe holds among
hundreds; the outcome of each must be exactly that of its state.
"""
import json
import os
import subprocess
import time

from line import ROUTER, address
from network import PORTOLAN

READY_S = 60
UNVERIFIABLE = {'syslog', 'citrix-licensing', 'citrix-vendor-daemon', 'replication', 'clustering', 'corosync', 'pvs',
                'wlb'}
# Another service's server satisfies these probes, and may: the same protocol at another port.
FAMILIES = [{'smb', 'netbios-ssn'}, {'http', 'rest', 's3', 'web', 'https'}, {'ldap', 'global-catalog', 'ldaps'},
            {'rpcbind', 'nfs-dynamic'}, {'ftp', 'ftp-passive'}]
TCP = ['dns', 'kerberos', 'kpasswd', 'ldap', 'ldaps', 'global-catalog', 'netbios-ssn', 'smb', 'dcerpc', 'rpcbind',
       'nfs', 'mountd', 'nlockmgr', 'status', 'iscsi', 'ssh', 'vnc', 'rdp', 'ftp', 'ftp-passive', 'http', 'https', 's3',
       'rest', 'web', 'wlb', 'citrix-licensing', 'citrix-vendor-daemon', 'replication', 'clustering', 'syslog']
# One datagram a second to a host: of those that nothing answers one is enough.
UDP = ['ntp', 'dns', 'kerberos', 'kpasswd', 'ldap', 'netbios-ns', 'rpcbind', 'nfs', 'mountd', 'nlockmgr', 'status',
       'corosync']
# Who is there says so, or is silent. To those who ask over UDP for what always answers, a silent one is like a filter.
ELSE = {'tcp': {'wrong-service', 'open-silent'}, 'udp': {'wrong-service', 'filtered-or-silent', 'filtered'}}
# Of what is there, some take few connections at once; of those over UDP one host is asked once a second.
PATIENCE = {'tcp': ('--timeout', '3000', '--tries', '2', '--in-flight', '1000'),
            'udp': ('--timeout', '1000', '--tries', '1')}
ROUNDS = 5

TREATMENTS = {  # what a firewall does to everything that goes to the far end
    'drop': 'drop',
    'reject': 'reject',
    'reset': 'meta l4proto tcp reject with tcp reset',
    'prohibited': 'reject with icmpx type admin-prohibited',
}
LOSSY = 'numgen random mod 20 0 counter drop'  # one packet in twenty, in both directions


class Point:
    """A service beyond the line, and what the program must say of it. `following`: what it leads to (service,
    transport, port), reported in its place. `evidence`: texts that must be in its detail. `families`: where it listens.
    """

    def __init__(self, service, proto, port=None, outcome='open', following=(), families=(4, 6), **evidence):
        self.service, self.proto, self.port, self.outcome, self.families = service, proto, port, outcome, families
        self.following = set(following)
        self.evidence = {name.replace('_', '-'): text for name, text in evidence.items()}
        self.host, self.server = None, None

    def at(self, host, server):
        self.host, self.server = host, server
        return self

    def places(self):
        """A name of each place as `found` has it: service, transport, address, port."""
        return [(self.service, self.proto, address(family, self.host), self.port) for family in self.families]


def target(place):
    service, proto, host, port = place
    host = f'[{host}]' if ':' in host else host
    return f'{service}://{host}' if port is None else f'{service}+{proto}://{host}:{port}'


class Outcome:
    def __init__(self, row):
        self.outcome, self.reason, self.detail = row['outcome'], row['reason'], row['detail']

    def __str__(self):
        return f'{self.outcome}: {self.reason} {self.detail}'


def run(targets, *options):
    """The rows of one run."""
    began = time.monotonic()
    done = subprocess.run([PORTOLAN, 'probe', '-', '--format', 'json', *options], input='\n'.join(targets).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if os.environ.get('SHOW'):
        print(f'{len(targets)} targets, {options}: {time.monotonic() - began:.1f} s', flush=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f'probe {options}: {done.returncode} {done.stderr.decode()}')
    return json.loads(done.stdout)['outcomes']


class Proof:
    """Points that were started, asked by one line; options are for every run."""

    def __init__(self, bench, points, *options):
        self.bench, self.points, self.options = bench, points, options
        self.holds = bench.holds

    def everything(self):
        self.bench.line.firewall()
        self.finds()
        self.follows()
        self.crosses()
        self.firewalls()
        self.loses()

    def direct(self):
        """Those that are reported as themselves: each place with its point."""
        return [(place, point) for point in self.points if not point.following for place in point.places()]

    def ask(self, places, *options):
        """The outcome of each place; there must be one, and one alone."""
        found = {}
        places = list(dict.fromkeys(places))
        for row in run([target(place) for place in places], *self.options, *options):
            found.setdefault((row['service'], row['transport'], row['address'], row['port']), []).append(Outcome(row))
        for place in places:
            outcomes = found.get(place, [])
            if len(outcomes) != 1:
                self.holds(f'{target(place)}: one outcome', False, list(map(str, outcomes)))
        return {place: outcomes[0] for place, outcomes in found.items()}

    # --- what is there is found, and nothing else

    def comes_up(self):
        """Until all that was started is as it must be, or its time is over. What is asked again is what was not yet."""
        end = time.monotonic() + READY_S
        waiting = self.direct()
        while waiting and time.monotonic() < end:
            found = self.ask([place for place, _ in waiting], '--timeout', '1000', '--tries', '1')
            waiting = [(place, point) for place, point in waiting
                       if place in found and found[place].outcome != point.outcome]
            time.sleep(0.2 if waiting else 0)

    def finds(self, *options, where=lambda point: True):
        asked = [(place, point) for place, point in self.direct() if where(point)]
        found = self.ask([place for place, _ in asked], *options)
        for place, point in asked:
            answer = found.get(place)
            what = f'{target(place)} of {point.server} {" ".join(options)}'
            self.holds(f'{what}: {point.outcome}', answer and answer.outcome == point.outcome, answer)
            for key, text in point.evidence.items():
                self.holds(f'{what}: {key}', answer and text in str(answer.detail.get(key, '')), answer)

    def follows(self):
        """What is there is asked for what it is."""
        for point in self.points:
            for place in point.places() if point.following else ():
                rows = run([target(place)], *self.options)
                opened = {(row['service'], row['transport'], row['port']) for row in rows
                          if row['outcome'] == 'open' and row['address'] == place[2]}
                self.holds(f'{target(place)} of {point.server} leads on', point.following <= opened, rows)

    def crosses(self):
        """Each with every other service's handshake."""
        there = {}
        for point in self.points:
            for _, proto, host, port in point.places():
                there.setdefault((proto, host, port), []).append(point)
        asked = {}
        for (proto, host, port), points in there.items():
            services = {point.service for point in points}
            akin = services.union(*(family for family in FAMILIES if family & services))
            for service in {'tcp': TCP, 'udp': UDP}.get(proto, ()):
                # Datagrams are asked for slowly, and nothing of this is of an address family.
                if service not in akin and (proto == 'tcp' or ':' not in host):
                    asked[service, proto, host, port] = points
        found, counts = {}, {}
        for proto, options in PATIENCE.items():
            # In the order of services, so that no server meets all of them at once; who was too busy is asked again.
            places = sorted(place for place in asked if place[1] == proto)
            for _ in range(ROUNDS if proto == 'tcp' else 1):
                found.update(self.ask(places, *options) if places else {})
                places = [place for place in places if place in found and found[place].outcome == 'filtered']
        for place, points in asked.items():
            if place not in found:
                continue
            answer, (service, proto, _, _) = found[place], place
            counts[answer.outcome] = counts.get(answer.outcome, 0) + 1
            may = ELSE[proto] | ({'unverifiable'} if service in UNVERIFIABLE else set()) | (
                {'tls-untrusted'} & {point.outcome for point in points})
            self.holds(f'{target(place)}, where {points[0].service} is', answer.outcome in may, answer)
        print('every other handshake:', ', '.join(f'{n} {name}' for name, n in sorted(counts.items())), flush=True)

    # --- what is between

    @staticmethod
    def stopped(treatment, point, family):
        """Outcome, and ICMP as the router must have sent it."""
        if treatment == 'reset':
            return 'refused', None
        if treatment != 'drop':
            return 'rejected', {'reject': ('3/3', '1/4'), 'prohibited': ('3/13', '1/1')}[treatment][family == 6]
        if point.proto == 'tcp':
            return 'filtered', None
        return 'unverifiable' if point.service in UNVERIFIABLE else 'filtered-or-silent', None

    def firewalls(self):
        for treatment, rule in TREATMENTS.items():
            self.bench.line.firewall(f'ip daddr 10.2.0.0/24 {rule}', f'ip6 daddr fd02::/64 {rule}')
            asked = [(place, point) for place, point in self.direct() if treatment != 'reset' or point.proto == 'tcp']
            found = self.ask([place for place, _ in asked], '--timeout', '1000', '--tries', '1')
            for place, point in asked:
                family = 6 if ':' in place[2] else 4
                outcome, icmp = self.stopped(treatment, point, family)
                answer = found.get(place)
                self.holds(f'{target(place)} behind {treatment}: {outcome}', answer and answer.outcome == outcome and
                           answer.detail.get('icmp') == icmp and
                           answer.detail.get('reported-by') == (ROUTER[family] if icmp else None), answer)
        self.bench.line.firewall()

    def loses(self):
        """What is open is open. Of what answers nothing there is nothing to lose."""
        self.bench.line.firewall(LOSSY)
        # TCP sends again itself, after seconds where its first packets are lost; datagrams are sent again by us.
        self.finds('--tries', '3', '--timeout', '20000', where=lambda point: point.proto == 'tcp')
        self.finds('--tries', '8', '--timeout', '1500',
                   where=lambda point: point.proto != 'tcp' and point.outcome != 'unverifiable')
        self.holds('something was lost', self.bench.line.counted() > 0)
        self.bench.line.firewall()
