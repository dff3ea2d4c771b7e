#!/usr/bin/env python3
"""`portolan rehearse`: sites rehearse clean, mistakes are each found where they are, and whatever happens nothing is left.

Skipped with status 77 where the machine allows no namespaces.
"""
import csv
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as xml

PORTOLAN = os.path.abspath(os.environ.get("PORTOLAN") or sys.argv[1])
SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
DAY = ["--on", "2026-11-21"]
FLOW_KEYS = {"flow", "need", "rehearsal", "proof", "packets", "passed", "firewall", "rule", "packet", "reason", "agree"}
passed = failed = 0


def check(condition, why):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"not ok - {why}", flush=True)
    return condition


def run(*arguments, cwd, before=()):
    done = subprocess.run([*before, PORTOLAN, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "NO_COLOR": "1"}, check=False)
    return done.returncode, done.stdout, done.stderr


def rehearse(site, *arguments, cwd, before=()):
    status, out, err = run("rehearse", site, *DAY, "--format", "json", *arguments, cwd=cwd, before=before)
    return status, json.loads(out) if out else None, err


def render(top, name):
    folder = top / name
    folder.mkdir()
    shutil.copy(SOURCE / "examples" / f"{name}.yaml", folder)
    shutil.copy(SOURCE / "demo" / "mistakes.nft", folder)
    status, _, err = run("render", f"{name}.yaml", *DAY, "-o", ".", cwd=folder)
    check(status == 0, f"render {name}: {err}")
    return folder


def skip_without_namespaces(folder):
    status, _, err = run("rehearse", "three-vendors.yaml", *DAY, cwd=folder)
    if status == 3 and "namespace" in err:
        print(err.strip())
        print("SKIP: this machine allows no network namespaces")
        sys.exit(77)


def examples(top):
    """Everything under examples/ rehearses clean, and the prover says the same of every packet."""
    for path in sorted((SOURCE / "examples").glob("*.yaml")):
        folder = top / path.stem if (top / path.stem).exists() else render(top, path.stem)
        status, said, err = rehearse(path.name, cwd=folder)
        if not check(said is not None, f"{path.name}: exit {status}: {err}"):
            continue
        total = said["summary"]
        check(status == 0 and "error" not in err, f"{path.name}: exit {status}, {total}, {err}")
        check(total["passing"] > 0 and total["neighbours"] > 0 and total["packets"] > 100, f"{path.name}: {total}")
        check(total["stopped"] + total["partly"] + total["neighbours_passing"] + total["disagreements"] == 0,
              f"{path.name}: {total}")
        check(all(f["agree"] is True for f in said["flows"] if f["packets"] > 0), f"{path.name}: a flow is not agreed on")
        check(all(n["rehearsal"] == "stopped" and n["agree"] is True for n in said["neighbours"]),
              f"{path.name}: a neighbour is not stopped")
        check(all(n["firewall"] and n["rule"] for n in said["neighbours"]), f"{path.name}: a neighbour dies of nothing")
        check(total["tests"] == len(said["tests"]) and all(t["holds"] is True for t in said["tests"]),
              f"{path.name}: tests {said['tests']}")
        check(all(f["reason"] for f in said["flows"] if f["rehearsal"] == "not-played"), f"{path.name}: not played, no why")


def mistakes(folder):
    """The five of the demo's ruleset, each in the kernel."""
    status, said, _ = rehearse("three-vendors.yaml", "--ruleset", "edge=mistakes.nft", cwd=folder)
    flows = {flow["flow"]: flow for flow in said["flows"]}
    check(status == 1, f"mistakes: exit {status}")
    check(said["summary"]["disagreements"] == 0 and said["findings"] == [], f"mistakes: {said['findings']}")
    shadowed = flows["xcp/nfs3/tcp"]
    check(shadowed["rehearsal"] == "stopped" and shadowed["rule"]["line"] and "drop" in shadowed["rule"]["text"],
          f"a shadowed accept: {shadowed}")
    reply = flows["xcp/host-mirrors/tcp"]
    check(reply["rehearsal"] == "stopped" and "the reply is stopped" in reply["reason"], f"a forgotten reply: {reply}")
    wide = [n for n in said["neighbours"] if n["rehearsal"] == "passes"]
    check(any(n["kind"] == "witness" for n in wide) and any(n["kind"] == "port" for n in wide) and
          any(n["packet"]["transport"] == "udp" for n in wide), f"a wide any: {wide}")
    port = flows["streaming/target-server-ports/udp"]
    check(port["rehearsal"] == "partly" and port["packet"]["port"] == 6968 and 0 < port["passed"] < port["packets"],
          f"a port off by one: {port}")
    family = flows["xen/nfs4/tcp/v6"]
    check(family["rehearsal"] == "stopped" and flows["xen/nfs4/tcp"]["rehearsal"] == "passes",
          f"a forgotten family: {family}")
    check(any(t["holds"] is False for t in said["tests"]), "no test fails")


