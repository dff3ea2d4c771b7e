#!/usr/bin/env python3
"""The HTML views: well-formed, need nothing else, escape what they are given, and say what the JSON says."""
import base64
import hashlib
import html.parser
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

PORTOLAN = os.environ.get("PORTOLAN") or sys.argv[1]
SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
DAY = "2026-11-21"
VOID = {"meta", "br", "input", "link", "img", "hr"}
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)>&amp;'
passed = failed = 0


def holds(name, good, said=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"{name}: does not hold\n{said}")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.tags, self.words, self.scripts = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.words.append(data)

    def text(self):
        return " ".join("".join(self.words).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def portolan(*arguments, cwd):
    return subprocess.run([PORTOLAN, *arguments, "--on", DAY], cwd=cwd, capture_output=True, text=True, timeout=60,
                          check=False)


def check(folder, *arguments):
    """The page, the same as JSON, and the exit status, which is the same for both."""
    page = portolan("check", *arguments, "--format", "html", cwd=folder)
    said = portolan("check", *arguments, "--format", "json", cwd=folder)
    holds("the exit status does not depend on the view", page.returncode == said.returncode,
          f"{page.returncode} {said.returncode}")
    return page.stdout, Page(page.stdout), json.loads(said.stdout), page.returncode


def is_sound(name, raw, page):
    holds(f"{name}: well-formed", not page.open and not page.wrong, f"{page.open} {page.wrong}")
    holds(f"{name}: nothing is fetched",
          not [t for t, a in page.tags if "src" in a or t in ("link", "img", "iframe", "object")] and "url(" not in raw)
    holds(f"{name}: links lead to documents or into the page",
          all(re.match(r"https?://|#flow-\d+$", a["href"]) for a in page.all("a")))
    targets = {a["id"] for _, a in page.tags if "id" in a}
    holds(f"{name}: links into the page have their target",
          all(a["href"][1:] in targets for a in page.all("a") if a["href"].startswith("#")))
    holds(f"{name}: tables have captions", len(page.all("table")) == len(page.all("caption")))
    holds(f"{name}: heads of tables have their scope", all("scope" in a for a in page.all("th")))
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    digest = base64.b64encode(hashlib.sha256("".join(page.scripts).encode()).digest()).decode()
    holds(f"{name}: one script, the one that the policy allows",
          len(page.all("script")) == 1 and f"script-src 'sha256-{digest}'" in policy, digest)


def says_what_json_says(name, page, said):
    text = page.text()
    cards = [a for a in page.all("article") if a.get("id", "").startswith("flow-")]
    flows = {v["flow"] for v in said["verdicts"] if v["verdict"] != "permitted"}
    holds(f"{name}: a card for each flow that does not hold", len(cards) == len(flows), f"{len(cards)} {len(flows)}")
    holds(f"{name}: those flows are named", all(flow in text for flow in flows))
    excess = [f for f in said["findings"] if f["kind"] == "excess"]
    holds(f"{name}: excess", text.count("✘ excess at") == len(excess))
    for finding in excess:
        rule = finding["rule"]
        holds(f"{name}: the rule of an excess", f"{rule['file']}:{rule['line']}:" in text)


def probes(folder):
    """A server with a hostile banner, which is not the service that is asked for, and a port where nothing is."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
        closed.close()

        def greet():
            while True:
                try:
                    end, _ = server.accept()
                except OSError:
                    return
                end.sendall(b"SSH-2.0-<script>alert(3)</script>\r\n")
                end.close()

        threading.Thread(target=greet, daemon=True).start()
        targets = [f"ftp://127.0.0.1:{server.getsockname()[1]}", f"tcp://127.0.0.1:{free}"]
        page = portolan("probe", *targets, "--format", "html", cwd=folder)
        said = json.loads(portolan("probe", *targets, "--format", "json", cwd=folder).stdout)
        server.shutdown(socket.SHUT_RDWR)
    return page.stdout, Page(page.stdout), said, page.returncode


def says_what_probes_found():
    with tempfile.TemporaryDirectory(prefix="portolan-html.") as folder:
        raw, page, said, status = probes(folder)
    is_sound("probes", raw, page)
    text = page.text()
    holds("probes: outcomes", [o["outcome"] for o in said["outcomes"]] == ["wrong-service", "refused"], said["outcomes"])
    holds("probes: the sentence", status == 1 and "It does not hold: 2 of 2 probes fail" in text, text[:300])
    holds("probes: a card for each that does not hold", len(page.all("article")) == 2)
    holds("probes: both in the table", all(text.count(o["target"]) >= 1 and o["reason"] in text for o in said["outcomes"]))
    holds("what a far end says is text", "<script>alert(3)" in text and "<script>alert(3)" not in raw)


def says_what_was_rehearsed(top):
    """`top` has wrong.yaml with the five mistakes."""
    page = portolan("rehearse", "wrong.yaml", "--format", "html", cwd=top)
    if page.returncode == 3 and not page.stdout:
        print(f"NOT TESTED: the page of a rehearsal, for {page.stderr.strip()}")
        return
    said = json.loads(portolan("rehearse", "wrong.yaml", "--format", "json", cwd=top).stdout)
    raw, page, status = page.stdout, Page(page.stdout), page.returncode
    text = page.text()
    is_sound("rehearsal", raw, page)
    failing = [flow["flow"] for flow in said["flows"] if flow["rehearsal"] in ("stopped", "partly")]
    through = [n for n in said["neighbours"] if n["rehearsal"] == "passes"]
    holds("rehearsal: it found what was broken", status == 1 and failing and through, said["summary"])
    holds("rehearsal: a card for each", len(page.all("article")) == len(failing) + len(through) + len(said["tests"]) +
          len(said["findings"]), f"{len(page.all('article'))} {len(failing)} {len(through)} {len(said['tests'])}")
    holds("rehearsal: flows are named", all(flow in text for flow in failing))
    holds("rehearsal: what a ruleset says is text", "<script>alert(2)" not in raw)


def main():
    says_what_probes_found()
    with tempfile.TemporaryDirectory(prefix="portolan-html.") as name:
        top = pathlib.Path(name)
        site = (SOURCE / "examples" / "three-vendors.yaml").read_text(encoding="utf-8")
        (top / "site.yaml").write_text(site, encoding="utf-8")
        portolan("render", "site.yaml", "-o", ".", cwd=top)
        raw, page, said, status = check(top, "site.yaml")
        is_sound("all holds", raw, page)
        says_what_json_says("all holds", page, said)
        holds("all holds: the sentence", status == 0 and "It holds: all 129 flows pass" in page.text(), page.text()[:300])
        holds("exceptions with owner and day", "2027-03-31" in page.text() and "directory team" in page.text())

        rules = (SOURCE / "demo" / "mistakes.nft").read_text(encoding="utf-8")
        rules = rules.replace('comment "replication"', 'comment "</code><script>alert(2)</script>"')
        (top / "mistakes.nft").write_text(rules, encoding="utf-8")
        wrong = site.replace("ruleset: edge.nft", "ruleset: mistakes.nft").replace(
            "reason: shell access for administrators alone", "reason: '" + HOSTILE + "'")
        (top / "wrong.yaml").write_text(wrong, encoding="utf-8")
        raw, page, said, status = check(top, "wrong.yaml")
        is_sound("mistakes", raw, page)
        says_what_json_says("mistakes", page, said)
        holds("mistakes: the sentence", status == 1 and "It does not hold: 8 of 129 flows" in page.text())
        holds("mistakes: the document is linked", any("connectivity-requirements" in a["href"] for a in page.all("a")))
        holds("what a site says is text", HOSTILE in page.text() and HOSTILE not in raw)
        holds("what a ruleset says is text", "<script>alert(2)" in page.text() and "<script>alert(2)" not in raw)

        says_what_was_rehearsed(top)

        (top / "flows.csv").write_text("id,source,destination,transport,ports\na,10.40.5.10,203.0.113.22,tcp,443\n",
                                       encoding="utf-8")
        raw, page, said, status = check(top, "--flows", "flows.csv", "--ruleset", "edge.nft", "--hook", "forward", "--in",
                                        "eth0", "--out", "wan0")
        is_sound("without a site", raw, page)
        holds("without a site: excess was not looked for, and nothing is said of it",
              status == 0 and "It holds: the 1 flow passes there and back." in page.text(), page.text()[:300])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
