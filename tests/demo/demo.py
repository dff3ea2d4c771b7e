#!/usr/bin/env python3
"""The demo does what it says, as this user and as an ordinary one, and is loud when a mistake is not found."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PORTOLAN = os.environ.get("PORTOLAN") or sys.argv[1]
SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
NOBODY = 65534
KINDS = ("a shadowed accept", "a forgotten reply", "a wide any", "a port off by one", "a forgotten family")
passed = failed = 0


def holds(name, good, said=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"{name}: does not hold\n{said}")


def demo(source, report, user=None):
    return subprocess.run([source / "demo" / "run", report], env={**os.environ, "PORTOLAN": PORTOLAN, "NO_COLOR": "1"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, user=user,
                          check=False)


def copy_of(top, change):
    """A copy of what the demo needs, with its ruleset changed."""
    for name in ("demo", "examples"):
        shutil.copytree(SOURCE / name, top / name)
    path = top / "demo" / "mistakes.nft"
    text = path.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    return top


def main():
    with tempfile.TemporaryDirectory(prefix="portolan-demo-test.") as name:
        top = pathlib.Path(name)
        top.chmod(0o755)
        done = demo(SOURCE, top / "report")
        holds("exit status 0", done.returncode == 0, done.stdout)
        for number, kind in enumerate(KINDS, 1):
            holds(kind, f"mistake {number}: {kind}: " in done.stdout, done.stdout)
            holds(f"{kind} in the kernel",
                  f"in the kernel, mistake {number}: {kind}" in done.stdout or "skipped: " in done.stdout, done.stdout)
        holds("both sites are proved", done.stdout.count("0 denied, 0 partial, 0 undetermined; excess: 0") == 2)
        page = top / "report" / "report.html"
        holds("the report is written", page.is_file() and "xcp/nfs3/tcp" in page.read_text(encoding="utf-8"))

        mended = copy_of(top / "mended", lambda text: text.replace("6910-6967", "6910-6968"))
        done = demo(mended, top / "mended-report")
        holds("a mistake that is not found is loud", done.returncode == 1 and "not found: port off by one" in done.stdout,
              done.stdout)

        if os.getuid() == 0:
            ordinary = top / "ordinary"
            ordinary.mkdir()
            os.chown(ordinary, NOBODY, NOBODY)
            reach = subprocess.run(["test", "-x", PORTOLAN, "-a", "-x", SOURCE / "demo" / "run"], user=NOBODY, check=False)
            if reach.returncode != 0:
                print("skipped: an ordinary user cannot reach this folder, so the demo was not run as one")
            else:
                done = demo(SOURCE, ordinary / "report", user=NOBODY)
                holds("as an ordinary user", done.returncode == 0, done.stdout)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