def behind_a_host(top):
    """What one firewall lets through is found though the first host that could send it has a firewall of its own."""
    folder = top / "east-lab"
    rule = "10.20.0.11-10.20.0.12 . 10.30.0.6 . 32765"
    text = (folder / "edge.nft").read_text()
    (folder / "wide.nft").write_text(text.replace(rule, rule.replace("10.30.0.6", "10.30.0.6/31")))
    status, said, err = rehearse("east-lab.yaml", "--ruleset", "edge=wide.nft", cwd=folder)
    check(text.count(rule) == 2 and status == 1 and said["summary"]["neighbours_passing"] > 0,
          f"behind a host: {status} {err}")


def without_established(folder):
    """Of a connection the first two packets pass, and nothing after them: the client alone believes in it."""
    text = (folder / "edge.nft").read_text()
    begin = text.index("chain input")
    rule = "ct state established,related accept"
    (folder / "deaf.nft").write_text(text[:begin] + text[begin:].replace(rule, "ct state related accept", 1))
    status, said, err = rehearse("three-vendors.yaml", "--ruleset", "edge=deaf.nft", cwd=folder)
    ssh = next(flow for flow in said["flows"] if flow["flow"] == "extra/edge-ssh/tcp")
    check(status == 1 and ssh["rehearsal"] == "stopped" and ssh["agree"] and ssh["firewall"] == "edge" and
          said["summary"]["disagreements"] == 0, f"without established: {status} {ssh} {err}")


def shape(folder):
    status, said, _ = rehearse("three-vendors.yaml", "--ruleset", "edge=mistakes.nft", cwd=folder)
    check(said["schema_version"] == 1, "schema_version")
    check(set(said) == {"schema_version", "flows", "neighbours", "tests", "findings", "summary"}, set(said))
    check(all(set(flow) == FLOW_KEYS for flow in said["flows"]), "keys of a flow")
    for form, rows in (("csv", None), ("markdown", None), ("junit", None), ("text", None)):
        got, out, _ = run("rehearse", "three-vendors.yaml", *DAY, "--format", form, "--ruleset", "edge=mistakes.nft",
                          cwd=folder)
        check(got == status, f"{form}: exit {got}")
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(out)))
            check(len(rows) == len(said["flows"]) + len(said["neighbours"]) + len(said["tests"]), f"csv: {len(rows)} rows")
        elif form == "junit":
            suite = xml.fromstring(out)
            check(int(suite.get("failures")) == len(suite.findall(".//failure")) > 0, "junit: failures")
            check(int(suite.get("tests")) == len(suite.findall("testcase")), "junit: tests")
        elif form == "markdown":
            check(out.startswith("| what | name |"), "markdown")
        else:
            check("passes though it must not" in out and "1 test" not in out.splitlines()[0], "text")


def change(folder):
    """What one ruleset does that the other does not, both ways round."""
    status, said, err = rehearse("three-vendors.yaml", "--firewall", "edge", "--before", "edge.nft", "--after",
                                 "mistakes.nft", cwd=folder)
    changes = said["changes"] if said else []
    check(status == 1 and any(c["before"] == "passes" and c["after"] == "stopped" for c in changes) and
          any(c["before"] == "stopped" and c["after"] == "passes" for c in changes), f"--before --after: {status} {err}")
    status, back, _ = rehearse("three-vendors.yaml", "--firewall", "edge", "--before", "mistakes.nft", "--after",
                               "edge.nft", cwd=folder)
    check(status == 0 and len(back["changes"]) == len(changes), f"the way back: {status}")
    status, same, _ = rehearse("three-vendors.yaml", "--firewall", "edge", "--before", "edge.nft", "--after", "edge.nft",
                               cwd=folder)
    check(status == 0 and same["changes"] == [], f"no change: {status}")


