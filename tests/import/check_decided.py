#!/usr/bin/env python3
"""What a person made of an imported document: `catalog diff` shows just that, with the reasons that the person gave.

usage: check_decided.py PORTOLAN

A small document and two catalogs that were made of it, and, where the shared folder is there, the three documents that
the project starts from and the built-in catalogs. Nothing of a document may be gone, and whatever is not the same must
have its reason. Exit status 0, 1, or 77 where that folder is not there (the small document is tried all the same).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from imported import SHARED, Tally, skip

URL = "https://docs.example.org/ferry/ports"
DOCUMENT = """<html><body><h1>Ports of Ferry</h1>
<p>Ferry nodes download updates.</p>
<table><tr><th>Source</th><th>Domain</th><th>Port</th><th>Use</th></tr>
<tr><td>Ferry nodes</td><td>one.example.org</td><td>443</td><td>The leader fetches packages</td></tr>
<tr><td>Ferry nodes</td><td>two.example.org</td><td>443</td><td>The leader fetches keys</td></tr></table>
<h2>Ports</h2>
<table><tr><th>Source</th><th>Destination</th><th>Type</th><th>Port</th><th>Use</th></tr>
<tr><td>Ferry nodes</td><td>Ferry nodes</td><td>TCP</td><td>80, 443</td><td>API</td></tr>
<tr><td>Ferry nodes</td><td>Clock</td><td>UDP</td><td>123</td><td>Time</td></tr>
<tr><td>Ferry nodes</td><td>Directory</td><td>TCP</td><td>389</td><td>Accounts</td></tr>
<tr><td>Ferry nodes</td><td>Directory</td><td>TCP</td><td>636</td><td>Accounts over TLS</td></tr>
<tr><td>Ferry nodes</td><td>Directory</td><td>TCP, UDP</td><td>88</td><td>Tickets</td></tr>
<tr><td>Ferry</td><td>Directory</td><td>TCP</td><td>389</td><td>Accounts</td></tr>
<tr><td>Ferry</td><td>Directory</td><td>TCP</td><td>636</td><td>Accounts</td></tr>
<tr><td>Ferry</td><td>Directory</td><td>TCP</td><td>88</td><td>Tickets</td></tr>
<tr><td>Console</td><td>Ferry nodes</td><td>TCP</td><td>22</td><td>SSH</td></tr>
<tr><td>Console</td><td>Virtual Machine</td><td>TCP</td><td>5900</td><td>VNC</td></tr></table>
</body></html>
"""
HEAD = f"documents: {{d: {{title: Ports, url: '{URL}'}}}}\n"
NODE = """portolan: catalog/1
product: ferry
title: Ferry
""" + HEAD + """roles:
  node: {title: node}
  leader: {title: leader of the nodes, else: node}
  clock: {title: time service}
  directory: {title: directory}
  updates: {title: updates, domains: [one.example.org, two.example.org]}
features:
  http: {title: port 80, default: on}
  time: {title: time from a clock, default: on}
requirements:
  - {id: updates, from: leader, to: updates, ports: [443/tcp], service: https, purpose: updates,
     inferred: {from: read from the use}, origin: ['d#"updates"']}
  - {id: api, from: node, to: node, ports: [443/tcp], service: https, purpose: API, origin: ['d#"api"']}
  - {id: api-http, from: node, to: node, ports: [80/tcp], service: http, purpose: API, when: http, origin: ['d#"api"']}
  - {id: time, from: node, to: clock, ports: [123/udp], service: ntp, purpose: time, when: time, origin: ['d#"time"']}
  - {id: ldap, from: node, to: directory, ports: [389/tcp], service: ldap, purpose: accounts, origin: ['d#"ldap"']}
  - {id: ldaps, from: node, to: directory, ports: [636/tcp], service: ldaps, purpose: accounts, origin: ['d#"ldap"']}
  - {id: tickets, from: node, to: directory, ports: [88/tcp, 88/udp], service: kerberos, purpose: tickets,
     origin: ['d#"tickets"']}
"""
CONSOLE = """portolan: catalog/1
product: ferry-console
title: Ferry Console
""" + HEAD + """roles:
  desk: {title: machine with the console}
  node: {title: node}
  machine: {title: machine that is looked at}
requirements:
  - {id: ssh, from: desk, to: node, ports: [22/tcp], service: ssh, purpose: shell, origin: ['d#"ssh"']}
  - {id: screen, from: desk, to: machine, ports: [5900/tcp], service: vnc, purpose: screens, origin: ['d#"vnc"']}
