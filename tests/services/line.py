"""Here - a router - the far end: three network namespaces, so that a firewall can stand before whatever is asked."""
import errno
import os
import socket
import subprocess
import time

FAR_HOSTS = range(11, 100)
ROUTER = {4: '10.1.0.254', 6: 'fd01::fe'}

# What a firewall does to everything that goes to the far end.
TREATMENTS = {
    'drop': ['drop'],
    'reject': ['reject'],
    'reset': ['meta l4proto tcp reject with tcp reset'],
    'prohibited': ['reject with icmpx type admin-prohibited'],
    'lossy': [],
}
LOSSY = 'numgen inc mod 20 0 drop'  # each twentieth packet, in both directions


def address(family, host):
    return f'10.2.0.{host}' if family == 4 else f'fd02::{host}'


def six(v4):
    return address(6, int(v4.rpartition('.')[2]))


class Line:
    """`far` and `router` are prefixes of commands that run there. The far end has every address of FAR_HOSTS."""

    def __init__(self):
        self.processes = []
        router, far = self._namespace(), self._namespace()
        self.router, self.far = (['nsenter', '-t', str(pid), '-n'] for pid in (router, far))
        self._run([], f'ip link add e0 type veth peer name r0 netns {router}')
        self._run(self.router, f'ip link add r1 type veth peer name b0 netns {far}')
        for where, name, v4, v6 in (([], 'e0', '10.1.0.1/24', 'fd01::1/64'), (self.router, 'r0', '10.1.0.254/24', 'fd01::fe/64'),
                                    (self.router, 'r1', '10.2.0.254/24', 'fd02::fe/64'), (self.far, 'b0', '10.2.0.2/24', 'fd02::2/64')):
            self._run(where, f'ip address add {v4} dev {name}', f'ip address add {v6} dev {name} nodad',
                      f'ip link set {name} up', 'ip link set lo up')
        self._run(self.router, 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratemask=0 '
                  'net.ipv6.icmp.ratelimit=0')
        for where, v4, v6 in (([], ROUTER[4], ROUTER[6]), (self.far, '10.2.0.254', 'fd02::fe')):
            self._run(where, f'ip route add default via {v4}', f'ip -6 route add default via {v6}')
        batch = '\n'.join(f'address add {address(4, host)}/24 dev b0\naddress add {address(6, host)}/64 dev b0 nodad'
                          for host in FAR_HOSTS)
        subprocess.run([*self.far, 'ip', '-batch', '-'], input=batch.encode(), check=True)
        for family in (4, 6):
            self._await(address(family, 11))

    def _namespace(self):
        process = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'echo; exec sleep 3600'], stdout=subprocess.PIPE)
        process.stdout.readline()
        self.processes.append(process)
        return process.pid

    @staticmethod
    def _run(where, *lines):
        for line in lines:
            subprocess.run([*where, *line.split()], check=True)

    @staticmethod
    def _await(far):
        """A closed port refuses: the way is there. It takes the kernel a second or two to use IPv6 on new links."""
        end = time.monotonic() + 20
        with_family = socket.AF_INET6 if ':' in far else socket.AF_INET
        while time.monotonic() < end:
            with socket.socket(with_family) as client:
                client.settimeout(1)
                if client.connect_ex((far, 1)) == errno.ECONNREFUSED:
                    return
        raise AssertionError(f'no way to {far}')

    def firewall(self, treatment=None):
        """Before all of the far end; None: nothing is in the way."""
        text = 'flush ruleset\n'
        if treatment is not None:
            rules = [f'{ip} daddr {net} {rule}' for ip, net in (('ip', '10.2.0.0/24'), ('ip6', 'fd02::/64'))
                     for rule in TREATMENTS[treatment]]
            rules += [LOSSY] if treatment == 'lossy' else []
            text += 'table inet t { chain f { type filter hook forward priority 0;\n' + '\n'.join(rules) + '\n}\n}\n'
        subprocess.run([*self.router, 'nft', '-f', '-'], input=text.encode(), check=True)

    def end(self):
        for process in self.processes:
            os.kill(process.pid, 9)
            process.wait()
