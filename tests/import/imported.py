"""What `portolan import` makes of a document, as facts that can be compared: one for each port and transport.

A fact is (from, to, port, need): names as a person compares them, `to` a domain where it is one, `port` as a catalog
writes it, a parameter by its default.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
SHARED = pathlib.Path(os.environ.get("PORTOLAN_SHARED", SOURCE / ".." / "shared"))
ARTICLES = {"the", "a", "an", "your", "each", "all", "any", "every"}


def name_key(text):
    """Lower case, without parentheses and articles, in the singular."""
    words = re.sub(r"[^0-9a-z]+", " ", re.sub(r"\([^)]*\)", " ", text.lower())).split()
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(re.sub(r"(?<=[a-z]{3})(?<![su])s$|(?<=^(?:vm|pc|db|lb))s$", "", word) for word in words)


def run(portolan, *arguments):
    return subprocess.run([portolan, "import", "--format", "json", "--on", "2026-11-19", *map(str, arguments)],
                          capture_output=True, text=True)


def catalog(portolan, *arguments):
    """The catalog as JSON, and what was said on standard error. A document without facts is an empty catalog."""
    done = run(portolan, *arguments)
    if not done.stdout:
        return {"requirements": [], "roles": {}, "notes": []}, done.stderr
    return json.loads(done.stdout), done.stderr


def facts_of(data):
    found = []
    for requirement in data["requirements"]:
        ends = name_key(data["roles"][requirement["from"]]["title"])
        to = data["roles"][requirement["to"]]
        for target in to["domains"] or [name_key(to["title"])]:
            for port in requirement["ports"]:
                found.append((ends, target, port, requirement["need"]))
    return found


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, holds, name, why=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok' if holds else 'not ok'} {self.passed + self.failed} - {name}" + ("" if holds else f": {why}"))
        return holds

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def compare(truth, found):
    """Recall and precision over sets of facts, with what is missing and what is too much."""
    truth, found = set(truth), set(found)
    both = truth & found
    recall = len(both) / len(truth) if truth else 1.0
    precision = len(both) / len(found) if found else 1.0
    return recall, precision, sorted(truth - found), sorted(found - truth)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)
