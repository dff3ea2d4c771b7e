"""A network namespace for a test, and the program in it: started, waited for, ended."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("PORTOLAN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
PORTOLAN = os.path.abspath(os.environ.get("PORTOLAN") or SOURCE / "build/portolan")
INSIDE = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def enter():
    """Runs this script again in a namespace, and returns only there. Exit status 77 where there is none."""
    if "--inside" in sys.argv:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    for words in (["unshare", *INSIDE], ["unshare", "--map-root-user", *INSIDE]):
        if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            sys.exit(subprocess.run([*words, sys.executable, *sys.argv, "--inside"], check=False).returncode)
    print("skipped: this machine allows no network namespaces")
    sys.exit(77)


def until(condition, what, seconds=20):
    """Waits for the event; a condition that never comes true fails the test."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Listening:
    """`portolan listen`, from "ready" to its end; lines are what it has printed so far. `where` stands in front."""

    def __init__(self, *arguments, where=(), **more):
        self.out = tempfile.TemporaryFile("w+b")
        self.err = tempfile.TemporaryFile("w+b")
        self.process = subprocess.Popen([*where, PORTOLAN, "listen", *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.err, **more)
        until(lambda: "ready: " in self.errors() or self.process.poll() is not None, "ready")

    def _text(self, stream):
        return os.pread(stream.fileno(), 1 << 26, 0).decode("utf-8", "replace")

    def errors(self):
        return self._text(self.err)

    def output(self):
        return self._text(self.out)

    def lines(self):
        return self.output().splitlines()

    def end(self, how=signal.SIGINT):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)

    def status(self):
        return pathlib.Path(f"/proc/{self.process.pid}/status").read_text()

    def memory(self):
        """Resident bytes."""
        return int(re.search(r"VmRSS:\s+(\d+)", self.status())[1]) << 10

    def seconds(self):
        """Of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
