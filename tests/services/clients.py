"""Real clients against our own responders: each must be content as far as a handshake goes."""
import re

from network import until


def check(bench, address, trust):
    """Responders at an address; trust is the file of their certificate."""
    bench.environment['KRB5_CONFIG'] = bench.file('krb5-client.conf', f"""[libdefaults]
 default_realm = STANDIN.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
[realms]
 STANDIN.TEST = {{
  kdc = {address}
 }}
""")
    bench.environment['LDAPTLS_CACERT'] = trust
    for name, argv, expected in clients(bench, address, trust):
        if bench.has(name, argv[0]):
            text, status = bench.client(argv)
            bench.holds(f'{name} against our responder', re.search(expected, text), f'{status}: {text[-600:]}')
    receipts(bench, address)


def clients(bench, address, trust):
    ldapsearch = ['ldapsearch', '-x', '-LLL', '-b', '', '-s', 'base']
    dig = ['dig', f'@{address}', 'example.test', '+tries=1']
    smbclient = ['smbclient', '-L', address, '-N', '-s', '/dev/null']
    return [
        ('ldapsearch', [*ldapsearch, '-H', f'ldap://{address}'], r'vendorName: Portolan stand-in'),
        ('ldapsearch at the global catalog', [*ldapsearch, '-H', f'ldap://{address}:3268'],
         r'isGlobalCatalogReady: TRUE'),
        ('ldapsearch over TLS', [*ldapsearch, '-H', f'ldaps://{address}'], r'vendorName: Portolan stand-in'),
        ('iscsi-ls', ['iscsi-ls', f'iscsi://{address}'], r'Target:iqn\.2026-11\.invalid\.portolan:stand-in'),
        ('rpcinfo -p', ['rpcinfo', '-p', address], r'100005\s+3\s+tcp\s+20048'),
        ('rpcinfo -t nfs', ['rpcinfo', '-t', address, '100003', '4'], r'version 4 ready and waiting'),
        ('rpcinfo -u nfs', ['rpcinfo', '-u', address, '100003', '3'], r'version 3 ready and waiting'),
        ('showmount', ['showmount', '--no-headers', '-e', address], r'^\s*$'),
        ('dig', dig, r'status: REFUSED'),
        ('dig +tcp', [*dig, '+tcp'], r'status: REFUSED'),
        ('curl http', ['curl', '-sS', f'http://{address}/'], r'stand-in of portolan'),
        ('curl https', ['curl', '-sS', '--cacert', trust, f'https://{address}/'], r'stand-in of portolan'),
        ('curl s3', ['curl', '-sS', f'http://{address}:9000/'], r'<Code>AccessDenied</Code>'),
        ('curl rest', ['curl', '-sSi', f'http://{address}:8000/'], r'(?s)application/json.*stand_in'),
        ('curl ftp', ['curl', '-sv', '--max-time', '5', f'ftp://{address}/'], r'229 .*\|\|\|40000\|'),
        ('smbclient', smbclient, r'NT_STATUS_NOT_SUPPORTED'),
        ('smbclient at the session service', [*smbclient, '-p', '139'], r'NT_STATUS_NOT_SUPPORTED'),
        ('rpcclient', ['rpcclient', '-U%', f'ncacn_ip_tcp:{address}[135]', '-s', '/dev/null', '-c', 'epmlookup'],
         r'dcerpc_epm_Lookup returned NT_STATUS_RPC_PROCNUM_OUT_OF_RANGE'),
        ('ssh-keyscan', ['ssh-keyscan', '-T', '2', address], r'SSH-2\.0-Portolan_stand_in'),
        ('chronyd -Q', ['chronyd', '-Q', '-t', '15', '-u', 'root', '-f', '/dev/null', f'server {address} iburst',
                        f'pidfile {bench.folder}/chronyd-q.pid', 'cmdport 0', 'bindcmdaddress /'],
         r'System clock wrong by'),
        ('ntpdate', ['ntpdate', '-q', address], rf'{re.escape(address)}.*s10\b|stratum 10'),
        ('kinit', ['kinit', 'nobody@STANDIN.TEST'], r'not found in Kerberos database'),
        ('openssl s_client', ['openssl', 's_client', '-connect', f'{address}:4443', '-CAfile', trust,
                              '-verify_return_error', '-brief'], r'Verification: OK'),
    ]


def receipts(bench, address):
    """syslog answers nothing: that a message came is in the receipts."""
    if not bench.has('logger', 'logger'):
        return
    for proto, option in (('udp', '--udp'), ('tcp', '--tcp'), ('tcp', '--octet-count')):
        words = f'portolan test {proto} {option.strip("-")}'
        bench.client(['logger', '-n', address, '-P', '514', *(['--tcp'] if proto == 'tcp' else []), option, words])
        try:
            until(lambda: words in bench.log('own'), 'a receipt', 5)
            told = True
        except AssertionError:
            told = False
        bench.holds(f'logger {option}: a receipt', told, bench.log('own')[-300:])
