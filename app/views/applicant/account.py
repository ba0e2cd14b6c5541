"""Registering, and one's own particulars (domain A2)."""

from typing import Any

from flask import current_app, flash, redirect, request
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    ValidationError,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.clock import today
from app.errors import Conflict, DomainError
from app.extensions import db
from app.lowcode.forms import BaseForm, clean
from app.models import Account
from app.models.account import GENDERS, ID_KINDS, AccountKind, IdKind
from app.permissions import current_actor
from app.services import accounts, eforms, users
from app.services.eform_columns import Column
from app.services.eform_fields import problem
from app.services.eform_values import tidy
from app.transactions import transaction
from app.views.applicant.base import ApplicantView, login_first, page, problems_of

_REQUIRED = InputRequired(_l("Please fill this in."))
_ID_CHOICES = (
    (IdKind.personal_id, _l("A citizen, by personal identification number")),
    (IdKind.tax_code, _l("An organisation, by tax code")),
    (IdKind.passport, _l("A foreigner, by passport number")),
)


class ByRule:
    """A validator that tidies a value and asks the rule of electronic forms."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, _form: Any, field: Field) -> None:
        """Raise ValidationError with the rule's message."""
        column = Column(field.name, str(field.label.text), self.kind, is_required=False)
        field.data = tidy(column, field.data)
        message = problem(column, field.data)
        if message:
            raise ValidationError(message)


class BirthDate:
    """A validator of a date of birth; whether one is needed depends on who registers."""

    field_flags = {"required": True}  # noqa: RUF012 - shown without "(optional)"

    def __call__(self, _form: Any, field: Field) -> None:
        """Raise ValidationError for a date that cannot be."""
        if field.data is not None and not 1850 <= field.data.year <= today().year:
            raise ValidationError(_("Please check the year of this date."))


