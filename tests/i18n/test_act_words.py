"""Every act that the history names is told in words, never by its technical name."""

import re
from pathlib import Path

import config
from app.lowcode.history_labels import known_actions

_ACT = re.compile(r'because\((?:[^()]|\([^()]*\))*?action="([a-z_]+)"', re.DOTALL)


def test_every_act_of_the_history_has_words():
    sources = sorted((Path(config.ROOT) / "app").rglob("*.py"))
    named = {act for path in sources for act in _ACT.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 15
    assert named <= set(known_actions())
