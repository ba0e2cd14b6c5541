"""What a regulation profile may say: every parameter in words, its values, and what reads it.

Parameters the product reads change what it does; the others are kept for information. A value
"unset" says that the law has a number which nobody could look up yet: the product then goes by
``fallback`` and says so, and the administrator is asked for it (domain A15, B).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.i18n import N_
from app.workflows.vocabulary import AGENCY_HEAD, CENTRE_DIRECTOR, DIVISION_HEAD

UNSET = "unset"


class Kind(StrEnum):
    """What a value must be."""

    flag = "flag"
    whole = "whole"
    wholes = "wholes"  # a number, or a list of numbers
    clock = "clock"
    fraction = "fraction"
    choice = "choice"
    choices = "choices"
    code_pattern = "code_pattern"
    day = "day"  # of every year: dd/mm
    text = "text"
    texts = "texts"


class Group(StrEnum):
    """The headings of the page of a profile, in their order."""

    channels = "channels"
    reception = "reception"
    guidance = "guidance"
    extension = "extension"
    calendar = "calendar"
    forms = "forms"
    money = "money"
    feedback = "feedback"
    governance = "governance"
    reminders = "reminders"
    information = "information"


GROUPS = {
    Group.channels: N_("Channels: sending, look-up, result"),
    Group.reception: N_("Reception and transfer"),
    Group.guidance: N_("Guidance and supplement"),
    Group.extension: N_("Extension, overdue, apology"),
    Group.calendar: N_("Counting of time"),
    Group.forms: N_("Forms, codes and files"),
    Group.money: N_("Fees and payment"),
    Group.feedback: N_("Feedback and petitions"),
    Group.governance: N_("Procedures and online services"),
    Group.reminders: N_("Warnings and reminders"),
    Group.information: N_("For information"),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter: its words, what a value must be, what holds without one and on which ground."""

    key: str
    group: Group
    label: str
    kind: Kind
    unit: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    least: int = 1
    most: int = 1000
    fallback: Any = None
    ground: str | None = None  # of the fallback
    is_read: bool = True
    is_ordered: bool = False  # a list whose order says something


_HOURS, _DAYS = N_("working hours"), N_("days")
_WORKING_DAYS, _MB, _TIMES = N_("working days"), "MB", N_("times")
LOOKUP_WAYS = {
    "code": N_("By dossier code on the portal"), "qr": N_("By QR code"), "sms": N_("By text message"),
    "counter": N_("At the one-stop desk"), "hue_s": N_("In the Hue-S application"),
    "account": N_("In one's own account"),
}  # fmt: skip
RESULT_WAYS = {
    "desk": N_("At the one-stop desk"), "post": N_("By public post"),
    "online": N_("On the system, to the applicant's account"), "email": N_("By e-mail"),
}  # fmt: skip
SIGNERS = {
    DIVISION_HEAD: N_("Division head"), CENTRE_DIRECTOR: N_("Centre director"),
    AGENCY_HEAD: N_("Agency head"),
}  # fmt: skip
APOLOGY_SIGNERS = {role: SIGNERS[role] for role in (CENTRE_DIRECTOR, AGENCY_HEAD)}
OUT_OF_HOURS = {
    "next_opening": N_("Counted from the next working hour"),
    "next_day": N_("Counted from the next working day"),
}  # fmt: skip
GOVERNMENT_LEVELS = {"province": N_("province"), "district": N_("district"), "commune": N_("commune")}
IDENTITY_LEVELS = {"1": N_("Level 1"), "2": N_("Level 2")}
FORM_SETS = {
    "tt01_2018": N_("Six forms of Circular 01/2018/TT-VPCP"),
    "tt03_2025": N_("Seven forms of Circular 03/2025/TT-VPCP"),
}  # fmt: skip
DESK_PREFILLS = {
    "none": N_("None"), "own": N_("Those the desk officer may open"),
    "agency": N_("Those of the desk's agency and of the ones below it"), "province": N_("All of the province"),
}  # fmt: skip
COUNT_FROM = {"next": N_("From the day after reception"), "same": N_("From the day of reception")}
DUE_TIMES = {"end_of_session": N_("At the end of the working day"), "same_time": N_("At the hour of reception")}
ROUNDINGS = {
    "minute": N_("Not rounded"), "hour": N_("To the full hour"), "session": N_("To the end of the session"),
    "day": N_("To the end of the day"),
}  # fmt: skip

