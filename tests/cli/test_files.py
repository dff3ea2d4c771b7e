#!/usr/bin/env python3
"""Every kind of input file, damaged in every way a file comes damaged, through every command that reads it.

A file that cannot be read or is no text of its kind: exit 2, an error that names it, nothing on standard output and
nothing written. CRLF and a byte order mark change nothing. A file that was cut in the middle is an error with its
place, or (where the cut falls between two lines) is what it says.
"""
import os
import random
import shutil
import sys

from kinds import KINDS
from runner import Suite, expect, run

CUTS = 16
NFT = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")


def prepare(suite, kind):
    folder = suite.path / kind.name.replace(" ", "-")
    folder.mkdir()
    os.chmod(folder, 0o755)
    for name, text in kind.beside.items():
        (folder / name).write_text(text)
    return folder


def refuse(folder, kind, arguments, place=False, **options):
    """Exit 2, with an error that names the file, and neither output nor a new file; an old one stays."""
    for old in (None, b"old"):
        target = folder / "output"
        target.unlink(missing_ok=True)
        if old is not None:
            target.write_bytes(old)
        if options.get("user") is not None and old is not None:
            continue
        result = run(*arguments, "-o", target, cwd=folder, **options)
        expect(result.status == 2, f"not refused: {result}")
        expect("error: " in result.err, f"no error is said: {result}")
        expect(kind.file in result.err, f"the file is not named: {result}")
        expect(result.out == "", f"output beside an error: {result}")
        expect(not place or result.places(), f"no place: {result}")
        expect((target.read_bytes() if target.exists() else None) == old, f"something was written: {result}")
        names = [entry.name for entry in folder.iterdir() if entry.name.startswith("output.")]
        expect(not names, f"left behind: {names}")


def accept(folder, arguments, wanted):
    result = run(*arguments, cwd=folder)
    expect(result.status == wanted.status and result.out == wanted.out, f"{result}\nwanted: {wanted}")


def cut(folder, path, kind, arguments, at):
    path.write_bytes(kind.text.encode()[:at])
    target = folder / "output"
    target.unlink(missing_ok=True)
    result = run(*arguments, "-o", target, cwd=folder)
    if result.status == 2:
        expect(result.places(), f"cut at {at}, no place: {result}")
        expect(not target.exists(), f"cut at {at}, something was written: {result}")
    else:
        expect(not kind.ends, f"cut at {at}, taken for the whole: {result}")
        expect(target.exists() or "init" in arguments, f"cut at {at}, nothing was written: {result}")


def latin_1(folder, kind, arguments):
    """YAML and JSON are UTF-8; elsewhere a comment may hold anything, and what is no comment has a place."""
    if kind.file.endswith((".yaml", ".json")):
        refuse(folder, kind, arguments, place=True)
    else:
        result = run(*arguments, cwd=folder)
        expect(result.status != 2 or result.places(), f"no place: {result}")


def damaged(kind):
    text = kind.text.encode()
    noise = random.Random(20261119).randbytes(4096)
    yield "random bytes", noise, True
    yield "NULs", bytes(4096), True
    yield "a NUL in the middle", text[: len(text) // 2] + b"\0" + text[len(text) // 2 :], True
    if kind.strict:
        yield "empty", b"", True
        yield "blank", b"  \n\n", True


def test_kind(suite, kind):
    folder = prepare(suite, kind)
    path = folder / kind.file
    commands = kind.commands(kind.file)

    def each(what, function, *arguments, **options):
        for command in commands:
            suite.case(f"{kind.name}, {what}: {' '.join(command)}", function, *arguments, command, **options)

    path.write_text(kind.text)
    good = [run(*command, cwd=folder) for command in commands]
    for result in good:
        suite.case(f"{kind.name} as it should be", lambda r=result: expect(r.status in (0, 1, 3), r))

    for what, change in (("CRLF", lambda text: text.replace(b"\n", b"\r\n")),
                         ("byte order mark", lambda text: b"\xef\xbb\xbf" + text)):
        path.write_bytes(change(kind.text.encode()))
        for command, wanted in zip(commands, good):
            suite.case(f"{kind.name}, {what}: {' '.join(command)}", accept, folder, command, wanted)
    for what, text, place in damaged(kind):
        path.write_bytes(text)
        each(what, lambda command, p=place: refuse(folder, kind, command, place=p))

    latin = kind.text.encode()
    path.write_bytes(latin[: len(latin) // 2] + "é".encode("latin-1") + latin[len(latin) // 2 :])
    each("Latin-1", latin_1, folder, kind)
    size = len(kind.text.encode())
    for at in sorted({1 + i * (size - 1) // CUTS for i in range(CUTS)}):
        cut_text = commands if at % 3 == 0 else commands[:1]
        for command in cut_text:
            suite.case(f"{kind.name}, cut: {' '.join(command)}", cut, folder, path, kind, command, at)

    with open(path, "wb") as file:
        file.truncate(1 << 30)
    each("1 GB", lambda command: refuse(folder, kind, command, memory_mb=1024))
    path.unlink()
    if kind.name != "lock file":  # there need not be one
        each("not there", lambda command: refuse(folder, kind, command))
    path.mkdir()
    each("a directory", lambda command: refuse(folder, kind, command)) if kind.name != "catalog" else None
    path.rmdir()
    path.write_text(kind.text)
    path.chmod(0)
    user = 65534 if os.geteuid() == 0 else None
    each("not readable", lambda command: refuse(folder, kind, command, user=user))


def main():
    suite = Suite("portolan-files-")
    for kind in KINDS:
        if kind.name == "nft text" and NFT is None:
            suite.reasons.append("rulesets of nftables as text: nft is not there")
            continue
        test_kind(suite, kind)
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
