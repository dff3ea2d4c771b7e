#!/usr/bin/env python3
"""Our probes against the real servers of Debian, our responders against its real clients, in a network namespace.

    run.py [--own] TALKER [NAME...]

The responders are those of `portolan listen`. With --own there are no servers but ours: every probe meets its own
responder on real sockets. Names pick single servers;
`clients` is for the real clients alone.
Each server has an address of its own on the loopback, so that all have their usual ports. What is not installed is skipped,
loudly. The last line is `N passed, N failed`.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import proof  # noqa: E402
import servers  # noqa: E402
from line import Line, address as line_address, six  # noqa: E402

PROBE_MS = 3000
READY_S = 15
PRIVATE = {'/dev/shm': [], '/run': ['samba', 'sshd', 'rpcbind'], '/var/log': ['samba'], '/var/lib/samba': ['private'],
           '/var/cache/samba': [], '/var/lib/nfs': ['sm', 'sm.bak']}


class Answer:
    def __init__(self, text):
        lines = [line.split('\t') for line in text.splitlines()]
        self.outcome, self.answered, self.reason = lines[0] if lines and len(lines[0]) == 3 else ('none', '', text)
        self.evidence = {line[1]: line[2] for line in lines[1:] if line[0] == 'evidence'}
        self.next = {(line[1], line[2], int(line[3])) for line in lines[1:] if line[0] == 'next'}

    def __str__(self):
        return f'{self.outcome} {self.answered}: {self.reason} {self.evidence} {sorted(self.next)}'


class Bench:
    """Where everything runs: processes that were started, a folder for their files, and the count of what held."""

    def __init__(self, talker, folder):
        self.talker, self.folder = talker, pathlib.Path(folder)
        self.processes, self.passed, self.failed, self.skipped = [], 0, 0, []
        self.far = []  # in front of every command: the namespace that it runs in
        self.lock = threading.Lock()
        self.environment = dict(os.environ, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin', LC_ALL='C')

    def holds(self, what, condition, shown=''):
        with self.lock:
            if condition:
                self.passed += 1
            else:
                self.failed += 1
                print(f'failed: {what}: {shown}', flush=True)

    def skip(self, what, why):
        self.skipped.append(what)
        print(f'skipped: {what}: {why}', flush=True)

    def has(self, what, *programs):
        missing = [program for program in programs if shutil.which(program, path=self.environment['PATH']) is None]
        if missing:
            self.skip(what, f'{", ".join(missing)} not installed')
        return not missing

    def start(self, name, argv, **more):
        log = open(self.folder / f'{name}.log', 'ab')
        process = subprocess.Popen([*self.far, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                   start_new_session=True, **more)
        self.processes.append(process)
        return process

    def run(self, argv, seconds=20, text=''):
        """Its output and errors together, and its status."""
        try:
            done = subprocess.run([*self.far, *argv], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=self.environment, timeout=seconds)
            return done.stdout.decode('utf-8', 'replace'), done.returncode
        except subprocess.TimeoutExpired as late:
            return (late.stdout or b'').decode('utf-8', 'replace'), 'late'

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def dir(self, name, mode=0o755):
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return str(path)

    def probe(self, service, proto, host, port, *options, timeout=PROBE_MS, tls=False):
        argv = [self.talker, 'probe', service, proto, host, str(port), f'timeout={timeout}', *options]
        if tls:
            where = f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
            argv += ['exec', 'openssl', 's_client', '-quiet', '-verify_quiet', '-connect', where]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment,
                              timeout=timeout / 1000 + 20)
        return Answer((done.stdout or done.stderr).decode('utf-8', 'replace'))

    def wait(self, service, proto, host, port, *options, tls=False):
        """Probes until it is open: the server has come up. The last answer."""
        end = time.monotonic() + READY_S
        while True:
            answer = self.probe(service, proto, host, port, *options, timeout=1000, tls=tls)
            if answer.outcome == 'open' or time.monotonic() > end:
                return answer
            time.sleep(0.05)

    def end(self):
        """Ends all that was started: first asked, so that it takes its own files away, then not asked."""
        for signal, seconds in ((15, 3), (9, 10)):
            for process in self.processes:
                try:
                    os.killpg(process.pid, signal)
                except ProcessLookupError:
                    pass
            end = time.monotonic() + seconds
            for process in self.processes:
                try:
                    process.wait(max(0.1, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    pass
        self.processes = []


# ---------------------------------------------------------------------- our own responders

OWN = [  # service, proto, its responder's port, 'tls' where that comes first
    ('ntp', 'udp', 123), ('dns', 'udp', 53), ('dns', 'tcp', 53), ('kerberos', 'udp', 88), ('kerberos', 'tcp', 88),
    ('kpasswd', 'udp', 464), ('kpasswd', 'tcp', 464), ('ldap', 'tcp', 389), ('ldap', 'udp', 389),
    ('global-catalog', 'tcp', 3268), ('netbios-ns', 'udp', 137), ('netbios-ssn', 'tcp', 139), ('smb', 'tcp', 445),
    ('dcerpc', 'tcp', 135), ('rpcbind', 'tcp', 111), ('rpcbind', 'udp', 111), ('nfs', 'tcp', 2049),
    ('nfs', 'udp', 2049), ('mountd', 'tcp', 20048), ('nlockmgr', 'udp', 32803), ('status', 'tcp', 32765),
    ('iscsi', 'tcp', 3260), ('ssh', 'tcp', 22), ('vnc', 'tcp', 5900), ('rdp', 'tcp', 3389), ('ftp', 'tcp', 21),
    ('tcp', 'tcp', 4000), ('udp', 'udp', 4000), ('http', 'tcp', 80), ('s3', 'tcp', 9000), ('rest', 'tcp', 8000), ('syslog', 'udp', 514),
    ('syslog', 'tcp', 514), ('citrix-licensing', 'tcp', 27000), ('citrix-vendor-daemon', 'tcp', 7279),
    ('replication', 'tcp', 3712), ('clustering', 'tcp', 21064), ('corosync', 'udp', 5405), ('pvs', 'udp', 6910),
    ('https', 'tcp', 443, 'tls'), ('ldaps', 'tcp', 636, 'tls'), ('tls', 'tcp', 4443, 'tls'), ('wlb', 'tcp', 8012, 'tls'),
    ('s3', 'tcp', 9000, 'tls'), ('rest', 'tcp', 8000, 'tls'),
]
UNVERIFIABLE = {'syslog', 'citrix-licensing', 'citrix-vendor-daemon', 'replication', 'clustering', 'corosync', 'pvs', 'wlb'}
SILENT = {'udp', 'netbios-ns'}  # to others than our own probes: there is no answer that is not longer than the request
REGISTERED = [('mountd', 'tcp', 20048), ('nlockmgr', 'udp', 32803), ('nfs', 'tcp', 2049), ('nfs', 'udp', 2049),
              ('status', 'tcp', 32765)]
OWN_ADDRESSES = {'4': '127.0.0.90', '6': '::1'}


def own_responders(bench, addresses=tuple(OWN_ADDRESSES.values()), *options):
    words = [f'{service}+{proto}:{port}' for service, proto, port, *_ in OWN + REGISTERED]
    words += ['ftp-passive:40000']
    portolan = os.environ.get('PORTOLAN') or os.path.join(os.path.dirname(bench.talker), '../../portolan')
    binds = [word for address in addresses for word in ('--bind', address)]
    bench.start('own', [portolan, 'listen', *dict.fromkeys(words), *binds, *options])


def own_probes(bench):
    for family, address in OWN_ADDRESSES.items():
        for service, proto, port, *tls in OWN:
            answer = bench.wait(service, proto, address, port, 'own', tls=bool(tls))
            what = f'{service}/{proto} against our own responder, IPv{family}'
            bench.holds(what, answer.outcome == 'open', answer)
            if service in UNVERIFIABLE:
                peer = answer.evidence.get('seen-from', '')
                bench.holds(f'{what}: the peer that it saw', peer.rpartition(':')[0].strip('[]') in ('127.0.0.1', '::1'), peer)
                answer = bench.probe(service, proto, address, port, timeout=300, tls=bool(tls))
                bench.holds(f'{what}: unverifiable without it', answer.outcome == 'unverifiable', answer)
    pathlib.Path('/proc/sys/net/ipv4/ping_group_range').write_text('0 0')
    answer = bench.probe('icmp', 'icmp', '127.0.0.1', 1)
    bench.holds('icmp against the kernel', answer.outcome == 'open', answer)
    answer = bench.probe('rpcbind', 'tcp', OWN_ADDRESSES['4'], 111)
    bench.holds('rpcbind names what is registered', answer.next == set(REGISTERED), answer)
    answer = bench.probe('rpcbind', 'udp', OWN_ADDRESSES['4'], 111, 'seek=status/udp')
    bench.holds('rpcbind names nothing for what is not', answer.outcome == 'refused' and not answer.next, answer)
    answer = bench.probe('ftp-passive', 'tcp', OWN_ADDRESSES['4'], 21)
    bench.holds('ftp-passive names a data port', answer.next == {('tcp', 'tcp', 40000)}, answer)


# ---------------------------------------------------------------------- the command, with a network between

def prove_own(bench):
    """Our responders; each point over UDP has a host of its own, for one host is asked one datagram a second."""
    line = Line()
    bench.far = line.far
    own_certificate = str(bench.folder / 'own.pem')
    started = [servers.point(service, proto, port, outcome='unverifiable' if service in UNVERIFIABLE else 'open')
               for service, proto, port in dict.fromkeys(row[:3] for row in OWN) if service not in SILENT]
    started = [('own', line_address(4, 60 + (index if wanted['proto'] == 'udp' else 0)), wanted)
               for index, wanted in enumerate(sorted(started, key=lambda wanted: wanted['proto'] == 'tcp'))]
    hosts = sorted({host for _, host, _ in started})
    own_responders(bench, hosts + [six(host) for host in hosts], '--allow', '10.1.0.0/24', '--allow', 'fd01::/64',
                   '--write-certificate', own_certificate)
    bench.wait('tcp', 'tcp', hosts[0], 4000)
    proof.prove(bench, line, started, lambda server: True, '--ca', own_certificate)
    line.end()


def prove_servers(bench, names):
    line = Line()
    started = servers.check(bench, line, names)
    proof.prove(bench, line, started, lambda server: server in servers.SIX, '--ca', servers.certificate(bench)[1])
    if {'nginx', 'sshd'} <= {server for server, _, _ in started} and bench.has('squid', 'squid'):
        if '4294967295' not in pathlib.Path('/proc/self/uid_map').read_text():
            bench.skip('squid', 'it runs as a user of its own, whom only root has')
            line.end()
            return
        proof.proxied(bench, servers, '--ca', servers.certificate(bench)[1])
    bench.end()
    bench.far = []
    line.end()


# ---------------------------------------------------------------------- all

def inside(arguments):
    own_only = '--own' in arguments
    arguments = [argument for argument in arguments if argument != '--own']
    talker, names = os.path.abspath(arguments[0]), arguments[1:]
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    # What servers keep beside what they are told lies in folders of the namespace's own.
    for path, folders in PRIVATE.items():
        if os.path.isdir(path):
            subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', path], check=True)
            for folder in folders:
                os.makedirs(os.path.join(path, folder))
    with tempfile.TemporaryDirectory(prefix='portolan-services-') as folder:
        os.chmod(folder, 0o755)
        bench = Bench(talker, folder)
        try:
            if own_only:
                own_responders(bench)
                own_probes(bench)
            elif names == ['proof']:
                prove_own(bench)
            else:
                if names != ['clients']:
                    prove_servers(bench, names)
                    bench.end()
                if not names or names == ['clients']:
                    import clients
                    own_responders(bench)
                    own_probes(bench)
                    clients.check(bench, OWN_ADDRESSES['4'])
        finally:
            bench.end()
            if bench.failed and os.environ.get('KEEP_LOGS'):
                subprocess.run(['cp', '-r', folder + '/.', os.environ['KEEP_LOGS']])
        if bench.skipped:
            print(f'skipped: {len(bench.skipped)}: {", ".join(bench.skipped)}')
        print(f'{bench.passed} passed, {bench.failed} failed')
        return 1 if bench.failed else 0


def main():
    if sys.argv[1:2] == ['--inside']:
        return inside(sys.argv[2:])
    # With processes of its own the namespace leaves nothing behind, however this ends.
    own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    for words in (['unshare', *own], ['unshare', '--map-root-user', *own]):
        if subprocess.run([*words, 'ip', 'link', 'set', 'lo', 'up'], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0:
            return subprocess.run([*words, sys.executable, os.path.abspath(__file__), '--inside', *sys.argv[1:]]).returncode
    print('skipped: this machine allows no network namespaces')
    return 77


if __name__ == '__main__':
    sys.exit(main())
