#!/usr/bin/env python3
"""Several firewalls on a way: what the whole of it says, not one box.

Two zone firewalls in series, and one on the host at the end. A flow is permitted when all let it through, there and
back; a denied test holds when any of them stops every packet, wherever that is and whatever the others do.
"""
import json
import sys

import runner
from runner import expect, run

SITE = """portolan: site/1
site: series
names: {client: 10.1.0.5, server: [10.3.0.5%s], clients: 10.1.0.0/24}
extra:
  - {id: web, from: client, to: server, ports: [443/tcp], owner: tests, reason: the one flow}
zones: {left: 10.1.0.0/16, middle: 10.2.0.0/16, right: [10.3.0.0/16, "fd03::/64"], far: "fd01::/64"}
firewalls:
  one: {dialect: iptables, ruleset: one.rules, interfaces: {left: eth0, middle: eth1, far: eth2}}
  two: {dialect: iptables, ruleset: two.rules, interfaces: {middle: eth0, right: eth1}}
  end: {dialect: iptables, ruleset: end.rules, host: server}
tests:
%s"""

FILTER = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n%sCOMMIT\n"
STATE = "-m state --state ESTABLISHED,RELATED -j ACCEPT\n"
THROUGH = "-A FORWARD " + STATE + "-A FORWARD -s 10.1.0.0/24 -d 10.3.0.5 -p tcp -m tcp --dport %s -j ACCEPT\n"
HOST = ("-A INPUT " + STATE + "-A OUTPUT " + STATE + "-A INPUT -s 10.1.0.0/24 -d 10.3.0.5 -p tcp -m tcp --dport %s -j ACCEPT\n")
SNAT = "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 10.1.0.0/24 -j SNAT --to-source 10.2.0.1\nCOMMIT\n"
DNAT = ("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.3.0.5 -p tcp -m tcp --dport 443 -j DNAT "
        "--to-destination %s\nCOMMIT\n")
DENY = "  - {deny: {from: clients, to: server, ports: [443/tcp]}}\n"
ALLOW = "  - {allow: {from: client, to: server, ports: [443/tcp]}}\n"


def ask(suite, one, two, end, test=DENY, more="", command="check"):
    suite.write("site.yaml", SITE % (more, test))
    for name, text in (("one", one), ("two", two), ("end", end)):
        suite.write(name + ".rules", text)
    words = ["site.yaml"] if command == "check" else ["site.yaml", "client > server:443/tcp"]
    result = run(command, *words, "--format", "json", cwd=suite.path)
    return result, json.loads(result.out)


def verdicts_of(document, direction="request"):
    return {verdict["firewall"]: verdict["verdict"] for verdict in document["verdicts"]
            if verdict["direction"] == direction}


OPEN = FILTER % (THROUGH % 443)
SHUT = FILTER % (THROUGH % 444)
PERHAPS = FILTER % (THROUGH % "443 -m recent --rcheck --name x")
HOST_OPEN = FILTER % (HOST % 443)
HOST_SHUT = FILTER % (HOST % 444)

# What the three let through -> what becomes of the flow, the test that nothing passes, and the test that it does.
WAYS = (
    ("all let it through", (OPEN, OPEN, HOST_OPEN), "permitted", False, True),
    ("the first stops it", (SHUT, OPEN, HOST_OPEN), "denied", True, False),
    ("the second stops it", (OPEN, SHUT, HOST_OPEN), "denied", True, False),
    ("the host stops it", (OPEN, OPEN, HOST_SHUT), "denied", True, False),
    ("nobody can know of the second", (OPEN, PERHAPS, HOST_OPEN), "undetermined", None, None),
    ("nobody can know, and the host stops it", (OPEN, PERHAPS, HOST_SHUT), "denied", True, False),
    ("no way back through the second", (OPEN, OPEN.replace("ESTABLISHED,RELATED", "RELATED"), HOST_OPEN), "denied",
     False, False),
)


def whole_way(suite, rules, flow, deny, allow):
    for test, holds in ((DENY, deny), (ALLOW, allow)):
        result, document = ask(suite, *rules, test)
        expect(document["summary"][flow] == 1, f"{flow}: {document['summary']}")
        expect(document["tests"][0]["holds"] is holds, f"{test.strip()}: {document['tests']}")
        failed = flow == "denied" or holds is False or document["summary"]["excess"] > 0
        expect(result.status == (1 if failed else 3 if flow == "undetermined" or holds is None else 0), result)


