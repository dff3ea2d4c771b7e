"""A small good example of every kind of input, and the commands that read it.

`commands(path)` gives argument lists in which the input under test stands at `path`; files that are written beside it
come from `beside`.
"""

CATALOG = """\
portolan: catalog/1
product: widget
title: A widget
documents:
  ports: {title: Ports of a widget, url: "https://example.org/ports", retrieved: 2026-11-19}
roles:
  host: {title: widget host}
  clock: {title: time service}
  coordinator: {title: first host, else: host}
  mirror: {title: updates, domains: [updates.example.org]}
features:
  tls: {title: encryption, default: on}
  plain: {title: no encryption, default: off}
parameters:
  web-port: {title: web port, default: 8443}
  data-port: {title: data port}
requirements:
  - {id: time, from: host, to: clock, ports: [123/udp], service: ntp, purpose: time, origin: ['ports#"row 1"']}
  - {id: web, from: coordinator, to: mirror, ports: ["{web-port}/tcp"], service: https, purpose: updates, when: tls, origin: ['ports#"row 2"']}
  - {id: data, from: host, to: host, ports: ["{data-port}/tcp"], service: https, purpose: data, when: plain, origin: ['ports#"row 3"']}
"""

SITE = """\
portolan: site/1
site: small
names:
  h1: [10.1.0.1, "fd01::1"]
  h2: 10.1.0.2
  hosts: [h1, h2]
  clock: 10.2.0.1
  desk: 10.3.0.10-10.3.0.20
instances:
  w:
    product: widget
    features: [plain]
    parameters: {data-port: 7000}
    roles: {host: hosts, clock: clock}
domains:
  updates.example.org: [203.0.113.5]
extra:
  - {id: shell, from: desk, to: hosts, ports: [22/tcp], owner: ops, reason: administration, expires: 2027-01-31}
zones: {a: [10.1.0.0/16, "fd01::/64"], b: 10.2.0.0/16, outside: any}
firewalls:
  edge:
    dialect: iptables
    ruleset: edge.rules
    interfaces: {a: eth0, b: eth1, outside: eth2}
tests:
  - {deny: {from: outside, to: hosts, ports: [23/tcp]}}
"""

EDGE_RULES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.1.0.0/30 -d 10.2.0.1/32 -p udp -m udp --dport 123 -j ACCEPT
COMMIT
"""

FLOWS_CSV = """\
id,source,destination,transport,ports
web,10.0.0.1 10.0.0.5,10.0.0.2,tcp,443 8000-8010
ping,10.0.0.0/24,10.0.1.5-10.0.1.9,icmp,any
six,fd00::/64,fd01::2,udp,53
"""

FLOWS_JSON = """\
{"schema_version": 1, "flows": [
  {"id": "web", "instance": "i", "requirement": "web", "product": "p", "source": ["10.0.0.1"],
   "destination": ["10.0.0.2"], "domain": null, "transport": "tcp", "ports": [[443, 443], [8000, 8010]],
   "status": "resolved", "need": "required", "service": "https", "purpose": "web", "origin": ["doc#1"]},
  {"id": "time", "source": ["10.0.0.0/24"], "destination": ["10.0.1.1"], "transport": "udp", "ports": [[123, 123]]}
]}
"""

NFT_TEXT = """\
table inet filter {
	set servers {
		type ipv4_addr
		elements = { 10.0.0.2, 10.0.0.7 }
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		ip saddr 10.0.0.0/24 ip daddr @servers tcp dport { 443, 8000-8010 } accept
		icmp type echo-request accept
	}
}
"""

NFT_JSON = """\
{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
 {"table": {"family": "ip", "name": "filter", "handle": 1}},
 {"chain": {"family": "ip", "table": "filter", "name": "forward", "handle": 1, "type": "filter", "hook": "forward",
  "prio": 0, "policy": "drop"}},
 {"rule": {"family": "ip", "table": "filter", "chain": "forward", "handle": 2, "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 443}},
  {"accept": null}]}}]}
"""

IPTABLES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth0 -p tcp -m multiport --dports 443,8000:8010 -j web
-A web -m set --match-set servers dst -j ACCEPT
-A web -s 10.0.0.0/24 -m comment --comment "the \\"rest\\"" -j ACCEPT
COMMIT
"""

IPSET = """\
create servers hash:ip family inet hashsize 1024 maxelem 65536
add servers 10.0.0.2
add servers 10.0.0.7
"""

INVENTORY_INI = """\
[hosts]
h1 ansible_host=10.1.0.1
h2 ansible_host=10.1.0.2
[all_hosts:children]
hosts
"""

