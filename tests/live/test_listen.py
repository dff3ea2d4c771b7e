#!/usr/bin/env python3
"""portolan listen as strangers, slow, hostile and very many clients meet it. What each protocol answers is not asked here
(tests/services); that the stand-ins stay up, hold to their limits and say what became of everybody, is."""
import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from network import PORTOLAN, Listening, enter, until  # noqa: E402

HELD = 10000
NTP = bytes([0x23]) + bytes(39) + bytes(range(1, 9))
GET = b"GET / HTTP/1.1\r\nHost: stand-in\r\n\r\n"
FOLDER = tempfile.mkdtemp(prefix="portolan-listen-")


def expect(condition, why):
    if not condition:
        raise AssertionError(str(why))


def tcp(port, source="127.0.0.1", to="127.0.0.1"):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(10)
    if source:
        client.bind((source, 0))
    with contextlib.suppress(ConnectionResetError):  # at once: the next call meets it too
        client.connect((to, port))
    return client


def udp(port, source="127.0.0.1", to="127.0.0.1"):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.settimeout(10)
    if source:
        client.bind((source, 0))
    client.connect((to, port))
    return client


def heard(client):
    """All that comes until the far end closes or resets."""
    data = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while piece := client.recv(65536):
            data += piece
    return data


def is_gone(client):
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def counts(listening):
    """Of the last line: how often each receipt."""
    return {name: int(n) for n, name in re.findall(r"(\d+) (\w+)", listening.lines()[-1].partition(";")[0])}


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


# ---------------------------------------------------------------------- who may ask, and what is said of them

def strangers_get_nothing():
    with Listening("ntp:1123", "ssh:2222", "http:8080", "--allow", "127.0.0.2") as listening:
        for port, words in ((2222, b""), (8080, GET)):
            with tcp(port) as client:
                with contextlib.suppress(OSError):
                    client.send(words)
                expect(heard(client) == b"", f"a stranger was told something at {port}")
        with udp(1123) as stranger, udp(1123, "127.0.0.2") as allowed:
            stranger.send(NTP)
            allowed.send(NTP)  # the answer to this one is behind the stranger's turn
            expect(len(allowed.recv(2000)) == 48, "no answer")
            expect(is_gone(stranger) is False, "a stranger was answered")
        with tcp(2222, "127.0.0.2") as client:
            expect(client.recv(100).startswith(b"SSH-2.0-"), "no greeting")
        until(lambda: len(listening.lines()) >= 5, "receipts")
        expect(listening.end() == 0, listening.errors())
        expect(counts(listening) == {"answered": 1, "unanswered": 0, "foreign": 0, "stranger": 3, "shed": 0, "closed": 1},
               listening.output())


def without_a_site_only_private_networks_are_answered():
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    with Listening("ntp:1123") as listening, udp(1123, "192.0.2.1") as public, udp(1123, "127.0.0.3") as private:
        expect("private networks" in listening.errors(), listening.errors())
        public.send(NTP)
        private.send(NTP)
        expect(len(private.recv(2000)) == 48, "no answer")
        expect(not is_gone(public), "answered")
        listening.end()
        expect(counts(listening)["stranger"] == 1, listening.output())


def each_receipt_says_what_was_asked():
    with Listening("http:8080", "ldap+tcp:3890", "--format", "json") as listening:
        with tcp(8080) as client:
            client.send(GET)
            expect(b"200" in heard(client), "no answer")
        with tcp(3890) as client:
            client.send(GET)
            expect(heard(client) == b"", "LDAP answered HTTP")
        with tcp(3890) as client:
            pass
        until(lambda: len(listening.lines()) == 3, "three receipts")
        listening.end(signal.SIGTERM)
    lines = [json.loads(line) for line in listening.lines()]
    first = next(line for line in lines if line.get("service") == "http")
    expect(first["receipt"] == "answered" and first["detail"]["method"] == "GET" and first["source"] == "127.0.0.1", first)
    expect(first["destination"] == "127.0.0.1" and first["port"] == 8080 and first["transport"] == "tcp", first)
    expect({(line["receipt"], line["foreign"]) for line in lines if line.get("service") == "ldap"} ==
           {("foreign", "http"), ("closed", None)}, lines)
    expect(lines[-1]["summary"] == {"answered": 1, "unanswered": 0, "foreign": 1, "stranger": 0, "shed": 0, "closed": 1,
                                    "not_shown": 0}, lines[-1])
    expect({one["service"]: one["answered"] for one in lines[-1]["stand_ins"]} == {"http": 1, "ldap": 0}, lines[-1])