def keeps_packets(folder):
    """Each record of the file is a whole Ethernet frame of IP or ARP, and both families are there."""
    status, said, err = rehearse("three-vendors.yaml", "--pcap", "kept.pcap", cwd=folder)
    data = (folder / "kept.pcap").read_bytes()
    kinds, at, n, last, turned = set(), 24, 0, (0, 0), 0
    check(status == 0 and struct.unpack("=IHHiIII", data[:24])[::6] == (0xa1b2c3d4, 1), f"pcap: {status} {err}")
    while at < len(data):
        seconds, microseconds, length, whole = struct.unpack("=IIII", data[at:at + 16])
        turned += (seconds, microseconds) < last
        last = seconds, microseconds
        kinds.add(data[at + 28:at + 30].hex())
        at += 16 + length
        n += 1
        if length != whole:
            break
    check(at == len(data) and {"0800", "86dd"} <= kinds and n > said["summary"]["packets"],
          f"pcap: {n} packets, {kinds}, {at} of {len(data)}")
    check(turned == 0 and "faster" not in err, f"pcap: {turned} packets before their time; {err}")
    known = b"\x85\0\0\1\0\0\0\0\0\0" + b"\7mirrors\6xcp-ng\3org\0"  # authoritative, no error
    check(known in data, "pcap: DNS on the stage knows the site's domains")


FTP = """portolan: site/1
site: ftp
names: {q: [10.2.0.9, "fd00:2::9"], c: [10.1.0.5, "fd00:1::5"]}
zones: {left: [10.1.0.0/24, "fd00:1::/64"], right: [10.2.0.0/24, "fd00:2::/64"]}
extra: [{id: x, from: c, to: q, ports: [21/tcp], service: ftp, owner: o, reason: r}]
firewalls:
  f: {dialect: nftables, interfaces: {left: eth0, right: eth1}, ruleset: ftp.nft}
"""
HELPER = """table inet helping {
    ct helper ftp { type "ftp" protocol tcp; }
    chain early { type filter hook prerouting priority filter; tcp dport 21 ct helper set "ftp"; }
}
"""


def related(top):
    """The connection for FTP's data is another; a firewall that helps FTP takes it for related to the first."""
    folder = top / "ftp"
    folder.mkdir()
    (folder / "ftp.yaml").write_text(FTP)
    run("render", "ftp.yaml", *DAY, "-o", "ftp.nft", cwd=folder)
    status, said, err = rehearse("ftp.yaml", cwd=folder)
    check(status == 0 and all("the connection for its data: filtered" in f["reason"] for f in said["flows"]),
          f"without a helper: {status} {err} {said['flows']}")
    (folder / "helped.nft").write_text(HELPER + (folder / "ftp.nft").read_text())
    status, said, err = rehearse("ftp.yaml", "--ruleset", "f=helped.nft", cwd=folder)
    check(status == 0 and all(f["reason"] is None and f["rehearsal"] == "passes" for f in said["flows"]),
          f"with a helper: {status} {err} {said and said['flows']}")


def nothing(top):
    """No firewall, nothing to play: that is said."""
    (top / "bare.yaml").write_text(re.sub("zones:.*\n|firewalls:(.|\n)*", "", FTP))
    status, out, err = run("rehearse", "bare.yaml", *DAY, cwd=top)
    check(status == 0 and "nothing is played" in err and "nothing was played" in out, f"nothing: {status} {out} {err}")


def real_server(folder):
    """A server of this machine's network answers, and only where its port is asked for."""
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked += 1
            self.send_error(404)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # all of them come at once

    with Server(("127.0.0.1", 0), Answer) as server:
        server.asked = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        status, said, err = rehearse("three-vendors.yaml", "--real", f"80=tcp://127.0.0.1:{port}", cwd=folder)
        conversations = sum(f["packets"] for f in said["flows"] if f["packet"] and f["packet"]["port"] == 80)
        check(status == 0 and server.asked >= conversations > 0, f"a real server: {status} {server.asked} {err}")
        server.shutdown()
    status, _, err = rehearse("three-vendors.yaml", "--real", f"80=tcp://127.0.0.1:{port}", cwd=folder)
    check(status == 3 and "refused" in err, f"a real server that is gone: {status} {err}")


