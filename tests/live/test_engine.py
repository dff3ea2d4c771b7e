#!/usr/bin/env python3
"""The engine against a network that behaves in every way there is: here - a firewall - the far end, in namespaces.

    test_engine.py ASKER [sanitized]      sanitized: memory is not looked at

Each case has an address of its own at the far end, for what the engine learns of a host must not reach the next case. The
last line is `N passed, N failed`.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import far  # noqa: E402

FIREWALL = {4: '10.1.0.2', 6: 'fd01::2'}
OWN = {4: '10.1.0.1', 6: 'fd01::1'}
OPEN, DROP, REJECT, RESET, PROHIBITED, NO_HOST, INPUT_REJECT, CLOSED, BURST, LOSSY, OUT_DROP, OUT_REJECT, LOSSY_UDP, \
    SILENT, NO_ICMP, STRICT = range(16, 32)
DOWN, LINK_DOWN = 99, 98
HOSTS = range(OPEN, STRICT + 1)

RULES = '''
table inet fw {
    chain forward {
        type filter hook forward priority filter;
        %(each)s
    }
}
'''
FORWARD = [
    '%(ip)s daddr %(to)s%(drop)s drop',
    '%(ip)s daddr %(to)s%(reject)s reject',
    '%(ip)s daddr %(to)s%(reset)s meta l4proto tcp reject with tcp reset',
    '%(ip)s daddr %(to)s%(prohibited)s reject with icmpx type admin-prohibited',
    '%(ip)s daddr %(to)s%(no_host)s reject with icmpx type host-unreachable',
    '%(ip)s daddr %(to)s%(lossy)s numgen random mod 100 < 5 drop',
    '%(ip)s saddr %(to)s%(lossy)s numgen random mod 100 < 5 drop',
    '%(ip)s daddr %(to)s%(lossy_udp)s udp dport 123 numgen inc mod 2 0 drop',
    '%(ip)s saddr %(to)s%(no_icmp)s meta l4proto { icmp, icmpv6 } drop',
    '%(ip)s daddr %(to)s%(strict)s udp dport != 123 reject with icmpx type admin-prohibited',
]


def address(family, host):
    return f'10.2.0.{host}' if family == 4 else f'fd02::{host}'


def run(*argv, **more):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(argv)}: {done.stdout}')
    return done.stdout


class Network:
    """Two namespaces beside this one, and what runs in them."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.firewall, self.server = self.namespace(), self.namespace()
        run('ip', 'link', 'set', 'lo', 'up')
        self.wire('here', None, 'fw0', self.firewall, '10.1.0', 'fd01:')
        self.wire('fw1', self.firewall, 'srv', self.server, '10.2.0', 'fd02:')
        self.inside(self.firewall, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
                    'net.ipv4.icmp_ratemask=0', 'net.ipv6.icmp.ratemask=255', 'net.ipv4.neigh.fw1.retrans_time_ms=100',
                    'net.ipv6.neigh.fw1.retrans_time_ms=100')
        self.inside(self.server, 'sysctl', '-qw', 'net.core.somaxconn=16384', 'net.ipv4.tcp_max_syn_backlog=16384',
                    'net.ipv4.tcp_syncookies=0')
        run('sysctl', '-qw', 'net.ipv4.neigh.here.retrans_time_ms=100', 'net.ipv6.neigh.here.retrans_time_ms=100')
        for family, prefix, far_prefix in ((4, '10.1.0.', '10.2.0.0/16'), (6, 'fd01::', 'fd02::/64')):
            ip = ('ip', f'-{family}')
            run(*ip, 'route', 'add', far_prefix, 'via', FIREWALL[family])
            run(*ip, 'route', 'add', {4: '10.3.0.0/16', 6: 'fd03::/64'}[family], 'via', FIREWALL[family])
            for kind, net in (('blackhole', 4), ('prohibit', 5), ('unreachable', 6)):
                run(*ip, 'route', 'add', kind, {4: f'10.{net}.0.0/16', 6: f'fd0{net}::/64'}[family])
            via = {4: '10.2.0.2', 6: 'fd02::2'}[family]
            self.inside(self.server, *ip, 'route', 'add', 'default', 'via', via)
            for host in HOSTS:
                self.inside(self.server, *ip, 'address', 'add', f'{address(family, host)}/{24 if family == 4 else 64}',
                            'dev', 'srv', *(['nodad'] if family == 6 else []))
        self.rules()

    def namespace(self):
        process = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo ready; exec sleep 1000'], stdout=subprocess.PIPE)
        process.stdout.readline()
        self.processes.append(process)
        return process.pid

    def inside(self, pid, *argv, **more):
        return run('nsenter', '-t', str(pid), '-n', *argv, **more)

    def wire(self, left, left_pid, right, right_pid, v4, v6):
        run('ip', 'link', 'add', left, 'type', 'veth', 'peer', 'name', right)
        for name, pid, last in ((left, left_pid, 1 if left_pid is None else 2), (right, right_pid, 2 if left_pid is None else 1)):
            if pid is not None:
                run('ip', 'link', 'set', name, 'netns', str(pid))
            enter = [] if pid is None else ['nsenter', '-t', str(pid), '-n']
            run(*enter, 'ip', 'link', 'set', 'lo', 'up')
            run(*enter, 'ip', 'link', 'set', name, 'up')
            run(*enter, 'ip', 'address', 'add', f'{v4}.{last}/24', 'dev', name)
            run(*enter, 'ip', 'address', 'add', f'{v6}:{last}/64', 'dev', name, 'nodad')

    def rules(self):
        names = dict(drop=DROP, reject=REJECT, reset=RESET, prohibited=PROHIBITED, no_host=NO_HOST, lossy=LOSSY,
                     lossy_udp=LOSSY_UDP, no_icmp=NO_ICMP, strict=STRICT)
        each = [line % dict(names, ip=ip, to=to) for ip, to in (('ip', '10.2.0.'), ('ip6', 'fd02::')) for line in FORWARD]
        self.inside(self.firewall, 'nft', '-f', '-', input=RULES % {'each': '\n        '.join(each)})
        both = [(ip, to) for ip, to in (('ip', '10.2.0.'), ('ip6', 'fd02::'))]
        self.inside(self.server, 'nft', '-f', '-', input='table inet host { chain input { type filter hook input priority 0; '
                    + '; '.join(f'{ip} daddr {to}{INPUT_REJECT} reject' for ip, to in both) + '; }\n}\n')
        run('nft', '-f', '-', input='table inet own { chain output { type filter hook output priority 0; '
            + '; '.join(f'{ip} daddr {to}{OUT_DROP} drop; {ip} daddr {to}{OUT_REJECT} reject' for ip, to in both) + '; }\n}\n')

    def serve(self):
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days',
            '2', '-subj', '/CN=far', '-keyout', f'{self.folder}/key.pem', '-out', f'{self.folder}/cert.pem')
        addresses = [address(family, host) for family in (4, 6) for host in
                     (OPEN, DROP, NO_ICMP, SILENT, LOSSY, LOSSY_UDP, STRICT)]
        process = subprocess.Popen(['nsenter', '-t', str(self.server), '-n', sys.executable, str(HERE / 'far.py'),
                                    f'{self.folder}/cert.pem', f'{self.folder}/key.pem', *addresses], stdout=subprocess.PIPE)
        self.processes.append(process)
        if process.stdout.readline() != b'ready\n':
            raise RuntimeError('the far end does not come up')

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


