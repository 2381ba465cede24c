"""The least that any process between host and server costs: it starts a server and copies bytes, both ways.

python bench/proxy_relay.py COMMAND...
"""

import os
import selectors
import subprocess
import sys

_CHUNK = 65_536


def main() -> None:
    """Copy until the host closes its end."""
    with subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        ends = selectors.DefaultSelector()
        ends.register(0, selectors.EVENT_READ, server.stdin.fileno())
        ends.register(server.stdout, selectors.EVENT_READ, 1)
        while True:
            for key, _events in ends.select():
                data = os.read(key.fd, _CHUNK)
                if not data:
                    server.stdin.close()
                    return
                while data:
                    data = data[os.write(key.data, data) :]


if __name__ == "__main__":
    main()
