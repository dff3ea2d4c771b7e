#!/usr/bin/env python3
"""`portolan probe`: targets and what is wrong with them, what a dry run lists, and outcomes against sockets of this test
on the loopback: what each outcome means for what was expected, in every view and as the exit status.
"""
import csv
import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as xml

from runner import PORTOLAN, Suite, expect, run

OUTCOME_KEYS = {"target", "flow", "service", "outcome", "reason", "detail", "ms"}
OUTCOMES = {"open", "open-silent", "refused", "rejected", "filtered", "filtered-or-silent", "unreachable", "unresolved",
            "wrong-service", "tls-untrusted", "tls-intercepted", "proxy-refused", "unverifiable", "error"}
QUICK = ["--timeout", "700", "--tries", "1"]

WRONG = [  # a target, and what is said about it
    ("ntpp://10.0.0.1", 'unknown service "ntpp"'),
    ("ntpp://10.0.0.1", 'did you mean "ntp"?'),
    ("tcp://10.0.0.1", "tcp has no usual port over TCP"),
    ("tcp://10.0.0.1:0", '"0" is no port'),
    ("tcp://10.0.0.1:1-65536", '"1-65536" is no port'),
    ("tcp://10.0.0.1:22,", '"" is no port'),
    ("http://10.0.0.1/index.html", 'no probe asks for a path: leave "/index.html" out'),
    ("http://me:secret@10.0.0.1", "no probe logs in"),
    ("ssh+udp://10.0.0.1", "ssh is not spoken over UDP"),
    ("ssh+sctp://10.0.0.1", 'tcp or udp, not "sctp"'),
    ("icmp://10.0.0.1:3", "icmp has no ports"),
    ("tcp://fd00::1:2:port:22", "an IPv6 address with a port stands in brackets"),
    ("ntp://[fd00::1", "a host in brackets ends with ]"),
    ("ntp://[fd00::1]123", "a host in brackets ends with ]"),
    ("ntp://", "no host stands behind ://"),
    ("ntp://10.0.0.1/33", "prefix length out of range"),
    ("ntp://10.0.0.1-fd00::1", "one address family to the other"),
    ("ntp://exa..mple", 'neither an address nor a name'),
    ("tcp://[fd00::/64]:22", "more than 1048576 probes at once"),
]

DRY = [  # a target, and the targets, transports and addresses that it stands for
    ("ntp://10.0.0.1", [("ntp://10.0.0.1:123", "udp", "10.0.0.1")]),
    ("dns://fd00::53", [("dns+tcp://[fd00::53]:53", "tcp", "fd00::53"), ("dns+udp://[fd00::53]:53", "udp", "fd00::53")]),
    ("dns+udp://[fd00::53]:5353", [("dns+udp://[fd00::53]:5353", "udp", "fd00::53")]),
    ("tcp://10.0.0.4/31:22,80", [(f"tcp://10.0.0.{n}:{port}", "tcp", f"10.0.0.{n}") for n in (4, 5) for port in (22, 80)]),
    ("tcp://10.0.0.9-10.0.0.10:1-2",
     [(f"tcp://10.0.0.{n}:{port}", "tcp", f"10.0.0.{n}") for n in (9, 10) for port in (1, 2)]),
    ("https://host.example/", [("https://host.example:443", "tcp", None)]),
    ("icmp://10.0.0.1", [("icmp://10.0.0.1", "icmp", "10.0.0.1")]),
    ("tcp://[fd00::/127]:9", [(f"tcp://[fd00::{end}]:9", "tcp", f"fd00::{end}") for end in ("", "1")]),
    ("mountd+udp://10.0.0.1", [("rpcbind+tcp://10.0.0.1:111", "tcp", "10.0.0.1")]),
]

