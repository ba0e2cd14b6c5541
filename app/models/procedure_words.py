"""What procedures are described with: states, levels, units, kinds of fee, channels."""

from app.i18n import N_
from app.workflows.fee_rules import Basis
from app.workflows.publication import VERSION_STATES, VersionState

__all__ = ["AUTHENTICATION_LEVELS", "CHANNELS", "FEE_BASES", "FEE_KINDS", "FEE_LEVELS",
           "FEE_MOMENTS", "HANDLING_LEVELS",
           "LIMIT_UNITS", "SERVICE_LEVELS", "VERSION_STATES", "VersionState"]  # fmt: skip
HANDLING_LEVELS = {
    "province": N_("Provincial level"), "commune": N_("Commune level"),
    "vertical": N_("Central vertical agency"),
}  # fmt: skip
LIMIT_UNITS = {
    "working_day": N_("working days"), "day": N_("days"), "working_hour": N_("working hours"),
    "hour": N_("hours"), "month": N_("months"),
}  # fmt: skip
SERVICE_LEVELS = {
    "full": N_("Fully online"), "partial": N_("Partly online"), "information": N_("Information"),
}  # fmt: skip
AUTHENTICATION_LEVELS = {0: N_("Not asked for"), 1: N_("Level 1"), 2: N_("Level 2")}
FEE_MOMENTS = {
    "reception": N_("At reception"), "supplement": N_("When the dossier is supplemented"),
    "return": N_("When the result is returned"),
}  # fmt: skip
FEE_KINDS = {"phi": N_("Fee"), "le_phi": N_("Charge")}
FEE_BASES = {
    Basis.fixed: N_("Once for a dossier"), Basis.unit: N_("For each copy, person or product"),
    Basis.page: N_("For each page of a copy"),
}  # fmt: skip
FEE_LEVELS = {"province": HANDLING_LEVELS["province"], "commune": HANDLING_LEVELS["commune"]}
CHANNELS = {
    "any": N_("Any channel"), "counter": N_("At the counter"), "online": N_("Online"),
    "post": N_("By post"),
}  # fmt: skip
