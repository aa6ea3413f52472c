"""class: state from fold to fold
does: leaves a process behind that keeps what it learned
expect: rejected | harmless baseline
"""

import json
import os
import socket


def keep(known):
    if os.fork() == 0:
        os.setsid()
        server = socket.socket(socket.AF_UNIX)
        server.bind("\0known")
        server.listen()
        server.settimeout(30)
        while True:
            connection, _ = server.accept()
            connection.sendall(json.dumps(known).encode())
            connection.close()


def recall():
    client = socket.socket(socket.AF_UNIX)
    client.connect("\0known")
    return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
