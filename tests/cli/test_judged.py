#!/usr/bin/env python3
"""Small rulesets by hand, in both dialects, and what is right about each, worked out by a person.

A case is a list of rules as iptables and as nftables say them, flows, and for each flow and direction the verdict and
the rule that decides: `forward:2` is the second rule of the chain, `forward:policy` its default policy (which is a
rule with `index` null). `-` leaves the rule open. Chain names are compared without regard to case.
"""
import json
import shutil
import sys

from runner import Suite, expect, run

NFT = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
HEAD = "id,source,destination,transport,ports\n"
WEB = "a,10.0.0.1,10.0.0.2,tcp,443"
EST = ("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "ct state established,related accept")
ALL = ("-j ACCEPT", "accept")
DROP = ("-j DROP", "drop")
WEB_RULE = ("-s 10.0.0.1 -d 10.0.0.2 -p tcp --dport 443 -j ACCEPT",
            "ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 443 accept")
IPSET = "create servers hash:ip family inet hashsize 1024 maxelem 65536\nadd servers 10.0.0.2\nadd servers 10.0.0.7\n"
PORT_SET = ("create ends hash:ip,port family inet hashsize 1024 maxelem 65536\nadd ends 10.0.0.2,tcp:443\n")


def iptables(chains, policies, nat):
    lines = ["*filter"]
    for hook in ("INPUT", "FORWARD", "OUTPUT"):
        lines.append(f":{hook} {policies.get(hook.lower(), 'ACCEPT').upper()} [0:0]")
    lines += [f":{name} - [0:0]" for name in chains if name not in ("input", "forward", "output")]
    for name, rules in chains.items():
        chain = name.upper() if name in ("input", "forward", "output") else name
        lines += [f"-A {chain} {rule[0]}" for rule in rules]
    if nat:
        lines += ["COMMIT", "*nat", ":PREROUTING ACCEPT [0:0]", *(f"-A PREROUTING {rule[0]}" for rule in nat)]
    return "\n".join(lines) + "\nCOMMIT\n"


def nftables(chains, policies, nat, sets, table):
    lines = [f"table {table} filter {{", *sets]
    if nat:
        lines += [" chain nat {", "  type nat hook prerouting priority dstnat;", *(f"  {rule[1]}" for rule in nat), " }"]
    for name, rules in reversed(chains.items()):
        lines.append(f" chain {name} {{")
        if name in ("input", "forward", "output"):
            lines.append(f"  type filter hook {name} priority 0; policy {policies.get(name, 'accept').lower()};")
        lines += [f"  {rule[1]}" for rule in rules]
        lines.append(" }")
    return "\n".join(lines) + "\n}\n"


class Case:
    def __init__(self, name, chains, flows, want, status, options=(), policy="DROP", ipset=None, sets=(), only=None,
                 table="inet", excess=None, findings=None, nat=()):
        self.name, self.flows, self.want, self.status = name, flows, want, status
        self.chains = chains if isinstance(chains, dict) else {"forward": chains}
        self.policies = policy if isinstance(policy, dict) else {name: policy for name in self.chains}
        self.options, self.ipset, self.sets, self.only, self.table = list(options), ipset, sets, only, table
        self.excess, self.findings, self.nat = excess, findings, nat

    def texts(self):
        if self.only != "nftables":
            yield "iptables", iptables(self.chains, self.policies, self.nat), self.ipset
        if self.only != "iptables":
            yield "nftables", nftables(self.chains, self.policies, self.nat, self.sets, self.table), None


def jump(chain, word="-j"):
    return (f"{word} {chain}", f"{'jump' if word == '-j' else 'goto'} {chain}")


def tcp(port):
    return (f"-p tcp --dport {port} -j ACCEPT".replace("-p tcp --dport", "-p tcp -m tcp --dport"),
            f"tcp dport {port.replace(':', '-')} accept")


RETURN = ("-j RETURN", "return")
FROM_1 = "-s 10.0.0.1", "ip saddr 10.0.0.1"
TRANSLATED = ("-m conntrack --ctstate DNAT -j ACCEPT", "ct status dnat accept")
LIMIT = ("-m limit --limit 10/sec -j ACCEPT", "limit rate 10/second accept")

OK = {"a request": ("permitted", "forward:2"), "a reply": ("permitted", "forward:1")}
NO = {"a request": ("denied", "forward:policy"), "a reply": ("permitted", "forward:1")}


def request(verdict, rule, name="a"):
    return {f"{name} request": (verdict, rule), f"{name} reply": ("permitted", "forward:1")}


CASES = [
    # --- accept, deny, and who decides
    Case("a rule of its own", [EST, WEB_RULE], [WEB], OK, 0),
    Case("the default policy", [EST], [WEB], NO, 1),
    Case("the default policy, also by accepting", [], [WEB],
         {"a request": ("permitted", "forward:policy"), "a reply": ("permitted", "forward:policy")}, 0,
         ["--hook", "forward"], "ACCEPT"),
    Case("replies missing", [WEB_RULE], [WEB],
         {"a request": ("permitted", "forward:1"), "a reply": ("denied", "forward:policy")}, 1),
    Case("shadowed by a drop", [EST, ("-s 10.0.0.0/24 -j DROP", "ip saddr 10.0.0.0/24 drop"), WEB_RULE], [WEB],
         request("denied", "forward:2"), 1),
    Case("a drop behind the accept", [EST, WEB_RULE, DROP], [WEB], OK, 0),
    Case("refused", [EST, ("-p tcp -j REJECT --reject-with tcp-reset", "meta l4proto tcp reject with tcp reset")], [WEB],
         request("denied", "forward:2"), 1),
    Case("a log on the way", [EST, ("-j LOG --log-prefix x", "log prefix \"x\""), WEB_RULE], [WEB],
         request("permitted", "forward:3"), 0),
    Case("another transport", [EST, tcp("443")], ["a,10.0.0.1,10.0.0.2,udp,443"], NO, 1),
    Case("off by one", [EST, tcp("444")], [WEB], NO, 1),
    # --- parts
    Case("a part of the sources", [EST, ("-s 10.0.0.0/31 -j ACCEPT", "ip saddr 10.0.0.0/31 accept")],
         ["a,10.0.0.0/30,10.0.9.2,tcp,443"], request("partial", "forward:policy"), 1),
    Case("a part of the ports", [EST, tcp("80:85")], ["a,10.0.0.1,10.0.0.2,tcp,80-90"],
         request("partial", "forward:policy"), 1),
    Case("all, by two rules", [EST, tcp("80:85"), tcp("86:90")], ["a,10.0.0.1,10.0.0.2,tcp,80-90"],
         request("permitted", "-"), 0),
    Case("all of two destinations, by two rules",
         [EST, ("-d 10.0.0.2 -j ACCEPT", "ip daddr 10.0.0.2 accept"), ("-d 10.0.0.3 -j ACCEPT", "ip daddr 10.0.0.3 accept")],
         ["a,10.0.0.1,10.0.0.2 10.0.0.3,tcp,443"], request("permitted", "-"), 0),
    Case("a hole in the middle", [EST, ("-p tcp --dport 85 -j DROP", "tcp dport 85 drop"), tcp("80:90")],
         ["a,10.0.0.1,10.0.0.2,tcp,80-90"], request("partial", "forward:2"), 1),
    Case("source ports, only the high ones", [EST, ("-p tcp --sport 1024:65535 -j ACCEPT", "tcp sport 1024-65535 accept")],
         [WEB], request("partial", "forward:policy"), 1),
    Case("any transport, only TCP", [EST, ("-p tcp -j ACCEPT", "meta l4proto tcp accept")],
         ["a,10.0.0.1,10.0.0.2,any,any"], request("partial", "forward:policy"), 1),
    # --- negation
    Case("all but another source", [EST, ("! -s 10.0.0.9 -j ACCEPT", "ip saddr != 10.0.0.9 accept")], [WEB], OK, 0),
    Case("all but this source", [EST, ("! -s 10.0.0.1 -j ACCEPT", "ip saddr != 10.0.0.1 accept")], [WEB], NO, 1),
    Case("all ports but one of them", [EST, ("-p tcp ! --dport 22 -j ACCEPT", "tcp dport != 22 accept")],
         ["a,10.0.0.1,10.0.0.2,tcp,21-23"], request("partial", "forward:policy"), 1),
    Case("not this protocol", [EST, ("! -p udp -j ACCEPT", "meta l4proto != udp accept")], [WEB], OK, 0),
    # --- chains
    Case("accepted in a chain", {"forward": [EST, jump("web")], "web": [tcp("443")]}, [WEB], request("permitted", "web:1"), 0),
    Case("dropped in a chain", {"forward": [EST, jump("web"), ALL], "web": [DROP]}, [WEB], request("denied", "web:1"), 1),
    Case("a chain that ends", {"forward": [EST, jump("web"), ALL], "web": [tcp("80")]}, [WEB],
         request("permitted", "forward:3"), 0),
    Case("a chain that ends, and nothing behind", {"forward": [EST, jump("web")], "web": [tcp("80")]}, [WEB], NO, 1),
    Case("return", {"forward": [EST, jump("web")], "web": [(f"{FROM_1[0]} -j RETURN", f"{FROM_1[1]} return"), ALL]}, [WEB],
         NO, 1),
    Case("return for others", {"forward": [EST, jump("web")], "web": [("-s 10.0.0.9 -j RETURN", "ip saddr 10.0.0.9 return"),
                                                                      ALL]}, [WEB], request("permitted", "web:2"), 0),
    Case("return of the first chain is its policy", [EST, RETURN, ALL], [WEB], NO, 1),
    Case("goto does not come back", {"forward": [EST, jump("web", "-g"), ALL], "web": [tcp("80")]}, [WEB], NO, 1),
    Case("goto comes back where its jump came from",
         {"forward": [EST, jump("one"), ALL], "one": [jump("two", "-g"), DROP], "two": [tcp("80")]}, [WEB],
         request("permitted", "forward:3"), 0),
    Case("three chains deep", {"forward": [EST, jump("one")], "one": [jump("two")], "two": [jump("three")],
                               "three": [RETURN, DROP]}, [WEB], NO, 1),
    # --- many values
    Case("several ports", [EST, ("-p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT",
                                 "tcp dport { 80, 443, 8000-8010 } accept")],
         ["a,10.0.0.1,10.0.0.2,tcp,443 8005"], OK, 0),
    Case("several ports, one is not among them", [EST, ("-p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT",
                                                        "tcp dport { 80, 443, 8000-8010 } accept")],
         ["a,10.0.0.1,10.0.0.2,tcp,443 8011"], request("partial", "forward:policy"), 1),
    Case("several ports, none of them", [EST, ("-p tcp -m multiport ! --dports 80,443 -j ACCEPT",
                                               "tcp dport != { 80, 443 } accept")], [WEB], NO, 1),
    Case("a range of addresses", [EST, ("-m iprange --src-range 10.0.0.1-10.0.0.5 -j ACCEPT",
                                        "ip saddr 10.0.0.1-10.0.0.5 accept")],
         ["a,10.0.0.1-10.0.0.5,10.0.1.2,tcp,443"], OK, 0),
    Case("one more than the range", [EST, ("-m iprange --src-range 10.0.0.1-10.0.0.5 -j ACCEPT",
                                           "ip saddr 10.0.0.1-10.0.0.5 accept")],
         ["a,10.0.0.1-10.0.0.6,10.0.1.2,tcp,443"], request("partial", "forward:policy"), 1),
    Case("a set", [EST, ("-m set --match-set servers dst -j ACCEPT", "ip daddr @servers accept")], [WEB], OK, 0,
         ipset=IPSET, sets=["set servers { type ipv4_addr; elements = { 10.0.0.2, 10.0.0.7 } }"]),
    Case("not in the set", [EST, ("-m set --match-set servers dst -j ACCEPT", "ip daddr @servers accept")],
         ["a,10.0.0.1,10.0.0.3,tcp,443"], NO, 1,
         ipset=IPSET, sets=["set servers { type ipv4_addr; elements = { 10.0.0.2, 10.0.0.7 } }"]),
    Case("in the set, negated", [EST, ("-m set ! --match-set servers dst -j ACCEPT", "ip daddr != @servers accept")], [WEB],
         NO, 1, ipset=IPSET, sets=["set servers { type ipv4_addr; elements = { 10.0.0.2, 10.0.0.7 } }"]),
    Case("a set of addresses with ports", [EST, ("-m set --match-set ends dst,dst -j ACCEPT",
                                                 "ip daddr . tcp dport @ends accept")], [WEB], OK, 0,
         ipset=PORT_SET, sets=["set ends { type ipv4_addr . inet_service; elements = { 10.0.0.2 . 443 } }"]),
    Case("a set that nobody gives", [EST, ("-m set --match-set servers dst -j ACCEPT", "")], [WEB],
         {"a request": ("undetermined", "forward:2"), "a reply": ("permitted", "forward:1")}, 3, only="iptables"),
    Case("a map of verdicts", [EST, ("", "tcp dport vmap { 443 : accept, 22 : drop }")], [WEB],
         request("permitted", "forward:2"), 0, only="nftables"),
    Case("a map of verdicts that drops", [EST, ("", "tcp dport vmap { 443 : drop, 22 : accept }"), ALL], [WEB],
         request("denied", "forward:2"), 1, only="nftables"),
    # --- states, flags, fragments, ICMP
    Case("new packets only", [("-m conntrack --ctstate NEW -j ACCEPT", "ct state new accept")], [WEB],
         {"a request": ("permitted", "forward:1"), "a reply": ("denied", "forward:policy")}, 1),
    Case("invalid ones first", [EST, ("-m conntrack --ctstate INVALID -j DROP", "ct state invalid drop"), WEB_RULE], [WEB],
         request("permitted", "forward:3"), 0),
    Case("established only", [("-m conntrack --ctstate ESTABLISHED -j ACCEPT", "ct state established accept")], [WEB],
         NO, 1),
    Case("translated ones, and nothing is", [EST, TRANSLATED], [WEB], NO, 1, ["--excess"], excess=[]),
    Case("translated ones", [EST, TRANSLATED], [WEB, "b,10.0.0.1,10.0.0.3,tcp,443"],
         {**request("permitted", "forward:2"), **request("denied", "forward:policy", "b")}, 1,
         nat=[("-d 10.0.0.2 -p tcp --dport 443 -j DNAT --to-destination 10.0.0.9:8443",
               "ip daddr 10.0.0.2 tcp dport 443 dnat ip to 10.0.0.9:8443")]),
    Case("the first packet is a SYN", [EST, ("-p tcp --syn -j ACCEPT", "tcp flags & (fin | syn | rst | ack) == syn accept")],
         [WEB], OK, 0),
    Case("the first packet has no ACK", [EST, ("-p tcp --tcp-flags ACK ACK -j ACCEPT", "tcp flags & ack == ack accept")],
         [WEB], NO, 1),
    Case("the first packet is no fragment", [("-f -j DROP", "ip frag-off & 0x1fff != 0 drop"), ALL], [WEB],
         {"a request": ("permitted", "forward:2"), "a reply": ("permitted", "forward:2")}, 0),
    Case("ICMP, all of it", [EST, ("-p icmp -j ACCEPT", "meta l4proto icmp accept")], ["a,10.0.0.1,10.0.0.2,icmp,any"],
         OK, 0),
    Case("ICMP, one type", [EST, ("-p icmp --icmp-type echo-request -j ACCEPT", "icmp type echo-request accept")],
         ["a,10.0.0.1,10.0.0.2,icmp,any"], request("partial", "forward:policy"), 1),
    # --- there and back without states
    Case("back by a rule of its own", [WEB_RULE, ("-s 10.0.0.2 -p tcp --sport 443 -j ACCEPT",
                                                  "ip saddr 10.0.0.2 tcp sport 443 accept")], [WEB],
         {"a request": ("permitted", "forward:1"), "a reply": ("permitted", "forward:2")}, 0),
    Case("back to high ports alone", [WEB_RULE, ("-s 10.0.0.2 -p tcp --sport 443 --dport 1024:65535 -j ACCEPT",
                                                 "ip saddr 10.0.0.2 tcp sport 443 tcp dport 1024-65535 accept")], [WEB],
         {"a request": ("permitted", "forward:1"), "a reply": ("partial", "forward:policy")}, 1),
    # --- interfaces
    Case("an interface that the question leaves open", [EST, ("-i eth0 -j ACCEPT", "iifname \"eth0\" accept")], [WEB],
         request("undetermined", "forward:2"), 3),
    Case("an interface, bound", [EST, ("-i eth0 -j ACCEPT", "iifname \"eth0\" accept")], [WEB], OK, 0,
         ["--in", "eth0", "--out", "eth1"]),
    Case("another interface, bound", [EST, ("-i eth0 -j ACCEPT", "iifname \"eth0\" accept")], [WEB], NO, 1,
         ["--in", "eth2", "--out", "eth1"]),
    Case("by the name's beginning", [EST, ("-o eth+ -j ACCEPT", "oifname \"eth*\" accept")], [WEB], OK, 0,
         ["--in", "wan", "--out", "eth17"]),
    Case("not by this interface", [EST, ("! -o eth1 -j ACCEPT", "oifname != \"eth1\" accept")], [WEB], NO, 1,
         ["--in", "eth0", "--out", "eth1"]),
    # --- what the model cannot know
    Case("a rate", [EST, LIMIT], [WEB], request("undetermined", "forward:2"), 3),
    Case("a rate that does not matter", [EST, LIMIT, ALL], [WEB], request("permitted", "-"), 0),
    Case("a rate on others", [EST, ("-s 10.0.0.9 -m limit --limit 10/sec -j DROP",
                                    "ip saddr 10.0.0.9 limit rate 10/second drop"), WEB_RULE], [WEB],
         request("permitted", "forward:3"), 0),
    Case("a rate before a drop", [EST, ("-m limit --limit 10/sec -j DROP", "limit rate 10/second drop"), WEB_RULE], [WEB],
         request("undetermined", "forward:2"), 3),
    Case("a match that nobody here knows", [EST, ("-p tcp -m string --string x --algo bm -j ACCEPT", "")], [WEB],
         request("undetermined", "forward:2"), 3, only="iptables"),
    Case("recent", [EST, ("-m recent --name a --rcheck -j DROP", ""), WEB_RULE], [WEB],
         request("undetermined", "forward:2"), 3, only="iptables"),
    # --- families
    Case("IPv6, and no ruleset for it", [EST, ALL], ["a,fd00::1,fd00::2,tcp,443"],
         {"a request": ("undetermined", "-"), "a reply": ("undetermined", "-")}, 3, only="iptables"),
    # The kernel lets pass what no chain at the hook stops; nft lists whole rulesets.
    Case("IPv6, and a table of IPv4 alone", [EST, DROP], ["a,fd00::1,fd00::2,tcp,443"],
         {"a request": ("permitted", "-"), "a reply": ("permitted", "-")}, 0, only="nftables", table="ip"),
    Case("IPv6 in a table of both", [EST, ("", "ip6 saddr fd00::/64 tcp dport 443 accept")], ["a,fd00::1,fd00::2,tcp,443"],
         request("permitted", "forward:2"), 0, only="nftables"),
    Case("a match of IPv4 does not match IPv6", [EST, ("", "ip saddr 0.0.0.0/0 accept")], ["a,fd00::1,fd00::2,tcp,443"],
         request("denied", "forward:policy"), 1, only="nftables"),
    # --- ends
    Case("nobody talks to himself", [EST, ("-s 10.0.0.1 -d 10.0.0.2 -j ACCEPT", "ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept"),
                                     ("-s 10.0.0.2 -d 10.0.0.1 -j ACCEPT", "ip saddr 10.0.0.2 ip daddr 10.0.0.1 accept")],
         ["a,10.0.0.1 10.0.0.2,10.0.0.1 10.0.0.2,tcp,443"], request("permitted", "-"), 0),
    Case("and the pair that is missing is seen",
         [EST, ("-s 10.0.0.1 -d 10.0.0.2 -j ACCEPT", "ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept")],
         ["a,10.0.0.1 10.0.0.2,10.0.0.1 10.0.0.2,tcp,443"], request("partial", "forward:policy"), 1),
    Case("any to any", [EST, ALL], ["a,any,any,any,any"], {
        **request("permitted", "forward:2"), "a/v6 request": ("undetermined", "-"), "a/v6 reply": ("undetermined", "-")},
         3, only="iptables"),
    # --- the host's hooks
    Case("into the host", {"input": [EST, tcp("22")]}, ["a,10.0.0.9,10.0.0.1,tcp,22"],
         {"a request": ("permitted", "input:2"), "a reply": ("permitted", "-")}, 0, ["--hook", "input", "--host", "10.0.0.1"]),
    Case("out of the host", {"output": [EST, tcp("123")]}, ["a,10.0.0.1,10.0.0.9,tcp,124"],
         {"a request": ("denied", "output:policy"), "a reply": ("permitted", "-")}, 1, ["--hook", "output"]),
    Case("the only hook with rules", {"input": [EST, tcp("22")]}, ["a,10.0.0.9,10.0.0.1,tcp,22"],
         {"a request": ("permitted", "input:2"), "a reply": ("permitted", "-")}, 0, []),
    # --- excess
    Case("exactly the flows", [EST, WEB_RULE], [WEB], OK, 0, ["--excess"], excess=[]),
    Case("wider than the flows", [EST, ("-s 10.0.0.0/31 -d 10.0.0.2 -p tcp --dport 443 -j ACCEPT",
                                        "ip saddr 10.0.0.0/31 ip daddr 10.0.0.2 tcp dport 443 accept")], [WEB], OK, 1,
         ["--excess"], excess=[("forward:2", {"source": ["10.0.0.0"], "destination": ["10.0.0.2"], "transport": ["tcp"],
                                              "ports": ["443"]})]),
    Case("a port too many", [EST, ("-s 10.0.0.1 -d 10.0.0.2 -p tcp --dport 442:443 -j ACCEPT",
                                   "ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 442-443 accept")], [WEB], OK, 1,
         ["--excess"], excess=[("forward:2", {"source": ["10.0.0.1"], "ports": ["442"]})]),
    Case("a rule that no flow needs", [EST, WEB_RULE, ("-s 10.9.0.0/24 -p udp --dport 53 -j ACCEPT",
                                                       "ip saddr 10.9.0.0/24 udp dport 53 accept")], [WEB], OK, 1,
         ["--excess"], excess=[("forward:3", {"source": ["10.9.0.0/24"], "transport": ["udp"], "ports": ["53"]})]),
    Case("excess that an earlier drop takes away", [EST, WEB_RULE, ("-s 10.9.0.0/24 -j DROP", "ip saddr 10.9.0.0/24 drop"),
                                                    ("-s 10.9.0.0/24 -p udp -j ACCEPT",
                                                     "ip saddr 10.9.0.0/24 meta l4proto udp accept")], [WEB], OK, 0,
         ["--excess"], excess=[]),
    Case("replies, loopback and ICMP errors are no excess",
         [EST, WEB_RULE, ("-i lo -j ACCEPT", "iifname \"lo\" accept")], [WEB], OK, 0, ["--excess"], excess=[]),
]


def decides(rule):
    if rule is None:
        return None
    return f"{rule['chain'].lower()}:{'policy' if rule['index'] is None else rule['index']}"


def check_verdicts(result, document, case):
    got = {f"{v['flow']} {v['direction']}": (v["verdict"], decides(v["rule"])) for v in document["verdicts"]}
    expect(set(got) == set(case.want), f"wanted {case.want}, got {got}: {result}")
    for key, (verdict, rule) in case.want.items():
        expect(got[key][0] == verdict and rule in ("-", got[key][1]), f"{key}: wanted {verdict} by {rule}, got {got[key]}\n{result}")
    for verdict in document["verdicts"]:
        wants_packet = verdict["verdict"] in ("denied", "partial")
        expect(not wants_packet or verdict["packet"], f"no witness: {verdict}")
        expect(verdict["rule"] is None or verdict["rule"]["index"] is None or verdict["rule"]["line"], f"no line: {verdict}")


def check_excess(result, document, case):
    found = [f for f in document["findings"] if f["kind"] == "excess"]
    expect(len(found) == len(case.excess), f"wanted {case.excess}, got {json.dumps(found)}: {result.err}")
    for finding, (rule, box) in zip(found, case.excess):
        expect(decides(finding["rule"]) == rule, f"wanted {rule}: {finding}")
        expect(finding["packet"], f"no witness: {finding}")
        for field, values in box.items():
            expect(finding["box"][field] == values, f"wanted {field} {values}: {finding['box']}")


def check_case(suite, case, dialect, text, ipset):
    files = ["--ruleset", suite.write("ruleset", text)]
    if ipset:
        files += ["--ruleset", suite.write("sets", ipset)]
    flows = suite.write("flows.csv", HEAD + "\n".join(case.flows) + "\n")
    result = run("check", "--flows", flows, *files, *case.options, "--format", "json")
    expect(result.status in (0, 1, 3), f"{text}\n{result}")
    document = json.loads(result.out)
    check_verdicts(result, document, case)
    if case.excess is not None:
        check_excess(result, document, case)
    expect(result.status == case.status, f"wanted exit {case.status}: {result}")
    for view in ("text", "csv", "markdown", "junit"):
        other = run("check", "--flows", flows, *files, *case.options, "--format", view)
        expect(other.status == case.status, f"exit of {view}: {other}")


def check_explained(suite, case, text, ipset):
    """Each witness, asked about with `explain`, is decided by the rule that the verdict names."""
    files = [suite.write("ruleset", text)] + ([suite.write("sets", ipset)] if ipset else [])
    flows = suite.write("flows.csv", HEAD + "\n".join(case.flows) + "\n")
    rulesets = [word for file in files for word in ("--ruleset", file)]
    document = json.loads(run("check", "--flows", flows, *rulesets, *case.options, "--format", "json").out)
    for verdict in document["verdicts"]:
        packet = verdict["packet"]
        if verdict["verdict"] not in ("denied", "partial") or packet is None:
            continue
        if packet["icmp_type"] is not None:
            ends = f"{packet['source']} > {packet['destination']} type {packet['icmp_type']} code {packet['icmp_code']}"
        elif packet["port"] is not None:
            ends = "{} > {}".format(*(f"[{packet[end]}]:{packet[port]}" if ":" in packet[end] else f"{packet[end]}:{packet[port]}"
                                      for end, port in (("source", "source_port"), ("destination", "port"))))
        else:
            ends = f"{packet['source']} > {packet['destination']}"
        words = f"{packet['transport']} {ends} state {packet['state']}"
        for side in ("in", "out"):
            words += f" {side} {packet[side]}" if packet[side] else ""
        asked = run("explain", *files, words, "--hook", verdict["hook"], "--format", "json")
        answer = json.loads(asked.out)
        expect(answer["verdict"] == "denied", f"{words}: {asked}")
        expect(decides(answer["trace"][-1]["rule"]) == decides(verdict["rule"]), f"{words}: {verdict['rule']}: {asked}")


def main():
    suite = Suite("portolan-judged-")
    if NFT is None:
        suite.reasons.append("rulesets of nftables as text: nft is not there")
    for case in CASES:
        for dialect, text, ipset in case.texts():
            if dialect == "nftables" and NFT is None:
                continue
            suite.case(f"{dialect}, {case.name}", check_case, suite, case, dialect, text, ipset)
            suite.case(f"{dialect}, {case.name}, explained", check_explained, suite, case, text, ipset)
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