SITE = """\
portolan: site/1
site: loop
resolver: dns
names:
  me: 127.0.0.2
  other: 127.0.0.9
  srv: 127.0.0.1
  far: 127.1.0.1
  filer: 127.0.0.3
  dns: 127.0.0.53
  wide: 127.2.0.0/16
instances:
  p:
    product: xcp-ng
    features: [nfs3, -updates]
    parameters: {PINS}
    roles: {host: other, ntp-server: srv, dns-server: srv, nfs-server: filer, client: none}
  q:
    product: xcp-ng
    features: [nfs3]
    roles: {host: me, ntp-server: none, dns-server: none, nfs-server: filer, client: none}
extra:
  - {id: ssh, from: me, to: srv, ports: [SSH/tcp], service: ssh, owner: o, reason: r}
  - {id: web, from: me, to: srv, ports: [WEB/tcp], service: http, owner: o, reason: r}
  - {id: shut, from: me, to: far, ports: [WEB/tcp], service: http, owner: o, reason: r}
  - {id: all, from: me, to: srv, ports: [any], owner: o, reason: r}
  - {id: wide, from: me, to: wide, ports: [7000-7100/tcp], owner: o, reason: r}
  - {id: else, from: other, to: srv, ports: [9/tcp], owner: o, reason: r}
zones: {a: 127.0.0.0/16, b: 127.1.0.0/16, c: 127.2.0.0/16}
tests:
  - {deny: {from: me, to: srv, ports: [SSH/tcp]}}
  - {deny: {from: me, to: srv, ports: [CLOSED/tcp]}}
  - {allow: {from: me, to: srv, ports: [WEB/tcp]}}
"""

