"""Settings of every process: safe defaults here, secrets and addresses from the environment.

The only reader of the environment, and standard library only: the launchers use it before
anything is installed. What a law or an office may change is a dated row, never a setting.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import addresses

ROOT = Path(__file__).resolve().parent
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL")
# Task -> seconds between two runs; one that was not picked up in time is dropped.
BEAT = {"outbox.drain": 5.0, "deadlines.check": 300.0, "history.seal": 86400.0,
        "publication.due": 300.0, "imports.clean": 86400.0, "exports.clean": 86400.0,
        "outbox.clean": 3600.0, "files.scan": 120.0, "scans.clean": 86400.0, "rehearsals.clean": 86400.0}
_FALSE = frozenset({"", "0", "no", "false", "off"})


class ConfigError(ValueError):
    """A setting cannot be used; the message names it and says what is accepted."""


class Config:
    """Safe defaults. An instance holds the settings that one environment results in."""

    MODE = "base"
    DEMO = False
    TESTING = False
    REQUIRED: tuple[str, ...] = ()

    APP_NAME = "Một Cửa"
    BABEL_DEFAULT_LOCALE = "vi"
    BABEL_DEFAULT_TIMEZONE = "Asia/Ho_Chi_Minh"
    # Absolute: a relative folder would be looked for under app/.
    BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "translations")
    LANGUAGES: ClassVar[dict[str, dict[str, str]]] = {
        "vi": {"flag": "vn", "name": "Tiếng Việt"},
        "en": {"flag": "gb", "name": "English"},
    }

    # Tables come from our migrations and permissions from `./manage permissions sync`:
    # FAB doing either at start costs hundreds of queries and races between processes.
    FAB_CREATE_DB = False
    FAB_UPDATE_PERMS = False
    FAB_ADD_SECURITY_VIEWS = False
    FAB_ADD_SECURITY_API = False
    FAB_ADD_MENU_API = False
    FAB_API_SWAGGER_UI = False
    FAB_API_KEY_ENABLED = True  # the API asks us about “Bearer mc_…” (app/views/api_access.py)
    FAB_API_MAX_PAGE_SIZE = 100
    FAB_ALLOW_GET_UNSAFE_MUTATIONS = False
    FAB_PASSWORD_COMPLEXITY_ENABLED = True
    AUTH_TYPE = 1  # flask_appbuilder.const.AUTH_DB, spelt out to stay free of imports
    AUTH_ROLE_ADMIN = "system_admin"
    AUTH_ROLE_PUBLIC = "public"
    AUTH_RATE_LIMITED = True
    AUTH_RATE_LIMIT = "20 per minute"
    RATELIMIT_ENABLED = True
    # A silent Redis must not close the door: each process then counts for itself.
    RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True

    SESSION_COOKIE_NAME = "motcua"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SECURE = False
    REMEMBER_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"
    REMEMBER_COOKIE_SECURE = False
    PERMANENT_SESSION_LIFETIME = 12 * 3600  # seconds: one working day with overtime
    WTF_CSRF_TIME_LIMIT = None  # as long as the session: long forms are filled in over hours

    MAX_CONTENT_LENGTH = 64 * 1024 * 1024  # bytes, whole request
    MAX_FORM_MEMORY_SIZE = 2 * 1024 * 1024  # bytes, the fields that are not files
    MAX_FORM_PARTS = 2000

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.MOTCUA_HOME = str(self._home())
        self.PORT, self.BIND = self._number("PORT", 8080, 1, 65535), env.get("BIND") or "127.0.0.1"
        self.WEB_PROCESSES = self._number("WEB_PROCESSES", 2, 1, 64)
        self.WEB_THREADS = self._number("WEB_THREADS", 4, 1, 64)
        self.WORKER_PROCESSES = self._number("WORKER_PROCESSES", 2, 1, 64)
        self.PUBLIC_URL = (env.get("PUBLIC_URL") or f"http://127.0.0.1:{self.PORT}").rstrip("/")
        self.PROXY_COUNT = self._number("PROXY_COUNT", 0, 0, 9)
        self.LOG_LEVEL = (env.get("LOG_LEVEL") or "INFO").upper()
        given = self._addresses()
        self.SECRET_KEY = given["SECRET_KEY"]
        self._set_database(given["DATABASE_URL"])
        self._set_redis(given["REDIS_URL"])
        self._set_storage(given["STORAGE_URL"])
        self._set_mail()
        vars(self).update({name: env.get(name, "") for name in addresses.OUTSIDE})  # empty: not connected

    def _home(self) -> Path:
        return Path(self._env.get("MOTCUA_HOME") or ROOT / "var").expanduser().resolve()

    def _addresses(self) -> dict[str, str]:
        return {name: self._env.get(name, "") for name in ("SECRET_KEY", *ADDRESSES)}

    def _number(self, name: str, default: int, low: int, high: int) -> int:
        text = self._env.get(name) or str(default)
        if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
            raise ConfigError(f"{name}={text!r}: a whole number from {low} to {high} is needed")
        return int(text)

    def _set_database(self, url: str) -> None:
        self.SQLALCHEMY_DATABASE_URI = addresses.sqlalchemy_url(url)
        self.SQLALCHEMY_ENGINE_OPTIONS: dict[str, Any] = {}
        if self.SQLALCHEMY_DATABASE_URI.startswith("postgresql"):
            self.SQLALCHEMY_ENGINE_OPTIONS = {
                "pool_size": self.WEB_THREADS,
                "max_overflow": 2,
                "pool_recycle": 1800,  # seconds
                "connect_args": {"connect_timeout": 5},  # seconds
            }

    def _set_redis(self, url: str) -> None:
        self.REDIS_URL = url
        self.RATELIMIT_STORAGE_URI = addresses.rate_limit_url(url)
        self.RATELIMIT_STORAGE_OPTIONS: dict[str, Any] = (
            {"socket_connect_timeout": 1, "socket_timeout": 1} if url else {}
        )
        self.CELERY = _celery(addresses.broker_url(url), Path(self.MOTCUA_HOME))

    def _set_storage(self, url: str) -> None:
        self.STORAGE_URL = url
        self.CLAMD_URL = self._env.get("CLAMD_URL", "")  # empty: there is no virus scanner
        # obstore's names; only s3:// addresses use them.
        options = {
            "endpoint": self._env.get("S3_ENDPOINT"),
            "region": self._env.get("S3_REGION"),
            "access_key_id": self._env.get("S3_ACCESS_KEY_ID"),
            "secret_access_key": self._env.get("S3_SECRET_ACCESS_KEY"),
        }
        self.STORAGE_OPTIONS = {key: value for key, value in options.items() if value}

    def _set_mail(self) -> None:
        self.SMTP_HOST = self._env.get("SMTP_HOST", "")  # empty: e-mail is not configured
        self.SMTP_PORT = self._number("SMTP_PORT", 587, 1, 65535)
        self.SMTP_USER = self._env.get("SMTP_USER", "")
        self.SMTP_PASSWORD = self._env.get("SMTP_PASSWORD", "")
        self.SMTP_FROM = self._env.get("SMTP_FROM", "")
        self.SMTP_SECURITY = self._env.get("SMTP_SECURITY", "starttls")
        if self.SMTP_SECURITY not in ("starttls", "tls", "none"):
            raise ConfigError(f"SMTP_SECURITY={self.SMTP_SECURITY!r}: starttls, tls or none")


class Demo(Config):
    """All state under MOTCUA_HOME, on SQLite and the embedded Valkey: what ./run starts."""

    MODE = "demo"
    DEMO = True

    def _addresses(self) -> dict[str, str]:
        home = self._home()
        given = super()._addresses()
        return {
            "DATABASE_URL": given["DATABASE_URL"] or f"sqlite:///{home / 'motcua.db'}",
            "REDIS_URL": given["REDIS_URL"] or f"unix://{addresses.valkey_socket(home)}?db=0",
            "STORAGE_URL": given["STORAGE_URL"] or (home / "files").as_uri(),
            "SECRET_KEY": given["SECRET_KEY"] or addresses.kept_secret(home / "secret_key"),
        }


class Production(Config):
    """PostgreSQL, Redis and shared storage, behind a proxy that speaks HTTPS."""

    MODE = "production"
    REQUIRED = (*ADDRESSES, "SECRET_KEY")
    PREFERRED_URL_SCHEME = "https"

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(env)
        secure = env.get("COOKIE_SECURE", "1").lower() not in _FALSE
        self.SESSION_COOKIE_SECURE = self.REMEMBER_COOKIE_SECURE = secure
        if 0 < len(self.SECRET_KEY) < addresses.SECRET_LENGTH:
            raise ConfigError(f"SECRET_KEY: use {addresses.SECRET_LENGTH} characters or more")


class Test(Config):
    """A throw-away home; TEST_DATABASE_URL and TEST_REDIS_URL put it on real services."""

    __test__ = False  # not a test case, whatever its name says
    MODE = "test"
    TESTING = True
    RATELIMIT_ENABLED = False
    FAB_PASSWORD_HASH_METHOD = "pbkdf2:sha256:10"  # weak on purpose: thousands of log-ins
    CHROMIUM: ClassVar[dict[str, Any]] = {
        "executable_path": "/usr/bin/chromium",
        "args": ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
        + ["--disable-component-update", "--disable-sync"]
        # Chromium's sandbox refuses to run as root, as CI machines do.
        + (["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    }

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(env)
        # Without a broker nothing is sent: tests run the outbox themselves.
        self.CELERY["task_always_eager"] = not self.REDIS_URL

    def _home(self) -> Path:
        worker = self._env.get("PYTEST_XDIST_WORKER", "main")
        name = f"motcua-test-{os.getpid()}-{worker}"
        return Path(self._env.get("TEST_HOME") or Path(tempfile.gettempdir()) / name).resolve()

    def _addresses(self) -> dict[str, str]:
        home = self._home()
        worker = self._env.get("PYTEST_XDIST_WORKER", "")
        database = self._env.get("TEST_DATABASE_URL", "")
        redis = self._env.get("TEST_REDIS_URL", "")
        return {
            "DATABASE_URL": addresses.database_of_worker(database, worker) or f"sqlite:///{home / 'test.db'}",
            "REDIS_URL": addresses.redis_of_worker(redis, worker),
            "STORAGE_URL": (home / "files").as_uri(),
            "SECRET_KEY": "known-to-everybody-and-only-for-tests",
        }


_MODES: dict[str, type[Config]] = {kind.MODE: kind for kind in (Demo, Production, Test)}


def mode_of(env: Mapping[str, str], fallback: str = "production") -> str:
    """Return demo, production or test: MOTCUA_MODE if given, else what the addresses tell.

    fallback: the answer when the environment says nothing. Raises ConfigError.
    """
    named = env.get("MOTCUA_MODE")
    if named:
        if named not in _MODES:
            raise ConfigError(f"MOTCUA_MODE={named!r}: {', '.join(_MODES)} are known")
        return named
    return "production" if any(env.get(name) for name in ADDRESSES) else fallback


def load(
    mode: str | None = None, env: Mapping[str, str] | None = None, *, fallback: str = "production", **changes: Any
) -> Config:
    """Return the settings for ``mode`` (default: see ``mode_of``), with ``changes`` on top.

    Raises ConfigError for a value that cannot be used; ask ``missing`` for absent ones.
    """
    source = os.environ if env is None else env
    settings = _MODES[mode or mode_of(source, fallback)](source)
    for name, value in changes.items():
        setattr(settings, name, value)
    return settings


def missing(settings: Config) -> list[str]:
    """Return the names, as the environment spells them, of required but empty settings."""
    held = {"DATABASE_URL": "SQLALCHEMY_DATABASE_URI"}
    return [name for name in settings.REQUIRED if not getattr(settings, held.get(name, name))]


def environment(**extra: str) -> dict[str, str]:
    """Return a copy of this process's environment with ``extra``, for child processes."""
    return {**os.environ, **extra}


def _celery(broker: str, home: Path) -> dict[str, Any]:
    return {
        "broker_url": broker,
        "broker_connection_timeout": 2,  # seconds; the outbox waits, requests do not
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # A killed worker's task returns after visibility_timeout, found by a scan every
            # interval x throttle seconds. The defaults are an hour and 100 seconds.
            "visibility_timeout": 60,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            # A request that finds no broker leaves its message in the outbox and goes on.
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
        },
        # Below visibility_timeout, or a slow task would start a second time beside itself.
        "task_soft_time_limit": 50,
        "task_time_limit": 55,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_default_queue": "motcua",
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "timezone": Config.BABEL_DEFAULT_TIMEZONE,
        "beat_schedule_filename": str(home / "beat" / "schedule"),
        "beat_schedule": {name: {"task": name, "schedule": seconds, "options": {"expires": seconds}}
                          for name, seconds in BEAT.items()},
    }
