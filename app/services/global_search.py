"""The search box on top: dossiers, applicants and procedures, each within one's rights."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.lowcode.rows import visible
from app.lowcode.searching import matching
from app.models import Account, Dossier, ProcedureVersion
from app.permissions import Actor
from app.services.catalog import ProcedureSearch, find_procedures
from app.services.lookup import clean_code
from app.text import fold, like_pattern

LIMIT = 15
_SHORTEST = 2  # letters; less finds everything and means nothing


@dataclass(frozen=True)
class Found:
    """What was found; a list one more than LIMIT long has more behind it."""

    exact: Dossier | None
    dossiers: list[Dossier]
    accounts: list[Account]
    procedures: list[ProcedureVersion]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was found."""
        return not (self.exact or self.dossiers or self.accounts or self.procedures)


def search(session: Session, text: str, actor: Actor) -> Found:
    """Return dossiers in scope by code, applicant, number or searchable answers; applicants for those who may read
    them; procedures by name or code. Without diacritics, case does not matter."""
    text = text.strip()[:200]
    if len(fold(text)) < _SHORTEST:
        return Found(None, [], [], [])
    may_read = actor.may("can_use", "DossierPage")
    exact = _exact(session, text, actor) if may_read else None
    return Found(
        exact,
        _dossiers(session, text, actor) if may_read and exact is None else [],
        _accounts(session, text, actor) if actor.may("can_read", "Account") else [],
        find_procedures(session, ProcedureSearch(q=text), size=LIMIT).rows,
    )


def _exact(session: Session, text: str, actor: Actor) -> Dossier | None:
    code = clean_code(text)
    if not code:
        return None
    query = visible(Dossier, actor).where(Dossier.code.in_({code, code.upper()}))
    return session.scalar(query)


def _dossiers(session: Session, text: str, actor: Actor) -> list[Dossier]:
    query = visible(Dossier, actor).options(joinedload(Dossier.procedure), joinedload(Dossier.agency))
    for word in fold(text).split()[:8]:
        query = query.where(sa.or_(
            matching(Dossier, word),
            Dossier.answers_text.like(like_pattern(word), escape="\\"),
        ))  # fmt: skip
    return list(session.scalars(query.order_by(Dossier.id.desc()).limit(LIMIT + 1)))


def _accounts(session: Session, text: str, actor: Actor) -> list[Account]:
    query = visible(Account, actor)
    for word in fold(text).split()[:8]:
        query = query.where(matching(Account, word))
    return list(session.scalars(query.order_by(Account.name, Account.id).limit(LIMIT + 1)))
