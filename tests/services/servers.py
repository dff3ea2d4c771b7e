"""Real servers: how each is started, and what our probe must find out about it.

A server is a function that is given the bench and its address, starts the program and returns its points: (service, proto,
port, evidence that must be there, tls). Evidence is a dictionary of name to the text that its value must contain; `probed`
is what the command says where it knows more than the talker does: whether a certificate is trusted. Those in SIX listen
at the IPv6 address of their host as well (ganesha answers datagrams of IPv6 from another address than it was asked at).
"""
import os
import pathlib
import time

from line import address as far_address, six


def point(service, proto, port, tls=False, outcome='open', probed=None, following=frozenset(), **evidence):
    return {'service': service, 'proto': proto, 'port': port, 'tls': tls, 'outcome': outcome, 'probed': probed or outcome, 'following': set(following),
            'evidence': {name.replace('_', '-'): text for name, text in evidence.items()}}


# Every address and name under which a server with this certificate is asked.
NAMES = 'subjectAltName=' + ','.join(['DNS:a.example.org', 'DNS:c.example.net'] + [
    f'IP:{far_address(family, host)}' for family in (4, 6) for host in range(11, 32)])


def certificate(bench):
    key, crt = bench.folder / 'tls.key', bench.folder / 'tls.crt'
    if not key.exists():
        bench.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=filer.example', '-addext', NAMES,
                   '-keyout', str(key), '-out', str(crt)])
        key.chmod(0o644)
    return str(key), str(crt)


def sshd(bench, address):
    if not bench.has('sshd', 'sshd', 'ssh-keygen'):
        return None
    key = str(bench.folder / 'ssh.key')
    bench.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
    bench.start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', key, '-o', f'ListenAddress={address}:22', '-o', f'ListenAddress=[{six(address)}]:22',
                         '-o', 'PidFile=none'])
    return [point('ssh', 'tcp', 22, version='2.0', software='OpenSSH')]


def nginx(bench, address):
    if not bench.has('nginx', 'nginx', 'openssl'):
        return None
    key, crt = certificate(bench)
    folder = bench.dir('nginx', 0o777)
    conf = bench.file('nginx/nginx.conf', f'''daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
server {{ listen {address}:80; listen [{six(address)}]:80; return 200 "plain"; }}
server {{ listen {address}:443 ssl; listen [{six(address)}]:443 ssl; ssl_certificate {crt}; ssl_certificate_key {key}; return 204; }}
server {{ listen {address}:8000 ssl; listen [{six(address)}]:8000 ssl; ssl_certificate {crt}; ssl_certificate_key {key}; default_type application/json;
 return 401 "{{}}"; }} }}
''')
    bench.start('nginx', ['nginx', '-p', folder, '-c', conf])
    return [point('http', 'tcp', 80, status='200', server='nginx'),
            point('https', 'tcp', 443, tls=True, status='204'),
            point('rest', 'tcp', 8000, tls=True, status='401', content_type='application/json'),
            point('s3', 'tcp', 443, tls=True, outcome='wrong-service'),
            point('wlb', 'tcp', 443, tls=True, outcome='unverifiable')]


def chronyd(bench, address):
    if not bench.has('chronyd', 'chronyd'):
        return None
    folder = bench.dir('chrony', 0o777)
    conf = bench.file('chrony.conf', f'''local stratum 8
allow all
bindaddress {address}
bindaddress {six(address)}
cmdport 0
bindcmdaddress /
pidfile {folder}/pid
driftfile {folder}/drift
''')
    bench.start('chronyd', ['chronyd', '-x', '-d', '-u', 'root', '-f', conf])
    return [point('ntp', 'udp', 123, stratum='8', leap='0', version='4')]


def chronyd_alone(bench, address):
    """A server that has no time of its own: it answers, but is no proof of a time service."""
    if not bench.has('chronyd (not synchronised)', 'chronyd'):
        return None
    folder = bench.dir('chrony-alone', 0o777)
    conf = bench.file('chrony-alone.conf', f'''allow all
bindaddress {address}
cmdport 0
bindcmdaddress /
pidfile {folder}/pid
''')
    bench.start('chronyd-alone', ['chronyd', '-x', '-d', '-u', 'root', '-f', conf])
    return [point('ntp', 'udp', 123, outcome='error', leap='3')]


