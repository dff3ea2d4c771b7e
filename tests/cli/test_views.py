#!/usr/bin/env python3
"""What the views of the commands say: SARIF as its schema wants it, JUnit, tables; `why` and `render` for a person.

The shape of SARIF is held against what the schema of version 2.1.0 (OASIS) requires: members that must be there, types,
and values that are listed.
"""
import csv
import io
import json
import sys
import xml.etree.ElementTree as xml

from kinds import CATALOG, EDGE_RULES, FLOWS_CSV, SITE
from runner import Suite, expect, run
from test_contract import GOOD_RULES, SITE4, SMALL

LEVELS = {"none", "note", "warning", "error"}

# Port 22: for one value of the unknown. 80: for both, by two rules. 81: an unknown that drops. 83: no unknown.
UNKNOWN_RULES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 22 -m limit --limit 5/sec -j ACCEPT
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -m limit --limit 5/sec -j ACCEPT
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 81 -m limit --limit 9/sec -j DROP
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 81 -j ACCEPT
-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 83 -j ACCEPT
COMMIT
"""
FLOWS = "id,source,destination,transport,ports\nweb,10.0.0.1,10.0.0.2,tcp,443\n"
MAYBE = "may be permitted: depends on a match that only the running firewall knows"


def required(value, keys, what):
    expect(isinstance(value, dict), f"{what} is no object: {value}")
    for key, kind in keys.items():
        expect(key in value, f"{what} lacks {key}: {value}")
        expect(isinstance(value[key], kind), f"{what}: {key} is {value[key]!r}")


def check_message(message):
    required(message, {"text": str}, "message")
    expect(message["text"].strip(), "an empty message")


def check_place(place):
    physical = place.get("physicalLocation")
    required(physical, {"artifactLocation": dict}, "physicalLocation")
    required(physical["artifactLocation"], {"uri": str}, "artifactLocation")
    expect(not set(physical["artifactLocation"]["uri"]) & set(' "<>\\^`{|}'), physical)
    if "region" in physical:
        expect(physical["region"]["startLine"] >= 1, physical)
    if "message" in place:
        check_message(place["message"])
    if "id" in place:
        expect(isinstance(place["id"], int) and place["id"] >= 0, place)


def check_sarif(document):
    """Required members and listed values of the schema; the results."""
    required(document, {"version": str, "runs": list, "$schema": str}, "log")
    expect(document["version"] == "2.1.0", document["version"])
    for run_ in document["runs"]:
        required(run_, {"tool": dict, "results": list}, "run")
        required(run_["tool"], {"driver": dict}, "tool")
        driver = run_["tool"]["driver"]
        required(driver, {"name": str, "version": str, "rules": list}, "driver")
        for rule in driver["rules"]:
            required(rule, {"id": str, "shortDescription": dict}, "rule")
            check_message(rule["shortDescription"])
            expect(rule["defaultConfiguration"]["level"] in LEVELS, rule)
        ids = [rule["id"] for rule in driver["rules"]]
        expect(len(ids) == len(set(ids)), f"a rule twice: {ids}")
        for result in run_["results"]:
            required(result, {"message": dict, "ruleId": str, "ruleIndex": int, "level": str}, "result")
            check_message(result["message"])
            expect(result["level"] in LEVELS, result)
            expect(ids[result["ruleIndex"]] == result["ruleId"], result)
            for place in [*result.get("locations", []), *result.get("relatedLocations", [])]:
                check_place(place)
            related = [place["id"] for place in result.get("relatedLocations", [])]
            expect(len(related) == len(set(related)), result)
    return [result for run_ in document["runs"] for result in run_["results"]]


def sarif_of_check(suite):
    done = run("check", "site.yaml", *SMALL, "--format", "sarif", cwd=suite.path)
    expect(done.status == 1, done)
    results = check_sarif(json.loads(done.out))
    plain = json.loads(run("check", "site.yaml", *SMALL, "--format", "json", cwd=suite.path).out)
    bad = [v for v in plain["verdicts"] if v["verdict"] != "permitted"]
    wanted = len(bad) + len(plain["findings"]) + sum(test["holds"] is not True for test in plain["tests"])
    expect(len(results) == wanted, f"{len(results)} results, wanted {wanted}")
    denied = next(result for result in results if result["ruleId"] == "denied")
    verdict = next(v for v in plain["verdicts"] if v["verdict"] == "denied")
    place = denied["locations"][0]["physicalLocation"]
    expect(verdict["flow"] in denied["message"]["text"] and "packet: " in denied["message"]["text"], denied)
    expect(place["artifactLocation"]["uri"] == "edge.rules", place)
    expect(place.get("region", {}).get("startLine") == verdict["rule"]["line"], place)
    expect(denied["level"] == "error", denied)


def nothing_to_say(suite):
    done = run("check", "good.yaml", *SMALL, "--format", "sarif", cwd=suite.path)
    expect(done.status == 0 and check_sarif(json.loads(done.out)) == [], done)
    done = run("excess", "good.yaml", *SMALL, "--format", "junit", cwd=suite.path)
    root = xml.fromstring(done.out)
    expect(done.status == 0 and root.get("failures") == "0" and len(root) == int(root.get("tests")) == 1, done)


def excess(suite, view):
    return run("excess", "--flows", "web.csv", "--ruleset", "unknown.rules", "--hook", "forward", "--format", view,
               cwd=suite.path)


def excess_views(suite):
    document = json.loads(excess(suite, "json").out)
    found = sorted((finding["box"]["ports"][0], finding["rule"]["index"], finding.get("reason"))
                   for finding in document["findings"])
    expect(found == [("22", 2, MAYBE), ("80", 3, None), ("80", 4, None), ("81", 6, MAYBE), ("83", 7, None)], found)
    expect(excess(suite, "text").out.count(MAYBE) == 2, "text")
    expect(excess(suite, "markdown").out.count(f"({MAYBE})") == 2, "markdown")
    rows = list(csv.DictReader(io.StringIO(excess(suite, "csv").out)))
    expect(sorted(row["reason"] for row in rows) == ["", "", "", MAYBE, MAYBE], rows)
    results = check_sarif(json.loads(excess(suite, "sarif").out))
    expect(len(results) == 5 and {result["ruleId"] for result in results} == {"excess"}, results)
    lines = sorted(result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results)
    expect(lines == [6, 7, 8, 10, 11], lines)
    root = xml.fromstring(excess(suite, "junit").out)
    expect(root.get("failures") == root.get("tests") == "5" and len(root) == 5, root.attrib)
    page = run("check", "--flows", "web.csv", "--ruleset", "unknown.rules", "--hook", "forward", "--excess", "--format",
               "html", cwd=suite.path)
    expect(page.out.count(MAYBE) == 2, "html")


def audit_views(suite):
    hidden = "-A FORWARD -s 10.1.0.0/31 -d 10.2.0.1/32 -p udp -m udp --dport 123 -j DROP\n"
    suite.write("hidden.rules", EDGE_RULES.replace("COMMIT", hidden + "COMMIT"))
    done = run("audit", "hidden.rules", "--format", "sarif", cwd=suite.path)
    results = check_sarif(json.loads(done.out))
    expect(done.status == 1 and results, done)
    for result in results:
        expect(result["locations"][0]["physicalLocation"]["region"]["startLine"] == 7, result)
    shadowed = next(result for result in results if result["ruleId"] == "shadowed")
    expect(shadowed["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 6, shadowed)
    done = run("audit", "hidden.rules", "--format", "junit", cwd=suite.path)
    expect(xml.fromstring(done.out).get("failures") == str(len(results)), done)
    for view in ("text", "markdown", "csv", "json"):
        done = run("audit", "hidden.rules", "--format", view, cwd=suite.path)
        expect(done.status == 1 and "shadowed" in done.out and "hidden.rules" in done.out, done)


def why(suite, question, *arguments):
    return run("why", "site.yaml", question, *SMALL, *arguments, cwd=suite.path)


def why_suggests(suite):
    for question, hint in (("h1 > clok:123/udp", 'did you mean "clock"?'), ("dest > h1:22/tcp", 'did you mean "desk"?'),
                           ("h1 > update.example.org:443/tcp", 'did you mean "updates.example.org"?')):
        done = why(suite, question)
        expect(done.status == 2 and hint in done.err and not done.out, done)
    suite.write("open.yaml", SITE.replace("  updates.example.org: [203.0.113.5]\n", ""))
    done = run("why", "open.yaml", "h1 > updates.example.org:443/tcp", *SMALL, cwd=suite.path)
    expect(done.status == 2 and "does not say what" in done.err, done)


def why_asks_no_reply_to_nothing(suite):
    document = json.loads(why(suite, "h1 > updates.example.org:8443/tcp", "--format", "json").out)
    expect([(v["direction"], v["verdict"]) for v in document["verdicts"]] == [("request", "denied")], document)
    document = json.loads(why(suite, "h1 > clock:123/udp", "--format", "json").out)
    expect([v["direction"] for v in document["verdicts"]] == ["request", "reply"], document)


def why_of_one_family(suite):
    """h1 has two families, the clock one: what they share is asked."""
    done = why(suite, "h1 > clock:123/udp")
    expect(done.status == 0 and "asked by w/time/udp" in done.out, done)
    done = why(suite, "clock > fd01::1:22/tcp")
    expect(done.status == 2 and "no address family in common" in done.err, done)


def render_as_the_site_says(suite):
    other = SITE4.replace("ruleset: edge.rules", "ruleset: rules/wall.rules")
    suite.write("named/site.yaml", other)
    suite.write("named/rules/.keep", "")
    folder = suite.path / "named"
    catalog = ["--catalog", "../widget.yaml", *SMALL[2:]]
    done = run("render", "site.yaml", *catalog, "-o", "rules", cwd=folder)
    expect(done.status == 0 and (folder / "rules/wall.rules").exists(), done)
    done = run("check", "site.yaml", *catalog, cwd=folder)
    expect(done.status == 0, done)
    # Another dialect than the site's is not written under a name that says otherwise.
    done = run("render", "site.yaml", *catalog, "--to", "nftables", "-o", "rules/", cwd=folder)
    expect(done.status == 0 and (folder / "rules/edge.nft").exists(), done)
    # Two firewalls, one name: neither is written over the other.
    suite.write("twice/site.yaml", other.replace(
        "tests:\n", "  two: {dialect: iptables, ruleset: old/wall.rules, host: h1}\ntests:\n"))
    folder = suite.path / "twice"
    done = run("render", "site.yaml", *catalog, "-o", "rules", cwd=folder)
    expect(done.status == 0, done)
    names = sorted(path.name for path in (folder / "rules").iterdir())
    expect(names == ["edge.v4.rules", "two.v4.rules"], names)


def plan_keeps_the_service(suite):
    catalog = (suite.path / "widget.yaml").read_text().replace("purpose: time,", "purpose: time, need: optional,")
    suite.write("optional/widget.yaml", catalog)
    suite.write("optional/site.yaml", SITE)
    done = run("plan", "site.yaml", *SMALL, cwd=suite.path / "optional")
    expect("ntp, optional" in done.out, done)
    expect(all(line == line.rstrip() for line in done.out.split("\n")), done)


def audit_spares_what_does_more(suite):
    """A rule that also logs, or writes to a list that others ask, changes something though its verdict does not."""
    suite.write("more.rules", "*filter\n:FORWARD DROP [0:0]\n"
                "-A FORWARD -p tcp --dport 5 -m recent --set --name list -j DROP\n"
                "-A FORWARD -p tcp --dport 6 -j DROP\nCOMMIT\n")
    document = json.loads(run("audit", suite.path / "more.rules", "--format", "json").out)
    expect([finding["rule"]["index"] for finding in document["findings"]] == [2], document)
    listing = {"nftables": [{"table": {"family": "ip", "name": "t"}},
                            {"chain": {"family": "ip", "table": "t", "name": "f", "type": "filter", "hook": "forward",
                                       "prio": 0, "policy": "drop"}}]}
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5}}
    for before in ([{"log": None}], []):
        listing["nftables"].append({"rule": {"family": "ip", "table": "t", "chain": "f",
                                             "expr": [port, *before, {"drop": None}]}})
    suite.write("more.json", json.dumps(listing))
    document = json.loads(run("audit", suite.path / "more.json", "--format", "json").out)
    expect([(finding["kind"], finding["rule"]["index"]) for finding in document["findings"]] == [("shadowed", 2)],
           document)


def main():
    suite = Suite("portolan-views-")
    for name, text in (("site.yaml", SITE), ("good.yaml", SITE4.replace("edge.rules", "good.rules")),
                       ("widget.yaml", CATALOG), ("edge.rules", EDGE_RULES), ("good.rules", GOOD_RULES),
                       ("flows.csv", FLOWS_CSV), ("web.csv", FLOWS), ("unknown.rules", UNKNOWN_RULES)):
        suite.write(name, text)
    for shape in (sarif_of_check, nothing_to_say, excess_views, audit_views, why_suggests, why_asks_no_reply_to_nothing,
                  why_of_one_family, render_as_the_site_says, plan_keeps_the_service,
                  audit_spares_what_does_more):
        suite.case(shape.__name__, shape, suite)
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
