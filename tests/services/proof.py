"""`portolan probe` against far ends that are known, with everything between that a network can do to it.

Points are those of servers.py. All that is asked of a network in one state is one run of the program, so that what holds
for one probe holds among hundreds; the outcome of each must be exactly that of its state.
"""
import json
import os
import subprocess
import time

from line import ROUTER, six

# Another service's server satisfies these probes, and may: the same protocol at another port.
FAMILIES = [{'smb', 'netbios-ssn'}, {'http', 'rest', 's3', 'web', 'https'}, {'ldap', 'global-catalog', 'ldaps'},
            {'rpcbind', 'nfs-dynamic'}, {'ftp', 'ftp-passive'}]
TCP = ['dns', 'kerberos', 'kpasswd', 'ldap', 'ldaps', 'global-catalog', 'netbios-ssn', 'smb', 'dcerpc', 'rpcbind', 'nfs', 'mountd',
       'nlockmgr', 'status', 'iscsi', 'ssh', 'vnc', 'rdp', 'ftp', 'ftp-passive', 'http', 'https', 's3', 'rest', 'web', 'wlb',
       'citrix-licensing', 'citrix-vendor-daemon', 'replication', 'clustering', 'syslog']
UDP = ['ntp', 'dns', 'kerberos', 'kpasswd', 'ldap', 'netbios-ns', 'rpcbind', 'nfs', 'corosync']  # a second each, to be polite
# Another server is there: it says so, or is silent. To UDP a silent one is like a filter, for those who ask for what always
# answers.
ELSE = {'tcp': {'wrong-service', 'open-silent', 'error', 'unverifiable', 'tls-untrusted'},
        'udp': {'wrong-service', 'filtered-or-silent', 'filtered', 'error', 'unverifiable'}}
ONCE = ['--timeout', '4000', '--tries', '1']  # a server that takes few connections at once drops the first SYN of others


def program(bench):
    return os.environ.get('PORTOLAN') or os.path.join(os.path.dirname(bench.talker), '../../portolan')


class Outcome:
    def __init__(self, row):
        self.row, self.outcome, self.reason, self.detail = row, row['outcome'], row['reason'], row['detail']

    def __str__(self):
        return f'{self.outcome}: {self.reason} {self.detail}'


