"""Through proxies: what they carry is what is behind them, what they refuse is told from that, who reads along is seen.

Names are known to the proxies alone, and sent to them.
"""
import os
import pathlib
import sys

from line import address
from proof import Outcome, run

HOSTS = range(50, 54)
SOCKS, RESOLVER, SQUID, BUMPING = HOSTS
CERTGEN = '/usr/lib/squid/security_file_certgen'


def check(bench, what, cases, proxy, *options):
    """Cases are targets and outcomes, all asked at once."""
    found = {row['target']: Outcome(row) for row in run(cases, '--proxy', proxy, *options)}
    for name, outcome in cases.items():
        answer = found.get(name)
        bench.holds(f'{name} through {what}: {outcome}', answer and answer.outcome == outcome, answer or list(found))


# --- SOCKS ------------------------------------------------------------------------------------------------------------

def prove_socks(bench, host, *trust):
    """To our own responders at a host; "localhost" is a name of their certificate, and here nobody listens under it."""
    open_port, login_port = 1080, 1081
    for port in (open_port, login_port):
        bench.start(f'socks-{port}', [sys.executable, str(pathlib.Path(__file__).with_name('socks.py')),
                                      address(4, SOCKS), str(port), f'localhost={address(6, host)}'])
        bench.await_port(address(4, SOCKS), port)
    check(bench, 'SOCKS5', {
        'ssh://localhost:22': 'open', 'https://localhost:443': 'open', 'ldap+tcp://localhost:389': 'open',
        'ssh://localhost:443': 'open-silent', 'vnc://localhost:22': 'wrong-service', 'ssh://localhost:4999': 'refused',
        'ftp://localhost:21': 'proxy-refused', 'ssh://nobody.example:22': 'unreachable',
    }, f'socks5://{address(4, SOCKS)}:{open_port}', *trust)
    for user, outcome in (('user:word@', 'open'), ('user:other@', 'proxy-refused'), ('', 'proxy-refused')):
        check(bench, f'SOCKS5 as "{user}"', {'ssh://localhost:22': outcome},
              f'socks5://{user}{address(4, SOCKS)}:{login_port}')


# --- squid ------------------------------------------------------------------------------------------------------------

def resolver(bench, names):
    bench.start('resolver', ['dnsmasq', '-k', '-C', '/dev/null', f'--listen-address={address(4, RESOLVER)}',
                             '--bind-interfaces', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=',
                             '--local=/example.org/', '--local=/example.net/',
                             *(f'--host-record={name},{there}' for name, there in names.items())])


def squid(bench, name, host, port_options='', more=''):
    """A proxy of its own memory and folder; its URL."""
    folder = bench.dir(f'squid-{name}', 0o777)
    conf = bench.file(f'squid-{name}/squid.conf', f'''http_port {address(4, host)}:3128 {port_options}
pid_filename {folder}/pid
cache_log {folder}/cache.log
access_log none
cache deny all
coredump_dir {folder}
hosts_file none
dns_nameservers {address(4, RESOLVER)}
connect_timeout 2 seconds
shutdown_lifetime 0 seconds
netdb_filename none
acl ways port 22 80 443
http_access deny CONNECT !ways
http_access allow all
{more}
''')
    bench.start(f'squid-{name}', ['squid', '-N', '-f', conf])
    bench.await_port(address(4, host), 3128)
    return f'http://{address(4, host)}:3128'


def bumping_squid(bench):
    """One that opens TLS with certificates of a CA of its own: its URL, and that CA."""
    folder, key, ca = bench.dir('squid-bump', 0o777), str(bench.folder / 'bump.key'), str(bench.folder / 'bump.crt')
    bench.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Inspection',
               '-addext', 'keyUsage=critical,keyCertSign', '-keyout', key, '-out', ca])
    both = bench.file('bump.pem', pathlib.Path(key).read_text() + pathlib.Path(ca).read_text())
    bench.run([CERTGEN, '-c', '-s', f'{folder}/certificates', '-M', '4MB'])
    bench.run(['chmod', '-R', 'a+rwX', f'{folder}/certificates'])
    return squid(bench, 'bump', BUMPING, f'ssl-bump generate-host-certificates=on tls-cert={both}', f'''
ssl_bump bump all
sslcrtd_program {CERTGEN} -s {folder}/certificates -M 4MB
sslcrtd_children 2
sslproxy_cert_error allow all
tls_outgoing_options flags=DONT_VERIFY_PEER'''), ca


def prove_squid(bench, points):
    """To nginx and sshd: carried, refused by the proxy or by them, and read along."""
    where = {point.server: address(4, point.host) for point in points}
    if not {'nginx', 'sshd'} <= set(where) or not bench.has('squid', 'squid', 'dnsmasq', 'openssl'):
        return
    if '4294967295' not in pathlib.Path('/proc/self/uid_map').read_text():
        bench.skip('squid', 'it runs as a user of its own, whom only root has')
        return
    resolver(bench, {'a.example.org': where['nginx'], 'c.example.net': where['nginx'], 's.example.org': where['sshd']})
    trust = ('--ca', bench.certificate()[1])
    check(bench, 'squid', {
        'https://a.example.org:443': 'open', 'https://c.example.net:443': 'open', 'http://a.example.org:80': 'open',
        'ssh://s.example.org:22': 'open', 'vnc://s.example.org:22': 'wrong-service',
        'ssh://a.example.org:443': 'open-silent', 'ssh://a.example.org:22': 'refused',
        'ldap+tcp://a.example.org:389': 'proxy-refused',
        'https://nobody.example.org:443': 'proxy-refused',  # squid 5.7 says only that it cannot forward
    }, squid(bench, 'plain', SQUID), *trust)
    if not os.path.exists(CERTGEN):
        bench.skip('squid that bumps TLS', 'squid-openssl not installed')
        return
    proxy, ca = bumping_squid(bench)
    both = ('https://a.example.org:443', 'https://c.example.net:443')
    check(bench, 'a squid that bumps', dict.fromkeys(both, 'tls-intercepted'), proxy, *trust)
    check(bench, 'a squid that bumps', {both[0]: 'tls-untrusted'}, proxy, *trust)
    check(bench, 'a squid whose CA is trusted', dict.fromkeys(both, 'open'), proxy, '--ca', ca)
