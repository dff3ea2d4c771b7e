#!/usr/bin/env python3
"""The contract of the commands: exit statuses, shapes of JSON, options that all share.

What is written here is what programs outside this repository rely on; a change of it is a change of the contract.
"""
import json
import re
import sys

from kinds import CATALOG, EDGE_RULES, FLOWS_CSV, INVENTORY_INI, IPTABLES, IPSET, PACKET, SITE
from runner import SOURCE, Suite, expect, run

COMMANDS = ["init", "catalog", "plan", "probe", "render", "check", "excess", "explain", "why", "rehearse", "schema", "completion", "version"]
ON = ["--on", "2026-12-01"]
SMALL = ["--catalog", "widget.yaml", *ON]
FLOW = {"id", "instance", "requirement", "product", "source", "destination", "domain", "transport", "ports", "status",
        "need", "service", "purpose", "origin"}
RULE = {"file", "line", "table", "chain", "index", "text"}
PACKET_KEYS = {"in", "out", "source", "destination", "transport", "source_port", "port", "icmp_type", "icmp_code", "state"}
VERDICT = {"flow", "firewall", "hook", "direction", "verdict", "rule", "rules", "packet"}
FINDING = {"kind", "severity", "firewall", "rule", "by", "box", "packet"}
BOX = {"source", "destination", "transport", "source_ports", "ports", "in", "out", "state"}
SUMMARY = {"flows", "permitted", "denied", "partial", "undetermined", "excess"}
REQUIREMENT = {"id", "from", "to", "domains", "ports", "service", "purpose", "when", "need", "origin", "inferred", "review"}

SITE4 = SITE.replace('h1: [10.1.0.1, "fd01::1"]', "h1: 10.1.0.1").replace('[10.1.0.0/16, "fd01::/64"]', "10.1.0.0/16")

GOOD_RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.1.0.1/32 -d 10.2.0.1/32 -i eth0 -o eth1 -p udp -m udp --dport 123 -j ACCEPT
-A FORWARD -s 10.1.0.2/32 -d 10.2.0.1/32 -i eth0 -o eth1 -p udp -m udp --dport 123 -j ACCEPT
-A FORWARD -s 10.1.0.1/32 -d 203.0.113.5/32 -i eth0 -o eth2 -p tcp -m tcp --dport 8443 -j ACCEPT
-A FORWARD -s 10.1.0.2/32 -d 203.0.113.5/32 -i eth0 -o eth2 -p tcp -m tcp --dport 8443 -j ACCEPT
-A FORWARD -d 10.1.0.1/32 -m iprange --src-range 10.3.0.10-10.3.0.20 -i eth2 -o eth0 -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -d 10.1.0.2/32 -m iprange --src-range 10.3.0.10-10.3.0.20 -i eth2 -o eth0 -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""


def has(document, keys, what):
    expect(keys <= set(document), f"{what} lacks {keys - set(document)}: {json.dumps(document)[:400]}")


def check_rule(rule):
    if rule is not None:
        has(rule, RULE, "rule")
        expect(rule["line"] is None or rule["line"] > 0, rule)
        expect(rule["index"] is None or rule["index"] > 0, rule)


def check_packet(packet):
    if packet is not None:
        has(packet, PACKET_KEYS, "packet")


def check_verdicts(verdicts):
    for verdict in verdicts:
        has(verdict, VERDICT, "verdict")
        expect(verdict["verdict"] in ("permitted", "denied", "partial", "undetermined"), verdict)
        expect(verdict["direction"] in ("request", "reply"), verdict)
        check_rule(verdict["rule"])
        for rule in verdict["rules"]:
            check_rule(rule)
        if verdict["rule"] is not None:
            expect(verdict["rule"] in verdict["rules"], f"{verdict['rule']} is not among {verdict['rules']}")
        check_packet(verdict["packet"])


def check_findings(findings):
    for finding in findings:
        has(finding, FINDING, "finding")
        check_rule(finding["rule"])
        check_packet(finding["packet"])
        for rule in finding["by"]:
            check_rule(rule)
        if finding["box"] is not None:
            has(finding["box"], BOX, "box")
            for values in finding["box"].values():
                expect(isinstance(values, str) or all(isinstance(value, str) for value in values), finding["box"])


def document_of(suite, *arguments, status=0):
    result = run(*arguments, "--format", "json", cwd=suite.path)
    expect(result.status == status, f"wanted exit {status}: {result}")
    document = json.loads(result.out)
    expect(document["schema_version"] == 1, "schema_version")
    return document


# --- shapes -----------------------------------------------------------------------------------------------------------


def plan(suite):
    document = document_of(suite, "plan", "site.yaml", *SMALL)
    for flow in document["flows"]:
        has(flow, FLOW, "flow")
        expect(flow["ports"] is None or flow["ports"] == "any" or all(lo <= hi for lo, hi in flow["ports"]), flow)
        expect(flow["status"] in ("resolved", "unresolved"), flow)
    time = next(flow for flow in document["flows"] if flow["id"] == "w/time/udp")
    expect(time["source"] == ["10.1.0.1", "10.1.0.2"] and time["destination"] == ["10.2.0.1"], time)
    expect(time["ports"] == [[123, 123]] and time["transport"] == "udp" and time["product"] == "widget", time)
    expect(time["origin"] == ['ports#"row 1"'] and time["domain"] is None, time)
    web = next(flow for flow in document["flows"] if flow["id"] == "w/web/tcp")
    expect(web["domain"] == ["updates.example.org"] and web["destination"] == ["203.0.113.5"], web)


def unresolved(suite):
    suite.write("open.yaml", SITE.replace("  updates.example.org: [203.0.113.5]\n", ""))
    document = document_of(suite, "plan", "open.yaml", *SMALL)
    web = next(flow for flow in document["flows"] if flow["requirement"] == "web")
    expect(web["status"] == "unresolved" and web["domain"] == ["updates.example.org"], web)