def statuses(folder):
    site = "three-vendors.yaml"
    for arguments, wanted, word in (
            ([], 2, "operand"), ([site, "--ruleset", "edge"], 2, "FIREWALL=FILE"),
            ([site, "--ruleset", "egde=mistakes.nft"], 2, 'no firewall "egde"'),
            ([site, "--before", "edge.nft"], 2, "given together"),
            ([site, "--before", "edge.nft", "--after", "edge.nft"], 2, "--firewall"),
            ([site, "--timeout", "0"], 2, "--timeout"), ([site, "--real", "http://h"], 2, "--real"),
            ([site, "--real", "x=tcp://127.0.0.1:1"], 2, "PORT=]tcp://"), (["nothing.yaml"], 2, "nothing.yaml"),
            ([site, "--pcap", "no/such/folder.pcap"], 3, "folder.pcap"), (["--clean"], 0, "")):
        status, out, err = run("rehearse", *arguments, *DAY, cwd=folder)
        check(status == wanted and (word in err or word in out or arguments == []), f"{arguments}: exit {status}: {err}")
    text = (folder / "edge.nft").read_text()
    # Nothing stands in for a rule that cannot be loaded, though a proof goes on without it.
    (folder / "refused.nft").write_text(text.replace("ct state established,related accept",
                                                     "ct state established,related accept\n        meta skuid nosuchuser accept"))
    status, _, err = run("rehearse", site, *DAY, "--ruleset", "edge=refused.nft", cwd=folder)
    check(status == 3 and "refused.nft" in err and "User does not exist" in err, f"a refused rule: {status} {err}")
    none = "echo 0 >/proc/sys/user/max_net_namespaces && exec \"$@\""
    status, _, err = run("rehearse", site, *DAY, cwd=folder, before=["unshare", "-Ur", "sh", "-c", none, "sh"])
    check(status == 3 and "cannot make a network namespace" in err and "sysctl" in err, f"no namespaces: {status} {err}")


def namespaces():
    """Network namespaces that some process is in, and the interfaces here."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(path))
        except OSError:
            pass
    return found, sorted(os.listdir("/sys/class/net"))


def children_of(pid):
    return [p for p in pathlib.Path("/proc").glob("[0-9]*/stat")
            if re.search(rf"\) \S {pid} ", p.read_text(errors="replace") if p.exists() else "")]


def killed(folder):
    """In the midst, at several moments: nothing is there afterwards that was not before."""
    for wait in (0.3, 0.8, 1.3):
        before = namespaces()
        process = subprocess.Popen([PORTOLAN, "rehearse", "three-vendors.yaml", *DAY, "--ruleset", "edge=mistakes.nft"],
                                   cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (children_of(process.pid) or namespaces()[1] != before[1]):
            time.sleep(0.05)
        check(namespaces()[1] == before[1], f"killed after {wait} s: interfaces are {namespaces()[1]}")
        check(not children_of(process.pid), f"killed after {wait} s: it left children")


def ordinary_user(folder):
    if os.geteuid() != 0:
        return
    status, said, err = rehearse("three-vendors.yaml", cwd=folder,
                                 before=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    if said is None and "namespace" in err:
        print("not run: an ordinary user may make no namespaces here")
        return
    check(status == 0 and said["summary"]["passing"] > 0, f"an ordinary user: {status} {err}")


def main():
    with tempfile.TemporaryDirectory(prefix="portolan-rehearse.") as name:
        os.chmod(name, 0o755)
        top = pathlib.Path(name)
        folder = render(top, "three-vendors")
        skip_without_namespaces(folder)
        examples(top)
        mistakes(folder)
        behind_a_host(top)
        without_established(folder)
        shape(folder)
        change(folder)
        keeps_packets(folder)
        related(top)
        nothing(top)
        real_server(folder)
        statuses(folder)
        killed(folder)
        ordinary_user(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