def it_ends_by_itself():
    with Listening("ntp:1123", "--until", "2", "--seconds", "60") as listening, udp(1123) as client:
        for _ in range(2):
            client.send(NTP)
        expect(listening.process.wait(20) == 0, listening.errors())
    with Listening("ntp:1123", "--until", "1", "--seconds", "1") as listening:
        expect(listening.process.wait(20) == 1, "nobody came, and that is no finding")
    with Listening("ntp:1123", "--seconds", "1") as listening:
        expect(listening.process.wait(20) == 0, listening.errors())
        expect("ntp/udp 1123: nobody came" in listening.output(), listening.output())


def receipts_go_to_a_file():
    path = os.path.join(FOLDER, "receipts")
    for _ in range(2):
        with Listening("ntp:1123", "-o", path, "--until", "1") as listening, udp(1123) as client:
            client.send(NTP)
            expect(listening.process.wait(20) == 0, listening.errors())
            expect(listening.output() == "", listening.output())
    with open(path, encoding="utf-8") as stream:
        expect(stream.read().count("answered   ntp/udp") == 2, "the second run did not append")
    with Listening("ntp:1123", "-o", "/dev/full") as listening, udp(1123) as client:
        client.send(NTP)
        expect(listening.process.wait(20) == 3 and "cannot write" in listening.errors(), listening.errors())


# ---------------------------------------------------------------------- limits

def the_slow_and_the_silent_are_shed():
    with Listening("http:8080", "ssh:2222", "ldap+tcp:3890", "--idle", "1") as listening:
        silent = [tcp(8080), tcp(2222), tcp(3890)]
        slow = tcp(8080)
        start = time.monotonic()
        sent = 0
        while not is_gone(slow) and time.monotonic() < start + 20:
            with contextlib.suppress(OSError):
                sent += slow.send(GET[sent % 4:sent % 4 + 1])
            time.sleep(0.1)
        expect(is_gone(slow), "one byte at a time is held for ever")
        for client in silent:
            client.setblocking(True)
            client.settimeout(10)
            heard(client)
            client.close()
        with tcp(8080) as client:
            client.send(GET)
            expect(b"200" in client.recv(1000), "no answer afterwards")
        until(lambda: sum(" shed " in line for line in listening.lines()) == 4, "four receipts")
        listening.end()
        expect(counts(listening)["shed"] == 4, listening.output())


def an_endless_conversation_stays_bounded():
    """A client that asks and asks, and takes no answer: it is not read any more, and goes."""
    with Listening("ftp:2121", "--idle", "1") as listening, tcp(2121) as client:
        before = listening.memory()
        client.setblocking(False)
        end = time.monotonic() + 20
        gone = False
        while not gone and time.monotonic() < end:
            try:
                client.send(b"NOOP\r\n" * 2000)
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                gone = True
        expect(gone, "still there")
        expect(listening.memory() - before < 4 << 20, "memory grew")
        listening.end()
        expect("too slow, or silent" in listening.output() and counts(listening)["foreign"] == 0, listening.output())


def many_requests_in_one_piece_are_all_answered():
    with Listening("ftp:2121", "rpcbind+tcp:1111", "mountd:20048") as listening:
        with tcp(2121) as client:
            client.send(b"NOOP\r\n" * 2000 + b"QUIT\r\n")
            expect(heard(client).count(b"200 done") == 2000, "some were not answered")
        with tcp(1111) as client:
            dump = struct.pack(">IIIIIII", 1 << 31 | 40, 7, 0, 2, 100000, 2, 4) + bytes(16)
            client.send(dump * 500)
            client.shutdown(socket.SHUT_WR)
            expect(heard(client).count(struct.pack(">II", 7, 1)) == 500, "some were not answered")
        listening.end()
        expect(counts(listening)["answered"] == 2, listening.output())


