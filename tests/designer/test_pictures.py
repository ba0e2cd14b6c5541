"""The drawn process: what a box is called holds what is seen of it (WCAG 2.5.3)."""

import re

import pytest

from app.services.process_diagram import diagram_of
from app.services.process_graphs import steps_of
from app.workflows.process import Graph
from tests import factories

LONG = "Kiểm tra điều kiện, thẩm định hồ sơ và dự thảo kết quả, trình lãnh đạo xem xét, ký duyệt"


@pytest.mark.parametrize(("name", "kind"), [("Thẩm định", "work"), (LONG, "work"), ("Thẩm duyệt", "child")])
def test_the_name_of_a_box_holds_what_is_seen_of_it(session, name, kind):
    process = factories.make_process(((name, kind, "specialist", "agency", 240),))
    (node,) = diagram_of(Graph(steps_of(process))).nodes
    seen = [*node.title, node.who_line, node.kind_line, node.hours]
    assert _bare(" ".join(seen)) in _bare(node.label)
    assert node.label.endswith(node.spoken)


def _bare(text):
    return " ".join(re.sub(r"[.,:;·]", " ", text).split())
