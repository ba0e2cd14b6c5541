"""How each library spells the addresses of the services, and the secret kept beside the data.

Standard library only, like ``config``, which uses it.
"""

import hashlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

# Outside systems, each with a gateway and its token, and the issuers of signatures that are believed.
OUTSIDE = ("TRUSTED_CERTIFICATES", "NATIONAL_PORTAL_URL", "NATIONAL_PORTAL_TOKEN", "VNPOST_URL", "VNPOST_TOKEN",
           "DATA_SOURCES_URL", "DATA_SOURCES_TOKEN")  # fmt: skip
SECRET_LENGTH = 32  # characters, at least
# sockaddr_un.sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included.
_SOCKET_PATH_LIMIT = 100
# Spaces and letters with diacritics are quoted differently by Celery, redis-py and limits.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


def sqlalchemy_url(url: str) -> str:
    """Return ``url`` with the driver we ship, where it names PostgreSQL without one."""
    scheme, found, rest = url.partition("://")
    if found and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    return url


def broker_url(url: str) -> str:
    """Return the address Celery uses for the Redis at ``url``; empty means in memory."""
    if url.startswith("unix://"):
        return f"redis+socket://{urlsplit(url).path}?virtual_host={redis_number(url)}"
    return url or "memory://"


def rate_limit_url(url: str) -> str:
    """Return the address Flask-Limiter uses for the Redis at ``url``; empty means in memory."""
    if url.startswith("unix://"):
        return url.replace("unix://", "redis+unix://", 1)
    return url or "memory://"


def redis_number(url: str) -> int:
    """Return the number of the Redis database that ``url`` names, 0 by default."""
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("db", [""])[0]
    in_path = "" if parts.scheme == "unix" else parts.path.strip("/")
    return int(named or in_path or 0)


def database_of_worker(url: str, worker: str) -> str:
    """Return ``url`` with the database of one parallel test worker, e.g. ``gw0``."""
    if not url or not worker:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path}_{worker}"))


def redis_of_worker(url: str, worker: str) -> str:
    """Return ``url`` with the Redis database of one parallel test worker, e.g. ``gw0``."""
    if not url or not worker:
        return url
    number = redis_number(url) + 1 + int("".join(filter(str.isdecimal, worker)) or 0)
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def valkey_socket(home: Path) -> Path:
    """Return where the embedded Valkey of ``home`` listens: no port, no other user."""
    path = home / "valkey" / "valkey.sock"
    if _PLAIN_PATH.fullmatch(str(path)) and len(str(path)) <= _SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"motcua-{digest}" / "valkey.sock"


def kept_secret(path: Path) -> str:
    """Return the key kept at ``path``, made on first use; only its owner can read it.

    Raises OSError where the folder cannot be written.
    """
    try:
        kept = path.read_text("ascii").strip()
    except FileNotFoundError:
        kept = ""
    if len(kept) >= SECRET_LENGTH:
        return kept
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")  # mode 0600
    with os.fdopen(handle, "w") as part:
        part.write(secrets.token_urlsafe(48) + "\n")
    os.replace(name, path)  # complete or absent, whenever we are killed
    return path.read_text("ascii").strip()
