"""docs/so-do-trang-thai.md: the life cycles as diagrams, made from the tables the product goes by.

`.venv/bin/python -m tests.test_docs` writes it anew with the other generated pages.
"""

from pathlib import Path

from app.services.act_diagrams import diagram
from app.services.act_table import TITLES
from app.workflows.registry import WORKFLOWS
from app.workflows.states import State
from config import ROOT
from tests.wording import vi

PAGE = ROOT / "docs" / "so-do-trang-thai.md"
_INTRO = """# Sơ đồ các vòng đời

<!-- Trang này do `.venv/bin/python -m tests.test_docs` tạo từ app/workflows/; đừng sửa tay. -->

Mỗi mũi tên là một thao tác có trong bảng; thao tác không có trong bảng thì không ai làm được. Ai được làm, khi nào, theo điều nào, gửi phiếu gì, báo cho ai: xem [bảng trạng thái](states.md) hoặc trang “Ai được làm gì” trong hệ thống. “(trở lại)” là về trạng thái trước khi rẽ ngang, ví dụ gửi bổ sung xong thì về đúng nơi đã yêu cầu.
"""  # noqa: E501


def _name(state: object) -> str:
    words = vi(str(state.label))  # type: ignore[attr-defined]
    return f"{int(state)}. {words}" if isinstance(state, State) else words


def page() -> str:
    """Return the text of the page."""
    parts = [_INTRO]
    for name, workflow in WORKFLOWS.items():
        drawn = diagram(workflow, lambda msgid: vi(str(msgid)), _name)
        parts.append(f"## {vi(TITLES[name])}\n\n```mermaid\n{drawn}\n```\n")
    return "\n".join(parts)


def write(path: Path = PAGE) -> None:
    """Write the page anew."""
    path.write_text(page(), encoding="utf-8")