def parts_of_the_way(suite):
    """Each half of the clients passes one firewall, none passes both."""
    half = "-A FORWARD " + STATE + "-A FORWARD -s 10.1.0.%s -d 10.3.0.5 -p tcp -m tcp --dport 443 -j ACCEPT\n"
    _, document = ask(suite, FILTER % (half % "0/25"), FILTER % (half % "128/25"), HOST_OPEN)
    expect(document["tests"][0]["holds"] is True, document["tests"])
    _, document = ask(suite, FILTER % (half % "0/25"), FILTER % (half % "64/26"), HOST_OPEN)
    expect(document["tests"][0]["holds"] is False, document["tests"])
    expect(document["tests"][0]["packet"]["source"].startswith("10.1.0."), document["tests"])
    expect(64 <= int(document["tests"][0]["packet"]["source"].split(".")[3]) < 128, document["tests"])


def no_ruleset(suite):
    """A family that no ruleset of the way speaks for: nobody knows, unless another stops it."""
    v6 = SITE % (', "fd03::5"', '  - {deny: {from: "fd01::5", to: server, ports: [443/tcp]}}\n')
    suite.write("site.yaml", v6)
    for name, text in (("one", OPEN), ("two", OPEN), ("end", HOST_OPEN)):
        suite.write(name + ".rules", text)
    document = json.loads(run("check", "site.yaml", "--format", "json", cwd=suite.path).out)
    expect(document["tests"][0]["holds"] is None, document["tests"])
    suite.write("two6.rules", FILTER % "")
    suite.write("site.yaml", v6.replace("ruleset: two.rules", "ruleset: [two.rules, two6.v6.rules]"))
    suite.write("two6.v6.rules", "# Generated by ip6tables-save\n" + FILTER % "-A FORWARD -s fd09::/64 -j ACCEPT\n")
    document = json.loads(run("check", "site.yaml", "--format", "json", cwd=suite.path).out)
    expect(document["tests"][0]["holds"] is True, document["tests"])


def translated(suite, nat):
    """Behind a firewall that translates, the flow's own packets prove nothing."""
    narrow = [text.replace("10.1.0.0/24", "10.1.0.5") for text in (nat + OPEN, OPEN, HOST_OPEN)]
    result, document = ask(suite, *narrow, ALLOW)
    expect(result.status == 3, result)
    expect(verdicts_of(document) == {"one": "permitted", "two": "undetermined", "end": "undetermined"}, document)
    for verdict in document["verdicts"]:
        if verdict["firewall"] == "two":
            expect(verdict["rule"]["table"] == "nat", verdict)
    expect(document["tests"][0]["holds"] is None, document["tests"])
    _, why = ask(suite, *narrow, ALLOW, command="why")
    expect(verdicts_of(why) == verdicts_of(document), why)


def denied_behind(suite):
    """A deny test follows a new source on its way; where a new destination leads is not known."""
    takes = FILTER % ("-A FORWARD -s %s -d 10.3.0.5 -p tcp -m tcp --dport 443 -j ACCEPT\n")
    host = FILTER % "-A INPUT -p tcp -j ACCEPT\n"
    _, document = ask(suite, SNAT + OPEN, takes % "10.1.0.0/24", host)
    expect(document["tests"][0]["holds"] is True, f"it comes from 10.2.0.1: {document['tests']}")
    _, document = ask(suite, SNAT + OPEN, takes % "10.2.0.1", host)
    expect(document["tests"][0]["holds"] is None, f"it comes from 10.2.0.1: {document['tests']}")
    _, document = ask(suite, DNAT % "10.3.0.9" + FILTER % "-A FORWARD -p tcp -j ACCEPT\n", SHUT, host)
    expect(document["tests"][0]["holds"] is None, f"it goes to 10.3.0.9: {document['tests']}")


def main():
    suite = runner.Suite("portolan-paths.")
    for name, *way in WAYS:
        suite.case(name, whole_way, suite, *way)
    suite.case("parts of the way", parts_of_the_way, suite)
    suite.case("no ruleset for the family", no_ruleset, suite)
    suite.case("a translated source", translated, suite, SNAT)
    suite.case("a translated destination", translated, suite, DNAT % "10.3.0.5:443")
    suite.case("denied behind a translation", denied_behind, suite)
    return suite.close()


sys.exit(main())
