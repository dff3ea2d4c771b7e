#!/usr/bin/env python3
"""portolan probe against portolan listen, a resolver, certificates and firewalls, in network namespaces: here is the one
who asks, behind a router with nftables are the hosts of the site."""
import contextlib
import errno
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from network import PORTOLAN, Listening, enter, until  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="portolan-probe-")
QUICK = ["--timeout", "800", "--tries", "1"]

SITE = """\
portolan: site/1
site: line
resolver: 127.0.0.53
names: {me: [10.1.0.1, "fd01::1"], srv: [10.2.0.2, "fd02::2"], filer: 10.2.0.3}
instances:
  pool:
    product: xcp-ng
    features: [nfs3, -updates]
    roles: {host: me, ntp-server: srv, dns-server: none, nfs-server: filer, client: none}
domains: {mirrors.xcp-ng.org: [10.2.0.2]}
omit: [{requirement: pool/host-ntp, ports: [123/tcp], owner: o, reason: ours is UDP only}]
extra:
  - {id: web, from: me, to: srv, ports: [443/tcp], service: https, owner: o, reason: r}
  - {id: ssh, from: me, to: srv, ports: [22/tcp], service: ssh, owner: o, reason: r}
zones: {near: [10.1.0.0/24, "fd01::/64"], beyond: [10.2.0.0/24, "fd02::/64"]}
firewalls:
  router:
    dialect: iptables
    ruleset: [router.rules, router.rules6]
    interfaces: {near: r0, beyond: r1}
    addresses: [10.1.0.254, 10.2.0.254]
"""
RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s ME -d BEYOND -j ACCEPT
COMMIT
"""


def expect(condition, why):
    if not condition:
        raise AssertionError(str(why))


def path(name, text=None):
    name = os.path.join(FOLDER, name)
    if text is not None:
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    return name


def probe(*arguments, status):
    done = subprocess.run([PORTOLAN, "probe", *map(str, arguments), "--format", "json"], capture_output=True, timeout=60,
                          check=False)
    expect(done.returncode == status, (arguments, done.returncode, done.stdout.decode(), done.stderr.decode()))
    return json.loads(done.stdout)


def by_flow(document):
    found = {}
    for outcome in document["outcomes"]:
        found.setdefault(outcome["flow"], []).append(outcome)
    return found


# --- the line: here -- router -- beyond -------------------------------------------------------------------------------

def namespace():
    """A process in a network namespace of its own, which lives as long as this test."""
    process = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process.pid


def at(pid, *words):
    subprocess.run(["nsenter", "-t", str(pid), "-n", *words], check=True)


def ip(pid, words):
    at(pid, "ip", *words.split())


def make_line():
    router, beyond, here = namespace(), namespace(), os.getpid()
    subprocess.run(f"ip link add e0 type veth peer name r0 netns {router}".split(), check=True)
    at(router, *f"ip link add r1 type veth peer name b0 netns {beyond}".split())
    for pid, name, v4, v6 in ((here, "e0", "10.1.0.1/24", "fd01::1/64"), (router, "r0", "10.1.0.254/24", "fd01::fe/64"),
                              (router, "r1", "10.2.0.254/24", "fd02::fe/64"), (beyond, "b0", "10.2.0.2/24", "fd02::2/64")):
        ip(pid, f"addr add {v4} dev {name}")
        ip(pid, f"addr add {v6} dev {name} nodad")
        ip(pid, f"link set {name} up")
        ip(pid, "link set lo up")
    ip(beyond, "addr add 10.2.0.3/24 dev b0")
    at(router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
    for pid, v4, v6 in ((here, "10.1.0.254", "fd01::fe"), (beyond, "10.2.0.254", "fd02::fe")):
        ip(pid, f"route add default via {v4}")
        ip(pid, f"-6 route add default via {v6}")
    return router, beyond


def firewall(router, *rules):
    text = "flush ruleset\n"
    if rules:
        text += "table inet t { chain f { type filter hook forward priority 0;\n" + "\n".join(rules) + "\n}\n}\n"
    subprocess.run(["nsenter", "-t", str(router), "-n", "nft", "-f", "-"], input=text.encode(), check=True)


def answers(address):
    """A closed port refuses: the way is there. It takes the kernel a second or two to use IPv6 on new links."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
        client.settimeout(1)
        return client.connect_ex((address, 1)) == errno.ECONNREFUSED