class IdentityForm(BaseForm):
    """Who somebody is."""

    id_kind = RadioField(_l("Who are you?"), choices=lambda: list(_ID_CHOICES),
                         default=IdKind.personal_id, validators=[_REQUIRED])  # fmt: skip
    id_number = StringField(
        _l("Identification number"), filters=[clean], validators=[_REQUIRED, Length(max=20)],
        description=_l("Personal number: 12 digits; tax code: 10 or 13. You log in with it."),
        render_kw={"autocomplete": "username"},
    )  # fmt: skip
    name = StringField(
        _l("Full name"), filters=[clean], validators=[_REQUIRED, Length(min=2, max=250)],
        description=_l("As on the identity card or the registration certificate."),
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    born_on = DateField(
        _l("Date of birth"), validators=[Optional(), BirthDate()],
        render_kw={"autocomplete": "bday"}, description=_l("Organisations leave this empty."),
    )  # fmt: skip


class RegisterForm(IdentityForm):
    """A new account."""

    phone = TelField(_l("Phone"), filters=[clean], validators=[_REQUIRED, ByRule("phone")],
                     render_kw={"autocomplete": "tel"})  # fmt: skip
    email = EmailField(
        _l("E-mail"), filters=[clean], validators=[Optional(), ByRule("email")],
        description=_l("Notices are also sent there."), render_kw={"autocomplete": "email"},
    )  # fmt: skip
    password = PasswordField(
        _l("Password"), validators=[_REQUIRED], render_kw={"autocomplete": "new-password"},
        description=_l("At least 10 characters, with letters and digits."),
    )  # fmt: skip
    again = PasswordField(
        _l("Password again"), render_kw={"autocomplete": "new-password"},
        validators=[_REQUIRED, EqualTo("password", _l("The two passwords are not the same."))],
    )  # fmt: skip
    terms = BooleanField(
        _l("I accept the terms of use and the rules on personal data."),
        validators=[InputRequired(_l("Please tick this box to go on."))],
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Return the particulars as the service takes them."""
        names = ("id_kind", "id_number", "name", "phone", "email")
        return {name: self[name].data for name in names} | _kind_and_birth(self)


class ProfileForm(BaseForm):
    """What one may always change."""

    gender = SelectField(_l("Sex"), validators=[Optional()], choices=lambda: [
        ("", _("Please choose")), *((key, _(text)) for key, text in GENDERS.items())])  # fmt: skip
    phone = TelField(_l("Phone"), filters=[clean], validators=[_REQUIRED, ByRule("phone")],
                     render_kw={"autocomplete": "tel"})  # fmt: skip
    email = EmailField(_l("E-mail"), filters=[clean], validators=[Optional(), ByRule("email")],
                       render_kw={"autocomplete": "email"})  # fmt: skip
    unit = SelectField(_l("Ward or commune"), validate_choice=False)
    address = StringField(_l("House number and street, or hamlet"), filters=[clean],
                          validators=[Optional(), Length(max=250)])  # fmt: skip
    row_version = HiddenField()


class WholeProfileForm(ProfileForm, IdentityForm):
    """The profile of somebody whose identity is not verified yet."""


def _kind_and_birth(form: Any) -> dict[str, Any]:
    is_organisation = form.id_kind.data == IdKind.tax_code
    return {"kind": AccountKind.organisation if is_organisation else AccountKind.citizen,
            "born_on": None if is_organisation else form.born_on.data}  # fmt: skip


class RegisterView(BaseView):
    """Registering: open to everyone."""

    route_base = ""
    default_view = "register"

    @expose("/register", methods=["GET", "POST"])
    def register(self) -> Any:
        """Make an account and log in with it."""
        if current_actor().is_known:
            return redirect("/my")
        form = RegisterForm()
        if form.validate_on_submit():
            try:
                with transaction() as unit:
                    user = accounts.register(unit, form.values(), form.password.data)
                    settings = users.settings_of(unit, user)
                answer = current_app.appbuilder.sm.auth_view._begin(user, settings)  # begins the session anew
                flash(_("Welcome. Your account is ready."), "success")
                return answer
            except DomainError as exc:
                form.add_errors(problems_of(exc) or {"id_number": str(exc)})
        return page("register", 422 if form.errors else 200, form=form)


class MyProfileView(ApplicantView):
    """One's own particulars."""

    route_base = "/profile"
    default_view = "edit"

    @expose("/", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def edit(self) -> Any:
        """Show and change one's particulars."""
        account = accounts.own_account(db.session(), current_actor())
        form = _profile_form(account)
        if form.validate_on_submit():
            try:
                with transaction() as unit:
                    fresh = accounts.own_account(unit, current_actor())
                    values = _profile_values(form)
                    accounts.update_profile(unit, fresh, values, form.row_version.data)
                flash(_("Your particulars are saved."), "success")
                return redirect("/profile/")
            except Conflict as exc:
                flash(str(exc), "warning")
            except DomainError as exc:
                form.add_errors(problems_of(exc))
        account = accounts.own_account(db.session(), current_actor())
        status = 422 if form.errors else 200
        return page("profile", status, form=form, account=account, id_kinds=ID_KINDS,
                    is_fixed=accounts.is_identity_fixed(account))  # fmt: skip


def _profile_form(account: Account) -> Any:
    cls = ProfileForm if accounts.is_identity_fixed(account) else WholeProfileForm
    names = [name for name in cls.__dict__ | IdentityForm.__dict__ | ProfileForm.__dict__
             if hasattr(Account, name) and name not in {"unit", "row_version"}]  # fmt: skip
    data = {name: getattr(account, name) for name in names}
    data |= {"unit": account.unit.code if account.unit else "", "row_version": account.row_version}
    form = cls(data=data)
    units = [unit for _title, members in eforms.unit_choices(db.session()) for unit in members]
    form.unit.choices = [("", _("Please choose")), *units]
    if request.method == "GET":
        form.row_version.data = str(account.row_version)
    return form


def _profile_values(form: Any) -> dict[str, Any]:
    values = {field.name: field.data for field in form if field.name != "csrf_token"}
    return values | (_kind_and_birth(form) if "id_kind" in form else {})
