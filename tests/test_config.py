"""Settings: what the environment gives, what is refused, what each library is told."""

import stat
from pathlib import Path

import pytest

import addresses
import config

COMPLETE = {
    "DATABASE_URL": "postgresql://motcua:secret@db/motcua",
    "REDIS_URL": "redis://redis:6379/2",
    "STORAGE_URL": "s3://bucket/files",
    "SECRET_KEY": "x" * 48,
}


def demo(home: Path, **env: str) -> config.Config:
    return config.load("demo", {"MOTCUA_HOME": str(home), **env})


@pytest.mark.parametrize("absent", sorted(COMPLETE))
def test_production_names_each_missing_setting(absent: str) -> None:
    env = {name: value for name, value in COMPLETE.items() if name != absent}
    assert config.missing(config.load("production", env)) == [absent]


def test_production_names_all_that_is_missing_and_takes_empty_for_missing() -> None:
    found = config.missing(config.load("production", {"SECRET_KEY": ""}))
    assert sorted(found) == sorted(COMPLETE)


def test_complete_production_lacks_nothing_and_is_not_the_demo() -> None:
    settings = config.load("production", COMPLETE)
    assert config.missing(settings) == []
    assert not settings.DEMO
    assert settings.SESSION_COOKIE_SECURE
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"


def test_production_refuses_a_secret_that_can_be_guessed() -> None:
    with pytest.raises(config.ConfigError, match="SECRET_KEY"):
        config.load("production", {**COMPLETE, "SECRET_KEY": "secret"})


def test_the_demo_lacks_nothing_and_keeps_all_under_its_home(tmp_path: Path) -> None:
    settings = demo(tmp_path)
    assert config.missing(settings) == []
    for address in (settings.SQLALCHEMY_DATABASE_URI, settings.STORAGE_URL):
        assert str(tmp_path) in address
    assert settings.CELERY["beat_schedule_filename"].startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("env", "mode"),
    [
        ({}, "production"),
        ({"MOTCUA_MODE": "demo"}, "demo"),
        ({"REDIS_URL": "redis://r"}, "production"),
        ({"MOTCUA_MODE": "demo", "DATABASE_URL": "postgresql://d"}, "demo"),
        ({"DATABASE_URL": ""}, "production"),
    ],
)
def test_a_server_that_is_told_nothing_counts_as_production(env: dict[str, str], mode: str) -> None:
    assert config.mode_of(env) == mode


def test_a_terminal_that_is_told_nothing_counts_as_the_demo() -> None:
    assert config.mode_of({}, fallback="demo") == "demo"
    assert config.mode_of({"STORAGE_URL": "s3://b"}, fallback="demo") == "production"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(config.ConfigError, match="MOTCUA_MODE='live'"):
        config.mode_of({"MOTCUA_MODE": "live"})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8080.0", "٣"])
def test_an_impossible_port_is_refused_by_name(tmp_path: Path, port: str) -> None:
    with pytest.raises(config.ConfigError, match=r"PORT="):
        demo(tmp_path, PORT=port)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    first = demo(home).SECRET_KEY
    assert len(first) >= addresses.SECRET_LENGTH
    assert demo(home).SECRET_KEY == first
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600
    assert demo(tmp_path / "other").SECRET_KEY != first


def test_a_secret_cut_short_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("abc")
    assert len(demo(tmp_path).SECRET_KEY) >= addresses.SECRET_LENGTH


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_gets_our_driver(scheme: str) -> None:
    env = {**COMPLETE, "DATABASE_URL": f"{scheme}://motcua:p%40ss@db:5433/motcua?sslmode=require"}
    settings = config.load("production", env)
    expected = "postgresql+psycopg://motcua:p%40ss@db:5433/motcua?sslmode=require"
    assert expected == settings.SQLALCHEMY_DATABASE_URI


@pytest.mark.parametrize(
    ("url", "broker", "limits"),
    [
        ("redis://r:6379/2", "redis://r:6379/2", "redis://r:6379/2"),
        ("rediss://:pw@r/1", "rediss://:pw@r/1", "rediss://:pw@r/1"),
        (
            "unix:///r.sock?db=3",
            "redis+socket:///r.sock?virtual_host=3",
            "redis+unix:///r.sock?db=3",
        ),
        ("", "memory://", "memory://"),
    ],
)
def test_each_library_gets_its_own_spelling_of_redis(url: str, broker: str, limits: str) -> None:
    assert addresses.broker_url(url) == broker
    assert addresses.rate_limit_url(url) == limits


@pytest.mark.parametrize("home", ["/srv/" + "x" * 120, "/home/Nguyễn Văn An", "/srv/a b"])
def test_a_home_that_no_socket_can_lie_in_gets_one_elsewhere(home: str) -> None:
    path = addresses.valkey_socket(Path(home))
    assert len(str(path)) <= 100
    assert not path.is_relative_to(home)
    assert path == addresses.valkey_socket(Path(home))
    assert path != addresses.valkey_socket(Path(home + "2"))


def test_parallel_test_workers_share_no_database() -> None:
    env = {"TEST_DATABASE_URL": "postgresql://u@h/motcua_test", "TEST_REDIS_URL": "redis://h:1/4"}
    alone, first, second = (
        config.load("test", {**env, **extra})
        for extra in ({}, {"PYTEST_XDIST_WORKER": "gw0"}, {"PYTEST_XDIST_WORKER": "gw1"})
    )
    assert alone.SQLALCHEMY_DATABASE_URI == "postgresql+psycopg://u@h/motcua_test"
    assert second.SQLALCHEMY_DATABASE_URI == "postgresql+psycopg://u@h/motcua_test_gw1"
    assert [s.REDIS_URL for s in (alone, first, second)] == [
        *("redis://h:1/4", "redis://h:1/5", "redis://h:1/6")
    ]


def test_tests_never_take_the_addresses_of_a_real_system() -> None:
    settings = config.load("test", COMPLETE)
    assert settings.SQLALCHEMY_DATABASE_URI.startswith("sqlite:///")
    assert settings.REDIS_URL == ""
    assert settings.STORAGE_URL.startswith("file:///")
    assert settings.SECRET_KEY != COMPLETE["SECRET_KEY"]


def test_changes_come_on_top(tmp_path: Path) -> None:
    settings = config.load("demo", {"MOTCUA_HOME": str(tmp_path)}, WTF_CSRF_ENABLED=False, PORT=1)
    assert (settings.WTF_CSRF_ENABLED, settings.PORT) == (False, 1)


def test_a_killed_workers_task_returns_before_anybody_wonders(tmp_path: Path) -> None:
    celery = demo(tmp_path).CELERY
    options = celery["broker_transport_options"]
    scan = options["unacked_restore_interval"] * options["unacked_restore_throttle"]
    assert options["visibility_timeout"] + scan <= 90  # seconds
    assert celery["task_time_limit"] < options["visibility_timeout"]
    assert celery["task_acks_late"]
    assert celery["accept_content"] == ["json"]


def test_translations_and_languages_are_as_the_framework_needs_them() -> None:
    folder = Path(config.Config.BABEL_TRANSLATION_DIRECTORIES)
    assert folder.is_absolute()
    assert folder == config.ROOT / "translations"
    assert list(config.Config.LANGUAGES) == ["vi", "en"]
    assert config.Config.BABEL_DEFAULT_LOCALE == "vi"
