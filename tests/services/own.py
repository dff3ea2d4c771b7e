"""Our own responders, a far end of which everything is known: `portolan probe` finds what `portolan listen` answers."""
from line import address
from network import PORTOLAN
from proof import Point, Proof, UNVERIFIABLE, run, target

PORTS = {
    'tcp': {'dns': 53, 'kerberos': 88, 'kpasswd': 464, 'ldap': 389, 'ldaps': 636, 'global-catalog': 3268,
            'netbios-ssn': 139, 'smb': 445, 'dcerpc': 135, 'rpcbind': 111, 'nfs': 2049, 'mountd': 20048,
            'nlockmgr': 32803, 'status': 32765, 'iscsi': 3260, 'ssh': 22, 'vnc': 5900, 'rdp': 3389, 'ftp': 21,
            'http': 80, 'https': 443, 's3': 9000, 'rest': 8000, 'tls': 4443, 'tcp': 4000, 'syslog': 514, 'wlb': 8012,
            'citrix-licensing': 27000, 'citrix-vendor-daemon': 7279, 'replication': 3712, 'clustering': 21064},
    'udp': {'ntp': 123, 'dns': 53, 'kerberos': 88, 'kpasswd': 464, 'ldap': 389, 'rpcbind': 111, 'nfs': 2049,
            'nlockmgr': 32803, 'syslog': 514, 'corosync': 5405, 'pvs': 6910, 'netbios-ns': 137, 'udp': 4000},
}
FTP_DATA = 40000
# Those that do not ask as we ask ourselves hear nothing: there is no answer that is not longer than the request.
SILENT = {'netbios-ns', 'udp'}
# One host is asked one datagram a second, so each service over UDP has a host of its own; the first has the others too.
FIRST = 60
HOSTS = range(FIRST, FIRST + len(PORTS['udp']) + 1)


def start(bench):
    """The options with which their certificate is trusted."""
    written = str(bench.folder / 'own.pem')
    words = [f'{service}+{proto}:{port}' for proto, ports in PORTS.items() for service, port in ports.items()]
    words += [f'ftp-passive:{FTP_DATA}']
    binds = [word for host in HOSTS for family in (4, 6) for word in ('--bind', address(family, host))]
    bench.start('own', [PORTOLAN, 'listen', *words, *binds, '--write-certificate', written,
                        *(word for net in ('10.1.0.0/24', 'fd01::/64', 'fd02::/64') for word in ('--allow', net))])
    bench.await_port(address(4, FIRST), PORTS['tcp']['tcp'])
    return '--ca', written


def points():
    of_nfs = [(service, 'tcp', PORTS['tcp'][service]) for service in ('mountd', 'nlockmgr', 'status')]
    found = [Point('icmp', 'icmp').at(FIRST, 'the kernel'),
             Point('ftp-passive', 'tcp', PORTS['tcp']['ftp'], following=[('tcp', 'tcp', FTP_DATA)]).at(FIRST, 'own'),
             Point('nfs-dynamic', 'tcp', PORTS['tcp']['rpcbind'], following=of_nfs).at(FIRST, 'own')]
    for proto, ports in PORTS.items():
        for n, (service, port) in enumerate(ports.items()):
            outcome = 'unverifiable' if service in UNVERIFIABLE else 'open'
            if service not in SILENT:
                found.append(Point(service, proto, port, outcome).at(FIRST + (n + 1 if proto == 'udp' else 0), 'own'))
    return found


def asked_by_ourselves(bench, trust):
    """With --own all of them are open, and say whom they saw."""
    places = [place for point in points() if not point.following for place in point.places()]
    places += [(service, 'udp', address(family, HOSTS[-1]), PORTS['udp'][service])
               for service in sorted(SILENT) for family in (4, 6)]
    rows = {(row['service'], row['transport'], row['address'], row['port']): row
            for row in run([target(place) for place in places], '--own', *trust)}
    for place in places:
        row = rows.get(place, {'outcome': None})
        seen = row['detail'].get('seen-from', '') if row['outcome'] == 'open' else ''
        bench.holds(f'{target(place)} --own', row['outcome'] == 'open' and (
            place[0] not in UNVERIFIABLE or seen.rpartition(':')[0].strip('[]') in ('10.1.0.1', 'fd01::1')), row)


def prove(bench, trust):
    """Of the responders that were started."""
    Proof(bench, points(), *trust).everything()
    asked_by_ourselves(bench, trust)