FIREWALL = """\
firewalls:
  edge:
    dialect: iptables
    ruleset: edge.rules
    interfaces: {a: eth0, b: eth1, c: eth2}
"""
RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 127.0.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
"""


# --- far ends ---------------------------------------------------------------------------------------------------------

class Far:
    """Listeners of this test; each connection is handled in a thread of its own."""

    def __init__(self):
        self.sockets = []
        self.seen = []

    def tcp(self, talk, address="127.0.0.1", port=0):
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        self.sockets.append(listener)
        threading.Thread(target=self.accept, args=(listener, talk), daemon=True).start()
        return listener.getsockname()[1]

    def accept(self, listener, talk):
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            self.seen.append(peer[0])
            threading.Thread(target=self.talk, args=(connection, talk), daemon=True).start()

    @staticmethod
    def talk(connection, talk):
        with connection:
            try:
                talk(connection)
            except OSError:
                pass

    def close(self):
        for one in self.sockets:
            one.close()


def ssh(connection):
    connection.sendall(b"SSH-2.0-far_1\r\n")
    connection.recv(4096)


def http(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 204 No Content\r\nServer: far\r\n\r\n")


def silent(connection):
    while connection.recv(4096):
        pass


def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- cases ------------------------------------------------------------------------------------------------------------

def probe(*arguments, status, **options):
    result = run("probe", *arguments, "--format", "json", **options)
    expect(result.status == status, result)
    document = json.loads(result.out)
    expect(document["schema_version"] == 1, result)
    for outcome in document["outcomes"]:
        expect(OUTCOME_KEYS <= set(outcome), outcome)
        expect(outcome["outcome"] in OUTCOMES, outcome)
        expect(set(outcome["ms"]) == {"resolve", "connect", "tls", "handshake"}, outcome)
        expect(outcome["reason"], outcome)
    summary = document["summary"]
    expect(summary["probes"] == len(document["outcomes"]), summary)
    expect(summary["hold"] + summary["fail"] + summary["undetermined"] + summary["warnings"] == summary["probes"], summary)
    return document


def one(*arguments, status):
    outcomes = probe(*arguments, status=status)["outcomes"]
    expect(len(outcomes) == 1, outcomes)
    return outcomes[0]


def wrong(target, said):
    result = run("probe", target, "--dry-run")
    expect(result.status == 2 and said in result.err and result.out == "", result)


def wrong_together():
    """All targets are read before anything is said, and of several ports each is judged."""
    result = run("probe", "ntpp://a", "tcp://10.0.0.1:0,x", "ntp://10.0.0.1", "--dry-run")
    expect(result.status == 2 and result.err.count("error:") == 3, result)


def from_input():
    result = run("probe", "-", "--dry-run", "--format", "json", stdin=b"# all\n\n ntp://10.0.0.1 # one\nssh://h\n")
    expect([row["target"] for row in json.loads(result.out)["probes"]] == ["ntp://10.0.0.1:123", "ssh://h:22"], result)
    result = run("probe", "-", stdin=b"ntp://10.0.0.1\n  npt://h  # x\ntcp://h:x\n")
    expect(result.places() == [("<stdin>", 2, 3, 'unknown service "npt"'),
                               ("<stdin>", 3, 9, '"x" is no port and no range of ports (1-65535)')], result)
    expect(run("probe", "-", stdin=b"# none\n").status == 2, "no target at all")


def wrong_options():
    for arguments in (["--rate", "0"], ["--timeout", "x"], ["--expect", "open"], ["--proxy", "ftp://h"],
                      ["--resolver", "10.0.0.1:x"], ["--source", "10.0.0.0/8"], ["--from", "h"], ["--discover"], ["--write"],
                      ["--proxy", "http://h:0"], ["--ca", "/nonexistent.pem"]):
        result = run("probe", "tcp://127.0.0.1:1", *arguments)
        expect(result.status == 2 and "error:" in result.err and not result.out, result)
    expect(run("probe", "tcp://10.0.0.1:1", "--source", "fd00::1", "--dry-run").status == 2, "a source of no family")
    expect(run("probe").status == 2, "nothing to ask")


def dry(target, wanted):
    result = run("probe", target, "--dry-run", "--format", "json")
    document = json.loads(result.out)
    found = [(row["target"], row["transport"], row["address"]) for row in document["probes"]]
    expect(result.status == 0 and found == wanted, f"{found}: {result}")
    expect(document["dry_run"] is True and document["summary"]["probes"] == len(wanted), document["summary"])
    for row in document["probes"]:
        expect(row["sends"] and all(row["sends"]), row)
        expect((row["address"] is None) == (row["before"] is not None), row)


def dry_details():
    text = run("probe", "https://h.example", "dns+udp://10.0.0.1", "--proxy", "http://u:secret@proxy:8080", "--dry-run").out
    expect("through http://proxy:8080" in text and "HTTP CONNECT to h.example:443" in text, text)
    expect("TLS handshake for h.example" in text and "closed port" in text, text)
    expect("secret" not in text, "a dry run shows the password of the proxy")
    note = run("probe", "tcp://h.example:1", "tcp://10.0.0.1:1", "--proxy", "http://p", "--dry-run").err
    expect("1 of 2 probes go straight" in note, note)
    text = run("probe", "https://h.example", "--resolver", "[fd00::1]:5353", "--dry-run").out
    expect("asks [fd00::1]:5353 for all addresses of h.example" in text, text)
    bare = run("probe", "pvs://10.0.0.1", "--dry-run").out
    own = run("probe", "pvs://10.0.0.1", "--own", "--dry-run").out
    expect("empty datagram, which" in bare and "nonce" not in bare and "nonce" in own, bare + own)
    rows = list(csv.DictReader(io.StringIO(run("probe", "ssh://10.0.0.1", "--expect", "denied", "--dry-run", "--format",
                                               "csv").out)))
    expect(len(rows) == 1 and rows[0]["expected"] == "denied" and rows[0]["sends"] == "a TCP connection", rows)


def dry_sends_nothing(far):
    port = far.tcp(ssh)
    far.seen.clear()
    run("probe", f"ssh://127.0.0.1:{port}", "--dry-run")
    probe(f"ssh://127.0.0.1:{port}", status=0)
    expect(far.seen == ["127.0.0.1"], far.seen)


def outcomes(far):
    port = {"ssh": far.tcp(ssh), "http": far.tcp(http), "silent": far.tcp(silent)}
    found = one(f"ssh://127.0.0.1:{port['ssh']}", status=0)
    expect(found["outcome"] == "open" and found["detail"]["software"] == "far_1" and found["holds"] is True, found)
    expect(found["ms"]["connect"] is not None and found["ms"]["handshake"] is not None, found)
    expect(found["ms"]["tls"] is None and found["ms"]["resolve"] is None, found)
    found = one(f"http://127.0.0.1:{port['ssh']}", *QUICK, status=1)
    expect(found["outcome"] == "wrong-service" and found["answered"] == "ssh" and found["holds"] is False, found)
    found = one(f"ssh://127.0.0.1:{port['silent']}", *QUICK, status=3)
    expect(found["outcome"] == "open-silent" and found["holds"] is None, found)
    found = one(f"tcp://127.0.0.1:{port['silent']}", status=0)
    expect(found["outcome"] == "open", found)
    found = one(f"replication://127.0.0.1:{port['silent']}", *QUICK, status=3)
    expect(found["outcome"] == "unverifiable", found)
    found = one(f"ssh://127.0.0.1:{closed_port()}", status=1)
    expect(found["outcome"] == "refused", found)
    found = one(f"ntp://127.0.0.1:{closed_port()}", status=1)
    expect(found["outcome"] == "refused" and found["detail"]["icmp"] == "3/3", found)


def passive(far):
    """The port that an FTP server names is gone on to, while the control connection stays open."""
    data = far.tcp(silent)

    def ftp(connection):
        connection.sendall(b"220 far\r\n")
        for reply in (b"331 name\r\n", b"230 in\r\n", b"229 here (|||%d|)\r\n" % data):
            connection.recv(4096)
            connection.sendall(reply)
        while connection.recv(4096):
            pass

    document = probe(f"ftp-passive://127.0.0.1:{far.tcp(ftp)}", *QUICK, status=0)
    expect([row["target"] for row in document["outcomes"]] == [f"tcp://127.0.0.1:{data}"], document)


def denied(far):
    port = far.tcp(http)
    silence = far.tcp(silent)
    found = one(f"ssh://127.0.0.1:{closed_port()}", "--expect", "denied", status=0)
    expect(found["holds"] is True and found["expected"] == "denied", found)
    expect("the network lets packets through" in found["reason"], found)
    for target in (f"http://127.0.0.1:{port}", f"ssh://127.0.0.1:{port}", f"ssh://127.0.0.1:{silence}"):
        found = one(target, "--expect", "denied", *QUICK, status=1)
        expect(found["holds"] is False, found)


def views(far):
    good, bad = far.tcp(ssh), closed_port()
    targets = [f"ssh://127.0.0.1:{good}", f"ssh://127.0.0.1:{bad}"]
    text = run("probe", *targets).out
    expect(text.splitlines()[1].startswith("holds") and text.splitlines()[2].startswith("fails"), text)
    expect(text.splitlines()[-1].startswith("2 probes: 1 hold, 1 fail, 0 undetermined; open: 1, refused: 1"), text)
    rows = list(csv.DictReader(io.StringIO(run("probe", *targets, "--format", "csv").out)))
    expect([row["outcome"] for row in rows] == ["open", "refused"] and rows[0]["address"] == "127.0.0.1", rows)
    suite = xml.fromstring(run("probe", *targets, "--format", "junit").out)
    expect(suite.get("tests") == "2" and suite.get("failures") == "1", xml.tostring(suite))
    expect(suite[1][0].tag == "failure" and suite[1][0].get("message") == "refused", xml.tostring(suite))
    markdown = run("probe", *targets, "--format", "markdown").out
    expect("| holds | open |" in markdown and "| fails | refused |" in markdown, markdown)


def runs_of_ports():
    """Ports that fared alike are one line of text, and each its own in JSON; the order is that of the target."""
    port = closed_port()
    while port > 65000:
        port = closed_port()
    text = run("probe", f"tcp://127.0.0.9:{port}-{port + 99}").out
    expect(f"tcp://127.0.0.9:{port}-{port + 99} " in text and len(text.splitlines()) < 10, text)
    document = probe(f"tcp://127.0.0.9:{port}-{port + 99}", status=1)
    expect([row["port"] for row in document["outcomes"]] == list(range(port, port + 100)), document["summary"])


def audit(suite, far):
    path = suite.path / "audit.log"
    port = far.tcp(ssh)
    for _ in range(2):
        run("probe", f"ssh://127.0.0.1:{port}", "tcp://127.0.0.1:9", "--audit-log", path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    expect(len(lines) == 4 and {line["outcome"] for line in lines} >= {"open"}, lines)
    expect(all(line["at"].endswith("Z") and line["address"] == "127.0.0.1" for line in lines), lines)


def trace(far):
    result = run("probe", f"ssh://127.0.0.1:{far.tcp(ssh)}", "--trace")
    expect(result.status == 0 and "connected" in result.err and "53 53 48 2d" in result.err, result)
    expect("SSH-2.0-far_1" in result.err and "open: " in result.err, result)


def from_source(far):
    port = far.tcp(ssh)
    far.seen.clear()
    probe(f"ssh://127.0.0.1:{port}", "--source", "127.0.0.77", status=0)
    expect(far.seen == ["127.0.0.77"], far.seen)


def interrupted(far):
    """Ctrl-C: what is known so far is the result, whole and valid, and not all was determined."""
    port, silence = far.tcp(ssh), far.tcp(silent)
    targets = [f"ssh://127.0.0.1:{port}"] + [f"ssh://127.0.0.1:{silence}"] * 3
    child = subprocess.Popen([PORTOLAN, "probe", *targets, "--timeout", "15000", "--format", "json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 10
    while len(far.seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    try:
        out, err = child.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    document = json.loads(out)
    expect(child.returncode == 3, (child.returncode, err))
    expect([row["outcome"] for row in document["outcomes"]] == ["open", "error", "error", "error"], document)
    expect([row["holds"] for row in document["outcomes"]] == [True, None, None, None], document)
    expect(document["summary"]["interrupted"] is True, document["summary"])


def progress(far):
    """On a terminal only, and gone when all is over."""
    silence = far.tcp(silent)
    master, slave = pty.openpty()
    done = subprocess.run([PORTOLAN, "probe", f"ssh://127.0.0.1:{silence}", *QUICK], stdout=subprocess.PIPE,
                          stderr=slave, timeout=20, check=False)
    os.close(slave)
    said = os.read(master, 65536).decode()
    os.close(master)
    expect("0 of 1 probes, 0 open" in said and said.endswith("\r\033[K"), repr(said))
    expect(b"\033[K" not in done.stdout, done.stdout)


# --- a site -----------------------------------------------------------------------------------------------------------

def write_site(suite, far, more="", pins=""):
    ports = {"SSH": far.tcp(ssh), "WEB": far.tcp(http), "CLOSED": closed_port()}
    far.tcp(http, "127.1.0.1", ports["WEB"])
    text = SITE.replace("PINS", pins) + more
    for name, port in ports.items():
        text = text.replace(name, str(port))
    suite.write("site.yaml", text)
    return suite.path / "site.yaml", ports


def by_flow(document):
    found = {}
    for outcome in document["outcomes"]:
        found.setdefault(outcome["flow"] or outcome["test"], []).append(outcome)
    return found


def site_flows(suite, far):
    path, ports = write_site(suite, far)
    far.seen.clear()
    flows = by_flow(probe(path, "--from", "me", *QUICK, "--tries", "1", status=1))
    expect("extra/else/tcp" not in flows, "a flow of another host was asked")
    expect(flows["extra/ssh/tcp"][0]["holds"] is True, flows["extra/ssh/tcp"])
    expect(flows["extra/ssh/tcp"][0]["target"] == f"ssh://srv:{ports['SSH']}", flows["extra/ssh/tcp"])
    expect(flows["extra/ssh/tcp"][0]["source"] == "127.0.0.2", flows["extra/ssh/tcp"])
    expect(set(far.seen) == {"127.0.0.2"}, far.seen)
    # An echo is no proof of any protocol.
    expect(flows["extra/all/any"][0]["outcome"] in ("unverifiable", "filtered-or-silent", "error"), flows["extra/all/any"])
    expect(flows["extra/all/any"][0]["holds"] is None or flows["extra/all/any"][0]["outcome"] == "error",
           flows["extra/all/any"])
    # Two addresses and two ports stand for a range; a note says so.
    expect(len(flows["extra/wide/tcp"]) == 4, flows["extra/wide/tcp"])
    tests = {name: outcomes for name, outcomes in flows.items() if "/" in name and name.split()[0] in ("deny", "allow")}
    states = [tests[name][0]["holds"] for name in sorted(tests)]
    expect(len(tests) == 3 and sorted(states) == [False, True, True], tests)
    # The order is that of the site.
    names = [outcome["flow"] or outcome["test"] for outcome in probe(path, "--from", "me", *QUICK, status=1)["outcomes"]]
    expect(names.index("extra/ssh/tcp") < names.index("extra/web/tcp") < names.index("extra/wide/tcp"), names)


def site_notes(suite, far):
    path, _ = write_site(suite, far)
    result = run("probe", path, "--from", "me", "--dry-run")
    expect("extra/wide/tcp: 2 of 101 ports are asked" in result.err, result)
    expect("two addresses stand for a range" in result.err, result)
    rows = json.loads(run("probe", path, "--from", "me", "--dry-run", "--all-ports", "--format", "json").out)["probes"]
    expect(sum(row["flow"] == "extra/wide/tcp" for row in rows) == 202, len(rows))
    expect(not any(row["flow"] == "extra/wide/tcp" and row["address"].endswith((".0.0", ".255.255")) for row in rows),
           "the network and its broadcast were to be asked")


def site_hosts(suite, far):
    path, _ = write_site(suite, far)
    result = run("probe", path, "--from", "mee", "--dry-run")
    expect(result.status == 2 and 'did you mean "me"' in result.err, result)
    result = run("probe", path, "--from", "10.99.0.1", "--dry-run")
    expect(result.status == 2 and "begins at 10.99.0.1" in result.err, result)
    expect(run("probe", path, "--source", "127.0.0.1", "--dry-run").status == 2, "--source with a site")
    far_away = suite.write("away.yaml", "portolan: site/1\nsite: away\nnames: {h: 192.0.2.1, s: 192.0.2.2}\n"
                           "extra: [{id: x, from: h, to: s, ports: [22/tcp], owner: o, reason: r}]\n")
    result = run("probe", far_away, "--from", "h", "--dry-run", "--format", "json")
    expect(result.status == 0 and "this machine has no address of h" in result.err, result)
    row = json.loads(result.out)["probes"][0]
    expect(row["target"] == "ssh://s:22" and row["source"] is None, row)
    expect(run("probe", far_away, "--dry-run").status == 2, "no flow begins here")
    pool = suite.write("pool.yaml", "portolan: site/1\nsite: pool\nnames: {h: 192.0.2.1, all: 192.0.2.1-192.0.2.3}\n"
                       "extra: [{id: x, from: all, to: all, ports: [22/tcp], owner: o, reason: r}]\n")
    rows = json.loads(run("probe", pool, "--from", "h", "--dry-run", "--format", "json").out)["probes"]
    expect([row["address"] for row in rows] == ["192.0.2.2", "192.0.2.3"], "nobody is asked by himself")


def dynamic_ports(suite, far):
    path, _ = write_site(suite, far, pins="mountd-port: 20048, nlockmgr-port: 32803, status-port: 32765")
    rows = json.loads(run("probe", path, "--from", "other", "--dry-run", "--format", "json").out)["probes"]
    found = sorted(row["target"] for row in rows if row["flow"] == "p/nfs3-dynamic/tcp")
    expect(found == ["mountd+tcp://filer:20048", "nlockmgr+tcp://filer:32803", "status+tcp://filer:32765"], found)
    path, _ = write_site(suite, far, pins="mountd-port: 30000-60000, nlockmgr-port: 32803, status-port: 32765")
    rows = json.loads(run("probe", path, "--from", "other", "--dry-run", "--discover", "--format", "json").out)["probes"]
    found = [row["target"] for row in rows if row["flow"] == "p/nfs3-dynamic/tcp"]
    expect(found == ["nfs-dynamic+tcp://filer:111"], found)
    rows = json.loads(run("probe", path, "--from", "me", "--dry-run", "--format", "json").out)["probes"]
    found = [row for row in rows if row["flow"] == "q/nfs3-dynamic/tcp"]
    expect(len(found) == 1 and not found[0]["sends"] and "--discover" in found[0]["reason"], found)
    rows = json.loads(run("probe", path, "--from", "me", "--dry-run", "--discover", "--format", "json").out)["probes"]
    found = [row for row in rows if row["flow"] == "q/nfs3-dynamic/tcp"]
    expect(len(found) == 1 and found[0]["port"] == 111 and found[0]["sends"], found)
    for arguments in ([path, "--write"], [path, "--discover", "--write", "--dry-run"], ["-", "--discover", "--write"],
                      ["/dev/stdin", "--discover", "--write"]):
        result = run("probe", *arguments, "--from", "me", stdin=path.read_bytes())
        expect(result.status == 2 and "error:" in result.err and not result.out, result)


def one_way_is_enough(suite, far):
    """Of any-of requirements one that holds excuses the others; what is optional warns, and fails under --strict."""
    good, bad = far.tcp(ssh), closed_port()
    catalog = suite.write("duo.yaml", f"""\
