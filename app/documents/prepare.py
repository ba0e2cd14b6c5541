"""Letter data made ready for the templates: only texts, numbers and drawings remain.

The result is handed to typst as one JSON string and read there as data, so nothing a person
typed can act as markup.
"""

import base64
import binascii
import io
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from PIL import Image, UnidentifiedImageError

from app.documents import titles, wording, words
from app.documents.qr import qr_svg
from app.errors import Invalid

# C0/C1 controls draw nothing; bidirectional overrides could make a name read as another one.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_MAX_SIGNATURE_SIDE = 1200  # pixels: 300 dpi over ten centimetres


def prepare(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything the template of ``kind`` prints, as JSON values.

    Adds ``title``, ``form``, ``qr``, money as text and in words. Raises Invalid for a
    signature that is no readable picture.
    """
    form_set = data.get("form_set", titles.DEFAULT_SET)
    ready: dict[str, Any] = _group({key: value for key, value in data.items() if key != "wording"})
    number = titles.form_number(kind, form_set)
    if number and data.get("cause") != "guidance":
        ready["form"] = f"Mẫu số {number} – {titles.CIRCULARS[form_set]}"
    if data.get("lookup_url"):
        ready["qr"] = qr_svg(ready["lookup_url"])
    for key in ("fees", "lines"):
        if data.get(key):
            ready |= _sum(data[key])
    return ready | wording.filled(kind, _cleaned(data), ready, form_set)


def _cleaned(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the data with the office's own texts as clean as everything else that is printed."""
    blocks = (data.get("wording") or {}).get("blocks") or {}
    return {**data, "wording": {"blocks": {name: clean(str(text)) for name, text in blocks.items()}}}


def _sum(lines: list[Mapping[str, Any]]) -> dict[str, str]:
    total = sum(line["amount"] for line in lines)
    in_words = words.money_in_words(total)
    return {"total": words.money(total), "total_words": in_words[0].upper() + in_words[1:]}


def _group(data: Mapping[str, Any]) -> dict[str, Any]:
    ready: dict[str, Any] = {}
    for key, value in data.items():
        if value is None or value == "":
            continue
        if key.endswith(("_at", "_on")):
            ready |= _time(key, value)
        elif key == "amount":
            ready |= {"amount": words.grouped(value)}
        elif key == "image":
            ready["image"] = signature_svg(value)
        else:
            ready[key] = _value(value)
    return ready


def _time(key: str, value: object) -> dict[str, str]:
    """Return both spellings of a time: ``key`` short, ``key_long`` spelled out."""
    when = words.to_moment(value)
    if when is None:
        return {}
    if key.endswith("_on"):
        return {key: words.day(when), f"{key}_long": words.day_long(when)}
    return {key: words.moment(when), f"{key}_long": words.moment_long(when)}


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _group(value)
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    return "" if value is None else clean(str(value))


def clean(text: str) -> str:
    """Return ``text`` composed (NFC), without invisible controls, line ends as "\\n"."""
    composed = unicodedata.normalize("NFC", text)
    unified = re.sub("\r\n?|[\u2028\u2029\x0b\x0c]", "\n", composed)
    return _UNPRINTABLE.sub("", unified.replace("\t", " ")).strip()


def signature_svg(image: bytes | str) -> str:
    """Return a picture (PNG or JPEG; bytes, base64 or data address) wrapped as an SVG text.

    The picture is decoded and written anew, so only pixels reach the letter. Raises Invalid.
    """
    try:
        raw = image if isinstance(image, bytes) else _decode(image)
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as picture:
            picture.thumbnail((_MAX_SIGNATURE_SIDE, _MAX_SIGNATURE_SIDE))
            out = io.BytesIO()
            picture.convert("RGBA").save(out, format="PNG")
            width, height = picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as exc:
        raise Invalid(_("The signature image cannot be read."), {"image": str(exc)}) from exc
    encoded = base64.b64encode(out.getvalue()).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{encoded}"/></svg>'
    )


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except binascii.Error as exc:
        raise ValueError(str(exc)) from exc