def there_is_a_limit_and_the_oldest_goes():
    with Listening("http:8080", "--connections", "8") as listening:
        clients = []
        for i in range(8):
            clients.append(tcp(8080, f"127.0.0.{2 + i % 4}"))
            until(lambda: len(clients) <= len(listening_connections(listening)), "the connection")
        third = tcp(8080, "127.0.0.2")
        expect(heard(third) == b"", "a third of one address")
        another = tcp(8080, "127.0.0.9")
        another.send(GET)
        expect(b"200" in heard(another), "no room was made")
        until(lambda: is_gone(clients[0]), "the oldest to go")
        expect([is_gone(client) for client in clients[1:]] == [False] * 7, "others went too")
        listening.end()
        expect(counts(listening)["shed"] == 9, listening.output())  # 7 when it ended


def listening_connections(listening):
    """Its descriptors that are connections."""
    shown = subprocess.run(["ss", "-Htn", "state", "established", "sport", "=", "8080"], capture_output=True, text=True,
                           check=True).stdout
    return shown.splitlines()


def ten_thousand_are_held_at_once():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    number = min(HELD, hard - 200)
    if number < HELD:
        print(f"not run: {HELD} connections: this machine allows {hard} descriptors; {number} instead")
    with Listening("http:8080", "ntp:1123", "--idle", "120") as listening:
        before = listening.memory()
        clients = [tcp(8080, f"127.0.1.{1 + i % 8}") for i in range(number)]
        with udp(1123) as client:  # its answer comes behind the last of them
            client.send(NTP)
            client.recv(100)
        until(lambda: len(listening_connections(listening)) == number, "all to be taken", 60)
        used = listening.memory() - before
        print(f"{number} connections held: {used / number:.0f} bytes each")
        expect(used / number < 1024, f"{used / number} bytes for a connection that waits")
        expect(not any(is_gone(client) for client in clients), "some are gone")
        for client in clients:
            client.setblocking(True)
            client.settimeout(20)
            client.send(GET)
        for client in clients:
            expect(b"200" in client.recv(4000), "not answered")
            client.close()
        until(lambda: len(listening_connections(listening)) == 0, "all to be gone", 60)
        listening.end()
        expect(counts(listening)["answered"] == number + 1, listening.lines()[-1])


def no_descriptors_left_is_no_busy_loop():
    """Others have taken the descriptors that it counts on."""
    taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(40)]
    with Listening("http:8080", pass_fds=taken,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))) as listening:
        clients = [tcp(8080) for _ in range(25)]
        clients[-1].send(GET)
        start = listening.seconds()
        time.sleep(1)  # the time in which it could turn in circles
        expect(listening.seconds() - start < 0.5, "it runs in circles")
        expect(not is_gone(clients[0]) and not is_gone(clients[-1]), "somebody had to go")
        for client in clients[:-1]:
            client.close()
        clients[-1].setblocking(True)
        clients[-1].settimeout(10)
        expect(b"200" in clients[-1].recv(1000), "who waited was not answered")
    for descriptor in taken:
        os.close(descriptor)


# ---------------------------------------------------------------------- datagrams

def a_flood_is_neither_amplified_nor_written_down():
    """Each service over UDP, with its own requests and with noise, as fast as they can be sent."""
    ports = {"ntp": 1123, "dns": 1053, "kerberos": 1088, "kpasswd": 1464, "ldap": 1389, "netbios-ns": 1137, "rpcbind": 1111,
             "nfs": 1249, "syslog": 1514, "pvs": 6910}
    dump = struct.pack(">IIIIII", 7, 0, 2, 100000, 2, 4) + bytes(16)
    requests = [NTP, b"\0\1\1\0\0\1\0\0\0\0\0\0\4test\0\0\1\0\1", dump, b"<13>flood", b"\x30\x05\x02\x01\x01\x63\x00",
                random.Random(1).randbytes(200), b"", b"\x23"]
    with Listening(*[f"{name}+udp:{port}" for name, port in ports.items()]) as listening:
        clients = [udp(port) for port in ports.values()]
        sent = received = answers = 0
        for _ in range(300):
            for client in clients:
                for request in requests:
                    client.send(request)
                    sent += len(request)
        until(lambda: listening.seconds() == (time.sleep(0.3), listening.seconds())[1], "the end of its work")
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    received += len(client.recv(65536))
                    answers += 1
        expect(received <= sent, f"{received} bytes for {sent}")
        listening.end()
        lines = listening.lines()
        expect(0 < answers <= counts(listening)["answered"], listening.lines()[-1])
        expect(counts(listening)["shed"] > 0, "no limit per address")
        expect(len(lines) < 12000, len(lines))
        expect(sum(" shed " in line or " foreign " in line for line in lines[:-20]) < 400, "a flood fills the disk")
        expect("not shown" in lines[-1], lines[-1])


