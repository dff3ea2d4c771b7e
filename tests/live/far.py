"""The far end of the engine's tests: servers that behave in one way each, on every address of their namespace.

    far.py CERTIFICATE KEY       prints "ready"; runs until it is killed
"""
import socket
import ssl
import struct
import sys
import threading
import time

SILENT, SSH, HALF, RESET, DRIBBLE, FLOOD, CLOSE, TLS, HTTP, FTP, CROWD, HALF_TLS, TLS_FLOOD, ALERT, PROXY, FIN, TLS_RECORDS, HEADERS, FRAGMENTS, \
    DRIBBLE_TLS = range(7001, 7021)
NTP, SILENT_UDP, FLOOD_UDP, NONSENSE_UDP = 123, 7101, 7102, 7103


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def silent(connection):
    time.sleep(60)


def ssh(connection):
    connection.sendall(b'SSH-2.0-far\r\n')
    time.sleep(0.2)


def half(connection):
    """Half an answer, then its side is closed, and the connection stays."""
    connection.sendall(b'SSH-2.')
    connection.shutdown(socket.SHUT_WR)
    time.sleep(10)


def reset_in_the_middle(connection):
    connection.sendall(b'SSH-2.')
    time.sleep(0.2)
    reset(connection)


def dribble(connection):
    for byte in b'SSH-2.0-' + b'x' * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def flood(connection):
    block = b'a line that goes on and on ' * 1000
    while True:
        connection.sendall(block)


def close(connection):
    connection.recv(1)


def fin(connection):
    """Takes what is said, and closes without a word."""
    connection.recv(4096)


def tls_records(connection):
    """Records of TLS without end, each with a piece of a handshake message that never ends."""
    connection.recv(4096)
    connection.sendall(b'\x16\x03\x03\x00\x04\x02\xff\xff\xff')
    while True:
        connection.sendall(b'\x16\x03\x03\x00\x10' + bytes(16))


def headers(connection):
    """Headers of HTTP without end."""
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    while True:
        connection.sendall(b'X-More: and more\r\n' * 50)


def fragments(connection):
    """A reply of ONC RPC in fragments, of which none is the last."""
    connection.sendall(b'\0\0\0\x04' + connection.recv(4096)[4:8])
    while True:
        connection.sendall(b'\0\0\0\x04' + bytes(4))


def dribble_tls(connection):
    """A whole handshake, then a byte of an answer now and then, each in a record of its own."""
    with CONTEXT.wrap_socket(connection, server_side=True) as session:
        for byte in b'HTTP/1.1 200 OK\r\n' + b'X: ' + b'y' * 1000:
            session.sendall(bytes([byte]))
            time.sleep(0.1)


def http(connection):
    if connection.recv(4096)[:1] == b'\x16':
        connection.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    else:
        connection.sendall(b'HTTP/1.1 200 OK\r\nServer: far\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')


def tls_http(connection):
    with CONTEXT.wrap_socket(connection, server_side=True) as session:
        session.recv(4096)
        session.sendall(b'HTTP/1.1 200 OK\r\nServer: far\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')


def tls_flood(connection):
    with CONTEXT.wrap_socket(connection, server_side=True) as session:
        flood(session)


def half_tls(connection):
    """A record of a handshake begins, and never ends."""
    connection.recv(4096)
    connection.sendall(b'\x16\x03\x03\x01\x00\x02')
    time.sleep(0.1)
    reset(connection)


def alert(connection):
    """What a TLS server answers to those who do not speak it."""
    connection.recv(4096)
    connection.sendall(b'\x15\x03\x01\x00\x02\x02\x46')


def relay(one, other):
    try:
        while data := one.recv(4096):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def proxy(connection):
    """HTTP CONNECT to this machine, whatever name is asked for; to port 25 nobody may go."""
    request = b''
    while b'\r\n\r\n' not in request:
        request += connection.recv(4096)
    host, port = request.split()[1].rsplit(b':', 1)
    if port == b'25':
        connection.sendall(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
        return
    try:
        target = socket.create_connection(('127.0.0.1', int(port)))
    except OSError:
        connection.sendall(b'HTTP/1.1 502 Bad Gateway\r\nProxy-Status: far; error=connection_refused\r\n\r\n')
        return
    connection.sendall(b'HTTP/1.1 200 through to ' + host + b'\r\n\r\n')
    threading.Thread(target=relay, args=(connection, target), daemon=True).start()
    relay(target, connection)


def ftp(connection):
    """A data port that lives as long as its control connection, and not longer."""
    family = connection.family
    data = socket.socket(family)
    data.bind((connection.getsockname()[0], 0))
    data.listen(1)
    connection.sendall(b'220 far\r\n')
    for line in connection.makefile('rb'):
        word = line.split()[0].upper()
        if word == b'EPSV':
            connection.sendall(b'229 passive (|||%d|)\r\n' % data.getsockname()[1])
        else:
            connection.sendall({b'USER': b'331 go on\r\n', b'PASS': b'230 in\r\n'}.get(word, b'200 done\r\n'))
    data.close()


SERVERS = {SILENT: silent, SSH: ssh, HALF: half, RESET: reset_in_the_middle, DRIBBLE: dribble, FLOOD: flood,
           CLOSE: close, TLS: tls_http, HTTP: http, FTP: ftp, HALF_TLS: half_tls, TLS_FLOOD: tls_flood, ALERT: alert, PROXY: proxy,
           FIN: fin, TLS_RECORDS: tls_records, HEADERS: headers, FRAGMENTS: fragments, DRIBBLE_TLS: dribble_tls}


def serve(listener, behave):
    def one(connection):
        try:
            behave(connection)
        except OSError:
            pass
        finally:
            connection.close()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=one, args=(connection,), daemon=True).start()


def ntp_answer(request):
    return b'\x24\x02\x00\xe9' + bytes(8) + b'\x7f\0\0\1' + b'\xe9\0\0\0\0\0\0\1' + request[40:48] + \
        b'\xe9\0\0\0\0\0\0\1' * 2


def serve_datagrams(udp, port):
    while True:
        data, peer, = udp.recvfrom(4096)[0:2]
        if port == NTP and len(data) == 48:
            udp.sendto(ntp_answer(data), peer)
        elif port == NONSENSE_UDP:
            udp.sendto(b'what?', peer)
        elif port == FLOOD_UDP:
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                udp.sendto(b'x' * 1000, peer)


def main():
    global CONTEXT
    CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CONTEXT.load_cert_chain(sys.argv[1], sys.argv[2])
    for port, behave in SERVERS.items():
        listener = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1000)
        threading.Thread(target=serve, args=(listener, behave), daemon=True).start()
    crowd = socket.create_server(('::', CROWD), family=socket.AF_INET6, dualstack_ipv6=True, backlog=16000)
    for address in sys.argv[3:]:
        for port in (NTP, SILENT_UDP, FLOOD_UDP, NONSENSE_UDP):
            family = socket.AF_INET6 if ':' in address else socket.AF_INET
            udp = socket.socket(family, socket.SOCK_DGRAM)
            udp.bind((address, port))
            threading.Thread(target=serve_datagrams, args=(udp, port), daemon=True).start()
    print('ready', flush=True)
    while True:
        time.sleep(60)
    crowd.close()


if __name__ == '__main__':
    main()
