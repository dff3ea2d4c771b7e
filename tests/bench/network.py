#!/usr/bin/env python3
"""Probes over a network, measured beside their peers, in network namespaces.

    network.py NAME PORTOLAN LOOP

Runs itself again in a namespace. The last line of output is JSON: what took how long, with what it found; "skip" says
why there is nothing. LOOP is the program of loop.c.

Far away are the addresses 10.8.0.0/13, behind one more namespace: all of them local there, silent are 10.10.0.0/15, and
of 10.9.0.2 all ports but those that are open.
"""
import importlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
FAR = '10.9.0.2'
FIRST = '10.9.4.0'
OPEN_N = 1000
DROPPED = '10.10.0.0/15'
RULES = '''table inet far {
    set open { type inet_service; elements = { %s } }
    chain input {
        type filter hook input priority filter;
        ip daddr { %s } drop
        ip daddr 10.9.0.2 tcp dport != @open drop
    }
}
'''
BLACKBOX = 'modules: {http_2xx: {prober: http, timeout: 9s, http: {preferred_ip_protocol: ip4}}}\n'


def run(*argv, **more):
    return subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, text=True, **more).stdout


class Skip(Exception):
    pass


class Network:
    """Here and a far end, each in a namespace; `far` is the prefix of commands that run at the far end."""

    def __init__(self, loop):
        self.processes = []
        random.seed(1)
        self.open = sorted(random.sample(range(1, 65536), OPEN_N))
        self.far = ['nsenter', '-t', str(self.start('unshare', '--net', 'sh', '-c', 'echo; exec sleep 3600')), '-n']
        run('ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', self.far[2])
        for prefix, name, address in (([], 'here', '10.1.0.1/24'), (self.far, 'there', '10.1.0.2/24')):
            run(*prefix, 'ip', 'link', 'set', 'lo', 'up')
            run(*prefix, 'ip', 'link', 'set', name, 'up')
            run(*prefix, 'ip', 'address', 'add', address, 'dev', name)
            run(*prefix, 'sysctl', '-qw', 'net.core.somaxconn=16384', 'net.ipv4.tcp_max_syn_backlog=65536',
                'net.ipv4.ip_local_port_range=1024 65535')
        run('ip', 'route', 'add', '10.8.0.0/13', 'via', '10.1.0.2')
        run(*self.far, 'ip', 'route', 'add', 'local', '10.8.0.0/13', 'dev', 'lo')
        run(*self.far, 'nft', '-f', '-', input=RULES % (', '.join(map(str, self.open)), DROPPED))
        self.start(*self.far, loop, 'serve', text=''.join('%d\n' % p for p in self.open if p not in (22, 80)))

    def start(self, *argv, text=''):
        """Its process id, once it has printed a line."""
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdin.write(text)
        process.stdin.close()
        process.stdout.readline()
        self.processes.append(process)
        return process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def timed(argv, limit=600):
    """Seconds of wall and of processor, bytes resident (never less than of this script), and what it printed; stopped
    at the limit or not."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        pid = os.posix_spawnp(str(argv[0]), list(map(str, argv)), os.environ,
                              file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        timer = threading.Timer(limit, os.kill, (pid, 9))
        timer.start()
        _, status, usage = os.wait4(pid, 0)
        timer.cancel()
        wall = time.monotonic() - began
        out.seek(0)
        text = out.read().decode('utf-8', 'replace')
    if not os.WIFEXITED(status) and wall < limit:
        raise RuntimeError(f'{argv}: {status}')
    return {'wall': wall, 'cpu': usage.ru_utime + usage.ru_stime, 'memory': usage.ru_maxrss * 1024, 'text': text,
            'stopped': not os.WIFEXITED(status)}


def probe(portolan, *arguments):
    """As it shows what it found to a person; the last line is the sum."""
    took = timed([portolan, 'probe', *arguments])
    took['sum'] = took.pop('text').rpartition('\n')[0].rpartition('\n')[2]
    counted = re.search(r'\bopen: (\d+)', took['sum'])
    took['found'] = int(counted[1]) if counted else 0
    return took


def nmap(limit, *arguments):
    """The ports that are open are its findings; stopped at the limit, it has said none."""
    if shutil.which('nmap') is None:
        raise Skip('nmap is not installed: tools/setup bench')
    took = timed(['nmap', '-n', '-Pn', '-oG', '-', *arguments], limit)
    took['found'] = len(re.findall(r'\b\d+/open/', took.pop('text')))
    return took


def best(rows, name, took, figure):
    if name not in rows or took[figure] < rows[name][figure]:
        rows[name] = took


# --- the measurements ------------------------------------------------------------------------------------------------

ONE_TRY = ['--tries', '1', '--timeout', '1000']
PATIENCE = 10.5  # nmap is stopped when it has taken so many times as long as we


def ports(portolan, loop):
    """65,535 ports, 1,000 of them open, the rest dropped. We try once; nmap as it is, once, and once in haste."""
    once = ['--max-retries', '0']
    with Network(loop):
        rows = {'ours': min((probe(portolan, f'tcp://{FAR}:1-65535', *ONE_TRY, '--in-flight', '65535') for _ in range(3)),
                            key=lambda took: took['wall'])}
        for options in (['-sT'], ['-sT', *once], ['-sS', '-T4', *once], ['-sS', '-T5', '--min-rate', '30000', *once]):
            rows['nmap ' + ' '.join(options)] = nmap(PATIENCE * rows['ours']['wall'], *options, '-p', '1-65535', FAR)
    return rows


def bare(loop, what, n, in_flight):
    found, wall, cpu = timed([loop, what, FIRST, n, in_flight])['text'].split()
    return {'found': int(found), 'wall': float(wall), 'cpu': float(cpu)}


def targets(service, n, first=FIRST, port=''):
    last = int.from_bytes(bytes(map(int, first.split('.'))), 'big') + n - 1
    return f'{service}://{first}-%s{port}' % '.'.join(map(str, last.to_bytes(4, 'big')))


def connections(portolan, loop):
    """20,000 connections, and as many banners of SSH, against a bare loop; by turns, the best processor time of both."""
    n, rows = 20000, {}
    with Network(loop):
        for what, asked in (('connect', targets('tcp', n, port=':22')), ('ssh', targets('ssh', n))):
            for _ in range(5):
                best(rows, f'bare {what}', bare(loop, what, n, 1000), 'cpu')
                best(rows, f'ours {what}', probe(portolan, asked, '--in-flight', 1000), 'cpu')
    return rows


def start_blackbox(network, loop):
    program = shutil.which('prometheus-blackbox-exporter') or shutil.which('blackbox_exporter')
    if program is None:
        raise Skip('blackbox_exporter is not installed: tools/setup bench')
    config = tempfile.NamedTemporaryFile('w', suffix='.yml')
    config.write(BLACKBOX)
    config.flush()
    server = subprocess.Popen([program, f'--config.file={config.name}', '--web.listen-address=127.0.0.1:9115',
                               '--log.level=error'], stderr=subprocess.DEVNULL)
    network.processes.append(server)
    end = time.monotonic() + 20
    while subprocess.run([loop, 'blackbox', FIRST, '1', '1'], stdout=subprocess.PIPE, check=True).stdout[:1] != b'1':
        if time.monotonic() > end:
            raise Skip('blackbox_exporter does not come up')
        time.sleep(0.05)
    return server.pid


def used_s(pid):
    """Processor time of a process that runs: fields 14 and 15 of proc(5), the name in parentheses before them."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def blackbox(portolan, loop):
    """10,000 probes over HTTP, by us and by blackbox_exporter, which is asked by the bare loop; `cpu` is that of either
    alone, without who asks and who answers."""
    rows = {}
    with Network(loop) as network:
        pid = start_blackbox(network, loop)
        for _ in range(3):
            ours = probe(portolan, targets('http', 10000), '--in-flight', 256)
            before_s = used_s(pid)
            theirs = bare(loop, 'blackbox', 10000, 256)
            theirs['cpu'] = used_s(pid) - before_s
            for figure in ('wall', 'cpu'):
                best(rows, f'ours {figure}', ours, figure)
                best(rows, f'theirs {figure}', theirs, figure)
    return rows


