"""Papers beside the form: which file is looked at, and what of the form it belongs to."""

from dataclasses import dataclass
from typing import Any

from app.documents.preview import page_count
from app.errors import DomainError
from app.models import Attachment, Dossier
from app.models.form import FieldKind
from app.services import eforms
from app.services.files import file_bytes


@dataclass(frozen=True)
class Part:
    """One section of the form as it is read, with the files handed in with it."""

    key: int
    answers: tuple[Any, ...]  # (title, lines, tables)
    files: list[Attachment]
    is_proved: bool  # the file looked at belongs here


@dataclass(frozen=True)
class Comparison:
    """What the page shows: files by paper, the one looked at, the form's sections."""

    papers: list[tuple[str, list[Attachment]]]
    chosen: Attachment | None
    pages: int  # how many of it can be shown
    parts: list[Part]


def comparison_of(dossier: Dossier, file_id: int | None) -> Comparison:
    """Return the comparison with the file asked for, else with the first one that can be shown."""
    present = [a for a in dossier.attachments if not a.is_replaced]
    shown = [a for a in present if a.file.scan_status == "clean"]
    chosen = next((a for a in present if a.id == file_id), next(iter(shown), next(iter(present), None)))
    return Comparison(_papers(dossier, present), chosen, _pages(chosen), _parts(dossier, present, chosen))


def _pages(chosen: Attachment | None) -> int:
    if chosen is None or chosen.file.scan_status != "clean":
        return 0
    try:
        return page_count(file_bytes(chosen.file), chosen.file.media_type)
    except (DomainError, OSError):
        return 0  # the page says so; the other papers can still be looked at


def _papers(dossier: Dossier, present: list[Attachment]) -> list[tuple[str, list[Attachment]]]:
    found = [(c.name, [a for a in present if a.component_id == c.id]) for c in dossier.version.components]
    other = [a for a in present if a.component_id is None]
    return [pair for pair in [*found, ("", other)] if pair[1]]


def _parts(dossier: Dossier, present: list[Attachment], chosen: Attachment | None) -> list[Part]:
    form, data = dossier.version.form, dossier.revisions[-1].data if dossier.revisions else {}
    if form is None or not data:
        return []
    judged = eforms.judge(form, data)
    read = eforms.answers(form, data, officer=True, judged=judged)
    found = []
    for number, (section, fields) in enumerate(eforms.read_sections(form, data, officer=True, judged=judged)):
        keys = {field.key for field in fields if field.kind == FieldKind.file}
        files = [a for a in present if a.field_key in keys]
        found.append(Part(section.id, read[number], files, chosen in files))
    return found
