"""./run: supervising, refusing plainly, starting over, and the embedded queue."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

import addresses
import config
from app.cli import broker, processes, serve
from app.cli.processes import MARK, Child
from app.cli.supervisor import Stopped, Supervisor

ROOT = config.ROOT
# A program with a child of its own; both write their ids. Argument 2: what they do on SIGTERM.
FAMILY = """
import os, signal, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""


def wait_for(is_done: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not is_done() and time.monotonic() < end:
        time.sleep(0.02)
    return is_done()


def is_running(pid: int) -> bool:
    """A zombie waits for its parent only; it runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ids_in(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def family(tmp_path: Path, manner: str = "obedient", name: str = "family") -> Child:
    command = [sys.executable, "-S", "-c", FAMILY, str(tmp_path / "ids"), manner]
    return Child(name, command, tmp_path, config.environment(), tmp_path / "family.log")


def shell(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60,
        env=config.environment(**env), stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    group = Supervisor(said.append)
    yield group
    for child in group.children:
        child.kill()


# ---- supervising


def test_stopping_ends_children_and_grandchildren(tmp_path: Path, supervisor: Supervisor) -> None:
    child = family(tmp_path)
    supervisor.add(child)
    assert wait_for(lambda: len(ids_in(tmp_path / "ids")) == 2)
    supervisor.stop([[child]], grace=5)
    assert wait_for(lambda: not any(is_running(pid) for pid in ids_in(tmp_path / "ids")))


def test_a_child_that_will_not_stop_is_ended_by_force(
    tmp_path: Path, supervisor: Supervisor, said: list[str]
) -> None:
    child = family(tmp_path, "stubborn")
    supervisor.add(child)
    assert wait_for(lambda: len(ids_in(tmp_path / "ids")) == 2)
    supervisor.stop([[child]], grace=0.3)
    assert wait_for(lambda: not any(is_running(pid) for pid in ids_in(tmp_path / "ids")))
    assert said == ["family: did not stop by itself, ended by force"]


def test_a_second_signal_does_not_wait(tmp_path: Path, supervisor: Supervisor) -> None:
    child = family(tmp_path, "stubborn")
    supervisor.add(child)
    assert wait_for(lambda: len(ids_in(tmp_path / "ids")) == 2)
    supervisor.requests = 1
    signal.signal(signal.SIGALRM, supervisor._on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    began = time.monotonic()
    supervisor.stop([[child]], grace=30)
    assert time.monotonic() - began < 5


def test_a_dead_child_is_started_again_and_a_line_says_so(
    tmp_path: Path, supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_FIRST_PAUSE", 0.05)
    child = family(tmp_path)
    supervisor.add(child)
    assert wait_for(lambda: len(ids_in(tmp_path / "ids")) == 2)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait_until(lambda: len(ids_in(tmp_path / "ids")) == 4, 10)
    assert child.process.pid != first
    assert said == [f"family: ended (SIGKILL), restart in 0.05 s; see {tmp_path / 'family.log'}"]
    # What the first one left behind is gone as well.
    assert wait_for(lambda: not any(is_running(pid) for pid in ids_in(tmp_path / "ids")[:2]))


def test_pauses_between_starts_grow_to_a_limit_and_a_steady_run_forgets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child("none", ["true"], tmp_path, {})
    clock = [1000.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: clock[0])
    child.started_at = clock[0]
    assert [child.note_failure() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    clock[0] += 61
    assert child.note_failure() == 1


def test_starting_gives_up_on_what_fails_at_once_and_shows_its_log(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_FIRST_PAUSE", 0.01)
    command = [sys.executable, "-S", "-c", "import sys; sys.exit('no such table: dossier')"]
    child = Child("web", command, tmp_path, config.environment(), tmp_path / "log" / "web.log")
    supervisor.add(child)
    began = time.monotonic()
    assert not supervisor.wait_until(lambda: False, patience=30)
    assert time.monotonic() - began < 10
    assert "no such table: dossier" in child.last_lines()


def test_a_stop_signal_interrupts_whatever_goes_on(supervisor: Supervisor) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        supervisor.listen()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            supervisor.watch()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_children_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tests.test_launchers import family\n"
        "family(Path(sys.argv[1])).start(); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    try:
        assert wait_for(lambda: len(ids_in(tmp_path / "ids")) == 2)
    finally:
        parent.kill()
        parent.wait()
    head, orphan = sorted(ids_in(tmp_path / "ids"))
    assert wait_for(lambda: not is_running(head))
    # Its own child had no such wish; the next start finds and ends it.
    assert is_running(orphan)
    assert processes.sweep(tmp_path) == 1
    assert not is_running(orphan)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc exists on Linux only")
def test_sweeping_spares_the_processes_of_another_home(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], env={**config.environment(), MARK: "/other"}) as other:
        assert processes.sweep(tmp_path) == 0
        assert other.poll() is None
        other.kill()


# ---- ./run


def settings_of(home: Path, **env: str) -> config.Config:
    return config.load("demo", {"MOTCUA_HOME": str(home), **env})


def test_a_second_start_says_plainly_that_it_is_running(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, PORT="18099")
    with serve.take_lock(settings), pytest.raises(serve.Refused) as refusal:
        serve.take_lock(settings)
    assert f"is running already: http://127.0.0.1:18099 (pid {os.getpid()})" in str(refusal.value)
    serve.take_lock(settings).close()


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(serve.Refused, match=f"127.0.0.1:{port} .*another program.*PORT="):
            serve.check_port(settings_of(tmp_path, PORT=str(port)))
    serve.check_port(settings_of(tmp_path, PORT=str(port)))


@pytest.mark.parametrize("name", config.ADDRESSES)
def test_the_demo_is_never_poured_into_a_real_system(tmp_path: Path, name: str) -> None:
    env = {"MOTCUA_MODE": "", "MOTCUA_HOME": str(tmp_path), name: "postgresql://real/motcua"}
    done = shell("./run", **env)
    assert done.returncode == 1
    assert "would load demo data" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_starting_over_asks_first_and_removes_only_what_we_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("motcua.db", "secret_key", "mine.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "files" / "ab").mkdir(parents=True)
    monkeypatch.setattr(serve.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _prompt: "n")
    with pytest.raises(serve.Refused, match="Nothing was deleted"):
        serve.start_over(tmp_path, is_agreed=False)
    assert (tmp_path / "motcua.db").exists()
    monkeypatch.setattr("builtins.input", lambda _prompt: "C")  # "có"
    serve.start_over(tmp_path, is_agreed=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nobody_is_asked_where_nobody_can_answer(tmp_path: Path) -> None:
    (tmp_path / "motcua.db").write_text("x")
    done = shell("./run", "--fresh", MOTCUA_HOME=str(tmp_path), MOTCUA_MODE="demo")
    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert (tmp_path / "motcua.db").read_text() == "x"


@pytest.fixture
def valkey(tmp_path: Path, supervisor: Supervisor) -> Child:
    child = Child("valkey", broker.command(tmp_path), tmp_path, {}, tmp_path / "valkey.log")
    supervisor.add(child)
    assert wait_for(lambda: broker.answers(tmp_path)), child.last_lines()
    return child


def test_queued_messages_survive_a_killed_broker(tmp_path: Path, valkey: Child) -> None:
    settings = settings_of(tmp_path)
    redis.from_url(settings.REDIS_URL).rpush("motcua", "hồ sơ 1")
    valkey.kill()
    assert not broker.answers(tmp_path)
    valkey.command = broker.command(tmp_path)  # the dead one's socket is in the way
    valkey.start()
    assert wait_for(lambda: broker.answers(tmp_path)), valkey.last_lines()
    assert redis.from_url(settings.REDIS_URL).lpop("motcua").decode() == "hồ sơ 1"


def test_nobody_else_may_read_the_queue(tmp_path: Path, valkey: Child) -> None:
    path = addresses.valkey_socket(tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
