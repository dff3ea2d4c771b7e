#!/usr/bin/env python3
"""Our probes against our own responders, and against the servers of Debian; our responders against its clients.

    run.py own              our own responders alone: needs nothing that is not needed to run the program
    run.py [NAME...]        the servers, single ones by name (`squid` with `nginx sshd`); `clients`: the clients alone

The far end is in a network namespace, behind another one that is a firewall. Each server has an address of its own,
so that all have their usual ports. What is not installed is skipped, loudly. SHOW=1 shows how long each run took,
KEEP_LOGS=FOLDER keeps what servers said when something failed. The last line is `N passed, N failed`.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'live')]
import clients  # noqa: E402
import own  # noqa: E402
import proxies  # noqa: E402
import servers  # noqa: E402
from bench import Bench  # noqa: E402
from line import Line, address  # noqa: E402
from network import enter  # noqa: E402
from proof import Proof  # noqa: E402

# What servers keep beside what they are told lies in folders of the namespace's own.
PRIVATE = {'/dev/shm': [], '/run': ['samba', 'sshd', 'rpcbind'], '/var/log': ['samba'], '/var/lib/samba': ['private'],
           '/var/cache/samba': [], '/var/lib/nfs': ['sm', 'sm.bak']}


def privately():
    for path, folders in PRIVATE.items():
        if os.path.isdir(path):
            subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', path], check=True)
            for folder in folders:
                os.makedirs(os.path.join(path, folder))


def prove_own(bench):
    trust = own.start(bench)
    own.prove(bench, trust)
    proxies.prove_socks(bench, own.FIRST, *trust)


def prove_servers(bench, names):
    proof = Proof(bench, servers.start(bench, names), '--ca', bench.certificate()[1])
    proof.comes_up()
    proof.everything()
    if not names or 'squid' in names:
        proxies.prove_squid(bench, proof.points)
    bench.end()


def prove_clients(bench):
    _, trust = own.start(bench)
    clients.check(bench, address(4, own.FIRST), trust)


def main():
    enter()
    names = [name for name in sys.argv[1:] if name != '--inside']
    unknown = set(names) - {'own', 'clients', 'squid'} - {server.__name__ for server in servers.SERVERS}
    if unknown:
        sys.exit(f'run.py: no such server: {" ".join(sorted(unknown))}')
    if shutil.which('nft') is None:
        print('skipped: there is no nft')
        return 77
    privately()
    with tempfile.TemporaryDirectory(prefix='portolan-services-') as folder:
        os.chmod(folder, 0o755)
        bench = Bench(Line([*servers.HOSTS, *proxies.HOSTS, *own.HOSTS]), folder)
        try:
            if names == ['own']:
                prove_own(bench)
            else:
                if names != ['clients']:
                    prove_servers(bench, names)
                if not names or names == ['clients']:
                    prove_clients(bench)
        finally:
            bench.end()
            if bench.failed and os.environ.get('KEEP_LOGS'):
                subprocess.run(['cp', '-r', folder + '/.', os.environ['KEEP_LOGS']], check=False)
    if bench.skipped:
        print(f'skipped: {len(bench.skipped)}: {", ".join(bench.skipped)}')
    print(f'{bench.passed} passed, {bench.failed} failed')
    return 1 if bench.failed else 0


if __name__ == '__main__':
    sys.exit(main())
