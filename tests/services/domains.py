"""Directories, Kerberos and what Windows speaks, from real servers; see servers.py."""
import pathlib

from proof import Point


def slapd(bench, v4, v6):
    if not bench.has('slapd', 'slapd', 'openssl'):
        return None
    key, crt = bench.certificate()
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
                          f'ldap://{v4}:389/ ldaps://{v4}:636/ ldap://[{v6}]:389/ ldaps://[{v6}]:636/'])
    return [Point('ldap', 'tcp', 389, supportedLDAPVersion='3'),
            Point('ldaps', 'tcp', 636, supportedLDAPVersion='3'),
            Point('global-catalog', 'tcp', 389, outcome='wrong-service')]


def krb5(bench, v4, v6):
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
  kdc = {v4}
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
 admin_server = FILE:{folder}/kadmind.log
''')
    bench.environment['KRB5_KDC_PROFILE'] = bench.file('krb5/kdc.conf', f'''[kdcdefaults]
 kdc_listen = {v4}:88, [{v6}]:88
 kdc_tcp_listen = {v4}:88, [{v6}]:88
[realms]
 EXAMPLE.TEST = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  kadmind_listen = {v4}:749
  kpasswd_listen = {v4}:464, [{v6}]:464
 }}
''')
    text, status = bench.run(['kdb5_util', 'create', '-s', '-r', 'EXAMPLE.TEST', '-P', 'not-a-secret'], 60)
    if status != 0:
        bench.skip('krb5kdc', f'kdb5_util: {text.strip()}')
        return None
    bench.start('krb5kdc', ['krb5kdc', '-n'])
    bench.start('kadmind', ['kadmind', '-nofork'])
    return [Point('kerberos', 'udp', 88, error='KDC_ERR'),
            Point('kerberos', 'tcp', 88, error='KDC_ERR'),
            Point('kpasswd', 'udp', 464, error='KR'), Point('kpasswd', 'tcp', 464, error='KR')]


def samba_ad(bench, v4, v6):
    if not bench.has('samba-ad-dc', 'samba', 'samba-tool'):
        return None
    folder = bench.dir('samba-ad')
    text, status = bench.run(['samba-tool', 'domain', 'provision', f'--targetdir={folder}', '--realm=AD.EXAMPLE.TEST',
                              '--domain=AD', '--adminpass=Not-a-secret-1', '--server-role=dc',
                              '--dns-backend=SAMBA_INTERNAL', f'--host-ip={v4}', f'--host-ip6={v6}',
                              f'--option=interfaces=lo {v4}/24 {v6}/64', '--option=bind interfaces only=yes'], 120)
    conf = pathlib.Path(folder, 'etc', 'smb.conf')
    if status != 0 or not conf.exists():
        bench.skip('samba-ad-dc', f'cannot be provisioned: {text.strip()[-200:]}')
        return None
    conf.write_text(conf.read_text().replace('[global]', f'''[global]
 interfaces = {v4}/24 {v6}/64
 bind interfaces only = yes
 server services = -kcc -dnsupdate
 log file = {folder}/log.%m
 pid directory = {folder}
 lock directory = {folder}/lock
 state directory = {folder}/state
 cache directory = {folder}/cache
 private dir = {folder}/private
 ncalrpc dir = {folder}/ncalrpc
 nbt client socket address = {v4}
''', 1))
    bench.start('samba-ad', ['samba', '-F', '-i', '-M', 'standard', '-s', str(conf), '--no-process-group'])
    return [Point('dns', 'udp', 53), Point('dns', 'tcp', 53), Point('kerberos', 'udp', 88, error='KDC_ERR'),
            Point('kerberos', 'tcp', 88, error='KDC_ERR'), Point('kpasswd', 'udp', 464), Point('kpasswd', 'tcp', 464),
            Point('dcerpc', 'tcp', 135), Point('netbios-ns', 'udp', 137, families=(4,)),
            Point('netbios-ssn', 'tcp', 139), Point('smb', 'tcp', 445),
            Point('ldap', 'tcp', 389, defaultNamingContext='DC=ad,DC=example,DC=test'),
            Point('ldap', 'udp', 389), Point('ldaps', 'tcp', 636, outcome='tls-untrusted'),
            Point('global-catalog', 'tcp', 3268, isGlobalCatalogReady='TRUE'),
            Point('global-catalog', 'tcp', 3269, outcome='tls-untrusted', isGlobalCatalogReady='TRUE')]


def smbd(bench, v4, v6):
    if not bench.has('smbd', 'smbd', 'nmbd'):
        return None
    folder = bench.dir('smbd')
    for name in ('private', 'lock', 'state', 'cache', 'ncalrpc', 'run'):
        bench.dir(f'smbd/{name}')
    conf = bench.file('smbd/smb.conf', f'''[global]
 interfaces = {v4}/24 {v6}/64
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
    return [Point('smb', 'tcp', 445, dialect='3.0.2'), Point('netbios-ssn', 'tcp', 139)]
