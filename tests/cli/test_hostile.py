#!/usr/bin/env python3
"""Rulesets made to be slow (hostile.py): every command ends soon, in little memory, and says what it gave up, and where.

That it ends is the runner's to see (20 seconds, and a gigabyte of address space here); what is held here is that a
verdict that was given up is `undetermined` with its rule, that a search that was given up names a rule, and that the
exit status is 3 unless something certain was found.
"""
import json
import shutil
import sys

import hostile
import runner
from runner import expect, run

NFT = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
MEMORY_MB = 1024
FLOWS = """id,source,destination,transport,ports
web,10.1.0.0/16,10.2.0.0/16,tcp,443
any,10.1.0.0/16,10.0.0.0/8,tcp,any
"""
# Where no verdict of the two can be had, whoever asks.
UNDETERMINED = ("doubling_jumps", "negations", "grid", "marks", "unknowns", "products")


def asked(suite, *arguments):
    return run(*arguments, "--format", "json", memory_mb=MEMORY_MB, cwd=suite.path)


def names_rule(result, what):
    """A warning that something was given up, with the rule."""
    lines = [line for line in result.err.split("\n") if "given up" in line]
    expect(lines, f"{what}: nothing says that it was given up: {result}")
    for line in lines:
        expect(" rule " in line, f"{what}: no rule: {line}")


def check(suite, name, path):
    result = asked(suite, "check", "--flows", "flows.csv", "--ruleset", path, "--hook", "forward")
    verdicts = json.loads(result.out)["verdicts"]
    open_ones = [verdict for verdict in verdicts if verdict["verdict"] == "undetermined"]
    for verdict in open_ones:
        expect(verdict.get("reason"), f"no reason: {verdict}")
        expect(verdict["rule"] is not None and verdict["rule"] in verdict["rules"], f"no rule: {verdict}")
    failed = any(verdict["verdict"] in ("denied", "partial") for verdict in verdicts)
    expect(result.status == (1 if failed else 3 if open_ones else 0), result)
    expect(name not in UNDETERMINED or open_ones, f"it decides: {result}")


def excess(suite, path):
    result = asked(suite, "excess", "--flows", "flows.csv", "--ruleset", path, "--hook", "forward")
    found = json.loads(result.out)["findings"]
    if "given up" in result.err:
        names_rule(result, "excess")
        expect(result.status == (1 if found else 3), result)


def audit(suite, path):
    result = asked(suite, "audit", path)
    document = json.loads(result.out)
    expect(result.status == (1 if document["findings"] else 3 if document.get("incomplete") else 0), result)
    if document.get("incomplete"):
        expect("could not be decided" in result.err and " rule " in result.err, f"no rule: {result}")


def diff(suite, path, other):
    result = asked(suite, "diff", path, other)
    document = json.loads(result.out)
    if document.get("incomplete"):
        names_rule(result, "diff")
        expect(not document["equal"], result)
    expect(document["equal"] or result.status in (1, 3), result)


def main():
    suite = runner.Suite("portolan-hostile.")
    suite.write("flows.csv", FLOWS)
    if NFT is None:
        suite.reasons.append("rulesets of nftables: nft is not there")
    makers = hostile.MAKERS
    if "build-asan" in runner.PORTOLAN:
        makers = (hostile.doubling_jumps, hostile.unknowns)
        suite.reasons.append("most hostile rulesets: a step takes ten times as long under a sanitizer")
    for maker in makers:
        path, text = maker()
        if path.endswith(".nft") and NFT is None:
            continue
        suite.write(path, text)
        suite.write("other-" + path, text.replace("-j ACCEPT", "-j DROP").replace(" accept", " drop"))
        suite.case(f"check {path}", check, suite, maker.__name__, path)
        suite.case(f"excess {path}", excess, suite, path)
        suite.case(f"audit {path}", audit, suite, path)
        suite.case(f"diff {path}", diff, suite, path, "other-" + path)
    return suite.close()


sys.exit(main())