@contextlib.contextmanager
def listening(beyond, *arguments):
    """portolan listen beyond the router."""
    wrapper = path("there", f'#!/bin/sh\nexec nsenter -t {beyond} -n "{PORTOLAN}" "$@"\n')
    os.chmod(wrapper, 0o755)
    import network
    network.PORTOLAN = wrapper
    with Listening(*arguments) as far:
        network.PORTOLAN = PORTOLAN
        yield far


# --- a resolver -------------------------------------------------------------------------------------------------------

class Resolver:
    """Answers A and AAAA for the names it has, and says NXDOMAIN to others."""

    def __init__(self, names):
        self.names = names
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.53", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            labels, at_byte = [], 12
            while query[at_byte]:
                labels.append(query[at_byte + 1:at_byte + 1 + query[at_byte]].decode().lower())
                at_byte += 1 + query[at_byte]
            name, kind = ".".join(labels), struct.unpack("!H", query[at_byte + 1:at_byte + 3])[0]
            self.asked.append(name)
            question = query[12:at_byte + 5]
            found = [address for address in self.names.get(name, []) if (":" in address) == (kind == 28)]
            answers = b"".join(
                struct.pack("!HHHIH", 0xc00c, kind, 1, 60, len(data)) + data
                for data in (socket.inet_pton(socket.AF_INET6 if kind == 28 else socket.AF_INET, address)
                             for address in found))
            code = 0 if name in self.names else 3
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0) + question + answers,
                               peer)


