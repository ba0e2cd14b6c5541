"""What a form may ask for and who answers it, in words."""

from enum import StrEnum

from app.i18n import N_


class FieldKind(StrEnum):
    """What an applicant may be asked for."""

    text = "text"
    textarea = "textarea"
    number = "number"
    date = "date"
    select = "select"
    multi_select = "multi_select"
    checkbox = "checkbox"
    address = "address"
    agency = "agency"
    catalog = "catalog"
    personal_id = "personal_id"
    phone = "phone"
    email = "email"
    file = "file"
    person = "person"
    organisation = "organisation"
    table = "table"
    group = "group"
    computed = "computed"


FIELD_KINDS = {
    FieldKind.text: N_("One line of text"), FieldKind.textarea: N_("Several lines of text"),
    FieldKind.number: N_("Number"), FieldKind.date: N_("Date"),
    FieldKind.select: N_("One choice"), FieldKind.multi_select: N_("Several choices"),
    FieldKind.checkbox: N_("Tick box"), FieldKind.address: N_("Address by unit catalog"),
    FieldKind.agency: N_("Agency of the directory"),
    FieldKind.catalog: N_("Item of a shared catalog"),
    FieldKind.personal_id: N_("Personal identification number"), FieldKind.phone: N_("Phone"),
    FieldKind.email: N_("E-mail"), FieldKind.file: N_("File"),
    FieldKind.person: N_("A person (name, number, birth, address)"),
    FieldKind.organisation: N_("An organisation (name, tax code, representative)"),
    FieldKind.table: N_("Table"), FieldKind.group: N_("Group of fields that repeats"),
    FieldKind.computed: N_("Computed text"),
}  # fmt: skip
CHOICE_KINDS = frozenset({FieldKind.select, FieldKind.multi_select})
ROW_KINDS = frozenset({FieldKind.table, FieldKind.group})
BLOCK_KINDS = frozenset({FieldKind.person, FieldKind.organisation})
# What a cell of a table may be; a group, shown as one card a row, also takes the larger ones.
CELL_KINDS = frozenset({
    FieldKind.text, FieldKind.number, FieldKind.date, FieldKind.select, FieldKind.checkbox,
    FieldKind.personal_id, FieldKind.phone, FieldKind.email, FieldKind.catalog,
})  # fmt: skip
GROUP_KINDS = CELL_KINDS | {
    FieldKind.textarea, FieldKind.multi_select, FieldKind.address, FieldKind.agency
}
# Found in the search of dossiers; numbers and addresses of people are found by their account.
SEARCHED_KINDS = frozenset({
    FieldKind.text, FieldKind.textarea, FieldKind.number, FieldKind.select, FieldKind.multi_select,
    FieldKind.computed, FieldKind.organisation,
})  # fmt: skip


class Filler(StrEnum):
    """Who answers a field instead of the applicant."""

    officer = "officer"
    officer_shown = "officer_shown"


FILLERS = {
    Filler.officer: N_("Officers only; the applicant never sees it"),
    Filler.officer_shown: N_("Officers; the applicant reads it"),
}
PREFILLS = {
    "name": N_("Full name"), "id_number": N_("Identification number"),
    "born_on": N_("Date of birth"), "gender": N_("Sex"), "phone": N_("Phone"),
    "email": N_("E-mail"), "address": N_("Address"), "nationality": N_("Nationality: Vietnamese, unless changed"),
    "applicant": N_("The whole applicant (blocks)"),
    "earlier": N_("The applicant's latest dossier with the same question"),
    "store": N_("The data store: the latest dossier that was settled"),
}  # fmt: skip
