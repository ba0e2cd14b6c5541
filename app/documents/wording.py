"""The words of letters that the office may change: plain text with placeholders, bold and lists.

A line is a paragraph, a line beginning with "- " an item, ``**…**`` bold, ``{{ten}}`` a placeholder.
A text is taken apart before its placeholders are filled, and reaches typst as data only: nothing
typed by an officer or an applicant can act as markup. A paragraph whose optional placeholder has
no value is left out; any other placeholder without a value leaves dots to write on.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from flask_babel import gettext as _

from app.documents.builtin import BLOCKS, built_in
from app.i18n import N_

BLOCK_LABELS = {
    "title": N_("Title of the letter"), "opening": N_("Opening"), "body": N_("Body"), "closing": N_("Closing words"),
    "signer_left": N_("Signature on the left"), "signer": N_("Signature of the office"),
    "recipients": N_("Recipients"), "notes": N_("Note beside the QR code"),
}  # fmt: skip
ONE_LINE = frozenset({"title", "signer_left"})
MAX_LENGTH = {"title": 200, "signer_left": 100, "signer": 300}
MAX_BLOCK = 4000
DOTS = "…………"
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class Name(NamedTuple):
    """One placeholder: what it means, where its value stands; optional: without it the paragraph goes."""

    label: str
    keys: tuple[str, ...]
    is_optional: bool = False


NAMES: dict[str, Name] = {
    "ho_ten": Name(N_("Name of the person addressed"), ("applicant", "addressee", "owner", "payer")),
    "ma_ho_so": Name(N_("Dossier code"), ("code",)),
    "ten_thu_tuc": Name(N_("Procedure"), ("procedure",)),
    "thu_tuc": Name(N_("Procedure, inside a sentence"), ("_phrase",)),
    "co_quan": Name(N_("Agency that issues the letter"), ("agency",)),
    "dia_danh": Name(N_("Place where it is dated"), ("place",)),
    "so_van_ban": Name(N_("Number of the letter"), ("number",)),
    "ngay_ban_hanh": Name(N_("Day of issue"), ("issued_on_long",)),
    "duong_day_nong": Name(N_("Hotline"), ("hotline",), True),
    "bo_phan": Name(N_("One-stop desk"), ("desk",)),
    "can_bo": Name(N_("Officer"), ("officer", "cashier")),
    "dia_chi": Name(N_("Address"), ("address",)),
    "ngay_tiep_nhan": Name(N_("Received at"), ("received_at_long",)),
    "ngay_hen_tra": Name(N_("Due date"), ("due_at_long",)),
    "ngay_hen_moi": Name(N_("New due date"), ("new_due_at_long",)),
    "thoi_han": Name(N_("Time limit"), ("time_limit",)),
    "noi_tra": Name(N_("Where the result is received"), ("return_place",)),
    "ly_do": Name(N_("Reason"), ("reason",)),
    "can_cu": Name(N_("Legal basis"), ("legal_basis",), True),
    "han_nop_lai": Name(N_("To be handed in by"), ("answer_by_on_long",), True),
    "nguoi_lien_he": Name(N_("Contact person"), ("contact", "officer")),
    "so_lien_he": Name(N_("Contact phone"), ("contact_phone", "hotline")),
    "viec_tiep_nhan": Name(N_("“At … the agency received”"), ("_reception",)),
    "ngay_dung": Name(N_("Stopped on"), ("stopped_on_long",)),
    "hau_qua": Name(N_("What follows from stopping"), ("consequence",), True),
    "nguoi_ky": Name(N_("Signer"), ("signer.name",)),
    "ngay_gui": Name(N_("Submitted"), ("submitted_at_long",)),
    "han_tra_loi": Name(N_("To be answered by"), ("decide_by_at_long",)),
    "tong_tien": Name(N_("Total amount"), ("total",)),
    "bang_chu": Name(N_("Total in words"), ("total_words",)),
    "nguoi_nhan": Name(N_("Receiver"), ("receiver",)),
    "ngay_tra": Name(N_("Returned"), ("returned_at_long",)),
    "co_quan_giai_quyet": Name(N_("Handling agency"), ("handling_agency",)),
    "tu_ngay": Name(N_("From day"), ("from_on",)),
    "den_ngay": Name(N_("To day"), ("to_on",)),
}  # fmt: skip
_HEAD = ("ma_ho_so", "co_quan", "dia_danh", "so_van_ban", "ngay_ban_hanh", "duong_day_nong")
_ABOUT = ("ho_ten", "ten_thu_tuc", "thu_tuc")
_PERSON = (*_ABOUT, "dia_chi")
_APOLOGY = (*_ABOUT, "viec_tiep_nhan", "ngay_tiep_nhan", "ly_do", "nguoi_ky")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "receipt_slip": (*_PERSON, "bo_phan", "can_bo", "ngay_tiep_nhan", "ngay_hen_tra", "thoi_han", "noi_tra",
                     "tong_tien"),
    "supplement": (*_PERSON, "can_bo", "ly_do", "han_nop_lai", "nguoi_lien_he", "so_lien_he"),
    "refusal": (*_PERSON, "bo_phan", "can_bo", "ly_do", "can_cu"),
    "apology_overdue": (*_APOLOGY, "ngay_hen_tra", "ngay_hen_moi"),
    "apology_extension": (*_APOLOGY, "ngay_hen_tra", "ngay_hen_moi"),
    "apology_guidance": _APOLOGY,
    "stop": (*_APOLOGY, "ngay_dung", "can_cu", "hau_qua"),
    "control_slip": ("ho_ten", "ten_thu_tuc", "thu_tuc", "co_quan_giai_quyet", "ngay_tiep_nhan", "ngay_hen_tra"),
    "register": ("tu_ngay", "den_ngay"),
    "acknowledgement": (*_PERSON, "bo_phan", "ngay_gui", "han_tra_loi", "noi_tra"),
    "charge_receipt": (*_ABOUT, "dia_chi", "can_bo", "tong_tien", "bang_chu"),
    "refund_slip": (*_ABOUT, "can_bo", "nguoi_nhan", "ly_do", "tong_tien", "bang_chu", "nguoi_ky"),
    "return_receipt": (*_ABOUT, "can_bo", "nguoi_nhan", "ngay_tra"),
    "guidance": (*_PERSON, "bo_phan", "can_bo", "so_lien_he", "thoi_han"),
}  # fmt: skip


def names_of(kind: str) -> dict[str, Name]:
    """Return the placeholders that the texts of a kind may hold, with what they mean."""
    own = _ALLOWED[kind]
    head = _HEAD if kind != "register" else _HEAD[1:]
    return {name: NAMES[name] for name in (*own, *head)}


def kind_of(letter: str, data: Mapping[str, Any]) -> str:
    """Return which wording a letter takes: an apology has one for each of its causes."""
    return f"apology_{data.get('cause') or 'overdue'}" if letter == "apology" else letter


def faults(kind: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return ``{block: message}`` for texts that cannot be printed; empty when all can.

    Unknown placeholders are named, with the likely meant one.
    """
    found: dict[str, str] = {}
    for block in built_in(kind, "tt03_2025"):
        message = next(_block_faults(kind, block, texts.get(block, "")), None)
        if message:
            found[block] = message
    return found


