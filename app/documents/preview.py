"""Pages of papers as pictures, to be looked at beside the data they prove."""

import io
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from app.errors import Invalid
from app.filetypes import MAX_PIXELS, PDFIUM_LOCK, PICTURES

if TYPE_CHECKING:
    import pypdfium2 as pdfium

MAX_WIDTH = 2400


def page_count(data: bytes, media_type: str) -> int:
    """Return the number of pages that can be previewed; 0 for types without a preview.

    Raises Invalid if the file cannot be opened.
    """
    if media_type == "application/pdf":
        with PDFIUM_LOCK, _pdf(data) as document:
            return len(document)
    if media_type in PICTURES:
        with _picture(data) as picture:
            return int(getattr(picture, "n_frames", 1)) if media_type == "image/tiff" else 1
    return 0


def page_preview(data: bytes, media_type: str, page: int = 1, width: int = 900) -> bytes:
    """Return page ``page`` (from 1) as a PNG at most ``width`` pixels wide, the right way up.

    Raises Invalid for a type without preview, a page that does not exist, or a damaged file.
    """
    width = max(16, min(width, MAX_WIDTH))
    if media_type == "application/pdf":
        picture = _pdf_page(data, page, width)
    elif media_type in PICTURES:
        picture = _picture_page(data, page, width)
    else:
        raise Invalid(_("There is no preview for this type of file."))
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


def _pdf_page(data: bytes, page: int, width: int) -> Image.Image:
    with PDFIUM_LOCK, _pdf(data) as document:
        _check_page(page, len(document))
        sheet = document[page - 1]
        across, down = sheet.get_size()
        # A page of absurd proportions must not ask for an absurd picture.
        scale = min(width / max(across, 1), (MAX_PIXELS / max(across * down, 1)) ** 0.5)
        return sheet.render(scale=scale).to_pil().convert("RGB")


def _picture_page(data: bytes, page: int, width: int) -> Image.Image:
    with _picture(data) as picture:
        _check_page(page, int(getattr(picture, "n_frames", 1)))
        if picture.width * picture.height > MAX_PIXELS:
            raise Invalid(_("This picture is too large for a preview."))
        try:
            frame = ImageSequence.Iterator(picture)[page - 1]
            frame.draft("RGB", (width * 2, width * 4))
            upright = _on_white(ImageOps.exif_transpose(frame))
        except (OSError, ValueError, SyntaxError) as exc:
            raise Invalid(_("This file is damaged and cannot be shown.")) from exc
    upright.thumbnail((width, width * 4))
    return upright


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    sheet = Image.new("RGBA", picture.size, "white")
    sheet.alpha_composite(picture.convert("RGBA"))
    return sheet.convert("RGB")


def _check_page(page: int, pages: int) -> None:
    if not 1 <= page <= pages:
        raise Invalid(_("There is no page %(page)d.", page=page))


def _pdf(data: bytes) -> "pdfium.PdfDocument":
    import pypdfium2 as pdfium  # a tenth of the start-up; few requests look into a PDF

    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as exc:
        raise Invalid(_("This file is damaged and cannot be shown.")) from exc


def _picture(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "TIFF", "WEBP"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as exc:
        raise Invalid(_("This file is damaged and cannot be shown.")) from exc
