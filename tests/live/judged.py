#!/usr/bin/env python3
"""TLS against openssl and curl, names against dnsmasq and unbound, doors of proxies against curl: outsiders for what the unit tests ask of ourselves.

    judged.py PEER

Everything is on 127.0.0.1, on ports that are free. What is not installed is named in the last line but one.
"""
import re
import shutil
import socket
import subprocess
import sys
import tempfile

PEER = sys.argv[1]
passed, failed, missing = 0, 0, []


def holds(name, good, said=''):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f'FAILED {name}\n{said}')


def has(*programs):
    absent = [name for name in programs if shutil.which(name, path='/usr/bin:/usr/sbin:/bin:/sbin') is None]
    missing.extend(name for name in absent if name not in missing)
    return not absent


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          check=False)
    return done.stdout.decode(errors='replace')


class Server:
    """A program until the end of its block; it is there when its output has the word."""

    def __init__(self, word, *argv):
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = b''
        while word.encode() not in self.said:
            line = self.child.stdout.readline()
            if not line:
                break
            self.said += line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()


def key_pair(folder, name, *more):
    run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', f'/O=Example, Inc/CN={name}',
        '-keyout', f'{folder}/{name}.pem', '-out', f'{folder}/{name}.crt', *more)
    with open(f'{folder}/{name}.pem', 'a', encoding='ascii') as both, open(f'{folder}/{name}.crt', encoding='ascii') as one:
        both.write(one.read())
    return f'{folder}/{name}.pem'


def found(text):
    return dict(line.split(': ', 1) for line in text.splitlines() if ': ' in line)