def _block_faults(kind: str, block: str, text: str) -> Iterator[str]:
    known, limit = names_of(kind), MAX_LENGTH.get(block, MAX_BLOCK)
    if block == "title" and not text.strip():
        yield _("Please give the letter a title.")
    if len(text) > limit:
        yield _("At most %(limit)d characters. You typed %(count)d.", limit=limit, count=len(text))
    if block in ONE_LINE and "\n" in text.strip():
        yield _("This must be one line.")
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            yield _unknown(name, known)
    bare = _PLACEHOLDER.sub("", text)
    if "{{" in bare or "}}" in bare:
        yield _("A placeholder is not closed: it is written {{ten}} with two braces on each side.")
    for number, line in enumerate(text.splitlines(), 1):
        if line.count("**") % 2:
            yield _("Line %(number)d: bold text begins and ends with two asterisks.", number=number)


def _unknown(name: str, known: Mapping[str, Name]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return _("There is no placeholder {{%(name)s}} in this letter. Did you mean {{%(near)s}}?",
                 name=name[:60], near=near[0])  # fmt: skip
    return _("There is no placeholder {{%(name)s}} in this letter. Choose one from the list.", name=name[:60])


def filled(letter: str, data: Mapping[str, Any], ready: Mapping[str, Any], form_set: str) -> dict[str, Any]:
    """Return ``{"title": text, "blocks": {block: paragraphs}}`` as the typst templates draw them.

    data: the letter's own, whose ``wording`` holds the texts of an edition; ready: the prepared values.
    """
    kind = kind_of(letter, data)
    if kind not in BLOCKS:
        return {}
    texts = built_in(kind, form_set) | dict((data.get("wording") or {}).get("blocks") or {})
    values = _values(ready)
    title = "".join(run["text"] for part in _paragraphs(texts["title"], values) for run in part["runs"])
    blocks = {name: _paragraphs(text, values) for name, text in texts.items() if name != "title"}
    return {"title": title, "blocks": blocks}


def _values(ready: Mapping[str, Any]) -> dict[str, str]:
    whole = {**ready, "_phrase": _phrase(str(ready.get("procedure", ""))), "_reception": _reception(ready)}
    return {name: str(next((_at(whole, key) for key in spec.keys if _at(whole, key)), ""))
            for name, spec in NAMES.items()}  # fmt: skip


def _at(values: Mapping[str, Any], key: str) -> Any:
    head, _dot, rest = key.partition(".")
    found = values.get(head, "")
    return _at(found, rest) if rest and isinstance(found, Mapping) else found


def _phrase(procedure: str) -> str:
    """Return "thủ tục …" for the middle of a sentence, whether or not the name begins with these words."""
    prefix = "thủ tục "
    return prefix + (procedure[len(prefix):] if procedure.lower().startswith(prefix) else procedure)


def _reception(ready: Mapping[str, Any]) -> str:
    agency, instant = ready.get("agency", ""), str(ready.get("received_at_long", ""))
    if not instant:
        return f"{agency} đang giải quyết"
    return f"{instant[0].upper()}{instant[1:]}, {agency} đã tiếp nhận"


def _paragraphs(text: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or _lacks_optional(bare, values):
            continue
        is_item = bare.startswith("- ")
        runs = list(_runs(bare[2:] if is_item else bare, values))
        found.append({"item": is_item, "runs": runs})
    return found


def _lacks_optional(line: str, values: Mapping[str, str]) -> bool:
    names = [name for name in _PLACEHOLDER.findall(line) if name in NAMES]
    return any(NAMES[name].is_optional and not values[name] for name in names)


def _runs(line: str, values: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(line.split("**")):
        if part:
            shown = _PLACEHOLDER.sub(lambda match: values.get(match[1]) or DOTS, part)
            yield {"text": shown, "bold": number % 2 == 1}
