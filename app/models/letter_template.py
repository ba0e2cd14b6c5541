"""The office's own words of letters: editions, each kept for ever once it was published."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import Conflict
from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import CATALOGS
from app.permissions import Actor, Role
from app.types import JSON
from app.workflows.parameters import FORM_SETS

TEMPLATE_KINDS = {
    "receipt_slip": N_("Receipt and appointment slip"),
    "supplement": N_("Request to supplement"),
    "refusal": N_("Refusal of reception"),
    "apology_overdue": N_("Apology and new appointment"),
    "apology_extension": N_("Apology and request for more time"),
    "apology_guidance": N_("Apology for wrong guidance"),
    "stop": N_("Notice of stopping"),
    "control_slip": N_("Process control slip"),
    "register": N_("Register of dossiers"),
    "acknowledgement": N_("Automatic acknowledgement"),
    "charge_receipt": N_("Payment receipt"),
    "refund_slip": N_("Refund slip"),
    "return_receipt": N_("Receipt of the result"),
    "guidance": N_("Guidance slip"),
}  # fmt: skip


class TemplateState(StrEnum):
    """Where an edition stands; which published one is in force follows from ``valid_from``."""

    draft = "draft"
    published = "published"


TEMPLATE_STATES = {TemplateState.draft: N_("Draft"), TemplateState.published: N_("Published")}


class LetterTemplate(Entity):
    """Mẫu giấy tờ: the texts of one kind of letter in one set of forms, block by block."""

    kind: Mapped[str] = mapped_column(sa.String(30), info={"label": _l("Kind"), "choices": TEMPLATE_KINDS})
    form_set: Mapped[str] = mapped_column(sa.String(20), info={"label": _l("Set of forms"), "choices": FORM_SETS})
    edition: Mapped[int] = mapped_column(info={"label": _l("Edition")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=TemplateState.draft, info={"label": _l("State"), "choices": TEMPLATE_STATES}
    )
    valid_from: Mapped[date | None] = mapped_column(info={"label": _l("In force from")})
    texts: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("Texts")})
    published_by: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Published by"), "pack": False})
    __table_args__ = (
        sa.UniqueConstraint("kind", "form_set", "edition"),
        # One draft at a time: two people would overwrite each other on publishing.
        sa.Index("uq_letter_template_draft", "kind", "form_set", unique=True,
                 sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'")),
    )  # fmt: skip

    screen = Screen(
        icon="file-text", title=_l("Editions of letter texts"), singular=_l("Edition of letter texts"), menu=CATALOGS,
        menu_title=_l("Catalog of letter editions"),
        columns=["kind", "form_set", "edition", "state", "valid_from", "published_by"],
        filters=["kind", "form_set", "state"], form=[], can_add=False, can_delete=False,
        read=frozenset({Role.catalog_admin, Role.system_admin, Role.auditor}), is_configuration=True,
    )  # fmt: skip

    def check_delete(self, actor: Actor) -> None:
        """Keep what was published: the history of letters leads to it. Raises Conflict."""
        if self.state != TemplateState.draft:
            raise Conflict(_("This edition is published and is kept for ever."))

    def __str__(self) -> str:
        return _("%(kind)s, edition %(number)d", kind=_(TEMPLATE_KINDS.get(self.kind, self.kind)), number=self.edition)
