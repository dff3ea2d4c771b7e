"""Here - a router - the far end: three network namespaces, so that a firewall can stand before whatever is asked."""
import errno
import re
import socket
import subprocess

from network import until

ROUTER = {4: "10.1.0.254", 6: "fd01::fe"}


def address(family, host):
    """Of the far end."""
    return f"10.2.0.{host}" if family == 4 else f"fd02::{host}"


class Line:
    """`router` and `far` stand in front of a command that runs there. The far end has the addresses of hosts."""

    def __init__(self, hosts):
        self.hosts = list(hosts)
        router, far = self._namespace(), self._namespace()
        self.router, self.far = (["nsenter", "-t", str(pid), "-n"] for pid in (router, far))
        self._ip([], f"link add e0 type veth peer name r0 netns {router}", "link set lo up")
        self._ip(self.router, f"link add r1 type veth peer name b0 netns {far}", "link set lo up")
        self._ip([], *self._end("e0", {4: "10.1.0.1", 6: "fd01::1"}),
                 f"route add 0.0.0.0/0 via {ROUTER[4]}", f"route add ::/0 via {ROUTER[6]}")
        self._ip(self.router, *self._end("r0", ROUTER), *self._end("r1", {4: address(4, 254), 6: address(6, 254)}))
        # It says of each packet what became of it.
        self._set(self.router, ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, ipv4__icmp_ratemask=0,
                  ipv6__icmp__ratemask=255)
        each = [self._end("b0", {family: address(family, host) for family in (4, 6)}) for host in self.hosts]
        self._ip(self.far, "link set lo up", *sum(each, []),
                 f"route add 0.0.0.0/0 via {address(4, 254)}", f"route add ::/0 via {address(6, 254)}")
        for family in (4, 6):
            self._reach(address(family, self.hosts[0]))

    @staticmethod
    def _namespace():
        """A process in a network namespace of its own, which lives as long as this test."""
        process = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 3600"], stdout=subprocess.PIPE)
        process.stdout.readline()
        return process.pid

    @staticmethod
    def _end(device, addresses):
        return [f"address add {addresses[4]}/24 dev {device}", f"address add {addresses[6]}/64 dev {device} nodad",
                f"link set {device} up"]

    @staticmethod
    def _ip(where, *lines):
        subprocess.run([*where, "ip", "-batch", "-"], input="\n".join(lines).encode(), check=True)

    @staticmethod
    def _set(where, **settings):
        lines = [f"echo {value} >/proc/sys/net/{name.replace('__', '/')}" for name, value in settings.items()]
        subprocess.run([*where, "sh", "-ec", "\n".join(lines)], check=True)

    @staticmethod
    def _reach(far):
        """A closed port refuses: the way is there. It takes the kernel a second or two to use IPv6 on new links."""
        def refuses():
            with socket.socket(socket.AF_INET6 if ":" in far else socket.AF_INET) as client:
                client.settimeout(1)
                return client.connect_ex((far, 1)) == errno.ECONNREFUSED
        until(refuses, f"a way to {far}")

    def counted(self):
        """Packets that met a counter of the firewall."""
        listed = subprocess.run([*self.router, "nft", "list", "ruleset"], stdout=subprocess.PIPE, check=True, text=True)
        return sum(map(int, re.findall(r"counter packets (\d+)", listed.stdout)))

    def firewall(self, *rules):
        """These stand before all of the far end; none: nothing is in the way."""
        text = "flush ruleset\n"
        if rules:
            text += "table inet t { chain f { type filter hook forward priority 0;\n" + "\n".join(rules) + "\n}\n}\n"
        subprocess.run([*self.router, "nft", "-f", "-"], input=text.encode(), check=True)
