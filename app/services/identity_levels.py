"""The level of electronic identity a procedure asks for of who applies online (QN20 Đ3.2, Đ11.2, Đ23.1).

Who comes to a counter is compared with his identity card there; whatever the level, he is received.
"""

from flask_babel import gettext as _

from app.errors import Invalid
from app.models import Account, Draft, ProcedureVersion
from app.models.account import AccountKind


def wanted_of(account: Account, version: ProcedureVersion) -> int:
    """Return the level asked for; an organisation's account has no levels, it was verified or not (NĐ 69/2024 Đ7)."""
    level = version.authentication_level or 0
    return min(level, 1) if account.kind == AccountKind.organisation else level


def is_enough(account: Account, version: ProcedureVersion) -> bool:
    """Return whether who has this account may send a dossier of the procedure online."""
    return account.verified_level >= wanted_of(account, version)


def refuse_low_level(draft: Draft) -> None:
    """Raise Invalid (field "identity"), saying what to do, if the account is below what the procedure asks for."""
    if is_enough(draft.account, draft.version):
        return
    message = _("It cannot be sent yet: this procedure asks for electronic identity level %(wanted)d, your account has "
                "level %(held)d. What you filled in is kept. Please show your identity card at a one-stop desk.",
                wanted=wanted_of(draft.account, draft.version), held=draft.account.verified_level)  # fmt: skip
    raise Invalid(message, {"identity": message})