def each_answer_is_from_where_it_was_asked():
    for address in ("10.9.9.1/32", "10.9.9.2/32", "fd99::1/128", "fd99::2/128"):
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
    with Listening("ntp:1123", "http:8080") as listening:
        for address in ("127.0.0.1", "127.8.8.8", "10.9.9.1", "10.9.9.2", "::1", "fd99::1", "fd99::2"):
            with udp(1123, None, address) as client:  # connected: it hears that address alone
                client.send(NTP)
                expect(len(client.recv(100)) == 48, address)
            with tcp(8080, None, address) as client:
                client.send(GET)
                heard(client)
        until(lambda: len(listening.lines()) == 14, "receipts")
        listening.end()
        expect("> [fd99::2]:1123: an NTP request" in listening.output(), listening.output())
        expect("> 127.8.8.8:8080: an HTTP" in listening.output(), listening.output())


def what_went_to_many_is_not_answered():
    with Listening("ntp:1123") as listening, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(10)
        client.bind(("127.0.0.1", 0))
        client.sendto(NTP, ("127.255.255.255", 1123))
        client.sendto(NTP, ("127.0.0.7", 1123))
        expect(client.recvfrom(100)[1][0] == "127.0.0.7", "the broadcast was answered")
        expect(not is_gone(client), "answered twice")
        listening.end()
        expect(counts(listening)["answered"] == 1 and counts(listening)["shed"] == 1, listening.output())


# ---------------------------------------------------------------------- TLS

def clients_can_trust_it():
    path = os.path.join(FOLDER, "made.pem")
    with Listening("https:8443", "s3:9000", "--write-certificate", path) as listening:
        context = ssl.create_default_context(cafile=path)
        for port in (8443, 9000):
            with context.wrap_socket(tcp(port), server_hostname="localhost") as client:
                client.send(GET)
                expect(heard(client).startswith(b"HTTP/1.1 "), "no answer inside")
        with tcp(9000) as client:
            client.send(GET)
            expect(b"403" in heard(client), "S3 in the clear")
        with tcp(8443) as client:
            client.send(GET)
            heard(client)
        with tcp(8443) as client, contextlib.suppress(ssl.SSLError):
            ssl.create_default_context().wrap_socket(client, server_hostname="localhost")
            raise AssertionError("trusted by everybody")
        until(lambda: len(listening.lines()) == 5, "receipts")
        listening.end()
        expect(counts(listening)["answered"] == 3 and counts(listening)["foreign"] == 1, listening.output())
        expect(" foreign    https/tcp" in listening.output() and ": http\n" in listening.output(), listening.output())
        expect("alert" in listening.output(), listening.output())


def a_certificate_can_be_given():
    key, certificate = os.path.join(FOLDER, "k.pem"), os.path.join(FOLDER, "c.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=filer.test", "-addext", "subjectAltName=DNS:filer.test", "-keyout", key, "-out",
                    certificate], check=True, stderr=subprocess.DEVNULL)
    with Listening("ldaps:6360", "--certificate", certificate, "--key", key):
        context = ssl.create_default_context(cafile=certificate)
        with context.wrap_socket(tcp(6360), server_hostname="filer.test") as client:
            expect(client.version().startswith("TLSv1."), client.version())
    with Listening("ldaps:6360", "--certificate", key) as listening:
        expect(listening.process.wait(20) == 2 and "k.pem" in listening.errors(), listening.errors())


# ---------------------------------------------------------------------- a site

