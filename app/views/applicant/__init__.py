"""The applicants' own screens, the notices and the checked files."""

from app.views.applicant.account import MyProfileView, RegisterView
from app.views.applicant.my import MyView
from app.views.applicant.reuse import ReuseView
from app.views.applicant.submit import SubmitView
from app.views.files import FileView, PaperView
from app.views.notices import NoticeView

APPLICANT_VIEWS: tuple[type, ...] = (
    RegisterView, MyProfileView, SubmitView, ReuseView, MyView, NoticeView, FileView, PaperView,
)  # fmt: skip