def dnsmasq(bench, address):
    if not bench.has('dnsmasq', 'dnsmasq'):
        return None
    bench.start('dnsmasq', ['dnsmasq', '-k', '-C', '/dev/null', f'--listen-address={address},{six(address)}', '--bind-interfaces',
                            '--no-resolv', '--no-hosts', '--user=root', '--pid-file='])
    return [point('dns', 'udp', 53, rcode='REFUSED'), point('dns', 'tcp', 53, rcode='REFUSED')]


def unbound(bench, address):
    if not bench.has('unbound', 'unbound'):
        return None
    conf = bench.file('unbound.conf', f'''server:
 interface: {address}
 interface: {six(address)}
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
    return [point('dns', 'udp', 53, recursion='yes'), point('dns', 'tcp', 53, recursion='yes')]


def slapd(bench, address):
    if not bench.has('slapd', 'slapd', 'openssl'):
        return None
    key, crt = certificate(bench)
    folder = bench.dir('slapd')
    conf = bench.file('slapd.conf', f'''include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {crt}
TLSCertificateKeyFile {key}
pidfile {folder}/pid
database mdb
suffix "dc=example"
directory {folder}
''')
    bench.start('slapd', ['slapd', '-d', '256', '-f', conf, '-h',
                          ' '.join(f'ldap://{host}:389/ ldaps://{host}:636/' for host in (address, f'[{six(address)}]'))])
    return [point('ldap', 'tcp', 389, supportedLDAPVersion='3'),
            point('ldaps', 'tcp', 636, tls=True, supportedLDAPVersion='3'),
            point('global-catalog', 'tcp', 389, outcome='wrong-service')]


def krb5(bench, address):
    if not bench.has('krb5kdc and kadmind', 'krb5kdc', 'kadmind', 'kdb5_util'):
        return None
    folder = bench.dir('krb5')
    bench.file('krb5/acl', '')
    bench.environment['KRB5_CONFIG'] = bench.file('krb5/krb5.conf', f'''[libdefaults]
 default_realm = EXAMPLE.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
[realms]
 EXAMPLE.TEST = {{
  kdc = {address}
 }}
 STANDIN.TEST = {{
  kdc = 127.0.0.90
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
 admin_server = FILE:{folder}/kadmind.log
''')
    bench.environment['KRB5_KDC_PROFILE'] = bench.file('krb5/kdc.conf', f'''[kdcdefaults]
 kdc_listen = {address}:88, [{six(address)}]:88
 kdc_tcp_listen = {address}:88, [{six(address)}]:88
[realms]
 EXAMPLE.TEST = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  kadmind_listen = {address}:749
  kpasswd_listen = {address}:464, [{six(address)}]:464
 }}
''')
    text, status = bench.run(['kdb5_util', 'create', '-s', '-r', 'EXAMPLE.TEST', '-P', 'not-a-secret'], 60)
    if status != 0:
        bench.skip('krb5kdc', f'kdb5_util: {text.strip()}')
        return None
    bench.start('krb5kdc', ['krb5kdc', '-n'])
    bench.start('kadmind', ['kadmind', '-nofork'])
    return [point('kerberos', 'udp', 88, error='KDC_ERR'),
            point('kerberos', 'tcp', 88, error='KDC_ERR'),
            point('kpasswd', 'udp', 464, error='KR'), point('kpasswd', 'tcp', 464, error='KR')]


def samba_ad(bench, address):
    if not bench.has('samba-ad-dc', 'samba', 'samba-tool'):
        return None
    folder = bench.dir('samba-ad')
    text, status = bench.run(['samba-tool', 'domain', 'provision', f'--targetdir={folder}', '--realm=AD.EXAMPLE.TEST',
                              '--domain=AD', '--adminpass=Not-a-secret-1', '--server-role=dc', '--dns-backend=SAMBA_INTERNAL',
                              f'--host-ip={address}', '--option=interfaces=lo ' + f'{address}/24',
                              '--option=bind interfaces only=yes'], 120)
    conf = pathlib.Path(folder, 'etc', 'smb.conf')
    if status != 0 or not conf.exists():
        bench.skip('samba-ad-dc', f'cannot be provisioned: {text.strip()[-200:]}')
        return None
    conf.write_text(conf.read_text().replace('[global]', f'''[global]
 interfaces = {address}/24
 bind interfaces only = yes
 log file = {folder}/log.%m
 pid directory = {folder}
 lock directory = {folder}/lock
 state directory = {folder}/state
 cache directory = {folder}/cache
 private dir = {folder}/private
 ncalrpc dir = {folder}/ncalrpc
 nbt client socket address = {address}
''', 1))
    bench.start('samba-ad', ['samba', '-F', '-i', '-M', 'standard', '-s', str(conf), '--no-process-group'])
    return [point('dns', 'udp', 53), point('dns', 'tcp', 53), point('kerberos', 'udp', 88, error='KDC_ERR'),
            point('kerberos', 'tcp', 88, error='KDC_ERR'), point('kpasswd', 'udp', 464), point('kpasswd', 'tcp', 464),
            point('dcerpc', 'tcp', 135), point('netbios-ns', 'udp', 137), point('netbios-ssn', 'tcp', 139),
            point('smb', 'tcp', 445), point('ldap', 'tcp', 389, defaultNamingContext='DC=ad,DC=example,DC=test'),
            point('ldap', 'udp', 389), point('ldaps', 'tcp', 636, tls=True, probed='tls-untrusted'),
            point('global-catalog', 'tcp', 3268, isGlobalCatalogReady='TRUE'),
            point('global-catalog', 'tcp', 3269, tls=True, probed='tls-untrusted', isGlobalCatalogReady='TRUE')]


def smbd(bench, address):
    if not bench.has('smbd', 'smbd', 'nmbd'):
        return None
    folder = bench.dir('smbd')
    for name in ('private', 'lock', 'state', 'cache', 'ncalrpc', 'run'):
        bench.dir(f'smbd/{name}')
    conf = bench.file('smbd/smb.conf', f'''[global]
 interfaces = {address}/24
 bind interfaces only = yes
 netbios name = FILER
 private dir = {folder}/private
 lock directory = {folder}/lock
 state directory = {folder}/state
 cache directory = {folder}/cache
 ncalrpc dir = {folder}/ncalrpc
 pid directory = {folder}/run
 log file = {folder}/log
 map to guest = bad user
''')
    bench.start('smbd', ['smbd', '-F', '--no-process-group', '-s', conf])
    return [point('smb', 'tcp', 445, dialect='3.0.2'), point('netbios-ssn', 'tcp', 139)]


def tgtd(bench, address):
    if not bench.has('tgtd', 'tgtd', 'tgtadm'):
        return None
    bench.environment['TGT_IPC_SOCKET'] = str(bench.folder / 'tgtd.socket')
    bench.start('tgtd', ['tgtd', '-f', '--iscsi', f'portal={address}:3260,portal=[{six(address)}]:3260'])
    # Without a target tgtd takes no connection.
    target = ['--lld', 'iscsi', '--mode', 'target', '--tid', '1']
    end = time.monotonic() + 10
    while bench.run(['tgtadm', *target, '--op', 'new', '-T', 'iqn.2026-11.test.example:disk'])[1] != 0 and time.monotonic() < end:
        time.sleep(0.05)
    bench.run(['tgtadm', *target, '--op', 'bind', '-I', 'ALL'])
    return [point('iscsi', 'tcp', 3260, status='0000')]


def rpcbind(bench, address):
    if not bench.has('rpcbind', 'rpcbind'):
        return None
    bench.start('rpcbind', ['rpcbind', '-f', '-w', '-h', address, '-h', six(address)])
    points = [point('rpcbind', 'tcp', 111), point('rpcbind', 'udp', 111)]
    if bench.has('rpc.statd', 'rpc.statd'):
        bench.wait('rpcbind', 'tcp', address, 111)
        bench.dir('statd/sm')
        bench.dir('statd/sm.bak')
        bench.start('statd', ['rpc.statd', '-F', '-L', '-p', '32765', '-o', '32766', '-P', str(bench.folder / 'statd')])
        points.append(point('status', 'tcp', 32765, versions='1'))
        points.append(point('status', 'udp', 32765, versions='1'))
    return points


def ganesha(bench, address):
    if not bench.has('nfs-ganesha', 'ganesha.nfsd'):
        return None
    folder = bench.dir('ganesha')
    conf = bench.file('ganesha.conf', f'''NFS_CORE_PARAM {{ NFS_Port = 2049; MNT_Port = 20048;
 NLM_Port = 32803; Rquota_Port = 0; Protocols = 3, 4; Enable_NLM = true; Plugins_Dir = /usr/lib/x86_64-linux-gnu/ganesha; }}
NFSv4 {{ Grace_Period = 5; RecoveryRoot = "{folder}"; }}
EXPORT {{ Export_Id = 1; Path = /mem; Pseudo = /mem; Protocols = 3, 4; Access_Type = RO; FSAL {{ Name = MEM; }} }}
''')
    bench.start('ganesha', ['ganesha.nfsd', '-F', '-f', conf, '-L', f'{folder}/log', '-p', f'{folder}/pid'])
    return [point('nfs', 'tcp', 2049, versions='3 4'), point('nfs', 'udp', 2049), point('mountd', 'tcp', 20048, versions='3'),
            point('mountd', 'udp', 20048), point('nlockmgr', 'tcp', 32803, versions='4'), point('nlockmgr', 'udp', 32803),
            # rpcbind takes TCP at every address; now that mountd and nlockmgr are there, it names them.
            point('nfs-dynamic', 'tcp', 111, following={('mountd', 'tcp', 20048), ('nlockmgr', 'tcp', 32803)})]


def vsftpd(bench, address):
    if not bench.has('vsftpd', 'vsftpd'):
        return None
    conf = bench.file('vsftpd.conf', f'''listen=YES
listen_address={address}
background=NO
anonymous_enable=NO
local_enable=YES
secure_chroot_dir={bench.dir('vsftpd-empty')}
''')
    bench.start('vsftpd', ['vsftpd', conf])
    return [point('ftp', 'tcp', 21), point('ftp-passive', 'tcp', 21, outcome='unverifiable')]


def pyftpdlib(bench, address):
    text, status = bench.run(['/usr/bin/python3', '-c', 'import pyftpdlib'])
    if status != 0:
        bench.skip('pyftpdlib', 'python3-pyftpdlib not installed')
        return None
    bench.start('pyftpdlib', ['/usr/bin/python3', '-m', 'pyftpdlib', '-i', address, '-p', '21', '-d', bench.dir('ftp'),
                              '-r', '41000-41000'])
    return [point('ftp', 'tcp', 21), point('ftp-passive', 'tcp', 21, following={('tcp', 'tcp', 41000)}, data_port='41000')]


def xvnc(bench, address):
    if not bench.has('Xtigervnc', 'Xtigervnc'):
        return None
    bench.start('xvnc', ['Xtigervnc', ':77', '-SecurityTypes', 'None', '-rfbport', '5900', '-interface', address,
                         '-nolisten', 'unix', '-nolisten', 'local', '-listen', 'tcp'])
    return [point('vnc', 'tcp', 5900, version='003.008')]


def xrdp(bench, address):
    if not bench.has('xrdp', 'xrdp'):
        return None
    key, crt = certificate(bench)
    folder = bench.dir('xrdp')
    conf = bench.file('xrdp/xrdp.ini', f'''[Globals]
ini_version=1
fork=true
port=tcp://{address}:3389
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
    return [point('rdp', 'tcp', 3389, security='TLS')]


def rsyslogd(bench, address):
    if not bench.has('rsyslogd', 'rsyslogd'):
        return None
    folder = bench.dir('rsyslog')
    conf = bench.file('rsyslog.conf', f'''module(load="imudp") input(type="imudp" address="{address}" port="514")
input(type="imudp" address="{six(address)}" port="514")
module(load="imtcp") input(type="imtcp" address="{address}" port="514")
input(type="imtcp" address="{six(address)}" port="514")
*.* {folder}/messages
''')
    bench.start('rsyslogd', ['rsyslogd', '-n', '-f', conf, '-i', f'{folder}/pid'])
    # A bare connection is all there is to see; that a port is open tells when it has come up.
    bench.wait('tcp', 'tcp', address, 514)
    return [point('syslog', 'tcp', 514, outcome='unverifiable'), point('syslog', 'udp', 514, outcome='unverifiable')]


SERVERS = [sshd, nginx, chronyd, chronyd_alone, dnsmasq, unbound, slapd, krb5, samba_ad, smbd, tgtd, rpcbind, ganesha,
           vsftpd, pyftpdlib, xvnc, xrdp, rsyslogd]
SIX = {server.__name__ for server in (sshd, nginx, chronyd, dnsmasq, unbound, slapd, krb5, tgtd, rpcbind, rsyslogd)}


# --- between ------------------------------------------------------------------------------------------------------------

BUMP_CA = 'bump.pem'


def squid(bench, name, host, port_options, more=''):
    """A proxy of its own memory and folder; its URL."""
    folder = bench.dir(f'squid-{name}', 0o777)
    hosts = bench.file(f'squid-{name}/hosts', ''.join(f'{far_address(4, 12)} {name}\n' for name in ('a.example.org', 'c.example.net')))
    conf = bench.file(f'squid-{name}/squid.conf', f'''http_port {far_address(4, host)}:3128 {port_options}
pid_filename {folder}/pid
cache_log {folder}/cache.log
access_log none
cache deny all
coredump_dir {folder}
hosts_file {hosts}
dns_nameservers 127.0.0.1
dns_timeout 1 second
connect_timeout 2 seconds
shutdown_lifetime 0 seconds
netdb_filename none
acl ways port 22 80 443
http_access deny CONNECT !ways
http_access allow all
{more}
''')
    bench.start(f'squid-{name}', ['squid', '-N', '-f', conf])
    bench.wait('tcp', 'tcp', far_address(4, host), 3128)
    return f'http://{far_address(4, host)}:3128'


def bumping_squid(bench, host):
    """One that opens TLS with certificates of a CA of its own. None where squid was built without."""
    helper = '/usr/lib/squid/security_file_certgen'
    if not os.path.exists(helper):
        bench.skip('squid that bumps TLS', 'squid-openssl not installed')
        return None
    ca, folder = str(bench.folder / BUMP_CA), bench.dir('squid-bump', 0o777)
    bench.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Inspection',
               '-addext', 'keyUsage=critical,keyCertSign', '-keyout', ca + '.key', '-out', ca + '.crt'])
    pathlib.Path(ca).write_text(pathlib.Path(ca + '.key').read_text() + pathlib.Path(ca + '.crt').read_text())
    bench.run([helper, '-c', '-s', f'{folder}/certificates', '-M', '4MB'])
    bench.run(['chmod', '-R', 'a+rwX', f'{folder}/certificates'])
    return squid(bench, 'bump', host, f'ssl-bump generate-host-certificates=on tls-cert={ca}',
                 f'sslcrtd_program {helper} -s {folder}/certificates -M 4MB\nsslcrtd_children 2\nssl_bump bump all\n'
                 'sslproxy_cert_error allow all\ntls_outgoing_options flags=DONT_VERIFY_PEER')