SITE = """portolan: site/1
site: lab
names: {server: [10.7.7.1, "fd77::1"], other: 10.7.7.9, clients: [10.7.7.0/28, "fd77::/124"], few: 10.7.7.3}
extra:
  - {id: time, from: clients, to: server, ports: [123/udp], service: ntp, owner: t, reason: r}
  - {id: web, from: few, to: server, ports: [80/tcp], service: http, owner: t, reason: r}
  - {id: files, from: few, to: server, ports: [8080-8082/tcp], owner: t, reason: r}
  - {id: api, from: other, to: server, ports: [8081/tcp], service: http, owner: t, reason: r}
  - {id: elsewhere, from: clients, to: other, ports: [22/tcp], service: ssh, owner: t, reason: r}
"""


def a_host_of_a_site_is_stood_in_for():
    site = write("site.yaml", SITE)
    for address in ("10.7.7.1/32", "fd77::1/128", "10.7.7.3/32", "10.7.7.9/32", "10.7.7.77/32", "fd77::5/128"):
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
    with Listening(site, "--as", "server") as listening:
        expect("http at 10.7.7.1 port 8081/tcp for 10.7.7.3, 10.7.7.9" in listening.errors(), listening.errors())
        for source, to, answered in (("10.7.7.3", "10.7.7.1", True), ("10.7.7.77", "10.7.7.1", False),
                                     ("fd77::5", "fd77::1", True), ("10.7.7.1", "10.7.7.1", False)):
            with udp(123, source, to) as client:
                client.send(NTP)
                client.settimeout(10 if answered else 0.3)
                with contextlib.suppress(TimeoutError):
                    expect((len(client.recv(100)) == 48) == answered, source)
        for source, port, answered in (("10.7.7.3", 80, True), ("10.7.7.9", 80, False), ("10.7.7.9", 8081, True),
                                       ("10.7.7.3", 8081, True), ("10.7.7.9", 8082, False)):
            with tcp(port, source, "10.7.7.1") as client:
                with contextlib.suppress(OSError):
                    client.send(GET)
                expect((b"200" in heard(client)) == answered, (source, port))
        try:
            tcp(80, "10.7.7.3", "127.0.0.1").close()
            raise AssertionError("it listens where nobody asked it to")
        except ConnectionRefusedError:
            pass
        listening.end()
        expect(counts(listening)["answered"] == 5 and counts(listening)["stranger"] == 4, listening.output())


def what_is_wrong_is_said():
    conflict = write("conflict.yaml", SITE + "  - {id: shell, from: few, to: server, ports: [80/tcp], service: ssh, "
                                             "owner: t, reason: r}\n")
    site = write("site.yaml", SITE)
    for arguments, status, words in (
            ([conflict, "--as", "server"], 2, ["two services at 80/tcp: http for extra/web/tcp, ssh for extra/shell/tcp"]),
            ([site, "--as", "sever"], 2, ['did you mean "server"']),
            ([site], 2, ["--as HOST"]),
            ([site, "--as", "few"], 2, ["no flow of the site asks for a port of few"]),
            (["ntq:1"], 2, ['did you mean "ntp"']),
            (["ntp:1123", "dns+udp:1123"], 2, ["two services at 1123/udp: ntp and dns"]),
            (["mountd"], 2, ["mountd has no usual port"]),
            (["icmp"], 2, ["the kernel"]),
            (["ntp:1123", "--bind", "host"], 2, ["--bind host"]),
            (["ntp:1123", "--allow", "host"], 2, ["--allow host"]),
            (["ntp:1123", "--until", "0"], 2, ["--until needs a number"]),
            (["https:8443", "--key", "x"], 2, ["--key needs --certificate"]),
            (["ntp:1123", "http:8080", "--bind", "203.0.113.9"], 3, ["port 1123/udp: ", "port 8080/tcp: "])):
        with Listening(*arguments) as listening:
            expect(listening.process.wait(20) == status, f"{arguments}: {listening.errors()}")
            for word in words:
                expect(word in listening.errors(), f"{arguments}: {listening.errors()}")