class Proxy:
    """An HTTP proxy for CONNECT: it looks names up in a table of its own, and refuses the others."""

    def __init__(self, names):
        self.names = names
        self.asked = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        target = head.split()[1].decode()
        self.asked.append(target)
        name, port = target.rsplit(":", 1)
        if name not in self.names:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        server = socket.create_connection((self.names[name], int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


# --- cases ------------------------------------------------------------------------------------------------------------

def everything_holds(router, beyond, resolver):
    """What listen answers for the hosts of the site, probe finds open, in both families, from the source of the flow."""
    firewall(router)
    with listening(beyond, path("site.yaml"), "--as", "srv") as far:
        document = probe(path("site.yaml"), "--from", "me", *QUICK, status=1)
        flows = by_flow(document)
        for flow in ("pool/host-ntp/udp", "pool/host-ntp/udp/v6", "extra/web/tcp", "extra/web/tcp/v6", "extra/ssh/tcp"):
            expect(flows[flow][0]["holds"] is True, (flow, flows[flow], far.output()))
        web = flows["extra/web/tcp"][0]
        expect(web["outcome"] == "tls-untrusted" and web["warning"] and web["detail"]["fingerprint"], web)
        expect(web["source"] == "10.1.0.1" and web["ms"]["tls"] is not None, web)
        expect([row["holds"] for row in flows["pool/nfs3-dynamic/tcp"]] == [None], flows["pool/nfs3-dynamic/tcp"])
        expect(document["findings"] == [], document["findings"])


def names(router, beyond, resolver):
    """Every address of a name, of both families; a name that nobody knows fails; a domain goes to the site's resolver."""
    firewall(router)
    resolver.names.update({"srv.example": ["10.2.0.2", "10.2.0.3", "fd02::2"], "mirrors.xcp-ng.org": ["10.2.0.3"]})
    with listening(beyond, "ssh:22", "https:443", "--allow", "10.1.0.0/24", "--allow", "fd01::/64"):
        outcomes = probe("ssh://srv.example", "--resolver", "127.0.0.53", *QUICK, status=0)["outcomes"]
        expect(sorted(row["address"] for row in outcomes) == ["10.2.0.2", "10.2.0.3", "fd02::2"], outcomes)
        expect(all(row["outcome"] == "open" and row["ms"]["resolve"] is not None for row in outcomes), outcomes)
        expect({row["target"] for row in outcomes} == {"ssh://srv.example:22"}, outcomes)
        outcome = probe("ssh://none.example", "--resolver", "127.0.0.53", status=1)["outcomes"][0]
        expect(outcome["outcome"] == "unresolved" and outcome["reason"] == "no such name", outcome)
        updates = path("updates.yaml", SITE.replace("-updates", "updates"))
        outcome = by_flow(probe(updates, "--from", "me", *QUICK, status=1))["pool/host-mirrors/tcp"][0]
        expect(outcome["address"] == "10.2.0.3" and "does not know this address" in outcome["warning"], outcome)
        expect(outcome["outcome"] == "tls-untrusted" and outcome["holds"] is False, outcome)


def through_proxy(router, beyond, resolver):
    """Names go to the proxy, and nobody here looks them up; what the proxy refuses is told from what the target does."""
    firewall(router)
    resolver.asked.clear()
    proxy = Proxy({"inside.example": "10.2.0.2", "mirrors.xcp-ng.org": "10.2.0.2"})
    url = f"http://127.0.0.1:{proxy.port}"
    with listening(beyond, "ssh:22", "https:443", "--allow", "10.1.0.0/24", "--bind", "10.2.0.2"):
        outcomes = probe("ssh://inside.example", "ssh://outside.example", "ssh://10.2.0.2", "--proxy", url, "--resolver",
                         "127.0.0.53", *QUICK, status=1)["outcomes"]
        expect([row["outcome"] for row in outcomes] == ["open", "proxy-refused", "open"], outcomes)
        expect([row.get("proxy") for row in outcomes] == [url, url, None], outcomes)
        expect(outcomes[0]["address"] is None and outcomes[2]["address"] == "10.2.0.2", outcomes)
        expect(sorted(proxy.asked) == ["inside.example:22", "outside.example:22"], proxy.asked)
        site = path("proxied.yaml", SITE.replace("-updates", "updates") + f"proxy: {url}\n")
        outcome = by_flow(probe(site, "--from", "me", *QUICK, status=1))["pool/host-mirrors/tcp"][0]
        expect(outcome["outcome"] == "tls-untrusted" and outcome["proxy"] == url, outcome)
        expect(resolver.asked == [], resolver.asked)


def certificates(router, beyond, resolver):
    """A target's certificate must be trusted, by --ca, or pinned when it is first seen; then no other one will do."""
    firewall(router)
    written, pins = path("far.pem"), path("pins")
    allow = ["--allow", "10.1.0.0/24", "--bind", "10.2.0.2"]
    with listening(beyond, "https:443", *allow, "--write-certificate", written):
        outcome = probe("https://10.2.0.2", status=1)["outcomes"][0]
        expect(outcome["outcome"] == "tls-untrusted", outcome)
        expect(probe("https://10.2.0.2", "--expect", "denied", status=1), "a connection was made")
        first = probe("https://10.2.0.2", "--pins", pins, status=0)["outcomes"][0]
        expect(first["outcome"] == "open" and "first time" in first["reason"], first)
        kept = open(pins, encoding="utf-8").read()
        expect(re.fullmatch(r"10\.2\.0\.2:443 [0-9A-Fa-f:]+\n", kept), kept)
        expect(probe("https://10.2.0.2", "--pins", pins, status=0)["outcomes"][0]["outcome"] == "open", "pinned")
    with listening(beyond, "https:443", *allow):
        for arguments in (["https://10.2.0.2"], [path("site.yaml"), "--from", "me", *QUICK]):
            document = probe(*arguments, "--pins", pins, status=1)
            outcome = [row for row in document["outcomes"] if row["target"].startswith("https://")][0]
            expect(outcome["outcome"] == "tls-untrusted" and outcome["holds"] is False, outcome)
            expect("not the one that was pinned" in outcome["reason"], outcome)
    expect(open(pins, encoding="utf-8").read().startswith(kept), "a changed certificate was pinned")


def interception(router, beyond, resolver):
    """One certificate's issuer over names that have nothing in common: somebody reads along."""
    firewall(router)
    resolver.names.update({"a.example.org": ["10.2.0.2"], "b.example.org": ["10.2.0.2"], "c.example.net": ["10.2.0.2"]})
    dns = ["--resolver", "127.0.0.53", *QUICK]
    with listening(beyond, "https:443", "--allow", "10.1.0.0/24"):
        document = probe("https://a.example.org", "https://b.example.org", *dns, status=1)
        expect([row["outcome"] for row in document["outcomes"]] == ["tls-untrusted"] * 2, document["outcomes"])
        document = probe("https://a.example.org", "https://c.example.net", *dns, status=1)
        expect([row["outcome"] for row in document["outcomes"]] == ["tls-intercepted"] * 2, document["outcomes"])
        expect([finding["kind"] for finding in document["findings"]] == ["intercepted"] * 2, document["findings"])


def discovery(router, beyond, resolver):
    """rpcbind names the ports; what is there is asked for what it is, and shown as the parameters that pin it."""
    firewall(router)
    allow = ["--allow", "10.1.0.0/24", "--bind", "10.2.0.3"]
    with listening(beyond, "rpcbind:111", "mountd:20048", "nlockmgr:32803", "status+tcp:32765", *allow):
        outcomes = probe("mountd+tcp://10.2.0.3", *QUICK, status=0)["outcomes"]
        expect([row["target"] for row in outcomes] == ["mountd+tcp://10.2.0.3:20048"], outcomes)
        outcomes = probe("pvs://10.2.0.3", "mountd://10.2.0.9", *QUICK, status=1)["outcomes"]
        document = probe(path("site.yaml"), "--from", "me", "--discover", *QUICK, status=1)
        flow = by_flow(document)["pool/nfs3-dynamic/tcp"]
        expect(sorted(row["target"] for row in flow) == ["mountd+tcp://filer:20048", "nlockmgr+tcp://filer:32803",
                                                         "status+tcp://filer:32765"], flow)
        expect(all(row["holds"] is True for row in flow), flow)
        found = {(port["parameter"], port["port"]) for port in document["ports"]}
        expect(found == {("mountd-port", 20048), ("nlockmgr-port", 32803), ("status-port", 32765)}, document["ports"])
        text = subprocess.run([PORTOLAN, "probe", path("site.yaml"), "--from", "me", "--discover", *QUICK],
                              capture_output=True, check=False).stdout.decode()
        snippet = text[text.index("instances:\n"):].split("\n\n")[0]
        expect(sorted(snippet.split("\n")) == sorted(
            ["instances:", "  pool:", "    parameters:", "      mountd-port: 20048", "      nlockmgr-port: 32803",
             "      status-port: 32765"]), text)


def written(router, beyond, resolver):
    """--write: the ports that were found stand in the site, every other byte as it was; or nothing is written."""
    def attempt(text, status, mode=0o640, servers="filer"):
        with open(path("pinned.yaml"), "wb") as file:
            file.write(text.replace("nfs-server: filer", f"nfs-server: {servers}").encode())
        os.chmod(path("pinned.yaml"), mode)
        done = subprocess.run([PORTOLAN, "probe", link, "--from", "me", "--discover", "--write", "--no-check", *QUICK],
                              capture_output=True, check=False)
        expect(done.returncode == status, (done.returncode, done.stdout.decode(), done.stderr.decode()))
        expect(os.path.islink(link) and os.stat(link).st_mode & 0o7777 == mode, "the link or the mode is another")
        with open(link, "rb") as file:
            return file.read().decode(), done.stderr.decode(), done.stdout.decode()

    firewall(router)
    link = path("link.yaml")
    os.symlink("pinned.yaml", link)
    site = "\ufeff" + SITE.replace("product: xcp-ng", "product: xcp-ng  # NFS 3").replace("\n", "\r\n")
    product = "    product: xcp-ng  # NFS 3\r\n"
    found = "mountd-port: 20048, nlockmgr-port: 32803, status-port: 32765"
    services = ["mountd:20048", "nlockmgr:32803", "status+tcp:32765"]
    with listening(beyond, "rpcbind:111", *services, "--allow", "10.1.0.0/24", "--bind", "10.2.0.3"):
        text, said, _ = attempt(site, 1)
        match = re.search("    parameters: {(.*)}\r\n", text)
        expect(match and sorted(match[1].split(", ")) == found.split(", "), text)
        expect(text.replace(match[0], "") == site and product + match[0] in text, text)
        expect('mountd-port of "pool" is 20048 now, and was not set' in said, said)
        again, said, _ = attempt(text, 1)
        expect(again == text and "there is no port to write" in said, (again, said))
        # A value that is there is replaced where it is another one, in its quotes.
        partly = site.replace(product, product + "    parameters: {status-port: '32765', mountd-port: \"900\"}\r\n")
        text, said, _ = attempt(partly, 1)
        expect("{status-port: '32765', mountd-port: \"20048\", nlockmgr-port: 32803}\r\n" in text, text)
        expect("is 20048 now, and was 900" in said and "status-port of" not in said, said)
        # Read-only: said before anything is sent.
        text, said, out = attempt(site, 2, mode=0o444)
        expect(text == site and "it is read-only" in said and not out, (text, said, out))
        # Parameters that another instance shares: what is found is shown, and nothing is written.
        shared = site.replace(product, product + "    parameters: &ports {}\r\n").replace(
            "domains:", "  other: {product: xcp-ng, features: [-updates], parameters: *ports, roles: {host: srv, "
            "ntp-server: none, dns-server: none, client: none}}\r\ndomains:")
        text, said, out = attempt(shared, 2)
        expect(text == shared and "cannot be written here so that nothing else changes" in said, said)
        expect("mountd-port: 20048" in out, out)
        # Two servers that are not at the same port.
        with listening(beyond, "rpcbind:111", "mountd:20049", "--allow", "10.1.0.0/24", "--bind", "10.2.0.2"):
            text, said, out = attempt(site, 2, servers="[filer, srv]")
        expect(text == site.replace("nfs-server: filer", "nfs-server: [filer, srv]"), text)
        expect("one parameter cannot say both" in said and "nothing is written" in said, said)


def stopped(router, beyond, resolver):
    """Dropped, or rejected by the firewall of the site, while the ruleset in its file permits it."""
    with listening(beyond, "ssh:22", "https:443", "ntp:123", "--allow", "10.1.0.0/24", "--bind", "10.2.0.2"):
        firewall(router, "tcp dport 22 drop", "tcp dport 443 reject with icmpx admin-prohibited", "udp dport 123 drop")
        outcomes = probe("ssh://10.2.0.2", "https://10.2.0.2", "ntp://10.2.0.2", *QUICK, status=1)["outcomes"]
        expect([row["outcome"] for row in outcomes][:2] == ["filtered", "rejected"], outcomes)
        expect(outcomes[1]["detail"]["rejected-by"] == "10.1.0.254", outcomes[1])
        expect(outcomes[2]["outcome"] in ("filtered", "filtered-or-silent"), outcomes[2])
        held = probe("ssh://10.2.0.2", "https://10.2.0.2", "--expect", "denied", *QUICK, status=0)["outcomes"]
        expect(all(row["holds"] is True for row in held), held)
        document = probe(path("site.yaml"), "--from", "me", *QUICK, status=1)
        flows = by_flow(document)
        web = flows["extra/web/tcp"][0]
        expect(web["detail"]["firewall"] == "router" and "the firewall router of the site" in web["reason"], web)
        found = {finding["flow"]: finding for finding in document["findings"]}
        expect({"extra/ssh/tcp", "extra/web/tcp"} <= set(found), document["findings"])
        expect(found["extra/ssh/tcp"]["verdict"] == "permitted" and found["extra/ssh/tcp"]["firewall"] == "router", found)
        expect(found["extra/ssh/tcp"]["rule"]["line"] == 6, found["extra/ssh/tcp"])
        expect("10.1.0.254 rejected it" in found["extra/web/tcp"]["message"], found["extra/web/tcp"])


def main():
    enter()
    if shutil.which("nft") is None:
        print("skipped: there is no nft")
        return 77
    router, beyond = make_line()
    path("site.yaml", SITE)
    path("router.rules", RULES.replace("ME", "10.1.0.1/32").replace("BEYOND", "10.2.0.0/24"))
    path("router.rules6", RULES.replace("ME", "fd01::1/128").replace("BEYOND", "fd02::/64"))
    resolver = Resolver({})
    for address in ("10.2.0.2", "10.2.0.3", "fd02::2"):
        until(lambda: answers(address), address)
    failed = 0
    cases = [everything_holds, names, through_proxy, certificates, interception, discovery, written, stopped]
    for case in cases:
        try:
            case(router, beyond, resolver)
        except AssertionError as error:
            failed += 1
            print(f"not ok - {case.__name__}: {error}", flush=True)
    shutil.rmtree(FOLDER)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
