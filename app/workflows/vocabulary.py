"""The words that tables may use; start-up checks refuse any other."""

# The values of app.permissions.Role, written out so that this package needs no Flask.
CATALOG_ADMIN = "catalog_admin"
SYSTEM_ADMIN = "system_admin"
DESK_OFFICER = "desk_officer"
SPECIALIST = "specialist"
DIVISION_HEAD = "division_head"
AGENCY_HEAD = "agency_head"
CLERK = "clerk"
CASHIER = "cashier"
CENTRE_DIRECTOR = "centre_director"
CONTROL_FOCAL_POINT = "control_focal_point"
AUDITOR = "auditor"
CITIZEN = "citizen"

ROLES = frozenset(
    {
        CATALOG_ADMIN,
        SYSTEM_ADMIN,
        DESK_OFFICER,
        SPECIALIST,
        DIVISION_HEAD,
        AGENCY_HEAD,
        CLERK,
        CASHIER,
        CENTRE_DIRECTOR,
        CONTROL_FOCAL_POINT,
        AUDITOR,
        CITIZEN,
    }
)

# Kinds of app.documents that a transition may issue. Form numbers (01, 02, …) depend on the
# profile's form set, so tables name the kind.
LETTERS = frozenset(
    {
        "acknowledgement",
        "receipt_slip",
        "supplement",
        "refusal",
        "apology",
        "stop",
        "control_slip",
        "charge_receipt",
        "refund_slip",
        "return_receipt",
    }
)

# Who is told. "sender" is the person behind a feedback item.
NOTICES = frozenset(
    {
        "applicant",
        "desk",
        "specialist",
        "division_head",
        "agency_head",
        "clerk",
        "cashier",
        "centre_director",
        "control_focal_point",
        "catalog_admin",
        "chairman",  # of the People's Committee of the province
        "sender",
    }
)
