#!/usr/bin/env python3
"""The three documents that the project starts from, against what they say (seed-facts.tsv in the shared folder).

usage: check_seeds.py PORTOLAN

Every table fact must be found, transport by transport and port by port, between the same ends and in the same
direction, and nothing else. Skipped where the folder is not there. Exit status 0 when all hold, 1, or 77.
"""
import csv
import re
import sys
import tempfile
import pathlib

from imported import SHARED, Tally, catalog, compare, facts_of, name_key, skip

DOCUMENTS = {
    "xcpng": ("xcp-ng-and-xen-orchestra.txt", "XCP-ng"),
    "xenserver": ("xenserver.txt", "XenServer"),
    "qumulo": ("qumulo-core.md", "Qumulo Core"),
}
# Ends that the documents do not name; the table's author and the importer word them differently.
SAME = {
    "qumulo cluster": "qumulo core",
    "another qumulo cluster": "another qumulo core",
    "kerberos kdc / domain controller": "kerberos server",
    "active directory or standalone ldap server": "ldap server",
    "amazon s3": "s3 endpoint",
    "rsyslog server": "syslog server",
}
NOTES_ON_ROWS = [  # document, ports of the rows that must have the review, words in it
    ("xenserver", {"80/tcp"}, "close TCP port 80"),
    ("qumulo", {"2049/udp"}, "older clients"),
    ("qumulo", {"111/tcp"}, "additional ports"),
    ("xcpng", {"8012/tcp"}, "different port"),
]


def end(text):
    return name_key(SAME.get(text.lower(), text))


def truth_of(rows):
    facts = []
    for row in rows:
        target = row["destination"]
        transports = row["transport"].split(",")
        for port in row["ports"].split(","):
            for transport in transports:
                facts.append((end(row["source"]), target, f"{port.lower()}/{transport}", "required"))
    return facts


def domains(rows, path):
    """Rows whose destination is "external domain": its name is what the document has in that line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for row in rows:
        if row["destination"] != "external domain":
            row["destination"] = end(row["destination"])
            continue
        cell = lines[int(row["line"]) - 1].lstrip("| ").split(" ")
        row["destination"] = cell[0]
        if cell[1:3] == ["and", "subdomains"]:
            yield {**row, "destination": "*." + cell[0]}
        yield row
        continue
    return


def load():
    path = SHARED / "seed-facts.tsv"
    if not path.is_file() or not (SHARED / "seeds").is_dir():
        skip(f"no {path}: the three documents are not here")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if row["kind"] == "table"]
    return {seed: [row for row in rows if row["seed"] == seed] for seed in DOCUMENTS}


def main():
    portolan = sys.argv[1]
    tally = Tally()
    catalogs = {}
    count = 0
    for seed, rows in load().items():
        name, product = DOCUMENTS[seed]
        path = SHARED / "seeds" / name
        count += len(rows)
        extra = [row for row in domains(rows, path) if row not in rows]
        catalogs[seed], _ = catalog(portolan, path, "--product", product.lower().replace(" ", "-"), "--title", product)
        recall, precision, missing, surplus = compare(truth_of(rows + extra), facts_of(catalogs[seed]))
        print(f"# {seed}: {len(rows)} rows, recall {100 * recall:.1f} %, precision {100 * precision:.1f} %")
        tally.check(not missing, f"{seed}: every table fact is found", missing)
        tally.check(not surplus, f"{seed}: nothing else is found", surplus)
    tally.check(count == 93, "the table has its 93 facts", count)
    for seed, ports, words in NOTES_ON_ROWS:
        noted = [r for r in catalogs[seed]["requirements"] if ports & set(r["ports"]) and words in str(r["review"])]
        tally.check(noted, f"{seed}: rows with {sorted(ports)} have the note on \"{words}\"")
    same_in_pipes(portolan, tally, catalogs["xenserver"])
    tally.close()


def same_in_pipes(portolan, tally, spaced):
    """XenServer's table of ports with its cells between pipes, lost ones missing on the left, gives the same facts."""
    text = (SHARED / "seeds" / "xenserver.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    first = lines.index("Source Destination Type Port Details")
    rows = [r for r in spaced["requirements"] if "Communication ports" in r["origin"][0] and " / " in r["origin"][0]]
    by_line = {int(re.search(r"line (\d+)", r["origin"][0]).group(1)): r for r in rows}
    out = lines[:first] + ["| Source | Destination | Type | Port | Details |"]
    for number in range(first + 2, first + 2 + len(by_line)):
        line = lines[number - 1]
        lost = len(re.match(r"^(?:\u00a0 )*", line).group(0)) // 2
        match = re.search(r"(?:^|\s)((?:TCP|UDP)(?:, UDP)?) ((?:\d+, )*\d+|Dynamic)\s?(.*)$", line)
        left = line[2 * lost:match.start()].strip()
        cells = []
        if lost < 2:
            source = spaced["roles"][by_line[number]["from"]]["title"] if lost == 0 else ""
            cells = [left[:len(source)].strip(), left[len(source):].strip()] if lost == 0 else [left]
        cells += [match.group(1), match.group(2), match.group(3).replace("\u00a0", "").strip()] + [""] * lost
        out.append("| " + " | ".join(cells) + " |")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "xenserver.txt"
        path.write_text("\n".join(out + lines[first + 1 + len(by_line):]) + "\n", encoding="utf-8")
        piped, said = catalog(portolan, path, "--product", "xenserver", "--title", "XenServer")
    _, _, missing, surplus = compare(facts_of(spaced), facts_of(piped))
    tally.check(len(by_line) == 23, "xenserver: the table of ports has its 23 rows", len(by_line))
    tally.check(not missing and not surplus, "xenserver: the table between pipes gives the same facts", (missing, surplus))


main()
