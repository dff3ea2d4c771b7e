#!/usr/bin/env python3
"""Wrong values in files: every error of the file at once, each at its place.

In a text the place of each expected error is marked `«…»`: the marks are taken out, and the program must say exactly
one error at each, with as many `^` as there is text between the marks (an empty mark stands for one), and none
elsewhere. Nothing is printed beside errors, and nothing written.
"""
import sys

from kinds import CATALOG, EDGE_RULES, FLOWS_CSV, IPTABLES, SITE
from runner import Failure, Suite, expect, run

COMMANDS = {
    "site.yaml": ["plan", "site.yaml", "--catalog", "widget.yaml", "--on", "2026-12-01"],
    "thing.yaml": ["catalog", "show", "thing.yaml"],
    "flows.csv": ["check", "--flows", "flows.csv", "--ruleset", "good.rules", "--hook", "forward"],
    "flows.json": ["check", "--flows", "flows.json", "--ruleset", "good.rules", "--hook", "forward"],
    "rules": ["check", "--flows", "good.csv", "--ruleset", "rules", "--hook", "forward"],
}


def unmark(text):
    """The text without marks, and {(line, column): width} of each mark; columns are in bytes."""
    places = {}
    plain = b""
    start = None
    for part in text.replace("«", "\0«\0").replace("»", "\0»\0").split("\0"):
        if part == "«":
            start = len(plain)
        elif part == "»":
            line = plain.count(b"\n", 0, start) + 1
            places[(line, start - (plain.rfind(b"\n", 0, start) + 1) + 1)] = max(1, len(plain) - start)
        else:
            plain += part.encode()
    return plain, places


def marks(result):
    """{(line, column): (width, message, hint)} of the errors said."""
    found = {}
    lines = result.err.split("\n")
    for at, line in enumerate(lines):
        parts = line.split(": ", 2)
        if len(parts) < 3 or parts[1] != "error":
            continue
        place = parts[0].rsplit(":", 2)
        if len(place) < 3:
            raise Failure(f"an error without a place: {result}")
        width = lines[at + 2].count("^") if at + 2 < len(lines) and lines[at + 2].strip("^ ") == "" else 0
        hint = lines[at + 3].strip() if at + 3 < len(lines) and lines[at + 3].startswith("    ") else ""
        if (int(place[1]), int(place[2])) in found:
            raise Failure(f"two errors at one place: {result}")
        found[(int(place[1]), int(place[2]))] = (width, parts[2], hint)
    return found


def check_marked(suite, file, text, said):
    plain, places = unmark(text)
    suite.write(file, plain)
    target = suite.path / "output"
    result = run(*COMMANDS[file], "-o", target, cwd=suite.path)
    expect(result.status == 2, f"not refused: {result}")
    expect(result.out == "" and not target.exists(), f"output beside errors: {result}")
    found = marks(result)
    expect({place: found[place][0] for place in found} == places, f"wanted {places}: {result}")
    for word in said:
        expect(word in result.err, f"\"{word}\" is not said: {result}")


# --- sites ------------------------------------------------------------------------------------------------------------


def site(old, new, text=SITE):
    expect(text.count(old) >= 1, f"\"{old}\" is not in the site")
    return text.replace(old, new, 1)


