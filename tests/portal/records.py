"""Dossiers and feedback for tests of the public pages, made without walking the whole path."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.clock import now
from app.extensions import db
from app.models import Dossier, Feedback, Movement, Rating
from app.models.feedback import CATEGORIES
from app.services.feedback import NewFeedback
from tests.factories import make_account, make_procedure, make_tree, number

SECRETS = {
    "applicant_name": "Trương Thị Bí Mật",
    "applicant_id_number": "046190099999",
    "applicant_phone": "0909123456",
    "applicant_email": "bimat@example.vn",
    "applicant_address": "99 Đường Kín, phường Phú Xuân",
}


def make_dossier(state: int = 4, moves: Any = (), **given: Any) -> Dossier:
    """Return a dossier in ``state``; moves: (transition, source, target) in their order."""
    tree = make_tree()
    version = given.pop("version", None) or make_procedure()
    at = given.pop("at", None) or now() - timedelta(days=3)
    values = {
        "code": f"H57.19753.01-261204-{number():04}",
        "state": state,
        "version": version,
        "procedure": version.procedure,
        "sector": version.procedure.sector,
        "agency": tree.commune,
        "desk": tree.desk,
        "channel": "online",
        "submitted_at": at,
        "received_at": at,
        "original_due_at": at + timedelta(days=5),
        "due_at": at + timedelta(days=5),
    }
    values |= SECRETS | given
    if "account" not in values:
        values["account"] = make_account()
    dossier = Dossier(**values)
    for name, source, target in moves:
        dossier.movements.append(
            Movement(
                at=at,
                transition=name,
                source=source,
                target=target,
                actor_name="Cán Bộ Giấu Tên",
                agency_name="Sở Xây dựng",
                remark="ghi chú nội bộ của cán bộ",
            )
        )
    db.session.add(dossier)
    db.session.flush()
    return dossier


def rate(dossier: Dossier, score: int) -> None:
    """Let the applicant of ``dossier`` rate it now."""
    db.session.add(Rating(dossier=dossier, score=score, at=now()))
    db.session.flush()


def new_feedback(**given: Any) -> NewFeedback:
    """Return what a visitor typed."""
    make_tree()
    values = {
        "title": "Chờ quá lâu ở quầy",
        "content": "Tôi chờ hơn hai giờ mà chưa được gọi.",
        "category": next(iter(CATEGORIES)),
        "agency_code": "H57.19753",
        "sender_name": "Lê Thị Kín",
        "sender_phone": "0912345678",
        "sender_email": "kin@example.vn",
    }
    return NewFeedback(**values | given)


def make_feedback(state: str = "received", **given: Any) -> Feedback:
    """Return a stored item in ``state``, answered if the state says so."""
    tree, at = make_tree(), now() - timedelta(days=1)
    is_answered = state in {"answered", "published", "refused"}
    values = {
        "code": f"PA.H57-261120-{number():04}",
        "title": "Chờ quá lâu",
        "category": "delay",
        "content": "Tôi chờ hơn hai giờ.",
        "channel": "portal",
        "sender_name": "Lê Thị Kín",
        "sender_phone": "0912345678",
        "sender_email": "kin@example.vn",
        "agency": tree.commune,
        "state": state,
        "received_at": at,
        "due_at": at + timedelta(days=21),
        "is_public": True,
        "answer": "Đã bố trí thêm quầy." if is_answered else None,
        "answered_at": at if is_answered else None,
        "published_at": at if state == "published" else None,
    }
    feedback = Feedback(**values | given)
    db.session.add(feedback)
    db.session.flush()
    return feedback


def vietnam(text: str) -> datetime:
    """Return the instant of a Vietnamese wall-clock time, e.g. "2026-07-31T23:30"."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


# What a browser sends when everything is filled in.
TYPED = {
    "category": "delay",
    "agency": "H57.19753",
    "title": "Chờ quá lâu ở quầy",
    "content": "Tôi chờ hơn hai giờ mà chưa được gọi.",
    "sender_name": "Lê Thị Kín",
    "sender_email": "kin@example.vn",
    "is_public": "y",
    "key": "0" * 32,
}
