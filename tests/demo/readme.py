#!/usr/bin/env python3
"""The README tells the truth: runs the commands of its fenced blocks marked `console` and compares what they print.

A line `$ COMMAND` is run by sh in a copy of the tree's examples; the lines under it are what it prints on both outputs.
A line `…` stands for lines left out, ` …` at the end of a line for the rest of the line, and `(exit status N)` is not
printed but checked; without it the status is 0.

    readme.py PORTOLAN --accept    writes what is printed now into the README, line for line, for a person to read
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PORTOLAN = os.environ.get("PORTOLAN") or sys.argv[1]
SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
STATUS = re.compile(r"\(exit status (\d)\)")


def commands_of(text):
    """(line, command, lines shown, status) of each command."""
    found = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], [], 0))
        elif inside and STATUS.fullmatch(line):
            found[-1] = (*found[-1][:3], int(STATUS.fullmatch(line)[1]))
        elif inside:
            found[-1][2].append(line)
    return found


def same_line(shown, printed):
    if shown.endswith(" …"):
        return printed.startswith(shown[:-2])
    return shown == printed


def same(shown, printed):
    """Whether the lines shown are those printed, lines left out where `…` says so."""
    if not shown:
        return not printed
    if shown[0] == "…":
        return any(same(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and same_line(shown[0], printed[0]) and same(shown[1:], printed[1:])


def accepted(readme, number, shown, printed):
    """The README with each shown line of the command at `number` as the printed line that is nearest to it."""
    lines = readme.splitlines()
    for at, line in enumerate(shown, number):
        near = difflib.get_close_matches(line.removesuffix(" …"), printed, 1, 0.5) if line.strip("…") else []
        if near and not same_line(line, near[0]):
            lines[at] = near[0]
    return "\n".join(lines) + "\n"


def run(command, folder, bin_folder):
    """What the command prints, its status, and the folder it leaves the shell in."""
    here = folder.with_name("pwd")
    script = f'{command}\nstatus=$?\npwd >"{here}"\nexit $status'
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["sh", "-c", script], cwd=run.cwd, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    run.cwd = pathlib.Path(here.read_text(encoding="utf-8").strip())
    return done.stdout.decode(), done.returncode


def main():
    passed = failed = 0
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="portolan-readme.") as top:
        folder = pathlib.Path(top) / "portolan"
        bin_folder = pathlib.Path(top) / "bin"
        folder.mkdir()
        bin_folder.mkdir()
        (bin_folder / "portolan").symlink_to(PORTOLAN)
        for name in ("examples", "demo", "catalog"):
            shutil.copytree(SOURCE / name, folder / name)
        run.cwd = folder
        for number, command, shown, status in commands_of(readme):
            printed, got = run(command, folder, bin_folder)
            while shown and not shown[-1].strip():
                shown.pop()
            lines = printed.rstrip("\n").splitlines() if printed.strip() else []
            if same(shown, lines) and got == status:
                passed += 1
                continue
            failed += 1
            if "--accept" in sys.argv:
                readme = accepted(readme, number, shown, lines)
                (SOURCE / "README.md").write_text(readme, encoding="utf-8")
            print(f"README.md:{number}: $ {command}\n  exit status {got}, {status} is told; it prints:")
            print("\n".join("  " + line for line in lines))
    if passed + failed < 8:
        print("README.md: where are the commands?")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
