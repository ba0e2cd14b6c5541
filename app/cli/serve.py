"""./run: the whole product on this machine, with demo data, until Ctrl-C."""

import argparse
import errno
import fcntl
import http.client
import json
import os
import socket
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

import addresses
import config
from app.cli import broker, tables
from app.cli.processes import Child, remove, sweep
from app.cli.supervisor import Stopped, Supervisor

# All that --fresh removes from MOTCUA_HOME: what we made, nothing else.
MADE = (
    *("motcua.db", "motcua.db-wal", "motcua.db-shm", "motcua.db-journal"),
    *("files", "valkey", "beat", "log", "logins.json", "secret_key"),
)
_GRACE = 10.0  # seconds for an orderly stop
_START = 120.0  # seconds for the web server to answer
_YES = frozenset({"y", "yes", "c", "có", "co"})


class Refused(Exception):
    """The start is not possible; the message says why and what to do."""


def say(text: str) -> None:
    """Print one dated line for the person at the terminal."""
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of ./run."""
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Khởi động Một Cửa với dữ liệu minh họa. / Start Một Cửa with its demo data. "
        "PORT (8080) and MOTCUA_HOME (var) may be set in the environment; see docs/deploy.md.",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="xóa dữ liệu và bắt đầu lại (có hỏi) / delete the data and start over, after asking",
    )
    parser.add_argument("--yes", action="store_true", help="không hỏi / do not ask")
    return parser.parse_args(arguments)


def read_settings() -> config.Config:
    """Return the demo's settings. Raises Refused where they would touch a real database."""
    settings = config.load(fallback="demo")
    if not settings.DEMO:
        raise Refused(
            f"./run is the demo and would load demo data, but the environment describes a "
            f"{settings.MODE} system (MOTCUA_MODE, {', '.join(config.ADDRESSES)}). Unset these; "
            "or set MOTCUA_MODE=demo if that database may be filled with demo data. "
            "For a real system see docs/deploy.md."
        )
    return settings


