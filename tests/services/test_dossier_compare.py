"""The papers of a dossier beside its form."""

from app.services.dossier_compare import comparison_of
from app.services.eform_state import Evaluation
from tests.services.steps import ANSWERS, Office


def test_the_answers_are_judged_once(session, monkeypatch):
    dossier, _citizen = Office(session).submitted()
    judge, judged = Evaluation.__init__, []

    def count(self, *given):
        judged.append(self)
        judge(self, *given)

    monkeypatch.setattr(Evaluation, "__init__", count)
    parts = comparison_of(dossier, None).parts
    assert ANSWERS["so_dinh_danh"] in str(parts)
    assert len(judged) == 1