def check(suite):
    document = document_of(suite, "check", "site.yaml", *SMALL, status=1)
    has(document, {"verdicts", "findings", "tests", "summary"}, "check")
    has(document["summary"], SUMMARY, "summary")
    check_verdicts(document["verdicts"])
    check_findings(document["findings"])
    for test in document["tests"]:
        has(test, {"test", "holds", "packet", "rule"}, "test")
    expect(document["tests"][0]["holds"] is None, "there is no ruleset of IPv6")
    whole = document_of(suite, "check", "good.yaml", *SMALL)
    expect(whole["tests"][0]["holds"] is True, whole["tests"])
    expect(whole["summary"]["permitted"] == whole["summary"]["flows"] == 4, whole["summary"])
    expect({verdict["firewall"] for verdict in document["verdicts"]} == {"edge"}, "firewall")


def excess(suite):
    for status, arguments in ((1, ["excess", "site.yaml", *SMALL]),
                              (1, ["excess", "--flows", "flows.csv", "--ruleset", "wide.rules"])):
        document = document_of(suite, *arguments, status=status)
        has(document, {"findings", "summary"}, "excess")
        check_findings(document["findings"])
        expect(document["findings"] and document["findings"][0]["kind"] == "excess", document)
        expect(document["summary"]["excess"] == sum(f["kind"] == "excess" for f in document["findings"]), document)


def explain(suite):
    document = document_of(suite, "explain", "rules.v4", "servers.ipset", PACKET)
    expect(document["verdict"] == "permitted", document)
    has(document, {"verdict", "trace", "packet"}, "explain")
    check_packet(document["packet"])
    for step in document["trace"]:
        has(step, {"rule", "matched", "action"}, "step")
        check_rule(step["rule"])
        expect(step["matched"] in (True, False, "unknown"), step)
    walked = [(step["rule"]["chain"], step["rule"]["index"], step["matched"]) for step in document["trace"]]
    expect(walked == [("FORWARD", 1, False), ("FORWARD", 2, True), ("web", 1, True)], walked)


DNAT = """*nat
-A PREROUTING -d 192.0.2.1/32 -p tcp --dport 443 -j DNAT --to-destination 10.0.0.5:8443
COMMIT
*filter
:FORWARD DROP
-A FORWARD -d 10.0.0.5 -p tcp --dport 8443 -j ACCEPT
%s
COMMIT
"""


def translated(suite):
    """A flow names what its client dials; filters see where it goes, and the answer from there."""
    suite.write("dialled.csv", "id,source,destination,transport,ports\na,198.51.100.1,192.0.2.1,tcp,443\n")
    for name, rule, reply in (("stateful", "-m state --state ESTABLISHED -j ACCEPT", "permitted"),
                              ("stateless", "-s 10.0.0.5 -p tcp --sport 8443 -j ACCEPT", "permitted"),
                              ("dialled", "-s 192.0.2.1 -p tcp --sport 443 -j ACCEPT", "denied")):
        suite.write("dnat.rules", DNAT % ("-A FORWARD " + rule))
        document = document_of(suite, "check", "--flows", "dialled.csv", "--ruleset", "dnat.rules", "--hook", "forward",
                               status=0 if reply == "permitted" else 1)
        there, back = document["verdicts"]
        expect(there["verdict"] == "permitted" and back["verdict"] == reply, (name, document["verdicts"]))
        expect((there["packet"]["destination"], there["packet"]["port"]) == ("192.0.2.1", 443), there)
        expect((there["rewritten"]["destination"], there["rewritten"]["port"]) == ("10.0.0.5", 8443), there)
    document = document_of(suite, "explain", "dnat.rules", "tcp 198.51.100.1 > 192.0.2.1:443 in a out b")
    expect(document["verdict"] == "permitted" and document["rewritten"]["destination"] == "10.0.0.5", document)


SAVE = "*filter\n:FORWARD %s [0:0]\n%sCOMMIT\n"


def several_files(suite):
    """The policy that decides is named by the file that it stands in."""
    suite.write("a.v4.rules", "# IPv4\n" + SAVE % ("ACCEPT", ""))
    suite.write("b.v6.rules", SAVE % ("DROP", "-A FORWARD -s fd00::9 -j ACCEPT\n"))
    suite.write("both.csv", "id,source,destination,transport,ports\nf,10.0.0.1,10.0.0.2,tcp,80\ng,fd00::1,fd00::2,tcp,80\n")
    for files in (("a.v4.rules", "b.v6.rules"), ("b.v6.rules", "a.v4.rules")):
        rulesets = [word for name in files for word in ("--ruleset", name)]
        document = document_of(suite, "check", "--flows", "both.csv", *rulesets, "--hook", "forward", status=1)
        places = {(verdict["flow"], verdict["direction"]): (verdict["rule"]["file"], verdict["rule"]["line"])
                  for verdict in document["verdicts"]}
        expect(places["f", "request"] == ("a.v4.rules", 3) and places["g", "request"] == ("b.v6.rules", 2), places)


def forbidden_flows(suite):
    """A flow that must not be possible is a test, with a site and without."""
    suite.write("must-not.json", '{"flows":[{"id":"a","source":["10.0.0.1"],"destination":["10.0.0.2"],'
                '"transport":"tcp","ports":[[22,22]],"need":"forbidden"}]}')
    for policy, status, holds, key in (("ACCEPT", 1, False, "permitted"), ("DROP", 0, True, "denied")):
        suite.write("policy.rules", SAVE % (policy, "-A FORWARD -d 10.9.9.9 -j ACCEPT\n"))
        document = document_of(suite, "check", "--flows", "must-not.json", "--ruleset", "policy.rules", "--hook",
                               "forward", status=status)
        expect(document["tests"][0]["holds"] is holds and document["summary"][key] == 1, document)