"""
UNRELATED = """portolan: catalog/1
product: ferry-toll
title: Ferry Toll
""" + HEAD + """roles: {booth: {title: booth}, till: {title: till}}
requirements:
  - {id: pay, from: booth, to: till, ports: [9999/tcp], service: tcp, purpose: pay, origin: ['d#"toll"']}
"""
SEEDS = (  # document, product, others of the same document, what cannot be there
    ("xcp-ng-and-xen-orchestra.txt", "xcp-ng", ["xen-orchestra"], ["registry"]),  # a host that the copy writes otherwise
    ("xenserver.txt", "xenserver", ["citrix-provisioning", "xencenter"], []),
    ("qumulo-core.md", "qumulo-core", [], []),
)
EXPLAINED = ("from", "to", "domains", "ports", "need", "discover", "reply", "when")


def run(portolan, *argv):
    return subprocess.run([portolan, *map(str, argv)], capture_output=True, text=True)


def compare(portolan, tally, document, product, catalogs=()):
    """The difference between the imported document and the product's catalog, as JSON and as text."""
    options = [word for path in catalogs for word in ("--catalog", path)]
    with tempfile.TemporaryDirectory() as folder:
        imported = pathlib.Path(folder) / "imported.yaml"
        run(portolan, "import", document, "--product", product, "--title", product.split("-")[0].title(), "-o", imported)
        done = run(portolan, "catalog", "diff", imported, product, *options, "--format", "json")
        text = run(portolan, "catalog", "diff", imported, product, *options).stdout
    tally.check(done.returncode == 1, f"{product}: there is a difference", done.stderr)
    return json.loads(done.stdout), text


def check_reasons(tally, name, data, text, lost):
    gone = [r["id"] for r in data["removed"] if not any(word in r["id"] for word in lost)]
    tally.check(not gone, f"{name}: nothing of the document is gone", gone)
    for requirement in data["added"]:
        tally.check(requirement["inferred"] or requirement["review"], f"{name}: {requirement['id']} says why it is there")
    for changed in data["changed"]:
        fields = {field: change for field, change in changed["fields"].items() if field in EXPLAINED}
        # What joins two conditions, or drops one that stood for the whole of a sibling, has none to give.
        dropped = fields.keys() == {"when"} and fields["when"]["added"] == ["always"]
        tally.check(changed["why"] or dropped, f"{name}: {changed['new']} says why", fields)
        tally.check(all(why in text for why in changed["why"]), f"{name}: {changed['new']} shows why", changed["why"])


def small(portolan, tally):
    with tempfile.TemporaryDirectory() as folder:
        files = {"ferry.html": DOCUMENT, "ferry.yaml": NODE, "console.yaml": CONSOLE, "toll.yaml": UNRELATED}
        paths = {name: pathlib.Path(folder) / name for name in files}
        for name, content in files.items():
            paths[name].write_text(content, encoding="utf-8")
        data, text = compare(portolan, tally, paths["ferry.html"], "ferry",
                             [paths[name] for name in files if name.endswith(".yaml")])
    tally.check(data["siblings"] == ["ferry-console"], "small: read with the catalog that has a part in it", data["siblings"])
    check_reasons(tally, "small", data, text, [])
    tally.check(not data["added"], "small: nothing was added", data["added"])
    found = {tuple(one["new"]): one for one in data["changed"]}
    tally.check(set(found) == {("updates",), ("api", "api-http"), ("time",)}, "small: just the decisions", list(found))
    tally.check(found[("updates",)]["fields"]["from"] == {"added": ["leader"], "removed": ["node"]} and
                found[("updates",)]["why"] == ["read from the use"], "small: the reason of the other source")
    names = {(name["old"], name["new"]) for name in data["names"] if name["kind"] == "role"}
    tally.check({("console", "desk"), ("virtual-machine", "machine")} <= names, "small: roles of the sibling", names)
    tally.check("ferry" in {old for old, new in names if new == "node"}, "small: two names of one role", names)
    tally.check("feature time, on: time from a clock" in text, "small: the feature of the condition", text)


def main():
    portolan = sys.argv[1]
    tally = Tally()
    small(portolan, tally)
    folder = SHARED / "seeds"
    if not folder.is_dir():
        print(f"{tally.passed} passed, {tally.failed} failed")
        if tally.failed:
            sys.exit(1)
        skip(f"no {folder}: the three documents are not here")
    for document, product, siblings, lost in SEEDS:
        data, text = compare(portolan, tally, folder / document, product)
        tally.check(data["siblings"] == siblings, f"{product}: read with the others of the document", data["siblings"])
        check_reasons(tally, product, data, text, lost)
        print(f"# {product}: {len(data['added'])} added, {len(data['removed'])} removed, {data['summary']['changed']} changed")
    tally.close()


main()
