"""Pages of plain text: terms of use, protection of personal data, guidance (HCM24 Đ7.2–7.6)."""

from flask import render_template
from flask_appbuilder import BaseView, expose


class PortalPagesView(BaseView):
    """Texts that every visitor may read."""

    public = True
    route_base = ""
    default_view = "guide"

    @expose("/dieu-khoan")
    def terms(self) -> str:
        """Terms of use."""
        return render_template("portal/terms.html")

    @expose("/bao-ve-du-lieu")
    def privacy(self) -> str:
        """How personal data is protected."""
        return render_template("portal/privacy.html")

    @expose("/huong-dan")
    def guide(self) -> str:
        """Questions people ask."""
        return render_template("portal/guide.html")
