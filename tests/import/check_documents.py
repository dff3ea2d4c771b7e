#!/usr/bin/env python3
"""Documents of our own, in the shapes that vendors' documents have, against their true facts.

usage: check_documents.py PORTOLAN [NAME…]

tests/documents/NAME.SUFFIX is a document, NAME.tsv what it says: from, to (a party or a domain), ports as a catalog
writes them, and optionally need, when it is not `required`. Lines that begin with # are comments; `!warning TEXT`,
`!review PORT TEXT`, `!note TEXT` and `!option TEXT…` are what must be said, and how the document is to be read.
Prints recall and precision of each. Exit status 0 when every document gives its facts and nothing else.
"""
import json
import pathlib
import sys
import tempfile

from imported import SOURCE, Tally, catalog, compare, facts_of, name_key, run

FEWEST = 25


def read_truth(path):
    facts, said, options = [], [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("!option "):
            options += line.split(" ")[1:]
        elif line.startswith("!"):
            said.append(line[1:].split(" ", 1))
        else:
            source, target, ports, *need = line.split("\t")
            target = target if "." in target and " " not in target else name_key(target)
            facts += [(name_key(source), target, port, need[0] if need else "required") for port in ports.split()]
    return facts, said, options


def holds(kind, text, data, errors):
    if kind == "warning":
        return text in errors
    if kind == "note":
        return any(text in note["text"] for note in data["notes"])
    if kind == "review":
        port, words = text.split(" ", 1)
        rows = [r for r in data["requirements"] if port in r["ports"]]
        return bool(rows) and all(words in str(r["review"]) for r in rows)
    raise ValueError(f"!{kind}")


def check_statuses(portolan, tally, folder):
    """Warnings alone leave the status 0 and are findings under --strict; a page without needs is an empty catalog."""
    cases = [
        (["yawl-ledger.html"], 0), (["yawl-ledger.html", "--strict"], 1), (["quay-mirror.txt", "--strict"], 0),
        (["quay-mirror.txt", "harbor-backup.txt"], 0), (["not-there.html"], 2), (["quay-mirror.txt", "--from", "tyxt"], 2),
        ([], 2),
    ]
    for arguments, status in cases:
        argv = [str(folder / a) if "." in a else a for a in arguments]
        done = run(portolan, *argv)
        tally.check(done.returncode == status, f"import {' '.join(arguments)} has status {status}", done.stderr)
    with tempfile.TemporaryDirectory() as empty:
        path = pathlib.Path(empty) / "sizes.md"
        path.write_text("# Sizes\n\n| Plan | CPU | RAM |\n|---|---|---|\n| small | 2 | 8 |\n", encoding="utf-8")
        done = run(portolan, path)
        data = json.loads(done.stdout)
        tally.check(done.returncode == 0 and data["requirements"] == [] and "no requirement" in done.stderr,
                    "a page without needs is an empty catalog and a warning", done.stderr)
        both, _ = catalog(portolan, folder / "quay-mirror.txt", folder / "harbor-backup.txt")
        tally.check(len(both["documents"]) == 2 and len(facts_of(both)) == 21, "two documents are one catalog", both["documents"])


def main():
    portolan, wanted = sys.argv[1], sys.argv[2:]
    tally = Tally()
    folder = SOURCE / "tests" / "documents"
    truths = sorted(path for path in folder.glob("*.tsv") if not wanted or path.stem in wanted)
    sums = [0, 0, 0]
    for path in truths:
        document = next(p for p in sorted(folder.glob(path.stem + ".*")) if p != path)
        facts, said, options = read_truth(path)
        data, errors = catalog(portolan, document, *options)
        found = facts_of(data)
        recall, precision, missing, surplus = compare(facts, found)
        print(f"# {document.name}: {len(set(facts))} facts, recall {100 * recall:.1f} %, precision {100 * precision:.1f} %")
        tally.check(not missing, f"{document.name}: every fact is found", missing)
        tally.check(not surplus, f"{document.name}: nothing else is found", surplus)
        for kind, text in said:
            tally.check(holds(kind, text, data, errors), f"{document.name}: {kind}: {text}")
        sums = [sums[0] + len(set(facts)), sums[1] + len(missing), sums[2] + len(surplus)]
    print(f"# all: {len(truths)} documents, {sums[0]} facts, {sums[1]} missing, {sums[2]} too many")
    if not wanted:
        check_statuses(portolan, tally, folder)
        tally.check(len(truths) >= FEWEST, f"there are at least {FEWEST} documents", len(truths))
    tally.close()


main()