class Result:
    def __init__(self, line):
        self.address, self.port, self.outcome, self.answered, self.tries, self.icmp, self.connect, self.handshake, \
            self.reason = line.split('\t')

    def __str__(self):
        return f'{self.address} {self.port} {self.outcome} {self.answered} tries {self.tries}, {self.icmp}: {self.reason}'


class Checks:
    def __init__(self, asker, sanitized):
        self.asker, self.passed, self.failed = asker, 0, 0
        self.memory_kb = 10_000_000 if sanitized else 60_000

    def holds(self, what, condition, shown=''):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f'failed: {what}: {shown}', flush=True)

    def ask(self, probes, *options, seconds=60):
        done = subprocess.run([self.asker, *options], input='\n'.join(probes) + '\n', stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=seconds)
        if done.returncode != 0:
            self.holds(' '.join(probes), False, f'{done.returncode} {done.stderr}')
        return done.stdout

    def results(self, probes, *options, **more):
        return [Result(line) for line in self.ask(probes, *options, **more).splitlines()]

    def counts(self, probes, *options, **more):
        return {name: int(n) for name, n in (line.split() for line in self.ask(probes, 'quiet', *options, **more).splitlines())}

    def table(self, rows, *options):
        """Rows of probe, outcome, ICMP and by whom, and words of the reason; all asked at once."""
        found = {}
        for result in self.results([row[0] for row in rows], *options):
            found.setdefault((result.address, result.port), []).append(result)
        for probe, outcome, icmp, reason in rows:
            words = probe.split()
            results = found.get((words[2], words[3]), [])
            self.holds(f'{probe}: {outcome}', len(results) == 1 and results[0].outcome == outcome and
                       (icmp is None or results[0].icmp == icmp) and re.search(reason, results[0].reason),
                       '; '.join(map(str, results)) or 'nothing')