def many(portolan, loop):
    """100,000 targets that are silent."""
    with Network(loop):
        return {'ours': probe(portolan, targets('ssh', 100000, '10.10.0.0'), *ONE_TRY)}


# --- real servers ----------------------------------------------------------------------------------------------------

ADDRESS = '127.0.0.11'
ADDRESS6 = 'fd01::11'
SERVERS = ('sshd', 'nginx', 'chronyd', 'dnsmasq', 'slapd', 'krb5', 'smbd', 'tgtd', 'rpcbind', 'ganesha', 'vsftpd', 'xvnc',
           'xrdp')
SERVICE_N = 20
READY_S = 30


class Here:
    """In the place of a line: the servers are on this side."""
    far = []
    hosts = []


def start_servers(bench, servers):
    """Points of the services, each once."""
    points = {}
    for name in SERVERS:
        for point in getattr(servers, name)(bench, ADDRESS, ADDRESS6) or []:
            if point.outcome == 'open' and point.service != 'nfs-dynamic' and not point.following:
                points.setdefault(point.service, point)
    return list(points.values())[:SERVICE_N]


def services(portolan, _):
    """20 services of real servers at one address, told by a handshake each; nmap has to find out what they are."""
    sys.path[:0] = [str(TESTS / 'services'), str(TESTS / 'live')]
    tests = importlib.import_module('run')
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'address', 'add', ADDRESS6, 'dev', 'lo', 'nodad')
    tests.privately()
    with tempfile.TemporaryDirectory(prefix='portolan-bench-') as folder:
        os.chmod(folder, 0o755)
        bench = tests.Bench(Here, folder)
        try:
            points = start_servers(bench, tests.servers)
            if len(points) < SERVICE_N:
                raise Skip('%d services of %d: tools/setup services installs the others' % (len(points), SERVICE_N))
            asked = ['%s+%s://%s:%d' % (point.service, point.proto, ADDRESS, point.port) for point in points]
            asked += ['--pins', bench.folder / 'pins']
            wait_for_all(portolan, asked)
            rows = {'ours': min((probe(portolan, *asked) for _ in range(5)), key=lambda took: took['wall'])}
            ports_of = {proto: ','.join(str(point.port) for point in points if point.proto == proto)
                        for proto in ('tcp', 'udp')}
            rows['nmap -sV'] = nmap(90, '-sV', '-sT', '-sU', '-p', 'T:%(tcp)s,U:%(udp)s' % ports_of, ADDRESS)
        finally:
            bench.end()
    return rows


def wait_for_all(portolan, asked):
    end = time.monotonic() + READY_S
    while True:
        took = probe(portolan, *asked)
        if took['found'] == SERVICE_N:
            return
        if time.monotonic() > end:
            raise Skip('not all servers have come up: %s' % took['sum'])
        time.sleep(0.2)


MEASUREMENTS = {function.__name__: function for function in (ports, connections, blackbox, many, services)}


def main():
    name, portolan, loop = sys.argv[1:4]
    if sys.argv[4:] != ['--inside']:
        own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
        for words in (['unshare', *own], ['unshare', '--map-root-user', *own]):
            if subprocess.run([*words, 'nft', 'list', 'ruleset'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0:
                return subprocess.run([*words, sys.executable, *sys.argv, '--inside'], check=False).returncode
        print(json.dumps({'skip': 'no network namespaces here, or no nft'}))
        return 0
    try:
        print(json.dumps(MEASUREMENTS[name](portolan, loop)))
    except Skip as why:
        print(json.dumps({'skip': str(why)}))
    return 0


if __name__ == '__main__':
    sys.exit(main())
