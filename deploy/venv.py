"""Make or complete a virtual environment: ``python venv.py .venv requirements.txt…``.

Standard library only, for any Python >= 3.11. Does nothing when what is installed matches
the requirements; two commands started together take turns; an installation that was killed
half-way is started over, since pip would take half a package for a whole one.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

STAMPS, MARKER = "motcua-installed", "motcua-installing"
NO_VENV = """
Python này thiếu mô-đun venv/ensurepip. Trên Debian/Ubuntu: sudo apt install python3-venv
This Python lacks the venv/ensurepip module. On Debian/Ubuntu: sudo apt install python3-venv
"""
NO_INSTALL = """
Không cài được các thư viện (xem lỗi ở trên). Hãy kiểm tra mạng rồi chạy lại cùng lệnh này.
The libraries could not be installed (see above). Check the network and give the same command
again; what was downloaded is kept. Behind a mirror: PIP_INDEX_URL=… ; behind a proxy: HTTPS_PROXY=…
"""


def digest_of(path: Path) -> str:
    """Return the fingerprint of one requirements file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def installed(venv: Path) -> dict[str, str]:
    """Return name -> fingerprint of the requirements files last installed into ``venv``."""
    try:
        lines = (venv / STAMPS).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split(" ", 1) for line in lines if " " in line)


def is_complete(venv: Path, requirements: list[Path]) -> bool:
    """Return whether everything in ``requirements`` has been installed into ``venv``."""
    known = installed(venv)
    same = all(known.get(path.name) == digest_of(path) for path in requirements)
    return same and not (venv / MARKER).exists() and works(venv)


def works(venv: Path) -> bool:
    """Return whether the interpreter and pip of ``venv`` start."""
    command = [str(venv / "bin" / "python"), "-I", "-c", "import pip"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def create(venv: Path) -> bool:
    """Make ``venv`` anew; False, with a plain message, if this Python cannot."""
    say(f"Tạo môi trường Python / Making the Python environment: {venv}")
    discard(venv)
    venv.mkdir()
    (venv / MARKER).touch()
    # An activated .venv would be the interpreter that has just been thrown away.
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run([python, "-m", "venv", str(venv)], check=False, stdout=sys.stderr)
    if done.returncode:
        discard(venv)
        say(NO_VENV)
    return done.returncode == 0


def discard(venv: Path) -> None:
    """Remove ``venv`` so that no half of it can be taken for the whole."""
    old = venv.with_name(f"{venv.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if venv.exists():
        venv.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def install(venv: Path, requirements: list[Path]) -> bool:
    """Install ``requirements`` into ``venv`` with pip's own progress on stderr."""
    say("Cài đặt thư viện, khoảng một phút / Installing the libraries, about a minute")
    marker = venv / MARKER
    marker.touch()
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--prefer-binary"]
    for path in requirements:
        command += ["-r", str(path)]
    done = subprocess.run(command, check=False, stdout=sys.stderr)
    marker.unlink()  # pip came back by itself: nothing is half-installed
    if done.returncode:
        say(NO_INSTALL)
    else:
        stamps = installed(venv) | {path.name: digest_of(path) for path in requirements}
        (venv / STAMPS).write_text("".join(f"{key} {value}\n" for key, value in stamps.items()))
    return done.returncode == 0


def prepare(venv: Path, requirements: list[Path]) -> bool:
    """Bring ``venv`` in line with ``requirements``, alone; return whether that succeeded."""
    with (venv.parent / f"{venv.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Đang chờ một lệnh khác cài đặt / Waiting for another command that is installing")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_complete(venv, requirements):
            return True
        is_sound = works(venv) and not (venv / MARKER).exists()
        if not is_sound and not create(venv):
            return False
        known = installed(venv)
        return install(venv, [p for p in requirements if known.get(p.name) != digest_of(p)])


def say(text: str) -> None:
    """Print for the person at the terminal; stdout belongs to the command that follows."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Return 0 when the environment named by the first argument is ready."""
    venv, *requirements = (Path(argument).absolute() for argument in arguments)
    return 0 if is_complete(venv, requirements) or prepare(venv, requirements) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