# ---------------------------------------------------------------------- refusals

def refusals(checks):
    for family in (4, 6):
        to = lambda host: address(family, host)  # noqa: E731
        fw, own = FIREWALL[family], OWN[family]
        port_unreachable, prohibited, no_host = {4: ('3/3', '3/13', '3/1'), 6: ('1/4', '1/1', '1/3')}[family]
        net = lambda n: f'10.{n}.0.1' if family == 4 else f'fd0{n}::1'  # noqa: E731
        no_route, no_path = {4: ('3/0', '10.9.0.1'), 6: ('1/0', 'fd09::1')}[family]
        checks.table([
            (f'ssh tcp {to(OPEN)} {far.SSH}', 'open', '-', 'SSH'),
            (f'ssh tcp {to(OPEN)} 1', 'refused', '-', 'reset by the host, or by a firewall'),
            (f'ssh tcp {to(DROP)} 22', 'filtered', '-', 'no answer'),
            (f'ssh tcp {to(REJECT)} 22', 'rejected', f'{port_unreachable} {fw}', f'firewall {fw}: port unreachable'),
            (f'ssh tcp {to(RESET)} 22', 'refused', '-', 'or by a firewall'),
            (f'ssh tcp {to(PROHIBITED)} 22', 'rejected', f'{prohibited} {fw}', f'firewall {fw}: admin'),
            (f'ssh tcp {to(NO_HOST)} 22', 'unreachable', f'{no_host} {fw}', 'says'),
            (f'ssh tcp {to(INPUT_REJECT)} 22', 'rejected', f'{port_unreachable} {to(INPUT_REJECT)}', 'of the host itself'),
            (f'ssh tcp {net(3)} 22', 'unreachable', f'{no_route} {fw}', 'no route'),
            (f'ssh tcp {no_path} 22', 'unreachable', '-', 'this machine has no route'),
            (f'ssh tcp {net(4)} 22', 'unreachable', '-', 'blackhole'),
            (f'ssh tcp {net(5)} 22', 'rejected', '-', 'prohibit'),
            (f'ssh tcp {net(6)} 22', 'unreachable', '-', 'no route'),
            (f'ssh tcp {to(DOWN)} 22', 'unreachable', f'{no_host} {fw}', 'host unreachable'),
            (f'ssh tcp {fw[:-1]}77 22', 'unreachable', f'{no_host} {own}', 'nobody on this link'),
            (f'ssh tcp {to(OUT_REJECT)} 22', 'rejected', f'{port_unreachable} {own}', 'of this machine'),
            (f'ssh tcp {to(OUT_DROP)} 22', 'filtered', '-', ''),
        ], 'timeout=1200')
        checks.table([
            (f'ntp udp {to(OPEN)} 123', 'open', '-', ''),
            (f'dns udp {to(CLOSED)} 53', 'refused', f'{port_unreachable} {to(CLOSED)}', 'nothing listens'),
            (f'dns udp {to(REJECT)} 53', 'rejected', f'{port_unreachable} {fw}', f'firewall {fw}'),
            (f'dns udp {to(PROHIBITED)} 53', 'rejected', f'{prohibited} {fw}', 'admin'),
            (f'dns udp {to(DROP)} 53', 'filtered-or-silent', '-', 'nor is there one from a closed port'),
            (f'ntp udp {to(SILENT)} {far.SILENT_UDP}', 'filtered', '-', 'though this host says'),
            (f'udp udp {to(SILENT)} {far.SILENT_UDP + 4}', 'refused', f'{port_unreachable} {to(SILENT)}', ''),
            (f'ntp udp {to(NO_ICMP)} {far.SILENT_UDP}', 'filtered-or-silent', '-', 'nor is there one'),
            (f'dns udp {to(NO_ICMP)} 53', 'filtered-or-silent', '-', 'nor is there one'),
            (f'ntp udp {to(STRICT)} 123', 'open', '-', ''),
            (f'syslog udp {to(DROP)} 514', 'unverifiable', '-', ''),
            (f'dns udp {to(OPEN)} {far.NONSENSE_UDP}', 'wrong-service', '-', 'not dns'),
            (f'dns udp {net(3)} 53', 'unreachable', f'{no_route} {fw}', 'no route'),
            (f'dns udp {net(4)} 53', 'unreachable', '-', 'blackhole'),
            (f'dns udp {to(DOWN)} 53', 'unreachable', f'{no_host} {fw}', 'host unreachable'),
            (f'dns udp {to(OUT_DROP)} 53', 'rejected', '-', 'a firewall of this machine'),
            (f'dns udp {to(OUT_REJECT)} 53', 'rejected', f'{port_unreachable} {own}', 'of this machine'),
            (f'icmp icmp {to(BURST)} 1', 'open', '-', 'echo'),
            (f'icmp icmp {to(PROHIBITED)} 1', 'rejected', f'{prohibited} {fw}', 'admin'),
        ], 'timeout=1000')
        checks.table([(f'icmp icmp {to(DROP)} 1', 'filtered-or-silent', '-', 'no answer')], 'timeout=300')
        checks.table([(f'dns udp {to(OPEN)} {far.FLOOD_UDP}', 'wrong-service', '-', 'not dns')], 'timeout=1000')
        checks.table([(f'icmp icmp {to(DOWN)} 1', 'unreachable', f'{no_host} {fw}', 'host')], 'timeout=1000')


