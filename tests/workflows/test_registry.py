"""Every life cycle of app/workflows is registered, so that the start-up checks and the pages see it."""

import importlib
import pkgutil

import pytest

from app import workflows
from app.checks import problems
from app.workflows.registry import WORKFLOWS
from app.workflows.table import Workflow

DECLARED = {
    value.name: value
    for module in pkgutil.iter_modules(workflows.__path__, "app.workflows.")
    for value in vars(importlib.import_module(module.name)).values()
    if isinstance(value, Workflow)
}


def test_every_declared_life_cycle_is_registered():
    assert DECLARED == WORKFLOWS


@pytest.mark.parametrize("name", WORKFLOWS)
def test_none_has_an_unreachable_state_a_dead_end_or_an_act_without_clause_or_role(name):
    workflow = WORKFLOWS[name]
    assert workflow.problems() == []
    assert all(row.clause and row.roles for row in workflow.transitions)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_start_fails_with_a_broken_table(app, monkeypatch, name):
    workflow = WORKFLOWS[name]
    # Without its acts no state can be reached.
    broken = Workflow(name=name, states=workflow.states, initial=workflow.initial, final=workflow.final, transitions=())
    monkeypatch.setitem(WORKFLOWS, name, broken)
    with app.app_context():
        assert any(text.startswith(f"{name}: ") for text in problems())