def take_lock(settings: config.Config) -> IO[str]:
    """Return the lock on MOTCUA_HOME, held until we end. Raises Refused if it is taken."""
    home = Path(settings.MOTCUA_HOME)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (home / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            lock.seek(0)
            holder = lock.read().strip()
        raise Refused(
            f"Một Cửa đang chạy / Một Cửa is running already: {holder}\n(MOTCUA_HOME={home})"
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{address(settings)} (pid {os.getpid()})\n")
    lock.flush()
    return lock


def address(settings: config.Config) -> str:
    """Return where a browser on this machine finds the system."""
    host = "127.0.0.1" if settings.BIND in ("", "0.0.0.0", "[::]") else settings.BIND
    return f"http://{host}:{settings.PORT}"


def start_over(home: Path, *, is_agreed: bool) -> None:
    """Delete what earlier runs made in ``home``, after asking. Raises Refused."""
    if not is_agreed:
        print(f"Xóa toàn bộ dữ liệu trong {home}? / Delete all data in {home}?")
        if not sys.stdin.isatty():
            raise Refused("Nobody can answer here: add --yes to delete without asking.")
        if input("[y/N] ").strip().lower() not in _YES:
            raise Refused("Giữ nguyên dữ liệu, không khởi động. / Nothing was deleted or started.")
    for name in MADE:
        remove(home / name)
    remove(addresses.valkey_socket(home))
    kept = sorted(path.name for path in home.iterdir() if path.name != "run.lock")
    if kept:
        say(f"kept, not ours: {', '.join(kept)}")


def check_port(settings: config.Config) -> None:
    """Raise Refused unless the web server can listen where it should."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as exc:
            taken = exc.errno == errno.EADDRINUSE
            cause = "đang được chương trình khác dùng / is used by another program"
            raise Refused(
                f"{settings.BIND}:{settings.PORT} {cause if taken else exc.strerror}. "
                "Chọn cổng khác / choose another port: PORT=8081 ./run"
            ) from exc


def is_healthy(settings: config.Config) -> bool:
    """Return whether the web server says that it is well."""
    host, port = address(settings).removeprefix("http://").rsplit(":", 1)
    link = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


class Demo:
    """The programs that make up the demo, and the order in which they come and go."""

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self.home = Path(settings.MOTCUA_HOME)
        self.supervisor = Supervisor(say)
        self.valkey: list[Child] = []

    def child(self, name: str, *module: str, logged: bool = True) -> Child:
        """Return the child that runs a Python module with our settings."""
        return self._child(name, [sys.executable, "-m", *module], logged=logged)

    def _child(self, name: str, command: list[str], *, logged: bool = True) -> Child:
        # Four programs of the same files: what the first has compiled, the others find.
        env = config.environment(
            MOTCUA_MODE="demo", MOTCUA_HOME=str(self.home), PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE=""
        )
        log = self.home / "log" / f"{name}.log" if logged else None
        return Child(name, command, self.home, env, log, cwd=config.ROOT)

    def start(self) -> None:
        """Bring everything up and print where it is. Raises Refused, Stopped."""
        if self.settings.REDIS_URL.startswith("unix://"):
            self._start_valkey()
        prepared = self.child("prepare", "app.cli", "prepare", logged=False)
        if self.supervisor.run(prepared):
            raise Refused("Không chuẩn bị được dữ liệu / Data could not be prepared (see above)")
        web = self._start("web", "gunicorn", "-c", "deploy/gunicorn.conf.py", "app.wsgi:app")
        self._wait(web, lambda: is_healthy(self.settings), _START)
        celery = ("celery", "-A", "app.worker:celery_app")
        size = str(self.settings.WORKER_PROCESSES)
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        self._start("worker", *celery, "worker", "-c", size, "-l", "WARNING", *quiet)
        self._start("beat", *celery, "beat", "-l", "WARNING", "--pidfile=")
        self._greet()

    def _start(self, name: str, *module: str) -> Child:
        child = self.child(name, *module)
        self.supervisor.add(child)
        return child

    def _start_valkey(self) -> None:
        valkey = self._child("valkey", list(broker.command(self.home)))
        self.valkey = [valkey]
        self.supervisor.add(valkey)
        self._wait(valkey, lambda: broker.answers(self.home), 30)

    def _wait(self, child: Child, is_done: Callable[[], bool], patience: float) -> None:
        if not self.supervisor.wait_until(is_done, patience):
            raise Refused(f"{child.name} does not start. {child.log}:\n{child.last_lines()}")

    def _greet(self) -> None:
        logins = json.loads((self.home / "logins.json").read_text())
        print(f"\nReady: {address(self.settings)}\n", flush=True)
        print(tables.logins(logins), flush=True)
        print("\nCtrl-C để dừng / Ctrl-C stops everything.", flush=True)

    def stop(self) -> None:
        """Take everything down: first what uses the queue, then the queue."""
        say("Đang dừng / Stopping…")
        users = [child for child in self.supervisor.children if child not in self.valkey]
        self.supervisor.stop([users, self.valkey], _GRACE)
        say("Đã dừng / Stopped.")


def serve(arguments: argparse.Namespace) -> int:
    """Run the demo until somebody stops it; return the exit code."""
    settings = read_settings()
    home = Path(settings.MOTCUA_HOME)
    with take_lock(settings):
        demo = Demo(settings)
        if ended := sweep(home):
            say(f"Ended {ended} processes that an earlier run had left behind.")
        if arguments.fresh:
            if str(home) not in settings.SQLALCHEMY_DATABASE_URI:
                raise Refused("--fresh cannot empty the database of DATABASE_URL: do that first.")
            start_over(home, is_agreed=arguments.yes)
            settings = demo.settings = read_settings()  # with a new secret key
        check_port(settings)
        demo.supervisor.listen()
        try:
            demo.start()
            demo.supervisor.watch()
        except Stopped:
            return 0
        finally:
            demo.stop()
    return 0


def main() -> int:
    """Entry point of ./run."""
    try:
        return serve(read_arguments())
    except (Refused, config.ConfigError, OSError) as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