def without_privileges_each_port_is_named():
    if os.geteuid() != 0:
        return
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
    done = subprocess.run([*drop, os.environ["PORTOLAN"], "listen", "ntp:123", "http:80"], capture_output=True, text=True,
                          timeout=20, check=False)
    expect(done.returncode == 3 and "port 123/udp: " in done.stderr and "port 80/tcp: " in done.stderr and
           "CAP_NET_BIND_SERVICE" in done.stderr, done.stderr)


def what_is_not_needed_is_given_up():
    with Listening("ntp:123", "https:443") as listening:
        status = dict(line.split(":\t", 1) for line in listening.status().splitlines() if ":\t" in line)
        expect(int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, status)
        if os.geteuid() == 0 and len(open("/proc/self/uid_map", encoding="ascii").read().split()) == 3:
            mapped = int(open("/proc/self/uid_map", encoding="ascii").read().split()[2])
            expect(mapped < 65535 or (status["Uid"].split() == ["65534"] * 4 and status["Groups"].strip() == ""), status)
        if "build-asan" not in PORTOLAN:
            expect(status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", status)
        with udp(123) as client:
            client.send(NTP)
            expect(len(client.recv(100)) == 48, "no answer")
        expect(listening.end() == 0, listening.errors())


# ---------------------------------------------------------------------- harm

def noise_does_no_harm():
    """Random bytes, halves of requests, resets in the middle, at every service."""
    rng = random.Random(20261121)
    words = ["dns", "kerberos", "kpasswd", "ldap+tcp", "global-catalog", "netbios-ns", "netbios-ssn+tcp", "smb", "dcerpc", "rpcbind",
             "nfs", "iscsi", "ssh", "vnc", "rdp", "ftp", "http", "https", "s3", "syslog", "citrix-licensing", "wlb", "pvs"]
    numbers = {word: 10000 + i for i, word in enumerate(words)}
    starts = [GET, b"\x16\x03\x01\x02\x00\x01", b"\x30\x84\xff\xff\xff\xff", b"\x80\x00\x00\x28", b"\xff\xff\xff\xff", b"\x03\0\0\x13",
              b"PORTOLAN/1 PROBE nonce=", b"\0\0\0\x40\xfeSMB", b"<13>", b"SSH-2.0-x\r\n", NTP]
    with Listening(*[f"{word}:{number}" for word, number in numbers.items()], "ntp:1123", "--idle", "2") as listening:
        for _ in range(40):
            for number in numbers.values():
                noise = rng.choice(starts)[:rng.randrange(64)] + rng.randbytes(rng.randrange(300))
                with contextlib.suppress(OSError), tcp(number) as client:
                    client.settimeout(0.05)
                    client.send(noise)
                    if rng.random() < 0.3:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    elif rng.random() < 0.3:
                        client.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError), udp(number) as client:
                    client.send(noise)
        with udp(1123) as client:
            client.send(NTP)
            expect(len(client.recv(100)) == 48, "it does not answer any more")
        expect(listening.end() == 0, listening.errors()[-2000:])


def main():
    enter()
    passed = failed = 0
    for case in (strangers_get_nothing, without_a_site_only_private_networks_are_answered, each_receipt_says_what_was_asked,
                 it_ends_by_itself, receipts_go_to_a_file, the_slow_and_the_silent_are_shed,
                 an_endless_conversation_stays_bounded, many_requests_in_one_piece_are_all_answered,
                 there_is_a_limit_and_the_oldest_goes, ten_thousand_are_held_at_once,
                 no_descriptors_left_is_no_busy_loop, a_flood_is_neither_amplified_nor_written_down,
                 each_answer_is_from_where_it_was_asked, what_went_to_many_is_not_answered, clients_can_trust_it,
                 a_certificate_can_be_given, a_host_of_a_site_is_stood_in_for, what_is_wrong_is_said,
                 what_is_not_needed_is_given_up,                  without_privileges_each_port_is_named, noise_does_no_harm):
        try:
            case()
            passed += 1
        except Exception as failure:  # noqa: BLE001  whatever it is, the case does not hold
            failed += 1
            print(f"not ok - {case.__name__}: {type(failure).__name__}: {failure}", flush=True)
    subprocess.run(["rm", "-r", FOLDER], check=False)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
