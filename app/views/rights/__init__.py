"""The screens of rights: the matrix, deciding on it, and why somebody may or may not."""

from app.views.rights.explain import RightsExplainView
from app.views.rights.matrix import RightsView

RIGHTS_VIEWS = (RightsView, RightsExplainView)