SITES = [
    ("unknown key", "zones:", "«zone»: 4\nzones:", ["zones"]),
    ("unknown key of an instance", "    product:", "    «feature»: [plain]\n    product:", ['did you mean "features"?']),
    ("unknown key of a firewall", "    dialect:", "    «dialekt»: iptables\n    dialect:", ['did you mean "dialect"?']),
    ("duplicate key", "  clock: 10.2.0.1\n", "  clock: 10.2.0.1\n  «clock»: 10.2.0.2\n", ["twice"]),
    ("duplicate section", "zones:", "«names»: {z: 1.1.1.1}\nzones:", ["twice"]),
    ("names are a list", SITE[SITE.index("names:"):SITE.index("instances:")], "names: «[1]»\n", None),
    ("host bits", "clock: 10.2.0.1\n", "clock: «10.2.0.1/24»\n", ["10.2.0.0/24"]),
    ("prefix too long", "clock: 10.2.0.1\n", "clock: «10.2.0.0/33»\n", []),
    ("prefix of IPv6 too long", "clock: 10.2.0.1\n", "clock: «\"fd00::/129\"»\n", []),
    ("no prefix length", "clock: 10.2.0.1\n", "clock: «10.2.0.0/»\n", []),
    ("a negative length", "clock: 10.2.0.1\n", "clock: «10.2.0.0/-1»\n", []),
    ("a range backwards", "clock: 10.2.0.1\n", "clock: «10.2.0.9-10.2.0.1»\n", []),
    ("a range over families", "clock: 10.2.0.1\n", "clock: «10.2.0.9-fd00::1»\n", []),
    ("octets over 255", "clock: 10.2.0.1\n", "clock: «10.2.0.256»\n", []),
    ("three octets", "clock: 10.2.0.1\n", "clock: «10.2.1»\n", []),
    ("octets with zeros", "clock: 10.2.0.1\n", "clock: «010.2.0.1»\n", []),
    ("IPv4 in IPv6 with a long prefix", "clock: 10.2.0.1\n", "clock: «\"::ffff:10.2.0.1/130\"»\n", []),
    ("a scope on an address", "clock: 10.2.0.1\n", "clock: «\"fe80::1%eth0\"»\n", []),
    ("a name that is not there", "clock: 10.2.0.1\n", "clock: «host»\n", ['did you mean "hosts"?']),
    ("a name that holds itself", "clock: 10.2.0.1\n", "clock: [10.2.0.1, «clock»]\n", ["clock"]),
    ("names in a ring", "clock: 10.2.0.1\n", "clock: [10.2.0.1, ring]\n  ring: [«clock»]\n", ["ring"]),
    ("port 0", "ports: [22/tcp]", "ports: [«0»/tcp]", []),
    ("port 65536", "ports: [22/tcp]", "ports: [«65536»/tcp]", []),
    ("port 80-70", "ports: [22/tcp]", "ports: [«80-70»/tcp]", []),
    ("port a", "ports: [22/tcp]", "ports: [«a»/tcp]", []),
    ("port without transport", "ports: [22/tcp]", "ports: [«22»]", []),
    ("unknown transport", "ports: [22/tcp]", "ports: [22/«tpc»]", []),
    ("a negative port", "ports: [22/tcp]", "ports: [«-»1/tcp]", []),
    ("a port too long for numbers", "ports: [22/tcp]", "ports: [«99999999999999999999999»/tcp]", []),
    ("unknown product", "product: widget", "product: «widgett»", ['did you mean "widget"?']),
    ("unknown feature", "features: [plain]", "features: [plain, «tsl»]", ['did you mean "tls"?']),
    ("unknown feature switched off", "features: [plain]", "features: [plain, «-tsl»]", []),
    ("unknown parameter", "{data-port: 7000}", "{data-port: 7000, «wep-port»: 1}", ['did you mean "web-port"?']),
    ("parameter out of range", "{data-port: 7000}", "{data-port: «70000»}", []),
    ("parameter zero", "{data-port: 7000}", "{data-port: «0»}", []),
    ("parameter that is a word", "{data-port: 7000}", "{data-port: «seven»}", []),
    ("unknown role", "clock: clock}", "clock: clock, «cluck»: clock}", ['did you mean "clock"?']),
    ("a role by an unknown name", "clock: clock}", "clock: «cloc»}", ['did you mean "clock"?']),
    ("an expiry that is no date", "2027-01-31", "«2027-02-31»", []),
    ("an expiry in another order", "2027-01-31", "«31.01.2027»", []),
    ("extra to a name that is not there", "to: hosts, ports: [22", "to: «hostz», ports: [22", ['did you mean "hosts"?']),
    ("unknown zone of an interface", "{a: eth0,", "{«aa»: eth0,", []),
    ("unknown dialect", "dialect: iptables", "dialect: «iptable»", ['did you mean "iptables"?']),
    ("the same prefix in two zones", "b: 10.2.0.0/16", "b: [10.2.0.0/16, «10.1.0.0/16»]", []),
    ("zone with host bits", "b: 10.2.0.0/16", "b: «10.2.0.1/16»", []),
    ("unknown word in a test", "{deny: {from", "«»{«denie»: {from", None),
    ("a domain that is no domain", "updates.example.org:", "«updates_..example»:", []),
    ("a domain with an address that is none", "[203.0.113.5]", "[«203.0.113.555»]", []),
    ("another version", "site/1", "«site/2»", ["site/1"]),
    ("a catalog instead", "site/1", "«catalog/1»", ["site/1"]),
    ("tabs", "names:\n  h1", "names:\n«\t»h1", []),
    ("a list that is not closed", "[10.1.0.1, \"fd01::1\"]", "[10.1.0.1, \"fd01::1\"", None),
    ("an alias without its anchor", "clock: 10.2.0.1\n", "clock: «*nowhere»\n", []),
    ("unknown baseline", "    dialect:", "    baseline: [«loopbak»]\n    dialect:", ['did you mean "loopback"?']),
    ("deny that is no word", "    dialect:", "    deny: «dropp»\n    dialect:", []),
    ("scope that is no word", "    dialect:", "    scope: «everything»\n    dialect:", []),
    ("everything at once", SITE[SITE.index("names:"):SITE.index("instances:")],
     "names:\n  h1: «10.1.0.1/8»\n  h2: «10.1.0.300»\n  hosts: [h1, h2, «h3»]\n  clock: 10.2.0.1\n  desk: 10.3.0.10\n"
     "«what»: 1\n", []),
]

