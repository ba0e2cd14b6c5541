"""Using an earlier result as a paper, of a draft or of the answer to a supplement."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _

from app.errors import Invalid, NotAllowed
from app.lowcode.values import as_id
from app.permissions import current_actor
from app.services import drafts, earlier_results, files, my_dossiers
from app.transactions import transaction
from app.views.applicant.base import ApplicantView, login_first


class ReuseView(ApplicantView):
    """The applicant's own issued results, offered where a paper of that type is asked."""

    route_base = "/earlier-results"
    default_view = "for_draft"

    @expose("/draft/<key>/<int:component>", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def for_draft(self, key: str, component: int) -> Any:
        """Attach it to a draft."""
        actor = current_actor()
        try:
            with transaction() as unit:
                draft = drafts.get_draft(unit, key, actor, to_change=True)
                drafts.refuse_sent(draft)
                earlier_results.use(unit, draft.version.components, component, _chosen(component), actor, draft=draft)
        except Invalid as exc:
            flash(str(exc), "danger")
        return redirect(f"{url_for('SubmitView.papers', key=key)}#upload-component-{component}")

    @expose("/supplement/<code>/<int:component>", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def for_supplement(self, code: str, component: int) -> Any:
        """Attach it to the answer of a supplement request, if that paper was asked for."""
        actor = current_actor()
        try:
            with transaction() as unit:
                dossier = my_dossiers.get_own(unit, code, actor, to_change=True)
                asked = files.open_request(dossier, actor)
                if asked is None or component not in asked.component_ids:
                    raise NotAllowed(_("Nothing is asked of you at present."))
                earlier_results.use(unit, dossier.version.components, component, _chosen(component), actor,
                                    dossier=dossier)  # fmt: skip
        except Invalid as exc:
            flash(str(exc), "danger")
        return redirect(f"{url_for('MyView.supplement', code=code)}#upload-component-{component}")


def _chosen(component: int) -> int:
    return as_id(request.form.get(f"result-{component}", "")) or 0