def errors_of_both_sides(suite):
    """What is wrong on the left is said before what is wrong on the right, wherever it was noticed."""
    suite.write("left.rules", SAVE % ("DROP", "-A FORWARD --nothing\n"))
    suite.write("right.rules", "nothing\n")
    for pair in (("left.rules", "right.rules"), ("right.rules", "left.rules"), ("left.rules", "left.rules")):
        result = run("diff", *pair, cwd=suite.path)
        expect(result.status == 2 and [place[0] for place in result.places()] == list(pair), result)


def perhaps_different(suite):
    """Two rulesets that differ only where nobody can know are neither equal nor different."""
    rule = "-A FORWARD -d 10.0.0.2 %s-j ACCEPT\n"
    suite.write("left.rules", SAVE % ("DROP", rule % "-m recent --name x --rcheck "))
    suite.write("right.rules", SAVE % ("DROP", ""))
    document = document_of(suite, "diff", "left.rules", "right.rules", status=3)
    expect(document["equal"] is False and document["differences"], document)
    suite.write("right.rules", SAVE % ("DROP", rule % ""))
    suite.write("left.rules", SAVE % ("DROP", ""))
    document = document_of(suite, "diff", "left.rules", "right.rules", status=1)
    expect(document["differences"][0]["right"] == "permitted", document)
    document_of(suite, "diff", "left.rules", "left.rules", status=0)


def left_open(suite):
    """Whether what NAT leaves open is what the other writes is not known; that it writes, and another place, is."""
    nat = "*nat\n:POSTROUTING ACCEPT [0:0]\n%sCOMMIT\n" + SAVE % ("ACCEPT", "")
    for name, rule in (("own", "-A POSTROUTING -o a -j MASQUERADE\n"), ("none", ""),
                       ("one", "-A POSTROUTING -o a -j SNAT --to-source 10.0.0.1\n"),
                       ("two", "-A POSTROUTING -o a -j SNAT --to-source 10.0.0.2\n")):
        suite.write(name + ".rules", nat % rule)
    for left, right, status in (("own", "one", 3), ("one", "own", 3), ("one", "two", 1), ("own", "none", 1),
                                ("own", "own", 0)):
        document_of(suite, "diff", left + ".rules", right + ".rules", status=status)


def other_order(suite):
    """The order of tables and chains in a listing is of no matter, though one text stands for two unknowns."""
    local = "-m addrtype --dst-type LOCAL"
    nat = (f"*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT {local} -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.9\n"
           "COMMIT\n")
    wall = f"*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT {local} -j ACCEPT\nCOMMIT\n"
    suite.write("left.rules", wall + nat)
    suite.write("right.rules", nat + wall)
    document_of(suite, "diff", "left.rules", "right.rules", status=0)


LOCAL_RULES = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
:host - [0:0]
:both - [0:0]
-A INPUT -p tcp -j host
-A INPUT -p udp -j both
-A FORWARD -j both
-A OUTPUT -m addrtype --src-type LOCAL -j ACCEPT
-A host -m addrtype ! --dst-type LOCAL -j DROP
-A host -j ACCEPT
-A both -m addrtype --dst-type LOCAL -j ACCEPT
COMMIT
"""


def own_addresses(suite):
    """What comes to INPUT is for an address of the host, and what goes through OUTPUT is from one; nothing else is."""
    suite.write("local.rules", LOCAL_RULES)
    for name, packet, status, verdict in (("local.rules", "tcp 10.0.0.1 > 10.0.0.2:22 in a", 0, "permitted"),
                                          ("local.rules", "tcp 10.0.0.1 > 224.0.0.1:22 in a", 0, "denied"),
                                          ("local.rules", "udp 10.0.0.1 > 10.0.0.2:22 in a", 3, "undetermined"),
                                          ("local.rules", "tcp 10.0.0.1 > 10.0.0.2:22 in a out b", 3, "undetermined"),
                                          ("local.rules", "tcp 10.0.0.1 > 10.0.0.2:22 out b", 0, "permitted")):
        document = document_of(suite, "explain", name, packet, status=status)
        expect(document["verdict"] == verdict, (name, packet, document))


def extension_headers(suite):
    """Packets of flows have no extension headers: what refuses those by one says nothing about them, yet is no nothing."""
    rules = SAVE % ("DROP", "%s-A FORWARD -p tcp --dport 22 -j ACCEPT\n")
    suite.write("headers-v6.rules", rules % "-A FORWARD -m rt --rt-type 0 -j DROP\n")
    suite.write("none-v6.rules", rules % "")
    suite.write("opens-v6.rules", rules % "-A FORWARD -m rt --rt-type 0 -j ACCEPT\n")
    suite.write("headers.nft", "table ip6 t {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy drop;\n"
                               "\t\trt type 0 drop\n\t\ttcp dport 22 accept\n\t}\n}\n")
    for name, port, status, verdict in (("headers-v6.rules", 22, 0, "permitted"), ("headers-v6.rules", 23, 0, "denied"),
                                        ("opens-v6.rules", 23, 3, "undetermined"), ("headers.nft", 22, 0, "permitted")):
        document = document_of(suite, "explain", name, f"tcp [fd00::1] > [fd00::2]:{port} in a out b", status=status)
        expect(document["verdict"] == verdict, (name, document))
    suite.write("headers.csv", "id,source,destination,transport,ports\na,fd00::1,fd00::2,tcp,22\nb,fd00::1,fd00::2,tcp,23\n")
    document = document_of(suite, "check", "--flows", "headers.csv", "--ruleset", "headers-v6.rules", "--hook", "forward",
                           status=1)
    requests = [verdict for verdict in document["verdicts"] if verdict["direction"] == "request"]
    expect([verdict["verdict"] for verdict in requests] == ["permitted", "denied"], document)
    expect(requests[1]["rule"]["index"] is None, document)
    document_of(suite, "diff", "headers-v6.rules", "none-v6.rules", status=3)
    odd = ("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n*filter\n"
           ":FORWARD DROP [0:0]\n:no - [0:0]\n-A FORWARD -m addrtype --src-type BROADCAST -g no\n"
           "-A FORWARD -m addrtype --dst-type BROADCAST -j %s\n-A FORWARD -p tcp --dport 22 -j ACCEPT\n"
           "-A no -j LOG\n-A no -j DROP\nCOMMIT\n")
    suite.write("odd.csv", "id,source,destination,transport,ports\na,10.0.0.1,10.0.0.2,tcp,22\nb,10.0.0.1,10.0.0.2,tcp,23\n")
    for action, wanted in (("DROP", ["permitted", "denied"]), ("ACCEPT", ["permitted", "undetermined"])):
        suite.write("odd.rules", odd % action)
        document = document_of(suite, "check", "--flows", "odd.csv", "--ruleset", "odd.rules", "--hook", "forward",
                               status=1 if action == "DROP" else 3)
        requests = [verdict for verdict in document["verdicts"] if verdict["direction"] == "request"]
        expect([verdict["verdict"] for verdict in requests] == wanted, document)
    document_of(suite, "explain", "odd.rules", "tcp 10.0.0.1 > 10.0.0.2:22 in a out b", status=3)
    document = document_of(suite, "audit", "headers-v6.rules", status=0)
    expect(document["findings"] == [], document)


NO_PATH = """portolan: site/1
site: apart
names: {a: 10.1.0.5, c: 10.3.0.5}
extra:
  - {id: x, from: a, to: c, ports: [443/tcp], owner: tests, reason: a way that is not there}