# --- what is asked ------------------------------------------------------------------------------------------------------

def check_point(bench, server, address, wanted):
    what = f'{wanted["service"]}/{wanted["proto"]} of {server}'
    where = (wanted['service'], wanted['proto'], address, wanted['port'])
    if wanted['outcome'] == 'open':
        answer = bench.wait(*where, tls=wanted['tls'])
    else:
        answer = bench.probe(*where, tls=wanted['tls'])
        end = time.monotonic() + 10
        while answer.outcome in ('refused', 'filtered-or-silent') and time.monotonic() < end:
            answer = bench.probe(*where, tls=wanted['tls'])
    bench.holds(what, answer.outcome == wanted['outcome'], answer)
    for name, text in wanted['evidence'].items():
        bench.holds(f'{what}: {name}', text in answer.evidence.get(name, ''), answer)
    bench.holds(f'{what}: what is next', wanted['following'] <= answer.next, answer)
    print(f'{what}: {answer}', flush=True)


def check(bench, line, names):
    started = []
    bench.far = line.far
    for index, server in enumerate(SERVERS):
        address = far_address(4, 11 + index)
        if not names or server.__name__ in names:
            points = server(bench, address)
            started += [(server.__name__, address, wanted) for wanted in points or []]
    for server, address, wanted in started:
        check_point(bench, server, address, wanted)
    return started
