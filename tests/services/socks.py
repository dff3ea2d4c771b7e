"""A SOCKS5 proxy (RFC 1928, 1929) that carries, and refuses in each of the ways there are.

    socks.py ADDRESS PORT NAME=ADDRESS...

It looks names up in the table that it is given, wants "user" with "word" when its port is odd, and goes to no port
below 22.
"""
import contextlib
import errno
import socket
import sys
import threading

FAILED, NOT_ALLOWED, NO_HOST, REFUSED, NO_COMMAND = 1, 2, 4, 5, 7
VERSION, NAME, CONNECT, NO_LOGIN, LOGIN = 5, 3, 1, 0, 2


def exactly(client, n):
    data = b''
    while len(data) < n:
        more = client.recv(n - len(data))
        if not more:
            raise OSError(errno.ECONNRESET, 'closed')
        data += more
    return data


def admitted(client, wants_login):
    """The greeting, and who it is."""
    methods = exactly(client, exactly(client, 2)[1])
    method = LOGIN if wants_login else NO_LOGIN
    if method not in methods:
        client.sendall(bytes([VERSION, 0xff]))
        return False
    client.sendall(bytes([VERSION, method]))
    if wants_login:
        user = exactly(client, exactly(client, 2)[1])
        word = exactly(client, exactly(client, 1)[0])
        client.sendall(bytes([1, (user, word) != (b'user', b'word')]))
        return (user, word) == (b'user', b'word')
    return True


def reach(request, host, port, names):
    """A connection, or the code of the answer."""
    if request[1] != CONNECT:
        return NO_COMMAND
    if port < 22:
        return NOT_ALLOWED
    if host not in names:
        return NO_HOST
    try:
        return socket.create_connection((names[host], port), 5)
    except ConnectionRefusedError:
        return REFUSED
    except OSError:
        return FAILED


def copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def talk(client, wants_login, names):
    if not admitted(client, wants_login):
        return
    request = exactly(client, 4)
    if request[3] != NAME:
        host = None
        exactly(client, {1: 4, 4: 16}[request[3]])
    else:
        host = exactly(client, exactly(client, 1)[0]).decode()
    found = reach(request, host, int.from_bytes(exactly(client, 2), 'big'), names)
    code = found if isinstance(found, int) else 0
    client.sendall(bytes([VERSION, code, 0, 1]) + bytes(6))
    if code == 0:
        threading.Thread(target=copy, args=(client, found), daemon=True).start()
        copy(found, client)


def main():
    host, port, names = sys.argv[1], int(sys.argv[2]), dict(word.split('=') for word in sys.argv[3:])
    listener = socket.create_server((host, port))
    while True:
        client, _ = listener.accept()

        def serve(client=client):
            with contextlib.suppress(OSError), client:
                talk(client, port % 2 == 1, names)
        threading.Thread(target=serve, daemon=True).start()


if __name__ == '__main__':
    main()