zones: {za: 10.1.0.0/16, zb: 10.2.0.0/16, zc: 10.3.0.0/16}
firewalls:
  edge: {dialect: iptables, ruleset: edge.rules, interfaces: {za: eth0, zb: eth1}}
"""


def without_path(suite):
    """A flow without a path does not pass; packets with foreign sources count on request alone."""
    suite.write("apart.yaml", NO_PATH)
    suite.write("edge.rules", SAVE % ("DROP", "-A FORWARD -i eth0 -o eth1 -s 10.2.0.9 -d 10.2.0.1 -j ACCEPT\n"
                                      "-A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT\n"))
    document = document_of(suite, "check", "apart.yaml", status=1)
    expect(document["summary"]["denied"] == 1 and document["summary"]["excess"] == 0, document["summary"])
    document = document_of(suite, "check", "--spoofed", "apart.yaml", status=1)
    expect(document["summary"]["excess"] == 2, document["summary"])  # all but the baseline's ICMP errors


def lenient(suite):
    """A ruleset that was cut off is refused, and used on request, without trust in what is broken."""
    suite.write("cut.rules", "*filter\n:FORWARD DROP\n-A FORWARD -d 10.0.0.2 -j ACCEPT\n-A FORWARD --wrong\nCOMMIT\n")
    for packet, status, verdict in (("10.0.0.2", 0, "permitted"), ("10.0.0.3", 3, "undetermined")):
        packet = f"tcp 10.0.0.1 > {packet}:80 in a out b"
        refused = run("explain", "cut.rules", packet, cwd=suite.path)
        expect(refused.status == 2 and "cut.rules:4:" in refused.err, refused)
        document = document_of(suite, "explain", "--lenient", "cut.rules", packet, status=status)
        expect(document["verdict"] == verdict, document)


    suite.write("cut.yaml", SITE4.replace("edge.rules", "half.rules"))
    suite.write("half.rules", "*filter\n:FORWARD DROP\n-A FORWARD -s 10.1.0.0/16 -p udp -j ACCEPT\n-A FORWARD -s 10.2.")
    refused = run("why", "cut.yaml", "h1 > clock:123/udp", *SMALL, cwd=suite.path)
    expect(refused.status == 2 and "half.rules:4:1: error: the text ends in the middle" in refused.err, refused)
    document = document_of(suite, "why", "--lenient", "cut.yaml", "h1 > clock:123/udp", *SMALL, status=3)
    expect([verdict["verdict"] for verdict in document["verdicts"]] == ["permitted", "undetermined"], document)


def of_either_family(suite):
    """Rules that do not say of which family they are: IPv4, and that is said; IPv6 on request or by the file's name."""
    text = "*filter\n:FORWARD DROP\n-A FORWARD -p tcp --dport 443 -j ACCEPT\nCOMMIT\n"
    packet = "tcp fd00::1 > [fd00::2]:443 in a out b"
    suite.write("plain.rules", text)
    suite.write("plain.v6.rules", text)
    result = run("explain", "plain.rules", packet, cwd=suite.path)
    expect(result.status == 3 and "taken for IPv4" in result.err and "--dialect ip6tables" in result.err, result)
    document_of(suite, "explain", "--dialect", "iptables", "plain.rules", packet, status=3)
    for arguments in (["--dialect", "ip6tables", "plain.rules"], ["plain.v6.rules"]):
        document = document_of(suite, "explain", *arguments, packet)
        expect(document["verdict"] == "permitted", document)
    # What is said of one family holds for texts that say otherwise only.
    suite.write("own.rules", text.replace("-p tcp", "-s 10.0.0.0/8 -p tcp"))
    document = document_of(suite, "explain", "--dialect", "ip6tables", "own.rules", "plain.rules", packet)
    expect(document["verdict"] == "permitted", document)


