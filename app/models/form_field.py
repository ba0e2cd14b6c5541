"""One question of an electronic form: what is asked, of whom, when, and what may be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.form_checks import field_problems
from app.models.form_words import FIELD_KINDS, FILLERS, PREFILLS
from app.models.freezing import owners_of, refuse_in_force
from app.models.shared_catalog import choosable_codes
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON

if TYPE_CHECKING:
    from app.models.form import FormSection

_WRITE = frozenset({Role.catalog_admin})


class FormField(Entity):
    """Trường of a form section. ``options``: [{value, label}]; ``columns``: of rows and blocks."""

    section_id: Mapped[int] = mapped_column(
        sa.ForeignKey("form_section.id"), index=True, info={"label": _l("Form section")}
    )
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    key: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Key")})
    label: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Label")})
    label_en: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("Label in English")}
    )
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": FIELD_KINDS}
    )
    is_required: Mapped[bool] = mapped_column(default=True, info={"label": _l("Required")})
    help_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Help text")})
    help_text_en: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Help text in English")}
    )
    options: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Choices"), "kind": "options"}
    )
    catalog_code: Mapped[str | None] = mapped_column(sa.String(40), info={
        "label": _l("Shared catalog"), "help": _l("The code of the catalog that is offered"),
        "refers_to": "shared_catalog"})  # fmt: skip
    pattern: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Pattern"), "kind": "pattern"}
    )
    pattern_message: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Message when the pattern does not fit")}
    )
    min_value: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Smallest value")}
    )
    max_value: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Largest value")}
    )
    min_date: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("First day")}
    )
    max_date: Mapped[str | None] = mapped_column(sa.String(20), info={"label": _l("Last day")})
    max_length: Mapped[int | None] = mapped_column(info={"label": _l("Longest text")})
    prefill: Mapped[str | None] = mapped_column(
        sa.String(40), info={"label": _l("Filled from"), "choices": PREFILLS}
    )
    columns: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Table columns"), "kind": "columns"}
    )
    expression: Mapped[str | None] = mapped_column(
        sa.String(1000), info={"label": _l("Computed as")}
    )
    show_when: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, info={"label": _l("Shown when"), "kind": "json"}
    )
    required_when: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, info={"label": _l("Required when"), "kind": "json"}
    )
    # None: the applicant answers.
    filled_by: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Answered by officers"), "choices": FILLERS}
    )
    is_searchable: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(),
        info={"label": _l("Dossiers are found by its answer")},
    )  # fmt: skip
    section: Mapped[FormSection] = relationship("FormSection", back_populates="fields")
    __table_args__ = (sa.UniqueConstraint("section_id", "key"),)

    screen = Screen(
        icon="edit", title=_l("Form fields"), singular=_l("Form field"),
        columns=["section", "position", "key", "label", "kind", "is_required"],
        filters=["section", "kind"], order="position", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.label

    def check(self, actor: Actor) -> None:
        """Refuse a change of a published form, and a definition that no page could use."""
        self.check_delete(actor)
        found = field_problems(self)
        session = object_session(self.section)
        if not found and session is not None:
            found = self._strange_catalogs(session, actor)
        if found:
            raise Invalid(next(iter(found.values())), found)

    def _strange_catalogs(self, session: Session, actor: Actor) -> dict[str, str]:
        """Blame what offers a catalog that is not there or that ``actor`` may not read, unless it did before."""
        given = {name: codes_of(name, getattr(self, name)) - codes_of(name, _stored(self, name))
                 for name in ("catalog_code", "columns")}  # fmt: skip
        known = choosable_codes(session, set().union(*given.values()), actor)
        return {name: _("There is no shared catalog with this code.") for name, codes in given.items() if codes - known}

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take a field away from a published version's form."""
        for section in owners_of(self, "section"):
            refuse_in_force(section.form)


def codes_of(name: str, value: Any) -> set[str]:
    """Return the codes of shared catalogs in a value of attribute ``name``: catalog_code or columns."""
    given = [value] if name == "catalog_code" else [one.get("catalog_code") for one in value or ()]
    return {code for code in given if code}


def _stored(field: FormField, name: str) -> Any:
    past = sa.inspect(field).attrs[name].history
    if field.id is None or past.added:
        return past.deleted[0] if past.deleted else None
    return getattr(field, name)