portolan: catalog/1
product: duo
title: Two ways
documents: {{d: {{title: D, url: "https://example.org/", retrieved: 2026-01-01}}}}
roles: {{here: {{title: here}}, there: {{title: there}}}}
features: {{both: {{title: a need beside it, default: off}}}}
requirements:
  - {{id: one, from: here, to: there, ports: [{bad}/tcp], any-of: way, service: ssh, purpose: p, origin: ['d#"1"']}}
  - {{id: two, from: here, to: there, ports: [{good}/tcp], any-of: way, service: ssh, purpose: p, origin: ['d#"2"']}}
  - {{id: nice, from: here, to: there, ports: [{bad}/tcp], need: optional, service: ssh, purpose: p, origin: ['d#"3"']}}
""")
    text = ("portolan: site/1\nsite: duo\ninstances: {d: {product: duo, roles: {here: 127.0.0.2, there: 127.0.0.1}}}\n")
    site = suite.write("duo-site.yaml", text)
    flows = by_flow(probe(site, "--catalog", catalog, status=0))
    states = {name: outcomes[0]["state"] for name, outcomes in flows.items()}
    expect(states == {"d/one/tcp": "warning", "d/two/tcp": "holds", "d/nice/tcp": "warning"}, states)
    probe(site, "--catalog", catalog, "--strict", status=1)
    suite.write("duo.yaml", catalog.read_text().replace(f"[{good}/tcp]", f"[{bad}/tcp]"))
    flows = by_flow(probe(site, "--catalog", catalog, status=1))
    expect(flows["d/one/tcp"][0]["state"] == "fails" and flows["d/nice/tcp"][0]["state"] == "warning", flows)


def outward(suite, far):
    """Domains go to the site's resolver, or to its proxy, which looks them up; both give way to options."""
    path, _ = write_site(suite, far)
    flow = "q/host-mirrors/tcp"

    def row(*arguments, of=path):
        rows = json.loads(run("probe", of, "--from", "me", "--dry-run", "--format", "json", *arguments).out)["probes"]
        return [row for row in rows if row["flow"] == flow][0]

    expect("asks 127.0.0.53 for" in row()["before"], row())
    expect("asks 192.0.2.5:54 for" in row("--resolver", "192.0.2.5:54")["before"], row())
    found = row("--proxy", "socks5://192.0.2.9")
    expect(found["before"] is None and found["proxy"] == "socks5://192.0.2.9" and found["address"] is None, found)
    expect("SOCKS5 request to mirrors.xcp-ng.org:443" in found["sends"][0], found)
    proxied = suite.write("proxied.yaml", path.read_text() + "proxy: http://srv:3128\n")
    expect(row(of=proxied)["proxy"] == "http://srv:3128", row(of=proxied))