def pasted(suite):
    """What people paste is read, with what was done to it; a listing and a script are refused with what to give."""
    suite.write("mail.txt", "> root@fw:~# iptables-save\n> *filter\n> :FORWARD DROP [0:0]\n"
                            "> \u2013A FORWARD -p tcp\n> --dport 443 \u2013j ACCEPT\n> COMMIT\n")
    result = run("explain", "mail.txt", "tcp 10.0.0.1 > 10.0.0.2:443 in a out b", cwd=suite.path)
    expect(result.status == 0 and "permitted" in result.out, result)
    expect("no plain ones" in result.err and "joined again" in result.err, result)
    suite.write("list.txt", "Chain FORWARD (policy DROP)\ntarget     prot opt source               destination\n")
    result = run("explain", "list.txt", "tcp 10.0.0.1 > 10.0.0.2:443", cwd=suite.path)
    expect(result.status == 2 and "list.txt:1:1: error:" in result.err and "iptables -S prints" in result.err, result)
    suite.write("wall.sh", "#!/bin/sh\niptables -P FORWARD DROP\niptables -A FORWARD -i $LAN -j ACCEPT\n")
    result = run("explain", "wall.sh", "tcp 10.0.0.1 > 10.0.0.2:443 in a out b", cwd=suite.path)
    expect(result.status == 2 and 'wall.sh:3:24: error: "$LAN" is a variable' in result.err, result)


NFT_LISTED = """table inet filter {
	flowtable ft {
		hook ingress priority filter
		devices = { lan1, lan2 }
		flags offload
	}
	chain input {
		type filter hook input priority filter; policy drop;
		meta l4proto tcp xt match "comment" tcp dport 22 counter packets 0 bytes 0 accept
		tcp dport 80 xt match recent counter packets 0 bytes 0 accept
		tcp dport 443 queue flags bypass to 0-3
		tcp dport 8080 last used never accept
		meta l4proto { tcp, udp } flow add @ft
		counter packets 0 bytes 0 xt target "REJECT"
	}
}
"""


def listed_by_others(suite):
    """What another machine's nft lists is read, whatever nft and kernel are here; prompts and commands of a shell too."""
    suite.write("list.nft", "root@gw:~# nft list ruleset\n" + NFT_LISTED + "root@gw:~# exit\n")
    for port, status, verdict in ((22, 0, "permitted"), (80, 3, "undetermined"), (443, 3, "undetermined"),
                                  (8080, 0, "permitted"), (99, 0, "denied")):
        document = document_of(suite, "explain", "list.nft", f"tcp 10.0.0.1 > 10.0.0.2:{port} in a", status=status)
        expect(document["verdict"] == verdict, document)
        expect(document["trace"][-1]["rule"]["line"] is not None, document)
    suite.write("names.nft", "table inet t {\n\tchain c {\n\t\ttype filter hook output priority 0; policy drop;\n"
                             "\t\tmeta skuid \"no-such-user\" tcp dport 22 accept\n"
                             "\t\ttcp dport 443 accept\n\t\tip daddr no-such-host.invalid tcp dport 80 accept\n\t}\n}\n")
    for port, status, verdict in ((22, 3, "undetermined"), (443, 0, "permitted"), (99, 3, "undetermined")):
        document = document_of(suite, "explain", "names.nft", f"tcp 10.0.0.1 > 10.0.0.2:{port} out a", status=status)
        expect(document["verdict"] == verdict, document)
    suite.write("wall.sh", "#!/bin/sh\nset -e\nnft flush ruleset\nnft add table ip t\n"
                           "nft add chain ip t c '{ type filter hook input priority 0; policy drop; }'\n"
                           "nft add rule ip t c tcp dport '{ 22, 80 }' accept\n")
    document = document_of(suite, "explain", "wall.sh", "tcp 10.0.0.1 > 10.0.0.2:80 in a")
    expect(document["trace"][-1]["rule"]["line"] == 6, document)


def nft_lenient(suite):
    """A text of nft with an error, or cut off, is refused with the place; used on request, its rules may be anything."""
    broken = NFT_LISTED.replace("last used never", "lats used never")
    for name, text, line, port, verdict in (("broken.nft", broken, 12, 8080, "undetermined"),
                                            ("broken.nft", broken, 12, 22, "permitted"),
                                            ("cut.nft", NFT_LISTED[:NFT_LISTED.index(" last used")], 12, 8080,
                                             "undetermined")):
        suite.write(name, text)
        packet = f"tcp 10.0.0.1 > 10.0.0.2:{port} in a"
        refused = run("explain", name, packet, cwd=suite.path)
        expect(refused.status == 2 and f"{name}:{line}:" in refused.err and refused.out == "", refused)
        document = document_of(suite, "explain", "--lenient", name, packet, status=0 if verdict == "permitted" else 3)
        expect(document["verdict"] == verdict, document)


def explain_unknown(suite):
    suite.write("odd.rules", IPTABLES.replace("-m set --match-set servers dst", "-m recent --name x --rcheck"))
    document = document_of(suite, "explain", "odd.rules", PACKET.replace("10.0.0.1", "10.9.9.9"), status=3)
    expect(document["verdict"] == "undetermined", document)
    expect("unknown" in [step["matched"] for step in document["trace"]], document)


def explain_icmp(suite):
    document = document_of(suite, "explain", "rules.v4", "servers.ipset",
                           "icmp 10.0.0.1 > 10.0.0.2 type 8 code 0", "--hook", "forward")
    expect(document["verdict"] == "denied", document)
    expect(document["trace"][-1]["rule"]["index"] is None, "the policy decides")
    expect(document["packet"]["icmp_type"] == 8 and document["packet"]["port"] is None, document["packet"])


def why(suite):
    document = document_of(suite, "why", "good.yaml", "h1 > clock:123/udp", *SMALL)
    expect([flow["id"] for flow in document["flows"]] == ["w/time/udp"], document)
    has(document["flows"][0], FLOW, "flow")
    check_verdicts(document["verdicts"])
    expect(document["verdicts"][0]["rule"]["index"] == 2, document["verdicts"][0])
    document_of(suite, "why", "site.yaml", "h1 > updates.example.org:8443/tcp", *SMALL, status=1)
    stopped = document_of(suite, "why", "good.yaml", "clock > h1:99/tcp", *SMALL)
    expect(stopped["flows"] == [] and stopped["verdicts"][0]["verdict"] == "denied", stopped)