# --- catalogs ---------------------------------------------------------------------------------------------------------

CATALOGS = [
    ("unknown key", "title: A widget", "«titel»: x\ntitle: A widget", ['did you mean "title"?']),
    ("duplicate role", "  clock: {title: time", "  «host»: {title: again}\n  clock: {title: time", ["twice"]),
    ("unknown role", "from: host, to: clock", "from: «hosst», to: clock", ['did you mean "host"?']),
    ("unknown feature", "when: tls,", "when: «tsl»,", ['did you mean "tls"?']),
    ("unknown feature in an expression", "when: tls,", "when: tls and not «plane»,", []),
    ("expression not closed", "when: tls,", "when: «(»tls,", None),
    ("unknown parameter", "\"{web-port}/tcp\"", "\"{«wep-port»}/tcp\"", ['did you mean "web-port"?']),
    ("port 0", "[123/udp]", "[«0»/udp]", []),
    ("port 65536", "[123/udp]", "[«65536»/udp]", []),
    ("range backwards", "[123/udp]", "[«80-70»/udp]", []),
    ("no ports", "[123/udp]", "«[]»", []),
    ("unknown transport", "[123/udp]", "[123/«upd»]", []),
    ("unknown document", "ports#\"row 1\"", "port#\"row 1\"", None),
    ("unknown role that stands in", "else: host", "else: «hots»", ['did you mean "host"?']),
    ("two requirements of one name", "{id: web,", "{id: «time»,", ["twice"]),
    ("a default that is neither on nor off", "default: on}", "default: «maybe»}", []),
    ("a default that is no port", "default: 8443", "default: «84430»", []),
    ("a need that is none", "service: ntp", "need: «requird», service: ntp", ['did you mean "required"?']),
    ("a family that is none", "service: ntp", "family: «ipv5», service: ntp", []),
    ("a date that is none", "2026-11-19", "«2026-13-19»", []),
]

# --- flows ------------------------------------------------------------------------------------------------------------

