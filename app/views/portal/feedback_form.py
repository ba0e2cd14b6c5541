"""The form of feedback, the same for a visitor and for the officer who enters it for one."""

import re
import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length, Optional, Regexp

from app.clock import now
from app.extensions import db
from app.i18n import N_
from app.lowcode.fields import check_year
from app.lowcode.forms import BaseForm, LocalDateTimeField, clean
from app.models.feedback import CATEGORIES, FEEDBACK_CHANNELS
from app.services.directory import agency_choices
from app.services.feedback import NewFeedback

_REQUIRED = InputRequired(_l("This field is required."))
_PHONE = r"^(\+84|0)([ .\-]?\d){8,10}$"
_KEY = re.compile(r"[0-9a-f]{32}")


class FeedbackForm(BaseForm):
    """What happened, whom it concerns, how to reach the sender."""

    category = SelectField(_l("What is it about?"), validators=[_REQUIRED])
    agency = SelectField(_l("Which agency does it concern?"), validators=[_REQUIRED])
    dossier_code = StringField(
        _l("Dossier code"),
        filters=[clean],
        validators=[Optional(), Length(max=60)],
        description=_l("If it is about a dossier. The code is on the receipt slip."),
    )
    title = StringField(
        _l("In one sentence"), filters=[clean], validators=[_REQUIRED, Length(min=5, max=200)]
    )
    content = TextAreaField(
        _l("What happened, and what do you propose?"),
        filters=[clean],
        validators=[_REQUIRED, Length(min=20, max=5000)],
        description=_l("Say when and where. Please leave out numbers of papers and accounts."),
        id="feedback-content",  # the page's main part is called "content"
    )
    sender_name = StringField(
        _l("Your full name"),
        filters=[clean],
        validators=[_REQUIRED, Length(min=2, max=255)],
        description=_l("When the answer is published, only the initials of your name are shown."),
    )
    sender_phone = TelField(
        _l("Phone"),
        filters=[clean],
        validators=[
            Optional(),
            Regexp(_PHONE, message=_l("Please give a phone number such as 0912 345 678.")),
            Length(max=20),
        ],
    )
    sender_email = EmailField(
        _l("E-mail"),
        filters=[clean],
        validators=[
            Optional(),
            Email(_l("Please give an address such as ten@example.vn.")),
            Length(max=120),
        ],
        description=_l("The answer is sent here too."),
    )
    is_public = BooleanField(
        _l("The question and the answer may be published, without my personal data")
    )
    # Set when the form is opened: the same form sent twice makes one item.
    key = HiddenField()
    # People never see this field; programs that fill in every field do.
    website = StringField(_l("Leave this field empty"))

    def __init__(self, **given: Any) -> None:
        """Fill in the choices, and a key unless the form brings its own."""
        super().__init__(**given)
        categories = {"": N_("Please choose")} | CATEGORIES
        self.category.choices = [(value, _l(text)) for value, text in categories.items()]
        self.agency.choices = [("", _l("Please choose")), *agency_choices(db.session())]
        if not _KEY.fullmatch(self.key.data or ""):
            self.key.data = uuid.uuid4().hex

    def given(self) -> NewFeedback:
        """Return what was typed."""
        return NewFeedback(
            title=self.title.data,
            content=self.content.data,
            category=self.category.data,
            agency_code=self.agency.data,
            sender_name=self.sender_name.data,
            sender_phone=self.sender_phone.data,
            sender_email=self.sender_email.data,
            dossier_code=self.dossier_code.data,
            is_public=self.is_public.data,
        )


class RecordForm(FeedbackForm):
    """Feedback that came by phone, post or at the counter (HCM24 Đ14.3)."""

    channel = SelectField(_l("Received through"), validators=[_REQUIRED])
    arrived_at = LocalDateTimeField(
        _l("Received at"),
        format=["%Y-%m-%dT%H:%M"],
        validators=[_REQUIRED, check_year],
        description=_l("To be entered within 8 working hours; time limits run from here."),
    )
    sender_name = StringField(
        _l("Full name of the sender"),
        filters=[clean],
        validators=[_REQUIRED, Length(min=2, max=255)],
    )
    is_public = BooleanField(_l("The sender agrees to publication without personal data"))

    def __init__(self, **given: Any) -> None:
        """Fill in the channels; the portal is none of them."""
        super().__init__(**given)
        elsewhere = {key: text for key, text in FEEDBACK_CHANNELS.items() if key != "portal"}
        self.channel.choices = [(value, _l(text)) for value, text in elsewhere.items()]
        if self.arrived_at.data is None and not self.is_submitted():
            self.arrived_at.process_data(now())
