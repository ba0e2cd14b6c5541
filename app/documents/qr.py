"""QR codes for looking a dossier up (QN20 Đ15.1b, HCM24 Đ12)."""

import io

import segno


def qr_svg(text: str) -> str:
    """Return ``text`` as an SVG drawing of a QR code, error level M, with its quiet zone."""
    return _code(text).svg_inline(scale=4, border=4, light="#fff")


def qr_png(text: str, scale: int = 6) -> bytes:
    """Return ``text`` as a PNG of a QR code; scale: pixels per module."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error="m", micro=False, boost_error=False)
