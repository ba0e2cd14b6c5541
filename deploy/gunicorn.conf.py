"""The web server's settings: gunicorn -c deploy/gunicorn.conf.py app.wsgi:app"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config import load as _load  # noqa: E402 - needs the line above; "config" is a setting

_settings = _load()

chdir = str(ROOT)
bind = f"{_settings.BIND}:{_settings.PORT}"
worker_class = "gthread"
workers = _settings.WEB_PROCESSES
threads = _settings.WEB_THREADS
preload_app = True  # loaded once, then forked: the processes share what stands (a third of their memory)
timeout = 60  # seconds without a sign of life before a process is replaced
graceful_timeout = 8
keepalive = 5
loglevel = "warning"  # the application logs its requests itself
control_socket_disable = True


def post_fork(_server: object, worker: object) -> None:
    """Have a web process end with its master, even when that was killed."""
    from app.cli.processes import die_with_parent

    die_with_parent(getattr(worker, "ppid", None))
