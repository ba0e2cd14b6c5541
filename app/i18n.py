"""Message catalogues: the marker for pure modules, and compiling what officials reworded."""

import os
from pathlib import Path

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def N_(text: str) -> str:  # noqa: N802 - the gettext convention for "extract, translate later"
    """Return ``text`` unchanged; marks a msgid that a caller translates when it is shown."""
    return text


def compile_catalogues(folder: Path = TRANSLATIONS) -> None:
    """Compile each ``messages.po`` newer than its ``.mo``; a running server never sees a half file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in folder.glob("*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parent.parent.name)
        partial = mo.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as target:
            write_mo(target, catalogue)
        partial.replace(mo)
