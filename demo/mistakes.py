#!/usr/bin/env python3
"""Finds the five kinds of mistake in what `portolan check` said, and shows each in check's own words.

    mistakes.py CHECK.json CHECK.txt PLAN.json

What is looked for is the kind of mistake, not a line of the ruleset; a kind that is not found is an error.
"""

import json
import os
import sys

BOLD = os.environ.get("BOLD", "")
PLAIN = os.environ.get("PLAIN", "")


def blocks_of(text):
    """The entries of the text view: a line, and the indented lines under it."""
    blocks = []
    for line in text.splitlines():
        if line.startswith("    ") and blocks:
            blocks[-1].append(line)
        elif line:
            blocks.append([line])
    return blocks


class Check:
    def __init__(self, said, text, flows):
        self.flows = {flow["id"]: flow for flow in flows}
        self.verdicts = said["verdicts"]
        self.findings = said["findings"]
        self.tests = said["tests"]
        self.blocks = blocks_of(text)
        self.kinds = {}
        for verdict in self.verdicts:
            self.kinds.setdefault(verdict["flow"], {})[verdict["direction"]] = verdict["verdict"]

    def block_of_flow(self, verdict):
        head = f"{verdict['verdict']} {verdict['flow']}: "
        return [b for b in self.blocks if b[0].startswith(head) and f", {verdict['direction']}" in b[1]]

    def block_of_rule(self, word, rule):
        place = f"{rule['file']}:{rule['line']}:"
        return [b for b in self.blocks if b[0].startswith(word) and any(place in line for line in b)]

    def purpose_of_rule(self, rule):
        """The flows that the rule does let through, and who asks for them."""
        ids = sorted({v["flow"] for v in self.verdicts if v["verdict"] == "permitted" and v["rule"] == rule
                      and v["direction"] == "request"})
        return [[f"asked of this rule: {self.flows[i]['id']}, {self.flows[i]['purpose']}; "
                 f"{self.flows[i]['product']} {', '.join(self.flows[i]['origin'])}"] for i in ids]

    def denied(self, direction):
        return [v for v in self.verdicts if v["verdict"] == "denied" and v["direction"] == direction]


def place(rule):
    return f"{rule['file']}, line {rule['line']}"


def shadowed_accept(check):
    """A rule stops the flow before the one that was written for it."""
    for v in check.denied("request"):
        if v["rule"]["index"] is not None and " drop" in v["rule"]["text"]:
            return f"a shadowed accept: {place(v['rule'])} drops {v['flow']} before its own rule is reached", \
                check.block_of_flow(v)[:1]


def forgotten_reply(check):
    """The first packet passes and the answer does not."""
    found = [v for v in check.denied("reply") if check.kinds[v["flow"]].get("request") == "permitted"]
    if found:
        interfaces = sorted({v["packet"]["in"] for v in found})
        return f"a forgotten reply: nothing lets the answers in by {', '.join(interfaces)}, {len(found)} flows wait", \
            check.block_of_flow(found[0])[:1]


def wide_any(check):
    """One rule lets other protocols through than the one that was asked for, on all of their ports."""
    for f in check.findings:
        if f["kind"] == "excess" and f["box"]["ports"] == ["any"] and f["box"]["transport"] not in (["tcp"], ["icmp"]):
            return f"a wide any: {place(f['rule'])} lets everything through for the sake of one port", \
                check.block_of_rule("excess", f["rule"])[-1:] + check.block_of_rule("test fails", f["rule"])[:1] + check.purpose_of_rule(f["rule"])[:1]


def port_off_by_one(check):
    """Only the port at an end of the range is left out."""
    for v in check.verdicts:
        if v["verdict"] == "partial" and v["direction"] == "request":
            blocks = check.block_of_flow(v)
            ports = blocks[0][0].rsplit(" ", 1)[1].split("/")[0].split("-")
            if str(v["packet"]["port"]) in ports and len(ports) == 2:
                return f"a port off by one: of {'-'.join(ports)} the port {v['packet']['port']} is closed", blocks[:1]


def forgotten_family(check):
    """Over IPv4 the flow passes."""
    for v in check.denied("request"):
        twin = v["flow"].removesuffix("/v6")
        if twin != v["flow"] and check.kinds.get(twin, {}).get("request") == "permitted":
            return f"a forgotten family: {twin} passes over IPv4, and not over IPv6", check.block_of_flow(v)[:1]


def main():
    with open(sys.argv[1], encoding="utf-8") as said, open(sys.argv[2], encoding="utf-8") as text, \
            open(sys.argv[3], encoding="utf-8") as plan:
        text = text.read()
        check = Check(json.load(said), text, json.load(plan)["flows"])
    missing = []
    kinds = (shadowed_accept, forgotten_reply, wide_any, port_off_by_one, forgotten_family)
    for number, kind in enumerate(kinds, 1):
        found = kind(check)
        if found is None or not found[1]:
            missing.append(kind.__name__.replace("_", " "))
            continue
        print(f"\n{BOLD}mistake {number}: {found[0]}{PLAIN}")
        for block in found[1]:
            print("\n".join("  " + line for line in block))
    print("\n" + text.splitlines()[-1])
    if missing:
        print(f"demo: not found: {', '.join(missing)}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