def disagreement(suite, far):
    """The ruleset in the file denies what passes: a finding, with the rule that should have decided."""
    path, ports = write_site(suite, far, more=FIREWALL)
    suite.write("edge.rules", RULES)
    document = probe(path, "--from", "me", *QUICK, status=1)
    flows = by_flow(document)
    expect(flows["extra/shut/tcp"][0]["holds"] is True, flows["extra/shut/tcp"])
    found = [finding for finding in document["findings"] if finding["flow"] == "extra/shut/tcp"]
    expect(len(found) == 1 and found[0]["kind"] == "disagrees" and found[0]["verdict"] == "denied", document["findings"])
    expect(found[0]["rule"]["chain"] == "FORWARD" and found[0]["rule"]["line"] == 3, found)
    expect(found[0]["packet"]["source"] == "127.0.0.2" and found[0]["packet"]["destination"] == "127.1.0.1", found)
    expect(not [f for f in document["findings"] if f["flow"] == "extra/ssh/tcp"], "no firewall stands between them")
    suite.write("edge.rules", RULES.replace("--dport 80", f"--dport {ports['WEB']}"))
    expect(probe(path, "--from", "me", *QUICK, status=1)["findings"] == [], "what is permitted passed")
    suite.write("edge.rules", RULES)
    expect(probe(path, "--from", "me", "--no-check", *QUICK, status=1)["findings"] == [], "--no-check")
    os.unlink(suite.path / "edge.rules")
    result = run("probe", path, "--from", "me", *QUICK)
    expect(result.status == 1 and "is not held against the rulesets" in result.err, result)


def main():
    suite = Suite("portolan-probe-")
    for target, said in WRONG:
        suite.case(f"wrong: {target}", wrong, target, said)
    for target, wanted in DRY:
        suite.case(f"dry: {target}", dry, target, wanted)
    for case in (wrong_together, from_input, wrong_options, dry_details, runs_of_ports):
        suite.case(case.__name__, case)
    for case in (dry_sends_nothing, outcomes, passive, denied, views, trace, from_source, interrupted, progress):
        far = Far()
        suite.case(case.__name__, case, far)
        far.close()
    for case in (audit, site_flows, site_notes, site_hosts, dynamic_ports, one_way_is_enough, outward, disagreement):
        far = Far()
        suite.case(case.__name__, case, suite, far)
        far.close()
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