_READ = (
    Parameter("lookup_ways", Group.channels, N_("Ways to look a dossier up"), Kind.choices, choices=LOOKUP_WAYS,
              fallback=["code", "qr", "counter"]),
    Parameter("result_ways", Group.channels, N_("Ways to receive the result"), Kind.choices, choices=RESULT_WAYS,
              fallback=["desk", "post", "online"], ground="NĐ 61/2018 Đ20"),
    Parameter("boundary_free", Group.channels, N_("Any desk receives for any agency of the province"), Kind.flag,
              fallback=True, ground="NĐ 118/2025/NĐ-CP"),
    Parameter("automatic_acknowledgement", Group.channels, N_("Online dossiers are acknowledged at once"),
              Kind.flag, fallback=True, ground="NĐ 45/2020 Đ11"),
    Parameter("desk_identity_level", Group.channels, N_("Identity level after the card was compared at a desk"),
              Kind.choice, choices=IDENTITY_LEVELS, fallback="2", ground="TTH17 Đ10.4"),
    Parameter("reception_limit_hours", Group.reception, N_("Time to answer an online dossier"), Kind.whole,
              unit=_HOURS, fallback=8, ground="NĐ 45/2020 Đ11"),
    Parameter("reception_out_of_hours", Group.reception, N_("Sent outside working hours"), Kind.choice,
              choices=OUT_OF_HOURS, fallback="next_opening", ground="HCM24 Đ11.1a"),
    Parameter("transfer_limit_hours", Group.reception, N_("Time to pass on, from the sending of the dossier"),
              Kind.whole, unit=_HOURS, ground="NĐ 61/2018 Đ18"),
    Parameter("cutoff_time", Group.reception, N_("Received later counts from the next working day"), Kind.clock,
              fallback="15:00", ground="NĐ 61/2018 Đ18"),
    Parameter("desk_prefill_reach", Group.reception, N_("Earlier dossiers from which a form is filled in at a desk"),
              Kind.choice, choices=DESK_PREFILLS, fallback="own", ground="HUE25 Đ4.6; QN20 Đ17.4"),
    Parameter("supplement_max", Group.guidance, N_("Supplements asked for at most"), Kind.whole, unit=_TIMES,
              least=0, most=100, fallback=1, ground="NĐ 61/2018 Đ17"),
    Parameter("supplement_answer_days", Group.guidance, N_("Time of the applicant to supplement"), Kind.whole,
              unit=_DAYS, most=3650, fallback=30),
    Parameter("supplement_reminder_days", Group.guidance, N_("Reminders ahead of the end of that time"),
              Kind.wholes, unit=_DAYS, most=3650, fallback=[5, 1]),
    Parameter("apology_from_supplement", Group.guidance, N_("An apology goes along from this supplement on"),
              Kind.whole, unit=_TIMES, least=2, fallback=2, ground="TTH17 Đ13.2, Đ14.1"),
    Parameter("supplement_waits_for_apology", Group.guidance,
              N_("A request by our own fault waits for its signed apology, and both are sent together"), Kind.flag,
              fallback=False, ground="TTH17 Đ13.2, Đ14.1"),
    Parameter("desk_apology_signer", Group.guidance, N_("Who signs the apology for unclear guidance"),
              Kind.choice, choices=APOLOGY_SIGNERS, fallback=CENTRE_DIRECTOR, ground="TTH17 Đ13.2"),
    Parameter("overdue_apology_signer", Group.extension, N_("Who signs the apology for lateness"),
              Kind.choice, choices=APOLOGY_SIGNERS, fallback=AGENCY_HEAD, ground="TTH17 Đ22.7"),
    Parameter("extension_max_ratio", Group.extension, N_("Longest extension, as a part of the whole time"),
              Kind.fraction, fallback="1/3", ground="TTH17 Đ14.4"),
    Parameter("extension_max_count", Group.extension, N_("Extensions at most"), Kind.whole, unit=_TIMES,
              least=0, most=10, fallback=1, ground="NĐ 61/2018 Đ19"),
    Parameter("extension_approvers", Group.extension, N_("Who confirms an extension, in turn"), Kind.choices,
              choices=SIGNERS, fallback=[AGENCY_HEAD], is_ordered=True),
    Parameter("explanation_days", Group.extension, N_("Time to explain a delay, where who asks sets no other day"),
              Kind.whole, unit=_WORKING_DAYS, most=60, fallback=3),
    Parameter("count_from", Group.calendar, N_("Days are counted"), Kind.choice, choices=COUNT_FROM,
              fallback="next", ground="BLDS 2015 Đ147.2"),
    Parameter("due_time_of_day", Group.calendar, N_("A day limit ends"), Kind.choice, choices=DUE_TIMES,
              fallback="end_of_session", ground="BLDS 2015 Đ148"),
    Parameter("rounding", Group.calendar, N_("An end within a session is rounded up"), Kind.choice,
              choices=ROUNDINGS, fallback="minute"),
    Parameter("form_set", Group.forms, N_("Forms of letters and slips"), Kind.choice, choices=FORM_SETS,
              fallback="tt03_2025", ground="TT 03/2025/TT-VPCP"),
    Parameter("dossier_code_pattern", Group.forms, N_("Pattern of dossier codes"), Kind.code_pattern,
              fallback="{unit}-{yymmdd}-{nnnn}", ground="TT 01/2018/TT-VPCP Đ19"),
    Parameter("max_upload_mb", Group.forms, N_("Largest file"), Kind.whole, unit=_MB, fallback=20),
    Parameter("max_dossier_mb", Group.forms, N_("All files of a dossier together"), Kind.whole, unit=_MB,
              most=10_000, fallback=300),
    Parameter("payment_pauses_clock", Group.money, N_("The clock stands still while payment is awaited"),
              Kind.flag, fallback=True),
    Parameter("refund_alone_most", Group.money, N_("Paid back by the cashier alone, up to"), Kind.whole,
              unit=N_("đồng (0: somebody else approves every refund)"), least=0, most=1_000_000_000, fallback=0,
              ground="Luật Kế toán 2015 Đ19, Đ52"),
    Parameter("feedback_code_pattern", Group.feedback, N_("Pattern of feedback codes"), Kind.code_pattern,
              fallback="PA.{unit}-{yymmdd}-{nnnn}"),
    Parameter("feedback_entry_hours", Group.feedback, N_("Time to enter feedback from elsewhere"), Kind.whole,
              unit=_HOURS, fallback=8, ground="HCM24 Đ14.3"),
    Parameter("feedback_refuse_days", Group.feedback, N_("Time to refuse feedback"), Kind.whole,
              unit=_WORKING_DAYS, most=3650, fallback=2, ground="QĐ 766/QĐ-TTg"),
    Parameter("feedback_answer_days", Group.feedback, N_("Time to answer feedback"), Kind.whole,
              unit=_WORKING_DAYS, most=3650, fallback=15, ground="QĐ 766/QĐ-TTg"),
    Parameter("feedback_publish_days", Group.feedback, N_("Time to publish an answer"), Kind.whole,
              unit=_WORKING_DAYS, most=3650, fallback=2, ground="QĐ 766/QĐ-TTg"),
    Parameter("procedure_report_days", Group.governance, N_("Time to answer a report about a procedure"),
              Kind.whole, unit=_WORKING_DAYS, most=3650, fallback=5, ground="HCM24 Đ17.6h"),
    Parameter("government_levels", Group.governance, N_("Levels of government"), Kind.choices,
              choices=GOVERNMENT_LEVELS, fallback=["province", "commune"], ground="NĐ 118/2025/NĐ-CP"),
    Parameter("trial_months_max", Group.governance, N_("Longest trial of an online service"), Kind.whole,
              unit=N_("months"), most=24, fallback=2, ground="QN20 Đ23.2c"),
    Parameter("near_due_hours", Group.reminders, N_("A dossier counts as nearly due"), Kind.whole, unit=_HOURS,
              most=80, fallback=2),
    Parameter("reminder_hours", Group.reminders, N_("Reminders ahead of the due date"), Kind.wholes, unit=_HOURS,
              fallback=[8, 2]),
    Parameter("reception_reminder_hours", Group.reminders, N_("Reminders ahead of the answer to an online dossier"),
              Kind.wholes, unit=_HOURS, fallback=[4, 1]),
    Parameter("stranded_steps_go_on", Group.reminders,
              N_("A step whose officer may not do it any more goes by its own rule to whom may, without asking the "
                 "head"), Kind.flag, fallback=False),
)  # fmt: skip