def ask(bench, targets, *options):
    """What each target came to; outcomes that follow from others have targets of their own."""
    began = time.monotonic()
    done = subprocess.run([program(bench), 'probe', '-', '--format', 'json', *map(str, options)], input='\n'.join(targets).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if os.environ.get('SHOW'):
        print(f'{len(targets)} targets, {options}: {time.monotonic() - began:.1f} s', flush=True)
    bench.holds('the exit status', done.returncode in (0, 1, 3), done.stderr.decode()[-500:])
    found = {}
    for row in json.loads(done.stdout)['outcomes'] if done.stdout else []:
        name = target(row['service'], row['transport'], row['address'], row['port'])
        found.setdefault(name, []).append(Outcome(row))
    return found


def target(service, proto, host, port):
    return f'{service}+{proto}://[{host}]:{port}' if ':' in host else f'{service}+{proto}://{host}:{port}'


def one(bench, found, name):
    outcomes = found.get(name, [])
    if len(outcomes) != 1:
        bench.holds(f'{name}: one outcome', False, list(map(str, outcomes)))
    return outcomes[0] if outcomes else None


class Places:
    """Points in both families, each once."""

    def __init__(self, started, has_six):
        self.all = []
        for server, host, wanted in started:
            for far in [host] + ([six(host)] if has_six(server) else []):
                self.all.append((server, far, wanted, target(wanted['service'], wanted['proto'], far, wanted['port'])))

    def once(self):
        """Each target once: a port may be several points."""
        return {name: (far, wanted) for _, far, wanted, name in self.all}


# --- what is there is found, and nothing else --------------------------------------------------------------------------

def finds(bench, places, *options):
    found = ask(bench, places.once(), *options)
    for server, far, wanted, name in places.all:
        answer = one(bench, found, name)
        what = f'probe: {name} of {server}'
        bench.holds(what, answer and answer.outcome == wanted['probed'], answer)
        for key, text in wanted['evidence'].items():
            bench.holds(f'{what}: {key}', answer and text in str(answer.detail.get(key, '')), answer)


def foreign(service, wanted):
    akin = {service, *(other for family in FAMILIES if service in family for other in family)}
    return not wanted['services'] & akin


def crosses(bench, places, *options):
    """Each with every other service's handshake."""
    where = {}
    for server, far, wanted, _ in places.all:
        if ':' not in far:
            where.setdefault((far, wanted['proto'], wanted['port']), set()).add(wanted['service'])
    asked = {target(service, proto, far, port): (service, sorted(services)[0])
             for (far, proto, port), services in where.items()
             for service in (TCP if proto == 'tcp' else UDP) if foreign(service, {'services': services})}
    found = ask(bench, asked, *ONCE, *options)
    counts = {}
    for name, (service, server) in asked.items():
        answer = one(bench, found, name)
        if answer is None:
            continue
        counts[answer.outcome] = counts.get(answer.outcome, 0) + 1
        bench.holds(f'{name}, where {server} is', answer.outcome in ELSE[answer.row['transport']], answer)
        if os.environ.get('SHOW'):
            print(f'{name}, where {server} is: {answer}')
    print('every other handshake:', ', '.join(f'{n} {outcome}' for outcome, n in sorted(counts.items())), flush=True)


# --- a firewall before each ---------------------------------------------------------------------------------------------

def expected(treatment, wanted, family):
    """Outcome, and ICMP as the router must have sent it."""
    udp = wanted['proto'] == 'udp'
    if treatment == 'drop' or (treatment == 'reset' and udp):
        return ('filtered' if not udp else 'unverifiable' if wanted['outcome'] == 'unverifiable' else 'filtered-or-silent', None)
    if treatment == 'reset':
        return 'refused', None
    return 'rejected', {'reject': ('3/3', '1/4'), 'prohibited': ('3/13', '1/1')}[treatment][family == 6]


def firewalls(bench, line, places):
    targets = places.once()
    for treatment in ('drop', 'reject', 'reset', 'prohibited'):
        asked = {name: point for name, point in targets.items() if treatment != 'reset' or point[1]['proto'] == 'tcp'}
        line.firewall(treatment)
        found = ask(bench, asked, '--timeout', '1000', '--tries', '1')
        for name, (far, wanted) in asked.items():
            family = 6 if ':' in far else 4
            outcome, icmp = expected(treatment, wanted, family)
            answer = one(bench, found, name)
            bench.holds(f'{name} behind {treatment}: {outcome}', answer and answer.outcome == outcome and
                        answer.detail.get('icmp') == icmp and
                        answer.detail.get('reported-by') == (ROUTER[family] if icmp else None), answer)
    line.firewall()


def loses(bench, line, places, *options):
    """One packet in twenty is lost, there and back: what is open is open."""
    line.firewall('lossy')
    finds(bench, places, '--tries', '6', '--timeout', '2000', *options)
    line.firewall()


def prove(bench, line, started, has_six, *options):
    """All of it, for points that are known to have come up."""
    for _, _, wanted in started:
        wanted.setdefault('probed', wanted['outcome'])
    places = Places(started, has_six)
    line.firewall()
    finds(bench, places, *options)
    crosses(bench, places, *options)
    firewalls(bench, line, places)
    loses(bench, line, places, *options)
    return places


# --- a proxy between ----------------------------------------------------------------------------------------------------

def proxied(bench, servers, *options):
    """nginx and sshd through squid: carried, refused by it, and read along."""
    plain = servers.squid(bench, 'plain', 50, '')
    cases = [('https://a.example.org', 'open'), ('https://c.example.net', 'open'), ('http://a.example.org', 'open'),
             ('ssh://a.example.org', 'wrong'), ('ldap+tcp://a.example.org', 'proxy-refused'), ('https://nobody.example.org', 'unresolved')]
    check(bench, 'squid', cases, '--proxy', plain, *options)
    bumping = servers.bumping_squid(bench, 51)
    if bumping is None:
        return
    both = ['https://a.example.org', 'https://c.example.net']
    check(bench, 'squid that bumps', [(name, 'tls-intercepted') for name in both], '--proxy', bumping, *options)
    check(bench, 'squid that bumps', [(both[0], 'tls-untrusted')], '--proxy', bumping, *options)
    check(bench, 'squid whose CA is trusted', [(name, 'open') for name in both], '--proxy', bumping, '--ca',
          str(bench.folder / servers.BUMP_CA) + '.crt')


def check(bench, what, cases, *options):
    done = subprocess.run([program(bench), 'probe', *[name for name, _ in cases], '--format', 'json', *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    rows = {row['target'].split('://')[1].split(':')[0] + row['service']: Outcome(row)
            for row in json.loads(done.stdout or b'{"outcomes": []}')['outcomes']}
    for name, outcome in cases:
        service, host = name.split('://')
        answer = rows.get(host + service)
        bench.holds(f'{name} through {what}: {outcome}', answer and answer.outcome == outcome, answer or done.stderr.decode())
