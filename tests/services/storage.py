"""Servers of blocks, files and what NFS needs beside it; see servers.py."""
from network import until
from proof import Point


def tgtd(bench, v4, v6):
    if not bench.has('tgtd', 'tgtd', 'tgtadm'):
        return None
    bench.environment['TGT_IPC_SOCKET'] = str(bench.folder / 'tgtd.socket')
    bench.start('tgtd', ['tgtd', '-f', '--iscsi', f'portal={v4}:3260,portal=[{v6}]:3260'])
    # Without a target tgtd takes no connection.
    target = ['--lld', 'iscsi', '--mode', 'target', '--tid', '1']
    new = ['tgtadm', *target, '--op', 'new', '-T', 'iqn.2026-11.test.example:disk']
    until(lambda: bench.run(new)[1] == 0, 'a target of tgtd')
    bench.run(['tgtadm', *target, '--op', 'bind', '-I', 'ALL'])
    return [Point('iscsi', 'tcp', 3260, status='0000')]


def rpcbind(bench, v4, v6):
    if not bench.has('rpcbind', 'rpcbind'):
        return None
    bench.start('rpcbind', ['rpcbind', '-f', '-w', '-h', v4, '-h', v6])
    points = [Point('rpcbind', 'tcp', 111), Point('rpcbind', 'udp', 111)]
    if bench.has('rpc.statd', 'rpc.statd'):
        bench.await_port(v4, 111)
        bench.dir('statd/sm')
        bench.dir('statd/sm.bak')
        bench.start('statd', ['rpc.statd', '-F', '-L', '-p', '32765', '-o', '32766', '-P', str(bench.folder / 'statd')])
        points.append(Point('status', 'tcp', 32765, versions='1'))
        points.append(Point('status', 'udp', 32765, versions='1'))
    return points


def ganesha(bench, v4, v6):
    if not bench.has('nfs-ganesha', 'ganesha.nfsd'):
        return None
    folder = bench.dir('ganesha')
    conf = bench.file('ganesha.conf', f'''NFS_CORE_PARAM {{ NFS_Port = 2049; MNT_Port = 20048;
 NLM_Port = 32803; Rquota_Port = 0; Protocols = 3, 4; Enable_NLM = true;
 Plugins_Dir = /usr/lib/x86_64-linux-gnu/ganesha; }}
NFSv4 {{ Grace_Period = 5; RecoveryRoot = "{folder}"; }}
EXPORT {{ Export_Id = 1; Path = /mem; Pseudo = /mem; Protocols = 3, 4; Access_Type = RO; FSAL {{ Name = MEM; }} }}
''')
    bench.start('ganesha', ['ganesha.nfsd', '-F', '-f', conf, '-L', f'{folder}/log', '-p', f'{folder}/pid'])
    # Datagrams of IPv6 it answers from another address than it was asked at.
    return [Point('nfs', 'tcp', 2049, versions='3 4'), Point('nfs', 'udp', 2049, families=(4,)),
            Point('mountd', 'tcp', 20048, versions='3'), Point('mountd', 'udp', 20048, families=(4,)),
            Point('nlockmgr', 'tcp', 32803, versions='4'), Point('nlockmgr', 'udp', 32803, families=(4,)),
            # rpcbind takes TCP at every address; now that mountd and nlockmgr are there, it names them.
            Point('nfs-dynamic', 'tcp', 111, following=[('mountd', 'tcp', 20048), ('nlockmgr', 'tcp', 32803)])]


def vsftpd(bench, v4, v6):
    if not bench.has('vsftpd', 'vsftpd'):
        return None
    for family, listens in ((4, f'listen=YES\nlisten_address={v4}'),
                            (6, f'listen=NO\nlisten_ipv6=YES\nlisten_address6={v6}')):
        conf = bench.file(f'vsftpd{family}.conf', f'''{listens}
background=NO
anonymous_enable=NO
local_enable=YES
secure_chroot_dir={bench.dir('vsftpd-empty')}
''')
        bench.start(f'vsftpd{family}', ['vsftpd', conf])
    return [Point('ftp', 'tcp', 21), Point('ftp-passive', 'tcp', 21, outcome='unverifiable')]


def pyftpdlib(bench, v4, v6):
    text, status = bench.run(['/usr/bin/python3', '-c', 'import pyftpdlib'])
    if status != 0:
        bench.skip('pyftpdlib', 'python3-pyftpdlib not installed')
        return None
    for host in (v4, v6):
        bench.start('pyftpdlib', ['/usr/bin/python3', '-m', 'pyftpdlib', '-i', host, '-p', '21', '-d', bench.dir('ftp'),
                                  '-r', '41000-41000'])
    return [Point('ftp', 'tcp', 21), Point('ftp-passive', 'tcp', 21, following=[('tcp', 'tcp', 41000)])]