def catalog_show(suite):
    for what in ("widget.yaml", str(SOURCE / "catalog" / "xcp-ng.yaml")):
        document = document_of(suite, "catalog", "show", what)
        has(document, {"product", "requirements", "notes"}, "catalog")
        for requirement in document["requirements"]:
            has(requirement, REQUIREMENT, "requirement")
            for port in requirement["ports"]:
                expect(re.fullmatch(r"(\d+(-\d+)?|dynamic)/\w+|any|unstated|icmp|\{[\w-]+\}/\w+", port), port)


def catalog_others(suite):
    document = document_of(suite, "catalog", "list")
    products = json.dumps(document)
    for product in ("xcp-ng", "xen-orchestra", "xenserver", "xencenter", "citrix-provisioning", "qumulo-core"):
        expect(f'"{product}"' in products, product)
    document_of(suite, "catalog", "lint")
    for product in ("xcp-ng", "qumulo-core"):
        document_of(suite, "catalog", "show", product)


# --- statuses ---------------------------------------------------------------------------------------------------------

STATUSES = [
    (0, ["plan", "site.yaml", *SMALL]),
    (0, ["check", "good.yaml", *SMALL]),
    (1, ["check", "site.yaml", *SMALL]),
    (0, ["check", "good.yaml", "--firewall", "edge", *SMALL]),
    (3, ["check", "--flows", "six.csv", "--ruleset", "good.rules"]),
    (0, ["check", "--flows", "none.csv", "--ruleset", "good.rules"]),
    (1, ["check", "--flows", "none.csv", "--ruleset", "good.rules", "--strict"]),
    (0, ["plan", "site.yaml", "--against", "site.yaml", *SMALL]),
    (0, ["catalog"]), (0, ["catalog", "list"]), (0, ["catalog", "lint", "widget.yaml"]),
    (0, ["version"]), (0, ["--version"]), (0, ["--help"]), (0, ["schema"]), (0, ["schema", "site"]),
    (0, ["schema", "catalog"]), (0, ["completion", "bash"]), (0, ["completion", "zsh"]), (0, ["completion", "fish"]),
    (0, ["init", "xcp-ng"]),
    (0, ["render", "good.yaml", "--to", "iptables", *SMALL]), (0, ["render", "good.yaml", "--to", "nftables", *SMALL]),
]

# (what is wrong, arguments, what must be said)
WRONG = [
    ("no command", [], "usage"),
    ("unknown command", ["plam"], 'did you mean "plan"?'),
    ("unknown option", ["plan", "site.yaml", "--agianst", "x"], 'did you mean "against"?'),
    ("unknown letter", ["plan", "site.yaml", "-x"], "-x"),
    ("option without its value", ["plan", "site.yaml", "--format"], "FORMAT"),
    ("value for an option that has none", ["check", "site.yaml", "--excess=yes"], "no value"),
    ("unknown format", ["plan", "site.yaml", "--format", "jsn"], 'did you mean "json"?'),
    ("format of a command that has none", ["render", "site.yaml", "--format", "json"], "--format"),
    ("a format that change tickets have not", ["plan", "site.yaml", "--against", "site.yaml", "--format", "csv", *SMALL], "json"),
    ("no site", ["plan"], "SITE"),
    ("two sites", ["plan", "site.yaml", "site.yaml"], "SITE"),
    ("unknown product", ["init", "xcpng"], 'did you mean "xcp-ng"?'),
    ("unknown product of catalog show", ["catalog", "show", "xencentre"], 'did you mean "xencenter"?'),
    ("unknown verb of catalog", ["catalog", "shw"], "show"),
    ("unknown dialect of render", ["render", "site.yaml", "--to", "nftable", *SMALL], 'did you mean "nftables"?'),
    ("unknown dialect of check", ["check", "--flows", "flows.csv", "--ruleset", "good.rules", "--dialect", "iptable"],
     'did you mean "iptables"?'),
    ("unknown firewall", ["render", "site.yaml", "--firewall", "egde", *SMALL], 'did you mean "edge"?'),
    ("unknown hook", ["check", "--flows", "flows.csv", "--ruleset", "good.rules", "--hook", "forwrd"], "forward"),
    ("no hook, where several have rules", ["check", "--flows", "flows.csv", "--ruleset", "two.rules"], "--hook"),
    ("host that is no address", ["check", "--flows", "flows.csv", "--ruleset", "good.rules", "--hook", "input", "--host",
                                 "me"], "--host"),
    ("flows without a ruleset", ["check", "--flows", "flows.csv"], "--ruleset"),
    ("a ruleset without flows", ["check", "--ruleset", "good.rules"], "--flows"),
    ("flows twice", ["check", "--flows", "flows.csv", "--flows", "flows.csv", "--ruleset", "good.rules"], "--flows"),
    ("a site and flows", ["check", "site.yaml", "--flows", "flows.csv", "--ruleset", "good.rules"], "usage"),
    ("a day that is none", ["plan", "site.yaml", "--on", "2026-02-30"], "--on"),
    ("a color that is none", ["plan", "site.yaml", "--color", "blue"], "--color"),
    ("unknown schema", ["schema", "sight"], "site"),
    ("unknown shell", ["completion", "tcsh"], "bash"),
    ("several files to one", ["render", "six.yaml", "--to", "iptables", *SMALL], "-o"),
    ("output in a folder that is not there", ["plan", "site.yaml", "-o", "nowhere/plan", *SMALL], "nowhere/plan"),
    ("output to a folder", ["plan", "site.yaml", "-o", "folder", *SMALL], "folder"),
    ("a packet without anything", ["explain", "good.rules", ""], "packet:1:1"),
    ("a packet of no protocol", ["explain", "good.rules", "tpc 1.1.1.1:1 > 1.1.1.2:2"], "packet:1:1"),
    ("a packet without arrow", ["explain", "good.rules", "tcp 1.1.1.1:1 1.1.1.2:2"], "packet:1:15"),
    ("a packet over families", ["explain", "good.rules", "tcp 1.1.1.1:1 > [::1]:2"], "packet:1:17"),
    ("a packet to port 65536", ["explain", "good.rules", "tcp 1.1.1.1:1 > 1.1.1.2:65536"], "packet:1:17"),
    ("a packet to no port", ["explain", "good.rules", "tcp 1.1.1.1:1 > 1.1.1.2"], "packet:1:17"),
    ("a packet with ports of ICMP", ["explain", "good.rules", "icmp 1.1.1.1:1 > 1.1.1.2"], "packet:1:6"),
    ("a packet of no state", ["explain", "good.rules", "tcp 1.1.1.1:1 > 1.1.1.2:2 state nwe"], "packet:1:33"),
    ("a packet with an unknown word", ["explain", "good.rules", "tcp 1.1.1.1:1 > 1.1.1.2:2 iin eth0"], 'did you mean "in"?'),
    ("a packet with a word twice", ["explain", "good.rules", "tcp 1.1.1.1:1 > 1.1.1.2:2 in a in b"], "twice"),
    ("a packet with binary", ["explain", "good.rules", "tcp \x01\x02 > \xff"], "packet:1:"),
    ("no packet", ["explain", "good.rules"], "PACKET"),
    ("a question without arrow", ["why", "good.yaml", "h1 clock:123/udp", *SMALL], "question"),
    ("a question about nobody", ["why", "good.yaml", "h1 > clokc:123/udp", *SMALL], "clokc"),
    ("a question about port 0", ["why", "good.yaml", "h1 > clock:0/udp", *SMALL], "0"),
    ("a question about port 65536", ["why", "good.yaml", "h1 > clock:65536/udp", *SMALL], "65536"),
    ("a question about no transport", ["why", "good.yaml", "h1 > clock:123/upd", *SMALL], "transport"),
    ("an empty question", ["why", "good.yaml", "", *SMALL], "question"),
]