def against_s_server(folder):
    cert = key_pair(folder, 'server.example', '-addext', 'subjectAltName=DNS:server.example,IP:127.0.0.1')
    mine = key_pair(folder, 'client.example')
    cases = [
        (['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], [], {'state': '0', 'tls': 'TLS 1.0', 'trust': 'self-signed'}),
        (['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], [], {'state': '0', 'tls': 'TLS 1.1'}),
        (['-tls1_2'], [], {'state': '0', 'tls': 'TLS 1.2', 'subject': 'CN=server.example,O="Example, Inc"'}),
        (['-tls1_2', '-cipher', 'AES256-SHA'], [], {'state': '0', 'cipher': 'AES256-SHA'}),
        (['-tls1_3'], [], {'state': '0', 'tls': 'TLS 1.3', 'names': 'server.example, 127.0.0.1'}),
        (['-tls1_3', '-groups', 'P-521'], [], {'state': '0', 'tls': 'TLS 1.3'}),
        (['-tls1_2', '-Verify', '1'], [], {'state': '5', 'demanded': '1', 'client-certificate': 'asked'}),
        (['-tls1_3', '-Verify', '1'], [], {'state': '5', 'demanded': '1', 'tls': 'TLS 1.3'}),
        (['-tls1_3', '-Verify', '1'], [mine], {'state': '0', 'demanded': '0', 'client-certificate': 'asked'}),
        (['-tls1_3', '-legacy_renegotiation'], [], {'state': '0'}),
    ]
    fingerprint = run('openssl', 'x509', '-in', cert, '-noout', '-fingerprint', '-sha256')
    digits = fingerprint.strip().split('=')[-1].replace(':', '').lower()
    for options, ours, expected in cases:
        port = free_port()
        with Server('ACCEPT', 'openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', cert, '-www', *options):
            text = run(PEER, 'client', str(port), 'server.example', '-', *ours)
        expected = {**expected, 'fingerprint': digits}
        if expected.get('state') == '0':
            expected['text'] = 'HTTP/1.0 200 ok'
        got = found(text)
        holds(f's_server {" ".join(options)}', all(got.get(key) == value for key, value in expected.items()), text)
    port = free_port()
    with Server('ACCEPT', 'openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', cert, '-www'):
        for name, trust in (('server.example', 'trusted'), ('127.0.0.1', 'trusted'), ('other.example', 'wrong-name')):
            text = run(PEER, 'client', str(port), name, f'{folder}/server.example.crt')
            holds(f'{name} is {trust}', found(text).get('trust') == trust, text)


def against_clients(folder):
    file = f'{folder}/own.pem'
    with Server('port ', PEER, 'server', file, 'stand-in.example', '127.0.0.1', 'fd20::11') as server:
        port = int(re.search(rb'port (\d+)', server.said).group(1))
        where = ['-connect', f'127.0.0.1:{port}', '-CAfile', file, '-verify_return_error']
        for options, expected in ((['-verify_hostname', 'stand-in.example'], 'Verify return code: 0 (ok)'),
                                  (['-verify_ip', 'fd20::11'], 'Verify return code: 0 (ok)'),
                                  (['-verify_hostname', 'other.example'], 'ostname mismatch'),
                                  (['-tls1_2', '-servername', 'a.example'], 'TLSv1.2'),
                                  (['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], 'TLSv1')):
            text = run('openssl', 's_client', *where, *options)
            holds(f's_client {" ".join(options)}', expected in text, text)
        if has('curl'):
            text = run('curl', '-sS', '--cacert', file, '--resolve', f'stand-in.example:{port}:127.0.0.1',
                       f'https://stand-in.example:{port}/')
            holds('curl by name', text == 'portolan\n', text)
            text = run('curl', '-sS', '--cacert', file, f'https://127.0.0.1:{port}/')
            holds('curl by address', text == 'portolan\n', text)


def through_doors():
    """curl as the client of our doors; it says in words why there was no way."""
    targets = [('host.example', 'host.example 80\n', 'host.example 80\n'), ('10.0.0.1', '10.0.0.1 80\n', '10.0.0.1 80\n'),
               ('[fd00::1]', 'fd00::1 80\n', 'fd00::1 80\n'), ('proxy-refused.example', '403', '(2)'),
               ('refused.example', '502', '(5)'), ('filtered.example', '504', '(4)'), ('unresolved.example', '502', '(4)')]
    for kind, scheme, option in (('http', 'http', ['--proxytunnel']), ('socks', 'socks5h', [])):
        for user, mine in (('', ''), ('ann:se cret', 'ann:se%20cret@')):
            with Server('port ', PEER, 'door', kind, user) as door:
                proxy = f'{scheme}://{mine}127.0.0.1:{int(door.said.split()[1])}'
                for host, *expected in targets:
                    text = run('curl', '-sS', '-x', proxy, *option, f'http://{host}/')
                    holds(f'curl through {proxy} to {host}', expected[kind == 'socks'] in text, text)
                if user:
                    text = run('curl', '-sS', '-x', proxy.replace('ann', 'bob'), *option, 'http://host.example/')
                    holds(f'{kind}: another name is refused', '407' in text or 'rejected' in text, text)


NAMES = ['two.test', 'six.test', 'alias.test', 'nothing.test', 'absent.test', 'Two.TEST.']
TWO = '10.0.0.1 10.0.0.2'


def judge_names(name, port, expected):
    text = run(PEER, 'names', f'127.0.0.1:{port}', *NAMES)
    got = {}
    for line in text.splitlines():
        key, _, rest = line.partition(':')
        addresses, _, why = rest.partition(' | ')
        got[key] = (' '.join(sorted(addresses.split())), why)
    for asked, answer in zip(NAMES, expected):
        holds(f'{name}: {asked}', got.get(asked) == answer, f'{got.get(asked)} is not {answer}\n{text}')


def against_resolvers(folder):
    expected = [(TWO, ''), ('fd00::1', ''), ('fd00::1', ''), ('', 'the name has no address'), ('', 'no such name'), (TWO, '')]
    port = free_port(socket.SOCK_DGRAM)
    if has('dnsmasq'):
        with Server('started', 'dnsmasq', '-k', '--conf-file=/dev/null', '--log-facility=-', '--no-resolv', '--no-hosts',
                    '--user=', '--pid-file=', '--listen-address=127.0.0.1', '--bind-interfaces', f'--port={port}',
                    '--host-record=two.test,10.0.0.1', '--host-record=two.test,10.0.0.2', '--host-record=six.test,fd00::1',
                    '--cname=alias.test,six.test', '--txt-record=nothing.test,text', '--local=/test/'):
            judge_names('dnsmasq', port, expected)
            holds('dnsmasq refuses', 'the resolver refuses to answer (REFUSED)' in
                  run(PEER, 'names', f'127.0.0.1:{port}', 'host.elsewhere'))
    if has('unbound'):
        config = f'{folder}/unbound.conf'
        with open(config, 'w', encoding='ascii') as out:
            out.write(f'''server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  directory: "{folder}"
  module-config: "iterator"
  local-zone: "test." static
  local-zone: "elsewhere." refuse
  local-data: "two.test. A 10.0.0.1"
  local-data: "two.test. A 10.0.0.2"
  local-data: "six.test. AAAA fd00::1"
  local-data: "alias.test. AAAA fd00::1"
  local-data: 'nothing.test. TXT "text"'
remote-control:
  control-enable: no
''')
        with Server('start of service', 'unbound', '-d', '-v', '-c', config):
            judge_names('unbound', port, expected)
            holds('unbound refuses', 'the resolver refuses to answer (REFUSED)' in
                  run(PEER, 'names', f'127.0.0.1:{port}', 'host.elsewhere'))
    text = run(PEER, 'names', '-', 'localhost')
    holds('the hosts file', '127.0.0.1' in text, text)


with tempfile.TemporaryDirectory() as work:
    if has('openssl'):
        against_s_server(work)
        against_clients(work)
    if has('curl'):
        through_doors()
    against_resolvers(work)
if missing:
    print(f'skipped: {len(missing)}: ' + ', '.join(missing))
print(f'{passed} passed, {failed} failed')
sys.exit(1 if failed else 0)
