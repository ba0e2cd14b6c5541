"""Installing, and how ./manage, ./test and .ci answer."""

import fcntl
import runpy
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import config
from app.cli import tables

ROOT = config.ROOT
SETUP = ROOT / "deploy" / "venv.py"


def shell(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60,
        env=config.environment(**env), stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment prepared without network for a list that asks for nothing."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "requirements.txt").write_text("# nothing\n")
    done = set_up(folder / ".venv")
    assert done.returncode == 0, done.stderr
    return folder / ".venv"


def set_up(venv: Path, **env: str) -> subprocess.CompletedProcess[str]:
    requirements = str(venv.parent / "requirements.txt")
    return shell(sys.executable, str(SETUP), str(venv), requirements, PIP_NO_INDEX="1", **env)


def test_a_complete_environment_is_left_alone_without_a_word(venv: Path) -> None:
    before = (venv / "motcua-installed").stat().st_mtime_ns
    done = set_up(venv)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (venv / "motcua-installed").stat().st_mtime_ns == before


def test_changed_requirements_are_installed_and_a_failure_says_what_to_do(venv: Path) -> None:
    requirements = venv.parent / "requirements.txt"
    old = requirements.read_text()
    requirements.write_text("no-such-library==1.0\n")
    done = set_up(venv)
    assert done.returncode == 1
    assert "Check the network" in done.stderr
    assert done.stdout == ""
    requirements.write_text(old)
    assert set_up(venv).returncode == 0


def test_an_installation_killed_half_way_is_started_over(venv: Path) -> None:
    (venv / "motcua-installing").touch()
    (venv / "half a library").touch()
    assert set_up(venv).returncode == 0
    assert not (venv / "half a library").exists()
    assert not (venv / "motcua-installing").exists()


def test_two_commands_at_once_take_turns(venv: Path) -> None:
    (venv / "motcua-installed").unlink()
    command = [sys.executable, str(SETUP), str(venv), str(venv.parent / "requirements.txt")]
    with (venv.parent / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert second.stderr is not None
        assert "Waiting for another command" in second.stderr.readline()
        assert second.poll() is None
    rest = second.communicate(timeout=60)[1]
    assert second.returncode == 0, rest


def test_a_python_without_venv_is_told_which_package_to_install(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    done = set_up(tmp_path / ".venv", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_python_is_told_so(tmp_path: Path) -> None:
    for name in ("cat", "dirname"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # as a Python 3.9 answers the question for its version
    old.chmod(0o755)
    done = shell("/bin/sh", "./run", PATH=str(tmp_path), PYTHON="")
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert "apt install python3" in done.stderr


# ---- ./manage, ./test, .ci


def test_help_names_every_command_and_a_wrong_one_fails() -> None:
    done = shell("./manage", "--help")
    assert done.returncode == 0
    for group in ("db", "demo", "history", "permissions", "user"):
        assert f"\n  {group} " in done.stdout
    assert shell("./manage", "no-such-command").returncode == 2


@pytest.mark.parametrize("arguments", [["demo", "logins", "--json"], ["demo", "load"]])
def test_demo_commands_refuse_a_real_system_that_lacks_settings(arguments: list[str]) -> None:
    done = shell("./manage", *arguments, MOTCUA_MODE="production", DATABASE_URL="", REDIS_URL="")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "REDIS_URL" in done.stderr
    assert done.stdout == ""


def test_the_services_group_names_the_address_it_lacks() -> None:
    done = shell("./test", "--services", TEST_DATABASE_URL="postgresql://h/d", TEST_REDIS_URL="")
    assert done.returncode == 2
    assert "TEST_REDIS_URL is not set" in done.stderr


def test_logins_are_shown_by_role_and_the_rest_is_counted() -> None:
    rows = [
        {"role": role, "role_label": label, "username": f"{role}{i}", "password": "p", "name": "A"}
        for role, label, count in (("clerk", "Văn thư", 5), ("auditor", "Thanh tra", 1))
        for i in range(count)
    ]
    lines = tables.logins(rows).splitlines()
    assert [line.split("  ")[0] for line in lines[2:6]] == [*["Văn thư"] * 3, "Thanh tra"]
    assert "2 tài khoản khác" in lines[6]
    assert len(tables.logins(rows, per_role=None).splitlines()) == 2 + 6


@pytest.mark.parametrize(
    ("cases", "fault"),
    [
        ("", "no test passed"),
        ('<testcase classname="a" name="t"><skipped message="no Redis"/></testcase>', "no Redis"),
        ('<testcase classname="a" name="t"/><testcase name="u"><error/></testcase>', "1 tests"),
    ],
)
def test_a_group_that_ran_nothing_or_skipped_a_test_has_failed(
    tmp_path: Path, cases: str, fault: str
) -> None:
    script = runpy.run_path(str(ROOT / ".ci" / "report.py"))
    file = tmp_path / "report.xml"
    file.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    found = script["faults"]("services", script["read_report"](file))
    assert any(fault in text for text in found)
    file.write_text('<testsuite><testcase classname="a" name="t"/></testsuite>')
    assert script["faults"]("services", script["read_report"](file)) == []


def test_an_image_holds_no_secrets() -> None:
    """``COPY . .`` takes all that is not left out: the file of the compose environment must be."""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for name in ("deploy/.env", ".env", "deploy/production.env"):
        assert any(fnmatch(f"/{name}", pattern) for pattern in patterns), name