def wrong(suite, arguments, said):
    result = run(*arguments, cwd=suite.path)
    expect(result.status == 2, f"wanted exit 2: {result}")
    expect(result.out == "", f"output beside an error: {result}")
    expect(said in result.err, f"\"{said}\" is not said: {result}")
    expect("error: " in result.err or arguments == [], f"no error: {result}")
    expect(sorted(entry.name for entry in suite.path.iterdir()) == suite.names, "something was written")


def status(suite, wanted, arguments):
    first = run(*arguments, cwd=suite.path)
    expect(first.status == wanted, f"wanted exit {wanted}: {first}")
    again = run(*arguments, cwd=suite.path)
    expect(first.raw_out == again.raw_out and first.raw_err == again.raw_err, f"two runs differ: {first}")
    if wanted != 2 and arguments[0][0] != "-":
        target = suite.path / "o.out"
        written = run(*arguments, "-o", target, cwd=suite.path)
        if written.status != 2 or target.exists():
            expect(target.read_bytes() == first.raw_out and written.raw_out == b"", f"-o: {written}")
        target.unlink(missing_ok=True)


# --- what all share ---------------------------------------------------------------------------------------------------


def helps(command):
    for word in ("--help", "-h"):
        result = run(command, word)
        expect(result.status == 0 and result.err == "", result)
        expect(result.out.startswith(f"usage: portolan {command}") and "--help" in result.out, result)


def colors(suite):
    arguments = ["check", "site.yaml", *SMALL]
    environment = {"NO_COLOR": ""}
    plain = run(*arguments, cwd=suite.path)
    expect("\033" not in plain.out + plain.err, "color beside NO_COLOR")
    expect("\033" not in run(*arguments, cwd=suite.path, env=environment).out, "color in a pipe")
    always = run(*arguments, "--color", "always", cwd=suite.path)
    expect("\033" in always.out and always.status == plain.status, "--color always beats NO_COLOR")
    expect(re.sub(r"\033\[[\d;]*m", "", always.out) == plain.out, "color changes words")
    never = run(*arguments, "--color=never", cwd=suite.path, env=environment)
    expect(never.out == plain.out, "--color never")
    written = run(*arguments, "--color", "always", "--format", "json", cwd=suite.path)
    expect("\033" not in written.out, "color in JSON")


def standard_input(suite):
    for arguments, text in ((["plan", "-", *SMALL], SITE), (["catalog", "show", "-"], CATALOG),
                            (["check", "--flows", "-", "--ruleset", "good.rules"], FLOWS_CSV),
                            (["check", "--flows", "flows.csv", "--ruleset", "-"], EDGE_RULES),
                            (["explain", "-", PACKET], EDGE_RULES),
                            (["plan", "site.yaml", "--against", "-", *SMALL], SITE)):
        result = run(*arguments, stdin=text.encode(), cwd=suite.path)
        expect(result.status in (0, 1, 3) and result.out, f"{result}")
    broken = run("plan", "-", stdin=b"portolan: site/1\nsit: x\n")
    expect(broken.status == 2 and "<stdin>:2:1: error: " in broken.err, broken)
    twice = run("check", "--flows", "-", "--ruleset", "-", stdin=FLOWS_CSV.encode())
    expect(twice.status == 2, twice)