def _told(key: str, label: str, kind: Kind = Kind.texts, **given: Any) -> Parameter:
    return Parameter(key, Group.information, label, kind, is_read=False, **given)


_TOLD = (
    _told("service_levels", N_("Levels of online services")),
    _told("citizen_portal", N_("Address for applicants"), Kind.text),
    _told("officer_portal", N_("Address for officers"), Kind.text),
    _told("interface_languages", N_("Languages of the interface")),
    _told("citizen_login", N_("How applicants log in")),
    _told("officer_login", N_("How officers log in")),
    _told("help_register_level_1", N_("The desk helps with electronic identity of level 1"), Kind.flag),
    _told("step_up_authentication", N_("Stronger authentication where a procedure asks for it"), Kind.flag),
    _told("supplement_history", N_("Supplements are kept with their history"), Kind.flag),
    _told("payment_ways", N_("Ways to pay")),
    _told("payment_split_by_level", N_("Ways to pay differ by level of service"), Kind.flag),
    _told("payment_wait_days", N_("Payment is awaited"), Kind.whole, unit=_DAYS, most=3650),
    _told("data_store", N_("Electronic data store of each applicant"), Kind.flag),
    _told("data_store_classes", N_("Kinds of data in the store"), Kind.whole),
    _told("data_store_owner_consent", N_("Stored only if the owner agrees"), Kind.flag),
    _told("paper_conversion", N_("Electronic dossiers are printed as converted papers"), Kind.flag),
    _told("digitisation_sources", N_("Sources of electronic dossiers"), Kind.whole),
    _told("digitisation_stages", N_("When papers are digitised")),
    _told("feedback_ask_days", N_("Time to ask the sender of feedback back"), Kind.whole, unit=_WORKING_DAYS),
    _told("evaluation_published", N_("How often evaluations are published")),
    _told("report_cycles", N_("How often reports are made")),
    _told("online_list_due", N_("Online services of a year are proposed before"), Kind.day),
    _told("upgrade_plan_due", N_("The plan of upgrades is due before"), Kind.day),
    _told("archive_submit_days", N_("Closed dossiers go to the archive within"), Kind.whole, unit=_DAYS, most=3650),
    _told("detail_rules", N_("Rules referred to for details")),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {one.key: one for one in (*_READ, *_TOLD)}
