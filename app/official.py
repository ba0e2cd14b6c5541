"""The language of the office: Vietnamese, whichever language the one who acts reads."""

from contextlib import AbstractContextManager

from flask_babel import force_locale


def officially() -> AbstractContextManager[None]:
    """Word what is said in the block in the language of the office.

    For what is stored, sent or printed: others read it, later. One msgid alone: ``services/official.py``.
    """
    return force_locale("vi")
