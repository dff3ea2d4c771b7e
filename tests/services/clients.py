"""Real clients against our own responders: each must be content as far as a handshake goes."""
import re
import time


def check(bench, address):
    bench.file('krb5-client.conf', f'''[libdefaults]
 default_realm = STANDIN.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
[realms]
 STANDIN.TEST = {{
  kdc = {address}
 }}
''')
    for name, program, argv, expected in clients(bench, address):
        if not bench.has(name, program):
            continue
        text, status = bench.run(argv)
        bench.holds(f'{name} against our responder', re.search(expected, text) is not None, f'{status}: {text[-600:]}')
    receipts(bench, address)


def clients(bench, address):
    kinit = ['env', f'KRB5_CONFIG={bench.folder}/krb5-client.conf', 'kinit']
    return [
        ('ldapsearch', 'ldapsearch', ['ldapsearch', '-x', '-LLL', '-H', f'ldap://{address}', '-b', '', '-s', 'base'],
         r'vendorName: Portolan stand-in'),
        ('ldapsearch at the global catalog', 'ldapsearch',
         ['ldapsearch', '-x', '-LLL', '-H', f'ldap://{address}:3268', '-b', '', '-s', 'base'], r'isGlobalCatalogReady: TRUE'),
        ('iscsi-ls', 'iscsi-ls', ['iscsi-ls', f'iscsi://{address}'], r'Target:iqn\.2026-11\.invalid\.portolan:stand-in'),
        ('rpcinfo -p', 'rpcinfo', ['rpcinfo', '-p', address], r'100005\s+3\s+tcp\s+20048'),
        ('rpcinfo -t nfs', 'rpcinfo', ['rpcinfo', '-t', address, '100003', '4'], r'version 4 ready and waiting'),
        ('rpcinfo -u nfs', 'rpcinfo', ['rpcinfo', '-u', address, '100003', '3'], r'version 3 ready and waiting'),
        ('showmount', 'showmount', ['showmount', '--no-headers', '-e', address], r'^\s*$'),
        ('dig', 'dig', ['dig', f'@{address}', 'example.test', '+tries=1'], r'status: REFUSED'),
        ('dig +tcp', 'dig', ['dig', f'@{address}', 'example.test', '+tcp', '+tries=1'], r'status: REFUSED'),
        ('curl http', 'curl', ['curl', '-sS', f'http://{address}/'], r'stand-in of portolan'),
        ('curl s3', 'curl', ['curl', '-sS', f'http://{address}:9000/'], r'<Code>AccessDenied</Code>'),
        ('curl rest', 'curl', ['curl', '-sSi', f'http://{address}:8000/'], r'(?s)application/json.*stand_in'),
        ('curl ftp', 'curl', ['curl', '-sv', '--max-time', '5', f'ftp://{address}/'], r'229 .*\|\|\|40000\|'),
        ('smbclient', 'smbclient', ['smbclient', '-L', address, '-N', '-s', '/dev/null'], r'NT_STATUS_NOT_SUPPORTED'),
        ('smbclient at the session service', 'smbclient', ['smbclient', '-L', address, '-N', '-s', '/dev/null', '-p', '139'],
         r'NT_STATUS_NOT_SUPPORTED'),
        ('rpcclient', 'rpcclient', ['rpcclient', '-U%', f'ncacn_ip_tcp:{address}[135]', '-s', '/dev/null', '-c', 'epmlookup'],
         r'dcerpc_epm_Lookup returned NT_STATUS_RPC_PROCNUM_OUT_OF_RANGE'),
        ('ssh-keyscan', 'ssh-keyscan', ['ssh-keyscan', '-T', '2', address], r'SSH-2\.0-Portolan_stand_in'),
        ('chronyd -Q', 'chronyd', ['chronyd', '-Q', '-t', '15', '-u', 'root', '-f', '/dev/null', f'server {address} iburst',
                                   f'pidfile {bench.folder}/chronyd-q.pid', 'cmdport 0', 'bindcmdaddress /'], r'System clock wrong by'),
        ('ntpdate', 'ntpdate', ['ntpdate', '-q', address], rf'{re.escape(address)}.*s10\b|stratum 10'),
        ('kinit over UDP', 'kinit', [*kinit, 'nobody@STANDIN.TEST'], r"not found in Kerberos database"),
        ('openssl at plain HTTP', 'openssl', ['openssl', 's_client', '-connect', f'{address}:80'], r'unexpected eof|wrong version|no peer certificate'),
    ]


def receipts(bench, address):
    """syslog answers nothing: that a message came is in the receipts."""
    if not bench.has('logger', 'logger'):
        return
    for proto, option in (('udp', '--udp'), ('tcp', '--tcp'), ('tcp', '--octet-count')):
        words = f'portolan test {proto} {option.strip("-")}'
        bench.run(['logger', '-n', address, '-P', '514', *(['--tcp'] if proto == 'tcp' else []), option, words])
        log = bench.folder / 'own.log'
        end = time.monotonic() + 5
        while words not in log.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        bench.holds(f'logger {option}: a receipt', words in log.read_text(), log.read_text()[-300:])
