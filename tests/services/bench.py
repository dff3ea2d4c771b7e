"""What the proof stands on: processes that were started, a folder for their files, and the count of what held."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from line import address
from network import until

READY_S = 30
OURS = dict(os.environ, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin', LC_ALL='C')


def connects(host, port):
    """Somebody listens there; over TCP, asked from here."""
    with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET) as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0


class Bench:
    """Processes run beyond the line, unless they are clients."""

    def __init__(self, line, folder):
        self.line, self.folder = line, pathlib.Path(folder)
        self.processes, self.passed, self.failed, self.skipped = [], 0, 0, []
        self.environment = dict(OURS)

    def holds(self, what, condition, shown=''):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f'failed: {what}: {shown}', flush=True)

    def skip(self, what, why):
        self.skipped.append(what)
        print(f'skipped: {what}: {why}', flush=True)

    def has(self, what, *programs):
        missing = [program for program in programs if shutil.which(program, path=self.environment['PATH']) is None]
        if missing:
            self.skip(what, f'{", ".join(missing)} not installed')
        return not missing

    def start(self, name, argv):
        with open(self.folder / f'{name}.log', 'ab') as log:
            self.processes.append(subprocess.Popen([*self.line.far, *argv], stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log, env=self.environment, start_new_session=True))

    def log(self, name):
        return (self.folder / f'{name}.log').read_text('utf-8', 'replace')

    def run(self, argv, seconds=20):
        """Its output and errors together, and its status."""
        return self.client([*self.line.far, *argv], seconds)

    def client(self, argv, seconds=20):
        """The same on this side of the line."""
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=self.environment, timeout=seconds)
            return done.stdout.decode('utf-8', 'replace'), done.returncode
        except subprocess.TimeoutExpired as late:
            return (late.stdout or b'').decode('utf-8', 'replace'), 'late'

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def dir(self, name, mode=0o755):
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return str(path)

    def certificate(self):
        """The key and certificate of every server, for every address and name under which it is asked."""
        key, crt = self.folder / 'tls.key', self.folder / 'tls.crt'
        if not key.exists():
            names = ['DNS:a.example.org', 'DNS:c.example.net',
                     *(f'IP:{address(family, host)}' for family in (4, 6) for host in self.line.hosts)]
            self.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                      '-subj', '/CN=filer.example', '-addext', 'subjectAltName=' + ','.join(names),
                      '-keyout', str(key), '-out', str(crt)])
            key.chmod(0o644)
        return str(key), str(crt)

    def await_port(self, host, port):
        until(lambda: connects(host, port), f'port {port} of {host}', READY_S)

    def end(self):
        """Ends all that was started: first asked, so that it takes its own files away, then not asked."""
        for how, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            for process in self.processes:
                try:
                    os.killpg(process.pid, how)
                except ProcessLookupError:
                    pass
            for process in self.processes:
                try:
                    process.wait(seconds)
                except subprocess.TimeoutExpired:
                    pass
        self.processes = []
