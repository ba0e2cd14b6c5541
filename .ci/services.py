"""Get the test services ready: ``python .ci/services.py 2`` for two parallel test workers.

Says plainly which of them does not answer, and gives each worker a database of its own.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import addresses  # noqa: E402 - needs the line above
import config  # noqa: E402


def prepare_postgresql(url: str, workers: int) -> None:
    """Make the databases ``<name>_gw0``… beside the one of ``url``. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for number in range(workers):
            name = urlsplit(addresses.database_of_worker(url, f"gw{number}")).path.strip("/")
            if name not in known:
                query = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
                connection.execute(query.format(sql.Identifier(name)))


def main(workers: int) -> int:
    """Return 0 when both services are ready for ``workers`` parallel test workers."""
    env = config.environment()
    try:
        prepare_postgresql(env["TEST_DATABASE_URL"].replace("+psycopg", "", 1), workers)
    except psycopg.Error as exc:
        print(f"TEST_DATABASE_URL: {exc}".strip(), file=sys.stderr)
        return 2
    try:
        redis.from_url(env["TEST_REDIS_URL"], socket_connect_timeout=5).ping()
    except (redis.RedisError, ValueError) as exc:
        print(f"TEST_REDIS_URL: {exc}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