def rations(checks, network):
    """A firewall tells of a few of its rejections only: what it is silent about is filtered, and says why that may be."""
    network.inside(network.firewall, 'sysctl', '-qw', 'net.ipv4.icmp_ratemask=6168')  # as Linux has it
    results = checks.results([f'ssh tcp {address(4, PROHIBITED)} {port}' for port in range(1, 41)], 'timeout=700', 'tries=1')
    told = [result for result in results if result.outcome == 'rejected']
    silent = [result for result in results if result.outcome == 'filtered']
    checks.holds('rejections: each is told, or not', told and silent and len(told) + len(silent) == 40, (len(told), len(silent)))
    checks.holds('rejections that are not told of', all(
        f'the firewall {FIREWALL[4]} rejects others' in result.reason for result in silent), '; '.join(map(str, silent[:3])))
    network.inside(network.firewall, 'sysctl', '-qw', 'net.ipv4.icmp_ratemask=0')


# ---------------------------------------------------------------------- conversations

def conversations(checks):
    to = address(4, OPEN)
    began = time.monotonic()
    checks.table([
        (f'ssh tcp {to} {far.SILENT}', 'open-silent', '-', 'without a word'),
        (f'ssh tcp {to} {far.HALF}', 'error', '-', 'closed in the middle'),
        (f'ssh tcp {to} {far.RESET}', 'error', '-', 'reset in the middle'),
        (f'ssh tcp {to} {far.DRIBBLE}', 'error', '-', 'time was over in the middle'),
        (f'ssh tcp {to} {far.FLOOD}', 'wrong-service', '-', 'not ssh'),
        (f'ssh tcp {to} {far.CLOSE}', 'open-silent', '-', 'time was over'),
        (f'https tcp {to} {far.TLS}', 'tls-untrusted', '-', ''),
        (f'https tcp {to} {far.HTTP}', 'wrong-service', '-', 'not TLS but http'),
        (f'ftp-passive tcp {to} {far.FTP}', 'open', '-', ''),
        (f'https tcp {to} {far.HALF_TLS}', 'error', '-', 'middle of the TLS handshake'),
        (f'https tcp {to} {far.TLS_FLOOD}', 'wrong-service', '-', ''),
    ], 'timeout=1500')
    checks.holds('nothing takes longer than its time', time.monotonic() - began < 4, time.monotonic() - began)
    checks.table([
        (f'ldap tcp {to} {far.ALERT}', 'wrong-service', '-', 'tls'),
        (f'ldap tcp {to} {far.TLS}', 'open-silent', '-', 'reset without a word'),
        (f'https tcp {to} {far.SSH}', 'wrong-service', '-', 'not TLS but ssh'),
        (f's3 tcp {to} {far.HTTP}', 'wrong-service', '-', 'HTTP answered'),
        (f'tls tcp {to} {far.SILENT}', 'open-silent', '-', 'when TLS was offered'),
        (f'https tcp {to} {far.CLOSE}', 'open-silent', '-', 'when TLS was offered'),
        (f'https tcp {to} {far.FIN}', 'open-silent', '-', 'without a word, when TLS was offered'),
        (f'vnc tcp {to} {far.DRIBBLE}', 'wrong-service', '-', 'ssh'),
        (f'vnc tcp {to} {far.FLOOD}', 'wrong-service', '-', ''),
    ], 'timeout=1500')
    checks.table([(f's3 tcp {to} {far.FIN}', 'open-silent', '-', 'closed without a word')], 'timeout=1500')
    results = checks.results([f'ftp-passive tcp {to} {far.FTP}'])
    checks.holds('the data port is tried while the control connection is open',
                 [result.outcome for result in results] == ['open', 'open'], '; '.join(map(str, results)))
    results = checks.results([f'ssh tcp {address(4, DROP)} 1-100'], 'timeout=5000', 'stop=300')
    checks.holds('who stops hears of all that is in flight', len(results) == 100 and
                 {(result.outcome, result.reason) for result in results} == {('error', 'interrupted')}, len(results))
    results = checks.results([f'ssh tcp {to} {far.SSH} source=10.1.0.1 source-port=4444 interface=here',
                              f'ssh tcp {to} 22 source=10.77.0.1', f'ssh tcp {to} 23 interface=none'])
    outcomes = {(result.port, result.outcome) for result in results}
    checks.holds('sources and interfaces', outcomes == {(str(far.SSH), 'open'), ('22', 'error'), ('23', 'error')},
                 '; '.join(map(str, results)))