HEAD = "id,source,destination,transport,ports\n"
CSVS = [
    ("no such column", "«id»,source,destinatio,transport,ports\n", ["destinatio"]),
    ("column twice", "id,source,destination,transport,ports,«id»\na,10.0.0.1,10.0.0.2,tcp,1,b\n", ["twice"]),
    ("a cell too few", HEAD + "«a»,10.0.0.1,10.0.0.2,tcp\n", ["ports"]),
    ("a cell too many", HEAD + "a,10.0.0.1,10.0.0.2,tcp,80,«443»\n", ["spaces"]),
    ("words behind a quote", HEAD + "a,10.0.0.1,10.0.0.2,tcp,\"80\"«4»43\n", []),
    ("a quote without its end", HEAD + "a,10.0.0.1,10.0.0.2,tcp,«\"»80\n", []),
    ("ports", HEAD + "a,10.0.0.1,10.0.0.2,tcp,«0»\nb,10.0.0.1,10.0.0.2,tcp,80 «65536» 90\nc,10.0.0.1,10.0.0.2,tcp,«80-70»"
     "\nd,10.0.0.1,10.0.0.2,tcp,«a»\ne,10.0.0.1,10.0.0.2,tcp,«»\n", []),
    ("ends", HEAD + "a,«10.0.0.1/8»,10.0.0.2,tcp,1\nb,10.0.0.1 «10.0.0.400»,10.0.0.2,tcp,1\n"
     "c,10.0.0.1,«10.0.0.0/33»,tcp,1\nd,10.0.0.1,«10.0.0.9-10.0.0.2»,tcp,1\ne,«»,10.0.0.2,tcp,1\n"
     "f,10.0.0.1,«example.org»,tcp,1\n", []),
    ("quoted ends", HEAD + "a,\"10.0.0.1 «10.0.0.1/8»\",10.0.0.2,tcp,1\n", []),
    ("IPv4 to IPv6", HEAD + "«a»,10.0.0.1,fd00::1,tcp,1\n", ["family"]),
    ("transport", HEAD + "a,10.0.0.1,10.0.0.2,«tpc»,1\nb,10.0.0.1,10.0.0.2,«»,1\n", []),
    ("ports of a transport that has none", HEAD + "a,10.0.0.1,10.0.0.2,icmp,«80»\n", ["icmp"]),
    ("an id twice", HEAD + "a,10.0.0.1,10.0.0.2,tcp,1\n«a»,10.0.0.1,10.0.0.2,tcp,2\n", ["twice"]),
    ("no id", HEAD + "«»,10.0.0.1,10.0.0.2,tcp,1\n", []),
]


def flow(**keys):
    items = {"id": '"a"', "source": '["10.0.0.1"]', "destination": '["10.0.0.2"]', "transport": '"tcp"',
             "ports": "[[443, 443]]", **keys}
    return "{" + ", ".join(f'"{key}": {value}' for key, value in items.items() if value is not None) + "}"


GOOD = flow(id='"first"')


def flows(*texts):
    return '{"schema_version": 1, "flows": [\n  ' + ",\n  ".join(texts) + "\n]}\n"


JSONS = [
    ("ports", flows(GOOD, flow(ports="[[1, 2], «[0, 80]», «[80, 70]», [5, 5], «[1, 65536]», «\"80\"»]")), []),
    ("a real port", flows(GOOD, flow(ports="[«[443.5, 444]»]")), []),
    ("no ports", flows(GOOD, "«{»" + flow(ports=None)[1:]), ["any"]),
    ("ports are null", flows(GOOD, flow(ports="«null»")), ["any"]),
    ("ports are none", flows(GOOD, flow(ports="«[]»")), ["any"]),
    ("ports of icmp", flows(GOOD, flow(transport='"icmp"', ports="«[[1, 2]]»")), ["icmp"]),
    ("ends", flows(GOOD, flow(source='["10.0.0.9", «"10.0.0.1/8"», «7»]', destination='«"10.0.0.2"»')), []),
    ("no source", flows(GOOD, "«{»" + flow(source=None)[1:]), ["source"]),
    ("transport", flows(GOOD, flow(transport='«"tpc"»')), []),
    ("need", flows(GOOD, flow(need='«"requird"»')), ['did you mean "required"?']),
    ("status", flows(GOOD, flow(status='«5»')), []),
    ("reply", flows(GOOD, flow(reply='«"non"»')), ['did you mean "none"?']),
    ("source ports", flows(GOOD, flow(source_ports='[«[0, 1]»]')), []),
    ("families", flows(GOOD, flow(id='«"a"»', source='["fd00::1"]')), ["family"]),
    ("an id twice", flows(GOOD, flow(id='«"first"»')), ["twice"]),
    ("no id", flows(GOOD, "«{»" + flow(id=None)[1:]), ["id"]),
    ("several", flows(flow(ports="[«[0, 80]»]"), flow(id='"b"', transport='«"x"»'), flow(id='"c"', source='[«"y"»]')), []),
    ("a flow that is a number", flows(GOOD, "«5»"), []),
    ("no list of flows", '«{»"flowz": []}', []),
    ("flows are no list", '{"flows": «5»}', None),
    ("a key twice", '{"flows": [], "flows": []}', None),
]

# --- rulesets ---------------------------------------------------------------------------------------------------------


