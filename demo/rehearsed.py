#!/usr/bin/env python3
"""Finds the five kinds of mistake in what `portolan rehearse` said: what the kernel did with real packets.

    rehearsed.py REHEARSED.json

What is looked for is the kind of mistake, not a line of the ruleset; a kind that is not found is an error.
"""

import json
import os
import sys

BOLD = os.environ.get("BOLD", "")
PLAIN = os.environ.get("PLAIN", "")


def end(address, port):
    return address if port is None else f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def packet_of(shown):
    packet = shown["packet"]
    return (f"{packet['transport']} {end(packet['source'], packet['source_port'])} > "
            f"{end(packet['destination'], packet['port'])}")


def died(shown):
    rule = shown["rule"]
    at = f" at {rule['file']}:{rule['line']}: {rule['text']}" if rule else ""
    return f"{packet_of(shown)} is stopped{at}"


class Rehearsed:
    def __init__(self, said):
        self.flows = {flow["flow"]: flow for flow in said["flows"]}
        self.passing = [n for n in said["neighbours"] if n["rehearsal"] == "passes"]

    def stopped(self):
        return [flow for flow in self.flows.values() if flow["rehearsal"] == "stopped"]


def shadowed_accept(said):
    for flow in said.stopped():
        if flow["rule"] and flow["rule"]["index"] is not None:
            return f"a shadowed accept: {died(flow)}"


def forgotten_reply(said):
    for flow in said.stopped():
        if flow["reason"] and flow["reason"].startswith("the reply is stopped"):
            return f"a forgotten reply: {packet_of(flow)} arrives, and its answer is stopped"


def wide_any(said):
    for neighbour in said.passing:
        if neighbour["kind"] == "witness" and neighbour["packet"]["transport"] == "udp":
            return f"a wide any: {packet_of(neighbour)} arrives, and nobody asked for it"


def port_off_by_one(said):
    for flow in said.flows.values():
        if flow["rehearsal"] == "partly":
            return f"a port off by one: {flow['passed']} of {flow['packets']} packets of {flow['flow']} arrive; {died(flow)}"


def forgotten_family(said):
    for flow in said.stopped():
        twin = flow["flow"].removesuffix("/v6")
        if twin != flow["flow"] and said.flows.get(twin, {}).get("rehearsal") == "passes":
            return f"a forgotten family: {twin} comes through, and {died(flow)}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        said = json.load(file)
    rehearsed = Rehearsed(said)
    missing = []
    for number, kind in enumerate((shadowed_accept, forgotten_reply, wide_any, port_off_by_one, forgotten_family), 1):
        found = kind(rehearsed)
        if found is None:
            missing.append(kind.__name__.replace("_", " "))
            continue
        name, _, what = found.partition(": ")
        print(f"{BOLD}in the kernel, mistake {number}: {name}{PLAIN}\n  {what}")
    total = said["summary"]
    print(f"\n{total['packets']} packets and conversations in {total['seconds']:.1f} s; "
          f"kernel and prover disagree about {total['disagreements']}")
    if missing or total["disagreements"]:
        print(f"demo: not found in the kernel: {', '.join(missing)}", file=sys.stderr)
        sys.exit(1)


main()