def hostile(checks):
    """A far end that goes on and on, over each way there is to: no probe outlives its time, nor keeps what comes."""
    to = address(4, OPEN)
    each = {far.DRIBBLE: 'ssh', far.FLOOD: 'ssh', far.TLS_FLOOD: 'https', far.TLS_RECORDS: 'https', far.HEADERS: 'http',
            far.FRAGMENTS: 'mountd', far.DRIBBLE_TLS: 'https'}
    for port, service in each.items():
        began = time.monotonic()
        counts = checks.counts([f'{service} tcp {to} {port}'] * 20, 'timeout=700', 'most=1500')
        took = time.monotonic() - began
        checks.holds(f'{service} at {port} is over in time', (counts.get('open') is None or port == far.HEADERS) and took < 4 and
                     sum(n for name, n in counts.items() if name != 'memory') == 20, (counts, took))
        checks.holds(f'{service} at {port} is not kept', counts['memory'] < 40_000, counts)
    began = time.monotonic()
    counts = checks.counts([f'{service} tcp {to} {port}' for service in sorted(set(each.values())) + ['ldap', 'dns', 'kerberos',
                            'smb', 'iscsi', 'vnc', 'rdp', 'dcerpc', 'rpcbind', 's3', 'rest', 'wlb'] for port in each],
                           'timeout=700', 'most=1500')
    took = time.monotonic() - began
    checks.holds('every protocol at every one of them: a status line is one of HTTP', counts.get('open', 0) <= 2 and took < 6, (counts, took))
    checks.holds('in little memory', counts['memory'] < 40_000, counts)


def proxies(checks):
    to, way = address(4, OPEN), f'proxy={address(6, OPEN)}/{far.PROXY}'
    checks.table([
        (f'ssh tcp {to} {far.SSH} {way} host=name.example', 'open', '-', 'SSH'),
        (f'https tcp {to} {far.TLS} {way} host=name.example', 'tls-untrusted', '-', ''),
        (f'tcp tcp {to} {far.HTTP} {way} bare', 'open', '-', ''),
        (f'ssh tcp {to} 1 {way}', 'refused', '-', 'proxy'),
        (f'ssh tcp {to} 25 {way}', 'proxy-refused', '-', '403'),
        (f'ssh tcp {to} {far.CLOSE} proxy={to}/{far.CLOSE}', 'proxy-refused', '-', 'closed|reset'),
        (f'ssh tcp {to} 2 proxy={to}/1', 'proxy-refused', '-', 'cannot be reached: reset by the host'),
        (f'ssh tcp {to} 3 proxy={address(4, DROP)}/1', 'proxy-refused', '-', 'cannot be reached: no answer'),
        (f'ssh tcp {to} 4 proxy={to}/{far.SSH}', 'proxy-refused', '-', 'does not speak HTTP'),
        (f'ssh tcp {to} 5 proxy={to}/{far.FLOOD}', 'proxy-refused', '-', ''),
        (f'ntp udp {to} 123 {way}', 'error', '-', 'TCP alone'),
    ], 'timeout=700')