def rules(*lines):
    return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "\n".join(lines) + "\nCOMMIT\n"


RULES = [
    ("unknown table", "*«filtre»\nCOMMIT\n", None),
    ("a jump to nowhere", rules("-A FORWARD -j «nowhere»"), None),
    ("a chain that is not there", rules("-A «FORWRD» -j ACCEPT"), None),
    ("a port over 65535", rules("-A FORWARD -p tcp --dport «65536» -j ACCEPT"), None),
    ("a range backwards", rules("-A FORWARD -p tcp --dport «80:70» -j ACCEPT"), None),
    ("an address that is none", rules("-A FORWARD -s «10.0.0.300» -j ACCEPT"), None),
    ("jumps in a ring", rules("-N a", "-A FORWARD -j a", "-A a -j a"), None),
]

WRONG_RULESETS_OF_NFT = [
    ("a word nft does not know", "table inet t {\n\tchain c {\n\t\ttype filter hook forward priority 0; polcy drop;\n\t}\n}\n"),
    ("a set that is not there", "table inet t {\n\tchain c {\n\t\ttype filter hook forward priority 0;\n\t\tip saddr @x drop\n\t}\n}\n"),
    ("a jump to nowhere", "table inet t {\n\tchain c {\n\t\ttype filter hook forward priority 0;\n\t\tjump x\n\t}\n}\n"),
]


def check_placed(suite, file, text):
    """Refused with some place in the file, all errors inside it."""
    plain, _ = unmark(text)
    suite.write(file, plain)
    result = run(*COMMANDS[file], cwd=suite.path)
    expect(result.status == 2 and result.out == "", f"not refused: {result}")
    lines = plain.split(b"\n")
    places = result.places()
    expect(places, f"no place: {result}")
    for name, line, column, _ in places:
        expect(name == file and 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1, result)


def table(suite, what, file, rows):
    for name, text, said in rows:
        if said is None:
            suite.case(f"{what}, {name}", check_placed, suite, file, text)
        else:
            suite.case(f"{what}, {name}", check_marked, suite, file, text, said)


def edited(suite, what, file, text, rows):
    for name, old, new, said in rows:
        if old not in text:
            suite.case(f"{what}, {name}", expect, False, f"\"{old}\" is not in the text")
            continue
        table(suite, what, file, [(name, text.replace(old, new, 1), said)])


# --- what no mark can say ---------------------------------------------------------------------------------------------


