"""What the tests of the command line share: running the program, and counting what holds.

Every run is held to what is true of all of them: it ends by itself within 20 seconds, not by a signal, with one of the
documented exit statuses, and no sanitizer has anything to say. The closing line is `N passed, N failed`.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

PORTOLAN = os.environ.get("PORTOLAN") or sys.argv[1]
SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
HANG_S = 20
SANITIZER = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion", "stack smashing")
PLACE = re.compile(r"^(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning|note): (?P<message>.*)$")


class Failure(Exception):
    """A case that does not hold, and why."""


class Result:
    def __init__(self, arguments, status, out, err, seconds):
        self.arguments, self.status, self.seconds = arguments, status, seconds
        self.raw_out, self.raw_err = out, err
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def places(self, severity="error"):
        """(file, line, column, message) of each diagnostic that has a place."""
        found = []
        for line in self.err.split("\n"):
            match = PLACE.match(line)
            if match and match["severity"] == severity:
                found.append((match["file"], int(match["line"]), int(match["column"]), match["message"]))
        return found

    def __str__(self):
        shown = self.err if len(self.err) < 1500 else self.err[:1500] + "…"
        return f"{' '.join(map(str, self.arguments))}: exit {self.status}\n{self.out[:600]}{shown}"


def run(*arguments, stdin=b"", env=None, user=None, cwd=None, memory_mb=None):
    """Runs the program once; Failure when it crashes, hangs or leaves the contract of exit statuses."""
    environment = {**os.environ, "NO_COLOR": "1", **(env or {})}
    command = [PORTOLAN, *map(str, arguments)]
    if memory_mb and "build-asan" not in PORTOLAN:
        command = ["prlimit", f"--as={memory_mb << 20}", *command]
    start = time.monotonic()
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=HANG_S, env=environment, user=user,
                              cwd=cwd, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)}: hangs") from None
    result = Result(arguments, done.returncode, done.stdout, done.stderr, time.monotonic() - start)
    if done.returncode not in (0, 1, 2, 3):
        raise Failure(f"crash: {result}")
    for word in SANITIZER:
        if word in result.err:
            raise Failure(f"sanitizer: {result}")
    return result


def expect(condition, why):
    if not condition:
        raise Failure(str(why))


class Suite:
    """Counts cases; a case is a function that raises Failure."""

    def __init__(self, prefix):
        self.passed = self.failed = 0
        self.reasons = []
        self.folder = tempfile.TemporaryDirectory(prefix=prefix)
        self.path = pathlib.Path(self.folder.name)
        os.chmod(self.path, 0o755)

    def case(self, name, function, *arguments, **options):
        try:
            function(*arguments, **options)
        except Failure as failure:
            self.failed += 1
            print(f"not ok - {name}: {failure}", flush=True)
        else:
            self.passed += 1

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def close(self):
        self.folder.cleanup()
        for reason in self.reasons:
            print(f"not run: {reason}")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
