#!/usr/bin/env python3
"""Probes over a network, measured beside their peers: here and a far end, each in a network namespace of its own.

    network.py NAME PORTOLAN LOOP [NMAP OPTION…]

Runs itself again in a namespace. The last line of output is JSON: what took how long, with what it found; "skip" says
why there is nothing. Far away are the addresses 10.9.0.0/16; `drop` is behind a rule that drops everything, on some
ports only where it says so.
"""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
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
BLACKBOX = '''modules:
  http_2xx: {prober: http, timeout: 9s, http: {preferred_ip_protocol: ip4}}
  ssh_banner: {prober: tcp, timeout: 9s, tcp: {query_response: [{expect: "^SSH-2.0-"}]}}
'''


def run(*argv, **more):
    return subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, text=True, **more).stdout


class Network:
    """Two namespaces; `far` is the prefix of commands that run at the far end."""

    def __init__(self, loop):
        self.processes = []
        random.seed(1)
        self.open = sorted(random.sample(range(1, 65536), OPEN_N))
        pid = self.start('unshare', '--net', 'sh', '-c', 'echo; exec sleep 3600')
        self.far = ['nsenter', '-t', str(pid), '-n']
        run('ip', 'link', 'set', 'lo', 'up')
        run('ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', pid)
        for prefix, name, address in (([], 'here', '10.1.0.1/24'), (self.far, 'there', '10.1.0.2/24')):
            run(*prefix, 'ip', 'link', 'set', name, 'up')
            run(*prefix, 'ip', 'link', 'set', 'lo', 'up')
            run(*prefix, 'ip', 'address', 'add', address, 'dev', name)
            run(*prefix, 'sysctl', '-qw', 'net.core.somaxconn=16384', 'net.ipv4.tcp_max_syn_backlog=65536',
                'net.ipv4.ip_local_port_range=1024 65535')
        run('ip', 'route', 'add', '10.8.0.0/13', 'via', '10.1.0.2')
        run(*self.far, 'ip', 'route', 'add', 'local', '10.8.0.0/13', 'dev', 'lo')
        run(*self.far, 'nft', '-f', '-', input=RULES % (', '.join(map(str, self.open)), DROPPED))
        self.start(*self.far, loop, 'serve', input='\n'.join(str(p) for p in self.open if p not in (22, 80)) + '\n')

    def start(self, *argv, input=None):
        """Waits for its first line; its process id."""
        process = subprocess.Popen(argv, stdin=subprocess.PIPE if input else subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if input:
            process.stdin.write(input)
            process.stdin.close()
        process.stdout.readline()
        self.processes.append(process)
        return process.pid

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def timed(argv, limit=600):
    """Seconds of wall and of processor, bytes resident, and what it printed."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        pid = os.posix_spawnp(str(argv[0]), list(map(str, argv)), os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        _, status, usage = os.wait4(pid, 0)
        wall = time.monotonic() - began
        out.seek(0)
        text = out.read().decode('utf-8', 'replace')
    if not os.WIFEXITED(status):
        raise RuntimeError(f'{argv}: {status}')
    return {'wall': wall, 'cpu': usage.ru_utime + usage.ru_stime, 'memory': usage.ru_maxrss * 1024, 'text': text}


def probe(portolan, *arguments):
    took = timed([portolan, 'probe', *arguments, '--format', 'json'])
    took['outcomes'] = json.loads(took.pop('text'))['summary']['outcomes']
    return took


# --- the measurements ------------------------------------------------------------------------------------------------

OURS = ['--tries', '1', '--timeout', '1000']
NMAP = ['nmap', '-n', '-Pn', '-p', '1-65535', '--max-retries', '0', '-oG', '-', FAR]


def ports(network, portolan, loop):
    """65,535 ports, 1,000 of them open, the rest dropped; one try each."""
    if shutil.which('nmap') is None:
        return {'skip': 'nmap is not installed: tools/setup bench'}
    rows = {'ours': probe(portolan, f'tcp://{FAR}:1-65535', *OURS)}
    rows['ours']['found'] = rows['ours']['outcomes'].get('open', 0)
    for name, options in (('nmap -sS', ['-sS', '-T4', '--min-rate', '10000']), ('nmap -sT', ['-sT'])):
        took = timed([*NMAP[:1], *options, *NMAP[1:]])
        took['found'] = len(re.findall(r'\b\d+/open/', took.pop('text')))
        rows[name] = took
    return rows


def bare(loop, what, n, in_flight):
    text = timed([loop, what, FIRST, n, in_flight])['text'].split()
    return {'found': int(text[0]), 'wall': float(text[1]), 'cpu': float(text[2])}


def targets(service, n):
    """n addresses, as ranges do."""
    first = int.from_bytes(bytes(map(int, FIRST.split('.'))), 'big')
    last = '.'.join(map(str, (first + n - 1).to_bytes(4, 'big')))
    return f'{service}://{FIRST}-{last}'


ROUNDS = 5


def connections(network, portolan, loop):
    """20,000 connections, and as many banners of SSH, against a bare loop; by turns, the best of both."""
    n, rows = 20000, {}
    for what in ('connect', 'ssh'):
        ours = ['ssh', '--expect', 'denied'] if what == 'connect' else ['ssh']
        for _ in range(ROUNDS):
            for name, took in ((f'bare {what}', bare(loop, what, n, 1000)),
                               (f'ours {what}', probe(portolan, targets(ours[0], n), '--in-flight', 1000, *ours[1:]))):
                if name not in rows or took['cpu'] < rows[name]['cpu']:
                    rows[name] = took
    return rows


def blackbox(network, portolan, loop):
    """10,000 probes over HTTP, by us and by blackbox_exporter, which is asked by the bare loop."""
    program = shutil.which('prometheus-blackbox-exporter') or shutil.which('blackbox_exporter')
    if program is None:
        return {'skip': 'blackbox_exporter is not installed: tools/setup bench'}
    with tempfile.NamedTemporaryFile('w', suffix='.yml') as config:
        config.write(BLACKBOX)
        config.flush()
        server = subprocess.Popen([program, f'--config.file={config.name}', '--web.listen-address=127.0.0.1:9115',
                                   '--log.level=error'], stderr=subprocess.DEVNULL)
        network.processes.append(server)
        end = time.monotonic() + 20
        while subprocess.run([loop, 'connect', '127.0.0.1', '0', '1'], stdout=subprocess.PIPE).returncode != 0 or \
                bare_blackbox(loop, 1, 1)['found'] != 1:
            if time.monotonic() > end:
                return {'skip': 'blackbox_exporter does not come up'}
            time.sleep(0.05)
        rows = {}
        for _ in range(3):
            for name, took in (('ours', probe(portolan, targets('http', 10000), '--in-flight', 256)),
                               ('blackbox_exporter', bare_blackbox(loop, 10000, 256))):
                if name not in rows or took['wall'] < rows[name]['wall']:
                    rows[name] = took
        return rows


def bare_blackbox(loop, n, in_flight):
    text = subprocess.run([loop, 'blackbox', 'http_2xx', FIRST, str(n), str(in_flight)], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, check=False).stdout.split()
    return {'found': int(text[0]), 'wall': float(text[1])} if text else {'found': 0, 'wall': 0}


def many(network, portolan, loop):
    """100,000 targets that are silent."""
    return {'ours': probe(portolan, 'ssh://10.10.0.0-10.11.134.159', *OURS)}


MEASUREMENTS = {function.__name__: function for function in (ports, connections, blackbox, many)}


def main():
    name, portolan, loop = sys.argv[1:4]
    if '--inside' not in sys.argv:
        words = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
        for more in ([], ['--map-root-user']):
            argv = [words[0], *more, *words[1:]]
            if subprocess.run([*argv, 'nft', 'list', 'ruleset'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0:
                return subprocess.run([*argv, sys.executable, *sys.argv, '--inside'], check=False).returncode
        print(json.dumps({'skip': 'no network namespaces here, or no nft'}))
        return 0
    network = Network(loop)
    try:
        print(json.dumps(MEASUREMENTS[name](network, portolan, loop)))
    finally:
        network.end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