def bombs():
    """Texts of YAML that are small and would be large, or deep, or many."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 12)]
    yield "aliases that explode", "\n".join(lines) + "\n"
    yield "an alias to itself", "a: &a [*a]\n"
    yield "lists in lists", "a: " + "[" * 100000 + "\n"
    yield "maps in maps", "".join(" " * i + "a:\n" for i in range(2000))
    yield "a flow of maps", "{a: " * 50000 + "\n"
    yield "several documents", SITE + "---\n" + SITE
    yield "a merge key", SITE + "<<: {names: {x: 1.1.1.1}}\n"
    yield "a scalar", "hello\n"
    yield "a list", "- a\n- b\n"
    yield "a tag", "!!python/object:os.system {a: b}\n"
    yield "a hundred thousand unknown keys", "".join(f"k{i}: 1\n" for i in range(100000))
    yield "a line of a megabyte", "portolan: " + "x" * 1000000 + "\n"
    yield "a hundred thousand quotes", "\"" * 99999 + "\n"


def check_bomb(suite, file, text):
    suite.write(file, text)
    result = run(*COMMANDS[file], cwd=suite.path, memory_mb=512)
    expect(result.status == 2 and result.places() and result.out == "", f"not refused: {str(result)[:2000]}")
    expect(len(result.err) < 200000, f"too many words: {len(result.err)}")


def paths_of(text):
    """Every key and item of a text of YAML that stands on a line of its own or in flow style, as (start, end) of values."""
    values = []
    for number, line in enumerate(text.split("\n")):
        if ":" in line:
            values.append(number)
    return values


def check_types(suite, file, text, number, value):
    """A value of another type in the place of the one on a line: an error with a place, or the same meaning."""
    lines = text.split("\n")
    key, _, _ = lines[number].partition(":")
    lines[number] = f"{key}: {value}"
    indent = len(key) - len(key.lstrip(" -"))
    rest = number + 1
    while rest < len(lines) and lines[rest].strip() and len(lines[rest]) - len(lines[rest].lstrip(" ")) > indent:
        lines.pop(rest)
    suite.write(file, "\n".join(lines))
    result = run(*COMMANDS[file], cwd=suite.path)
    expect(result.status in (0, 2), result)
    expect(result.status == 0 or (result.places() and result.out == ""), f"no place: {result}")
    expect(len(result.places()) == result.err.count(": error: "), f"an error without a place: {result}")


def check_unfilled(suite):
    suite.write("site.yaml", SITE.replace("roles: {host: hosts, clock: clock}", "roles: {host: hosts}"))
    result = run(*COMMANDS["site.yaml"], cwd=suite.path)
    expect(result.status == 2 and result.places(), result)
    expect("clock" in result.err and "time" in result.err, f"role and requirement are not named: {result}")
    suite.write("site.yaml", SITE.replace("roles: {host: hosts, clock: clock}", "roles: {host: hosts, clock: none}"))
    result = run(*COMMANDS["site.yaml"], cwd=suite.path)
    expect(result.status == 0, f"waived: {result}")


def check_families(suite):
    suite.write("site.yaml", SITE.replace("clock: 10.2.0.1\n", "clock: \"fd02::1\"\n").replace(
        'h1: [10.1.0.1, "fd01::1"]', "h1: 10.1.0.1"))
    result = run(*COMMANDS["site.yaml"], cwd=suite.path)
    expect(result.status == 2 and result.places(), f"IPv4 to IPv6: {result}")
    expect("time" in result.err, f"the requirement is not named: {result}")


def check_ruleset_missing(suite):
    suite.write("site.yaml", SITE.replace("ruleset: edge.rules", "ruleset: [good.rules, nowhere.rules]"))
    result = run("check", *COMMANDS["site.yaml"][1:], cwd=suite.path)
    line = SITE[:SITE.index("ruleset:")].count("\n") + 1
    expect(result.status == 2 and result.places(), result)
    expect(result.places()[0][:3] == ("site.yaml", line, 27) and "nowhere.rules" in result.err, result)


def check_expired(suite):
    suite.write("site.yaml", SITE)
    command = [word if word != "2026-12-01" else "2027-02-01" for word in COMMANDS["site.yaml"]]
    result = run(*command, cwd=suite.path)
    expect(result.status == 0 and "extra/shell" not in result.out, f"expired, and still there: {result}")
    expect("expire" in result.err and result.places("warning"), f"not said: {result}")
    strict = run(*command, "--strict", cwd=suite.path)
    expect(strict.status == 1, f"--strict: {strict}")
    last = run(*[word if word != "2026-12-01" else "2027-01-31" for word in COMMANDS["site.yaml"]], cwd=suite.path)
    expect("extra/shell" in last.out, f"gone before its last day is over: {last}")


def main():
    suite = Suite("portolan-places-")
    for name, text in (("widget.yaml", CATALOG), ("good.rules", EDGE_RULES), ("good.csv", FLOWS_CSV)):
        suite.write(name, text)
    edited(suite, "site", "site.yaml", SITE, SITES)
    edited(suite, "catalog", "thing.yaml", CATALOG, CATALOGS)
    table(suite, "CSV", "flows.csv", CSVS)
    table(suite, "JSON", "flows.json", JSONS)
    table(suite, "iptables", "rules", RULES)
    for name, text in WRONG_RULESETS_OF_NFT:
        suite.case(f"nft, {name}", check_placed, suite, "rules", text)
    for name, text in bombs():
        for file in ("site.yaml", "thing.yaml"):
            suite.case(f"{file}: {name}", check_bomb, suite, file, text)
    for file, text in (("site.yaml", SITE), ("thing.yaml", CATALOG)):
        for number in paths_of(text):
            for value in ("", "5", "[]", "{}", "[[a]]", "{a: {b: c}}", "no", "~", "'é\"'", "&a [x]", "|\n  a\n  b"):
                suite.case(f"{file}, line {number + 1} is {value!r}", check_types, suite, file, text, number, value)
    for check in (check_unfilled, check_families, check_ruleset_missing, check_expired):
        suite.case(check.__name__, check, suite)
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
