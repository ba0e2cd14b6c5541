"""Pages of papers as pictures."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from app.documents.preview import page_count, page_preview
from app.documents.render import render
from app.errors import Invalid

from .samples import MINIMAL


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render("guidance", MINIMAL["guidance"])


def test_pdf_pages_are_shown_at_the_width_asked_for(pdf: bytes) -> None:
    assert page_count(pdf, "application/pdf") == 1
    shown = Image.open(io.BytesIO(page_preview(pdf, "application/pdf", width=300)))
    assert shown.format == "PNG"
    assert abs(shown.width - 300) <= 1
    with pytest.raises(Invalid):
        page_preview(pdf, "application/pdf", page=2)


def test_photos_are_turned_the_right_way_up() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held on its side
    out = io.BytesIO()
    Image.new("RGB", (400, 200), "navy").save(out, format="JPEG", exif=turned)
    data = out.getvalue()
    shown = Image.open(io.BytesIO(page_preview(data, "image/jpeg", width=100)))
    assert shown.size == (100, 200)
    assert page_count(data, "image/jpeg") == 1


def test_transparent_scans_stand_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, format="PNG")
    shown = Image.open(io.BytesIO(page_preview(out.getvalue(), "image/png")))
    assert shown.getpixel((5, 5)) == (255, 255, 255)


def test_tiff_pages_are_counted_and_shown() -> None:
    out = io.BytesIO()
    sheets = [Image.new("L", (30, 30), shade) for shade in (10, 200)]
    sheets[0].save(out, format="TIFF", save_all=True, append_images=sheets[1:])
    assert page_count(out.getvalue(), "image/tiff") == 2
    shown = Image.open(io.BytesIO(page_preview(out.getvalue(), "image/tiff", page=2)))
    assert shown.getpixel((5, 5)) == (200, 200, 200)


@pytest.mark.parametrize("kind", ["application/pdf", "image/png"])
def test_damaged_files_have_no_preview(kind: str) -> None:
    with pytest.raises(Invalid):
        page_preview(b"%PDF-nothing", kind)
    with pytest.raises(Invalid):
        page_count(b"%PDF-nothing", kind)


def test_other_types_have_no_pages() -> None:
    assert page_count(b"a,b", "text/csv") == 0
    with pytest.raises(Invalid):
        page_preview(b"a,b", "text/csv")


def test_previews_from_many_threads_agree(pdf: bytes) -> None:
    with ThreadPoolExecutor(6) as pool:
        shown = set(pool.map(lambda _: page_preview(pdf, "application/pdf", width=120), range(12)))
    assert len(shown) == 1
