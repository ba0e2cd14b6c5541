"""The outside of a pack: a folder or a zip of YAML files with a manifest.

Two exports of the same content are equal byte for byte: nothing in a pack tells when, where or
by whom it was made.
"""

import hashlib
import io
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.filetypes import DAMAGED_ZIP
from app.lowcode.naturals import Key
from app.packs import yamls
from app.packs.documents import digest
from app.packs.kinds import kinds

MANIFEST = "manifest.yaml"
FORMAT = 1
# What this release understands: raised when packs may hold what an older one could not know.
RELEASE = 4
# What every pack asks for, and what it asks for when it holds records or parts of a kind, or a value of an
# attribute, that is younger.
_LEAST = 2  # 2: publication decisions, officers with their posts, rights
SINCE = {"agency_calendar": 3, "agency.abbreviation": 3, "procedure.keywords": 4}
MEBIBYTE = 1024 * 1024
MAX_UPLOAD = 20 * MEBIBYTE
MAX_FILE = 5 * MEBIBYTE
MAX_TOTAL = 60 * MEBIBYTE
MAX_FILES = 20_000
READ_AT_ONCE = 50, MEBIBYTE  # files and their size that are read while the browser waits: a few tenths of a second
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}/[A-Za-z0-9_.~+-]{1,120}\.yaml")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_EPOCH = (1980, 1, 1, 0, 0, 0)

Files = dict[str, bytes]


def file_names(kind: str, keys: list[Key]) -> dict[Key, str]:
    """Return {key: path} for the records of a kind; different keys never share a path.

    Where two would differ only by capitals, or hold characters a file name cannot, part of a
    digest is added.
    """
    whole = {key: "_".join("" if value is None else str(value) for value in key) for key in keys}
    safe = {key: _UNSAFE.sub("-", name)[:80].lstrip(".") for key, name in whole.items()}
    seen = Counter(name.lower() for name in safe.values())
    found = {}
    for key, name in safe.items():
        is_exact = name == whole[key] and name and seen[name.lower()] == 1
        mark = "" if is_exact else f"~{digest(key)[:8]}"
        found[key] = f"{kind}/{name}{mark}.yaml"
    return found


def manifest(
    name: str, chosen: Mapping[str, Any], files: Files, counts: Mapping[str, int], held: Set[str]
) -> bytes:  # fmt: skip
    """Return the manifest: format and release, the kinds and younger attributes they know, what was chosen, digests.

    held: the kinds of all records and parts inside, and their attributes with a value ("agency.name"). The release
    is the oldest that understands them.
    """
    release = max([_LEAST, *(SINCE[name] for name in held & set(SINCE))])
    known = [*kinds(), *(name for name in SINCE if "." in name)]
    return yamls.dump({
        "format": FORMAT, "product": "Một Cửa", "release": release, "name": name,
        "kinds": known, "set": dict(chosen), "contents": dict(sorted(counts.items())),
        "files": {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)},
    })  # fmt: skip


def zipped(files: Files) -> bytes:
    """Return the files as a zip, the same for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[path])
    return target.getvalue()


def unzipped(content: bytes) -> Files:
    """Return the files of an uploaded zip. Raises Invalid: no zip, too large, unsafe names."""
    if len(content) > MAX_UPLOAD:
        raise Invalid(_("The file is larger than %(size)d MB.", size=MAX_UPLOAD // MEBIBYTE))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except DAMAGED_ZIP as exc:
        raise Invalid(_("This file is not a readable zip archive.")) from exc


def is_large(content: bytes) -> bool:
    """Return whether reading an uploaded zip is the worker's; what is no zip is refused at once."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
    except DAMAGED_ZIP:
        return False
    return len(infos) > READ_AT_ONCE[0] or sum(info.file_size for info in infos) > READ_AT_ONCE[1]


def _read(archive: zipfile.ZipFile) -> Files:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_TOTAL:
        raise Invalid(_("The pack holds too much: at most %(files)d files and %(size)d MB unpacked.",
                        files=MAX_FILES, size=MAX_TOTAL // MEBIBYTE))  # fmt: skip
    files: Files = {}
    for info in infos:
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode) or info.flag_bits & 1:
            raise Invalid(_("%(file)s: links and encrypted files are not allowed.", file=info.filename[:120]))
        _check_name(info.filename, files)
        with archive.open(info) as source:
            content = source.read(MAX_FILE + 1)  # what the directory says of its size may be a lie
        files[info.filename] = _checked(info.filename, content)
    return files


def read_folder(folder: Path) -> Files:
    """Return the files of a pack in ``folder``. Raises Invalid."""
    if not (folder / MANIFEST).is_file():
        raise Invalid(_("%(folder)s holds no pack: there is no %(file)s.", folder=str(folder), file=MANIFEST))
    files: Files = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
            raise Invalid(_("%(file)s: links and encrypted files are not allowed.", file=name[:120]))
        _check_name(name, files)
        with path.open("rb") as source:
            files[name] = _checked(name, source.read(MAX_FILE + 1))
    return files


def write_folder(folder: Path, files: Files) -> None:
    """Make ``folder`` hold exactly these files; other YAML files in it are removed.

    Raises Invalid when it holds something else already.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise Invalid(_("%(folder)s is not empty and holds no pack; nothing was written.", folder=str(folder)))
    for path in folder.rglob("*.yaml"):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _check_name(name: str, files: Files) -> None:
    if name != MANIFEST and not _NAME.fullmatch(name):
        raise Invalid(_("%(file)s: a pack holds %(manifest)s and files named kind/code.yaml only.",
                        file=name[:120], manifest=MANIFEST))  # fmt: skip
    if name in files:
        raise Invalid(_("%(file)s stands in the archive twice.", file=name[:120]))


def _checked(name: str, content: bytes) -> bytes:
    if len(content) > MAX_FILE:
        raise Invalid(_("%(file)s is larger than %(size)d MB.", file=name[:120], size=MAX_FILE // MEBIBYTE))
    return content