INVENTORY_YAML = """\
all:
  children:
    hosts:
      hosts:
        h1: {ansible_host: 10.1.0.1}
        h2: {ansible_host: 10.1.0.2}
"""

INVENTORY_CSV = """\
name,address
h1,10.1.0.1
h2,10.1.0.2
"""

LOCK = """\
portolan: lock/1
date: 2026-11-19
domains:
  updates.example.org: [203.0.113.5]
"""

NAMES_SITE = """\
portolan: site/1
site: named
names-from: [FILE]
names: {other: 10.9.9.9}
extra:
  - {id: x, from: other, to: h1, ports: [22/tcp], owner: ops, reason: test}
"""

PACKET = "tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new"
QUESTION = "h1 > clock:123/udp"


class Kind:
    def __init__(self, name, file, text, commands, beside=None, strict=True, ends=False):
        self.name, self.file, self.text, self.commands = name, file, text, commands
        self.beside = beside or {}
        self.ends = ends  # its last line tells that it is whole: a part of it is an error wherever it was cut
        self.strict = strict  # an empty file of this kind is an error


def with_catalog(*arguments):
    return [*arguments, "--catalog", "widget.yaml", "--on", "2026-12-01"]


def of_flows(path):
    return [["check", "--flows", path, "--ruleset", "good.rules", "--hook", "forward"],
            ["excess", "--flows", path, "--ruleset", "good.rules", "--hook", "forward"]]


def of_rules(*others):
    extra = [word for other in others for word in ("--ruleset", other)]
    return lambda path: [["check", "--flows", "good.csv", "--ruleset", path, *extra, "--hook", "forward"],
                         ["excess", "--flows", "good.csv", "--ruleset", path, *extra, "--hook", "forward"],
                         ["explain", path, *others, PACKET]]


RULES = {"good.rules": EDGE_RULES}
FLOWS = {"good.csv": FLOWS_CSV}
WIDGET = {"widget.yaml": CATALOG, "edge.rules": EDGE_RULES, "good.yaml": SITE}

KINDS = [
    Kind("site", "site.yaml", SITE, lambda path: [
        with_catalog("plan", path), with_catalog("render", path, "--to", "nftables"), with_catalog("check", path),
        with_catalog("excess", path), with_catalog("why", path, QUESTION),
        with_catalog("plan", "good.yaml", "--against", path)], WIDGET),
    Kind("catalog", "thing.yaml", CATALOG, lambda path: [
        ["catalog", "show", path], ["catalog", "lint", path], ["catalog", "list", "--catalog", path],
        ["init", "widget", "--catalog", path],
        ["plan", "good.yaml", "--catalog", path, "--on", "2026-12-01"]], WIDGET),
    Kind("flows as CSV", "flows.csv", FLOWS_CSV, of_flows, RULES),
    Kind("flows as JSON", "flows.json", FLOWS_JSON, lambda path: [
        *of_flows(path), with_catalog("plan", "good.yaml", "--against", path)], {**RULES, **WIDGET}, ends=True),
    Kind("nft JSON", "rules.json", NFT_JSON, of_rules(), FLOWS, ends=True),
    Kind("nft text", "rules.nft", NFT_TEXT, of_rules(), FLOWS, ends=True),
    Kind("iptables-save", "rules.v4", IPTABLES, of_rules("servers.ipset"), {**FLOWS, "servers.ipset": IPSET}, ends=True),
    Kind("ipset", "sets.ipset", IPSET, of_rules("rules.v4"), {**FLOWS, "rules.v4": IPTABLES}),
    Kind("INI inventory", "hosts.ini", INVENTORY_INI, lambda path: [["plan", "site.yaml"]], {
        "site.yaml": NAMES_SITE.replace("FILE", "hosts.ini")}, strict=False),
    Kind("YAML inventory", "hosts.yaml", INVENTORY_YAML, lambda path: [["plan", "site.yaml"]], {
        "site.yaml": NAMES_SITE.replace("FILE", "hosts.yaml")}),
    Kind("CSV inventory", "hosts.csv", INVENTORY_CSV, lambda path: [["plan", "site.yaml"]], {
        "site.yaml": NAMES_SITE.replace("FILE", "hosts.csv")}),
    Kind("lock file", "small.lock.yaml", LOCK, lambda path: [with_catalog("plan", "good.yaml")], {
        **WIDGET, "good.yaml": SITE.replace("domains:\n  updates.example.org: [203.0.113.5]\n", "")}),
]
