"""Real servers: how each is started, and what our probe must find out about it.

A server is a function that is given the bench and its two addresses, starts the program and returns its points; nothing
where it is not installed.
"""
from domains import krb5, samba_ad, slapd, smbd
from line import address
from proof import Point
from storage import ganesha, pyftpdlib, rpcbind, tgtd, vsftpd


def sshd(bench, v4, v6):
    if not bench.has('sshd', 'sshd', 'ssh-keygen'):
        return None
    key = str(bench.folder / 'ssh.key')
    bench.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
    bench.start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', key, '-o', 'PidFile=none',
                         '-o', 'MaxStartups=1000', '-o', f'ListenAddress={v4}:22', '-o', f'ListenAddress=[{v6}]:22'])
    return [Point('ssh', 'tcp', 22, version='2.0', software='OpenSSH')]


def nginx(bench, v4, v6):
    if not bench.has('nginx', 'nginx', 'openssl'):
        return None
    key, crt = bench.certificate()
    folder = bench.dir('nginx', 0o777)
    conf = bench.file('nginx/nginx.conf', f'''daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
ssl_certificate {crt}; ssl_certificate_key {key};
server {{ listen {v4}:80; listen [{v6}]:80; return 200 "plain"; }}
server {{ listen {v4}:443 ssl; listen [{v6}]:443 ssl; return 204; }}
server {{ listen {v4}:8000 ssl; listen [{v6}]:8000 ssl; default_type application/json; return 401 "{{}}"; }} }}
''')
    bench.start('nginx', ['nginx', '-p', folder, '-c', conf])
    return [Point('http', 'tcp', 80, status='200', server='nginx'),
            Point('https', 'tcp', 443, status='204'),
            Point('rest', 'tcp', 8000, status='401', content_type='application/json'),
            Point('s3', 'tcp', 443, outcome='wrong-service'),
            Point('wlb', 'tcp', 443, outcome='unverifiable')]


def chronyd(bench, v4, v6):
    if not bench.has('chronyd', 'chronyd'):
        return None
    folder = bench.dir('chrony', 0o777)
    conf = bench.file('chrony.conf', f'''local stratum 8
allow all
bindaddress {v4}
bindaddress {v6}
cmdport 0
bindcmdaddress /
pidfile {folder}/pid
driftfile {folder}/drift
''')
    bench.start('chronyd', ['chronyd', '-x', '-d', '-u', 'root', '-f', conf])
    return [Point('ntp', 'udp', 123, stratum='8', leap='0', version='4')]


def chronyd_alone(bench, v4, v6):
    """A server that has no time of its own: it answers, but is no proof of a time service."""
    if not bench.has('chronyd (not synchronised)', 'chronyd'):
        return None
    folder = bench.dir('chrony-alone', 0o777)
    conf = bench.file('chrony-alone.conf', f'''allow all
bindaddress {v4}
bindaddress {v6}
cmdport 0
bindcmdaddress /
pidfile {folder}/pid
''')
    bench.start('chronyd-alone', ['chronyd', '-x', '-d', '-u', 'root', '-f', conf])
    return [Point('ntp', 'udp', 123, outcome='error', leap='3')]


def dnsmasq(bench, v4, v6):
    if not bench.has('dnsmasq', 'dnsmasq'):
        return None
    bench.start('dnsmasq', ['dnsmasq', '-k', '-C', '/dev/null', f'--listen-address={v4},{v6}', '--bind-interfaces',
                            '--no-resolv', '--no-hosts', '--user=root', '--pid-file='])
    return [Point('dns', 'udp', 53, rcode='REFUSED'), Point('dns', 'tcp', 53, rcode='REFUSED')]


def unbound(bench, v4, v6):
    if not bench.has('unbound', 'unbound'):
        return None
    conf = bench.file('unbound.conf', f'''server:
 interface: {v4}
 interface: {v6}
 do-daemonize: no
 username: ""
 chroot: ""
 directory: "{bench.folder}"
 pidfile: ""
 use-syslog: no
 local-zone: "." static
 access-control: 10.0.0.0/8 allow
 access-control: fd00::/8 allow
remote-control:
 control-enable: no
''')
    bench.start('unbound', ['unbound', '-d', '-c', conf])
    return [Point('dns', 'udp', 53, recursion='yes'), Point('dns', 'tcp', 53, recursion='yes')]


def xvnc(bench, v4, v6):
    if not bench.has('Xtigervnc', 'Xtigervnc'):
        return None
    bench.start('xvnc', ['Xtigervnc', ':77', '-SecurityTypes', 'None', '-rfbport', '5900', '-nolisten', 'unix',
                         '-nolisten', 'local', '-listen', 'tcp'])  # at every address, of both families
    return [Point('vnc', 'tcp', 5900, version='003.008')]


def xrdp(bench, v4, v6):
    if not bench.has('xrdp', 'xrdp'):
        return None
    key, crt = bench.certificate()
    folder = bench.dir('xrdp')
    conf = bench.file('xrdp/xrdp.ini', f'''[Globals]
ini_version=1
fork=true
port=tcp://{v4}:3389,tcp6://{{{v6}}}:3389
security_layer=negotiate
crypt_level=high
certificate={crt}
key_file={key}
[Logging]
LogFile={folder}/log
LogLevel=INFO
EnableSyslog=false
[Channels]
[Xorg]
name=Xorg
lib=libxup.so
''')
    bench.start('xrdp', ['xrdp', '--nodaemon', '--config', conf])
    return [Point('rdp', 'tcp', 3389, security='TLS')]


def rsyslogd(bench, v4, v6):
    if not bench.has('rsyslogd', 'rsyslogd'):
        return None
    folder = bench.dir('rsyslog')
    conf = bench.file('rsyslog.conf', f'''module(load="imudp") input(type="imudp" address="{v4}" port="514")
input(type="imudp" address="{v6}" port="514")
module(load="imtcp") input(type="imtcp" address="{v4}" port="514")
input(type="imtcp" address="{v6}" port="514")
*.* {folder}/messages
''')
    bench.start('rsyslogd', ['rsyslogd', '-n', '-f', conf, '-i', f'{folder}/pid'])
    return [Point('syslog', 'tcp', 514, outcome='unverifiable'), Point('syslog', 'udp', 514, outcome='unverifiable')]


SERVERS = [sshd, nginx, chronyd, chronyd_alone, dnsmasq, unbound, slapd, krb5, samba_ad, smbd, tgtd, rpcbind, ganesha,
           vsftpd, pyftpdlib, xvnc, xrdp, rsyslogd]
HOSTS = range(11, 11 + len(SERVERS))


def start(bench, names):
    """The points of these servers, of all where no names are given. They come up in their own time."""
    started = []
    for host, server in zip(HOSTS, SERVERS):
        if not names or server.__name__ in names:
            points = server(bench, address(4, host), address(6, host))
            started += [point.at(host, server.__name__) for point in points or []]
    return started
