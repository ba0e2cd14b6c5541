"""The shape of the program: who may import whom, who commits, who guards, how long things are."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
# From the ground up: a file imports only from its own step and from the steps before it.
STEPS = (
    ("config", "addresses"),
    ("app.i18n", "app.clock", "app.text", "app.types"),
    ("app.connections", "app.extensions", "app.errors", "app.official", "app.storage", "app.filetypes"),
    ("app.permissions",),
    ("app.transactions", "app.history", "app.contents"),
    ("app.workflows",),
    ("app.lowcode",),
    ("app.models",),
    ("app.documents",),
    ("app.integrations",),
    ("app.services",),
    ("app.tasks",),
    ("app.packs",),
    ("app.views",),
    ("app.checks",),
    ("app", "app.wsgi", "app.migrations"),
    ("app.cli",),
    ("app.worker",),
)
PLACE = {name: step for step, names in enumerate(STEPS) for name in names}
SOURCES = [
    path for path in sorted(APP.rglob("*.py")) if "migrations/versions" not in path.as_posix()
]
# Pure by contract: they know no database and no request.
PURE = ("app.workflows", "app.clock", "app.text", "app.i18n")


def _module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _place(module):
    while module not in PLACE and "." in module:
        module = module.rpartition(".")[0]
    return PLACE.get(module)


def _imports(tree):
    """Yield (module, line) of our own modules imported anywhere in ``tree``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_file = (ROOT / f"{whole.replace('.', '/')}.py").exists() or (
                    ROOT / whole.replace(".", "/") / "__init__.py"
                ).exists()
                yield (whole if is_file else node.module), node.lineno


def _tree(path):
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_imports_go_one_way(path):
    own = _place(_module(path))
    assert own is not None, f"{path}: its step is not named here"
    upwards = [
        f"{_module(path)}:{line} imports {module}"
        for module, line in _imports(_tree(path))
        if _place(module) is not None
        and _place(module) > own
        and (_module(path), module) not in ALLOWED
    ]
    assert upwards == []


# create_app starts inside functions; each pair with its reason.
ALLOWED: set[tuple[str, str]] = set()


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_pure_modules_stay_pure(path):
    if not _module(path).startswith(PURE):
        return
    for node in ast.walk(_tree(path)):
        names = (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            assert not name.startswith(("flask", "sqlalchemy", "celery", "redis")), (
                f"{path}: {name}"
            )


def _calls(tree, attribute):
    """Yield lines where ``….attribute()`` is called on a session."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == attribute
        ):
            owner = ast.unparse(node.func.value)
            if "session" in owner or owner in ("unit", "db"):
                yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_only_transactions_commit(path):
    if _module(path) == "app.transactions":
        assert len(list(_calls(_tree(path), "commit"))) == 1
        return
    assert list(_calls(_tree(path), "commit")) == []


def _uses_transaction(tree):
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "app.transactions"
        and any(alias.name == "transaction" for alias in node.names)
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_units_of_work_are_opened_by_entry_points_only(path):
    module = _module(path)
    entry_points = (
        "app.views",
        "app.tasks",
        "app.cli",
        "app.lowcode",
        "app.packs",
        "app.transactions",
    )
    if not module.startswith(entry_points):
        assert not _uses_transaction(_tree(path)), f"{module}: services flush, entry points commit"


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=str)
def test_files_stay_short(path):
    lines = len(path.read_text("utf-8").splitlines())
    limit = 300 if path.is_relative_to(APP) else 500
    assert lines <= limit, f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_functions_stay_short(path):
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > 50
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_the_language_of_the_office_is_named_in_one_place(path):
    assert 'force_locale("' not in path.read_text("utf-8") or _module(path) == "app.official"


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_the_environment_is_read_in_one_place(path):
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    reads = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and ast.unparse(node.value) == "os"
    ]
    assert reads == []


# Open to everybody, each for a reason: what a visitor of the portal needs before signing in,
# the sign-in itself, and what monitors ask. Everything else asks for a right.
PUBLIC_VIEWS = {
    "AuthView",
    "SecurityApi",
    "RegisterView",
    "PortalHomeView",
    "PortalProcedureView",
    "PortalAgencyView",
    "PortalLookupView",
    "PortalFeedbackView",
    "PortalStatisticsView",
    "PortalPagesView",
    "UtilView",
    "LocaleView",  # FAB's: back to the last page, language of this session
}
# FAB registers it whether wanted or not; no role holds its right.
NOBODYS = {"MenuApi"}
# What an entity's declaration may leave to nobody.
ENTITY_WRITES = {"can_add", "can_change", "can_remove", "can_import"}
PUBLIC_ENDPOINTS = {"static", "healthz", "readyz", "appbuilder.static"}


def _is_guarded(function):
    """Return whether a decorator of FAB, or of ours, asks for a right before ``function``."""
    while function is not None:
        if getattr(function, "_permission_name", None) is not None or getattr(
            function, "is_guarded", False
        ):
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def _views(app):
    return {view.endpoint: view for view in app.appbuilder.baseviews if view.endpoint}


def test_every_endpoint_asks_for_a_right_or_says_that_it_is_public(app):
    open_doors = []
    for rule in app.url_map.iter_rules():
        endpoint, _dot, method = rule.endpoint.rpartition(".")
        if rule.endpoint in PUBLIC_ENDPOINTS or endpoint in PUBLIC_VIEWS or method == "static":
            continue
        if not _is_guarded(app.view_functions[rule.endpoint]):
            open_doors.append(f"{rule.endpoint} {rule.rule}")
    assert open_doors == []


def test_guarded_methods_have_a_right_somebody_holds(app):
    from app.lowcode.sync import wanted_rights

    with app.app_context():
        rights = wanted_rights()
    missing = []
    for view in _views(app).values():
        for permission in getattr(view, "base_permissions", None) or ():
            is_held = (permission, view.class_permission_name) in rights
            # An entity that nobody writes says so in its declaration.
            is_declared = permission in ENTITY_WRITES and hasattr(view, "model")
            if (
                not is_held
                and not is_declared
                and type(view).__name__ not in PUBLIC_VIEWS | NOBODYS
            ):
                missing.append(
                    f"{type(view).__name__}: {permission} on {view.class_permission_name}"
                )
    assert missing == []


def test_nothing_is_deleted_or_moved_by_a_get(app):
    verbs = (
        "delete",
        "remove",
        "move",
        "accept",
        "refuse",
        "submit",
        "publish",
        "logout",
        "reset",
        "unlock",
        "finish",
    )
    for rule in app.url_map.iter_rules():
        method = rule.endpoint.rpartition(".")[2]
        if method.startswith(verbs) and "GET" in rule.methods:
            assert "POST" in rule.methods, f"{rule.rule} acts on GET"


def test_nobody_has_two_views_on_one_address(app):
    seen = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            key = (rule.rule, method)
            assert seen.setdefault(key, rule.endpoint) == rule.endpoint, key


def test_static_files_are_named_with_what_they_hold():
    """A browser keeps them until their address changes: only ``asset()`` sees to that."""
    pages = (APP / "templates").rglob("*.html")
    assert [page.name for page in pages if "url_for('static'" in page.read_text(encoding="utf-8")] == []