def namespaces(checks, network):
    path = f'/proc/{network.server}/ns/net'
    checks.table([(f'ssh tcp 127.0.0.1 {far.SSH} netns={path}', 'open', '-', ''),
                  ('ssh tcp 127.0.0.1 22', 'refused', '-', '')])


# ---------------------------------------------------------------------- many

def crowds(checks):
    to = lambda host: address(4, host)  # noqa: E731
    counts = checks.counts([f'ssh tcp {to(OPEN)} {far.CROWD}'] * 5000, 'timeout=2500', seconds=180)
    checks.holds('5,000 silent connections at once', counts.get('open-silent') == 5000, counts)
    checks.holds('in little memory', counts.get('memory', 0) < checks.memory_kb, counts)
    counts = checks.counts([f'tcp tcp {to(BURST)} 1-100', f'tcp tcp {to(DROP)} 1-100'], 'timeout=300')
    checks.holds('a hundred refused, a hundred dropped', (counts.get('refused'), counts.get('filtered')) == (100, 100), counts)
    began = time.monotonic()
    counts = checks.counts([f'tcp tcp {to(BURST)} 1-50'], 'rate=50')
    took = time.monotonic() - began
    checks.holds('a rate is kept', 0.85 < took < 5 and counts.get('refused') == 50, took)
    counts = checks.counts([f'dns udp {to(BURST)} 1000-1011'], 'timeout=1000')
    checks.holds('closed ports of one host are asked so slowly that each says so', counts.get('refused') == 12, counts)
    for family in (4, 6):
        results = checks.results([f'ntp udp {address(family, LOSSY_UDP)} 123'], 'timeout=400', 'gap=1')
        checks.holds('a lost datagram is sent again', [(r.outcome, r.tries) for r in results] == [('open', '2')],
                     '; '.join(map(str, results)))
    counts = checks.counts([f'ssh tcp {to(LOSSY)} {far.SSH}'] * 200 + [f'ntp udp {to(LOSSY)} 123'] * 50,
                           'tries=5', 'gap=1')
    checks.holds('with 5 % loss all that is open is open', counts.get('open') == 250, counts)
    counts = checks.counts([f'tcp tcp {to(DROP)} 1-50000'] * 2, 'timeout=1000', 'tries=1', seconds=120)
    checks.holds('100,000 targets', counts.get('filtered') == 100_000, counts)
    checks.holds('100,000 targets in flight-limited memory', counts.get('memory', 0) < checks.memory_kb, counts)
    limited = ['sh', '-c', 'ulimit -n 200; exec "$0" "$@"', checks.asker]
    done = subprocess.run(['setpriv', '--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource', *limited, 'quiet',
                           'timeout=500'], input=f'ssh tcp {to(DROP)} 1-400 bare\n', stdout=subprocess.PIPE, text=True)
    checks.holds('few descriptors are no answer', 'filtered 400\n' in done.stdout, done.stdout)
    run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40099')
    counts = checks.counts([f'tcp tcp {to(OPEN)} {far.CROWD} bare'] * 1500)
    checks.holds('few local ports are no answer', counts.get('open') == 1500, counts)


def inside(arguments):
    with tempfile.TemporaryDirectory(prefix='portolan-live-') as folder:
        network = Network(folder)
        checks = Checks(os.path.abspath(arguments[0]), 'sanitized' in arguments)
        try:
            network.serve()
            refusals(checks)
            rations(checks, network)
            conversations(checks)
            hostile(checks)
            proxies(checks)
            namespaces(checks, network)
            crowds(checks)
        finally:
            network.end()
        print(f'{checks.passed} passed, {checks.failed} failed')
        return 1 if checks.failed else 0


def main():
    if sys.argv[1:2] == ['--inside']:
        return inside(sys.argv[2:])
    own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    for words in (['unshare', *own], ['unshare', '--map-root-user', *own]):
        if subprocess.run([*words, 'nft', 'list', 'ruleset'], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0:
            return subprocess.run([*words, sys.executable, os.path.abspath(__file__), '--inside', *sys.argv[1:]]).returncode
    print('skipped: this machine allows no network namespaces, or has no nft')
    return 77


if __name__ == '__main__':
    sys.exit(main())