def against(suite):
    suite.write("new.yaml", SITE.replace("ports: [22/tcp]", "ports: [2222/tcp]").replace("features: [plain]", "features: []"))
    for old in ("site.yaml", "plan.json"):
        run("plan", "site.yaml", *SMALL, "--format", "json", "-o", suite.path / "plan.json", cwd=suite.path)
        result = run("plan", "new.yaml", "--against", old, *SMALL, cwd=suite.path)
        expect(result.status == 0 and "w/data/tcp" in result.out and "2222" in result.out, result)
        expect("w/time/udp" not in result.out, f"what did not change: {result}")
        ticket = json.loads(run("plan", "new.yaml", "--against", old, *SMALL, "--format", "json", cwd=suite.path).out)
        expect(ticket["schema_version"] == 1, ticket)
        again = run("plan", "site.yaml", "--against", old, *SMALL, cwd=suite.path)
        expect("0 to open, 0 to close, 0 changed" in again.out, again)


def reads_back(suite):
    """What plan and render print, check reads, and it holds."""
    run("plan", "good.yaml", *SMALL, "--format", "json", "-o", suite.path / "back.json", cwd=suite.path)
    result = run("check", "--flows", "back.json", "--ruleset", "good.rules", "--hook", "forward", cwd=suite.path)
    expect(result.status in (0, 1, 3), result)
    for dialect in ("iptables", "nftables"):
        rules = run("render", "good.yaml", "--to", dialect, *SMALL, cwd=suite.path)
        suite.write("made.rules", rules.raw_out)
        suite.write("made.yaml", SITE4.replace("edge.rules", "made.rules").replace("dialect: iptables", f"dialect: {dialect}"))
        result = run("check", "made.yaml", *SMALL, cwd=suite.path)
        if "namespace" in result.err or "nft is not there" in result.err:
            suite.reasons.append(f"{dialect}: read back what was rendered")
            continue
        expect(result.status == 0, f"{dialect}: {result}")


def init(suite, product):
    """Reads back with an error for each unfilled role and nothing else, and plans once they are filled."""
    text = run("init", product, "--catalog", "widget.yaml", cwd=suite.path)
    expect(text.status == 0, text)
    suite.write("init.yaml", text.raw_out)
    result = run("plan", "init.yaml", "--catalog", "widget.yaml", cwd=suite.path)
    expect(result.status == 2 and result.places(), f"nothing is filled in: {result}")
    for _, _, _, message in result.places():
        expect("role" in message or "parameter" in message, f"another error: {message}: {result}")
    roles = set(re.findall(r'role "([\w-]+)"', result.err))
    expect(roles, f"no role is named: {result}")
    filled = text.out
    for number, role in enumerate(sorted(roles), 1):
        filled, n = re.subn(rf"(?m)^(\s+){role}:[^\n#]*", rf"\g<1>{role}: [10.77.{number}.1, 10.77.{number}.2] ", filled)
        expect(n == 1, f"{role} stands there {n} times: {text}")
    suite.write("init.yaml", filled)
    result = run("plan", "init.yaml", "--catalog", "widget.yaml", cwd=suite.path)
    expect(result.status == 0 and "flows:" in result.out, f"filled in: {result}\n{filled}")


def closed_pipe(suite):
    import subprocess
    from runner import PORTOLAN
    done = subprocess.run(["sh", "-c", '"$0" schema site | head -c 10', PORTOLAN], capture_output=True, timeout=20, check=False)
    expect(done.stderr == b"", done)
    full = subprocess.run(["sh", "-c", '"$0" schema site > /dev/full', PORTOLAN], capture_output=True, timeout=20, check=False)
    expect(full.returncode == 2 and b"error" in full.stderr, f"a full disk: {full}")


def main():
    suite = Suite("portolan-contract-")
    good = SITE4.replace("edge.rules", "good.rules")
    for name, text in (("widget.yaml", CATALOG), ("site.yaml", SITE), ("good.yaml", good), ("edge.rules", EDGE_RULES),
                       ("good.rules", GOOD_RULES), ("flows.csv", FLOWS_CSV), ("rules.v4", IPTABLES),
                       ("servers.ipset", IPSET), ("hosts.ini", INVENTORY_INI),
                       ("six.csv", "id,source,destination,transport,ports\na,fd00::1,fd00::2,tcp,1\n"),
                       ("none.csv", "id,source,destination,transport,ports\n"),
                       ("wide.rules", EDGE_RULES.replace("COMMIT", "-A FORWARD -s 10.9.0.0/16 -j ACCEPT\nCOMMIT")),
                       ("two.rules", EDGE_RULES.replace("COMMIT", "-A INPUT -j DROP\nCOMMIT")),
                       ("six.yaml", SITE.replace("clock: 10.2.0.1", 'clock: [10.2.0.1, "fd02::1"]').replace(
                           "b: 10.2.0.0/16", 'b: [10.2.0.0/16, "fd02::/64"]')),
                       ("folder/keep", "")):
        suite.write(name, text)
    suite.names = sorted(entry.name for entry in suite.path.iterdir())
    for name, arguments, said in WRONG:
        suite.case(f"wrong: {name}", wrong, suite, arguments, said)
    for wanted, arguments in STATUSES:
        suite.case(f"exit {wanted}: {' '.join(arguments)}", status, suite, wanted, arguments)
    for command in COMMANDS:
        suite.case(f"help of {command}", helps, command)
    for shape in (plan, unresolved, check, excess, explain, explain_unknown, explain_icmp, translated, several_files, forbidden_flows,
                  errors_of_both_sides, perhaps_different, left_open, other_order, own_addresses, extension_headers, without_path, lenient, of_either_family, pasted, listed_by_others,
                  nft_lenient, why, catalog_show,
                  catalog_others, colors, standard_input, against, reads_back, closed_pipe):
        suite.case(shape.__name__, shape, suite)
    for product in ("widget", "xcp-ng", "xen-orchestra", "xenserver", "xencenter", "citrix-provisioning", "qumulo-core"):
        suite.case(f"init {product}", init, suite, product)
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
