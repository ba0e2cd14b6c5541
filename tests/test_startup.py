"""How a web process starts: without a question to the database, and without what few requests need."""

import json
import subprocess
import sys

import config

# Imported by the code that uses them, not at start: together half a second and 30 MB.
_LATER = {"alembic", "email_validator", "flask_migrate", "hypothesis", "mako", "openpyxl", "typst", "xlsxwriter"}
_START = """
import gc, json, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
seen = []
event.listen(Engine, "connect", lambda *_rest: seen.append("connect"))
event.listen(Engine, "before_cursor_execute", lambda _link, _cursor, statement, *_rest: seen.append(statement))
from app.wsgi import app
print(json.dumps({"seen": seen, "modules": sorted(sys.modules), "rules": len(list(app.url_map.iter_rules())),
                  "collects": gc.isenabled(), "kept": gc.get_freeze_count()}))
"""


def test_a_web_process_starts_without_statements_and_heavy_libraries(tmp_path):
    env = config.environment(MOTCUA_MODE="demo", MOTCUA_HOME=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", _START], cwd=config.ROOT, env=env, capture_output=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["seen"] == []
    assert found["rules"] > 1000
    assert _LATER.isdisjoint(found["modules"])
    assert found["collects"]
    assert found["kept"] > 100_000
