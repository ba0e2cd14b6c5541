"""docs/conformance.md: the register of obligations with the tests that show them.

`.venv/bin/python -m tests.test_docs` writes it anew with the other generated tables.
"""

import ast
from pathlib import Path

from app.cli.conformance import FOLDER, NOT_YET, REGULATIONS, WORDS, Obligation, register
from config import ROOT

PAGE = ROOT / "docs" / "conformance.md"
NAMES = {
    "HUE25": "Quyết định 08/2025/QĐ-UBND của thành phố Huế",
    "QN20": "Quyết định 24/2020/QĐ-UBND của tỉnh Quảng Nam",
    "HCM24": "Quyết định 39/2024/QĐ-UBND của Thành phố Hồ Chí Minh",
    "TTH17": "Quyết định 88/2017/QĐ-UBND của tỉnh Thừa Thiên Huế",
}
_INTRO = """# Đối chiếu với bốn quy chế

<!-- Trang này do `.venv/bin/python -m tests.test_docs` tạo từ tests/regulations/; đừng sửa tay. -->

Mỗi dòng là một nghĩa vụ của quy chế có liên quan đến hệ thống. Kết quả “đạt” nghĩa là có kiểm thử
hành vi chạy với đúng bộ tham số của quy chế đó, và kiểm thử ấy đạt. “Chưa” thì ghi rõ còn thiếu gì.
Các nhóm: A1 danh mục, A2 tài khoản, A3 nộp hồ sơ, A4 tiếp nhận, A5 hướng dẫn, A6 giải quyết,
A7 thanh toán, A8 tra cứu, A9 kết quả, A10 số hóa, A11 phản ánh và đánh giá, A12 quy trình,
A13 kết nối và vận hành.

Chạy lại tất cả và in bảng: `./manage conformance`, dạng JSON: `./manage conformance --json`.
"""
_HEAD = ("Nhóm", "Điều khoản", "Yêu cầu", "Kiểm thử", "Kết quả")


def shown_by() -> dict[tuple[str, str], list[str]]:
    """Return {(item, clause): names of the tests marked with it}, read from the source."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for key in _marks(node):
                    found.setdefault(key, []).append(node.name)
    return found


def _marks(node: ast.FunctionDef) -> list[tuple[str, str]]:
    keys = []
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "clause":
            item, *clauses = [ast.literal_eval(part) for part in mark.args]
            keys += [(item, name) for name in clauses]
    return keys


def page() -> str:
    """Return the text of docs/conformance.md."""
    tests, rows = shown_by(), register()
    parts = [_INTRO, _summary(rows, tests)]
    for short in REGULATIONS:
        own = [one for one in rows if one.regulation == short]
        parts.append(f"## {short}: {NAMES[short]}\n\n{_table(own, tests)}\n")
    return "\n".join(parts)


def _summary(rows: list[Obligation], tests: dict[tuple[str, str], list[str]]) -> str:
    lines = ["| Quy chế | Điều khoản | Đạt | Chưa |", "| --- | --- | --- | --- |"]
    for short in REGULATIONS:
        own = [one for one in rows if one.regulation == short]
        done = sum((one.item, one.clause) in tests for one in own)
        lines.append(f"| {short} | {len(own)} | {done} | {len(own) - done} |")
    return "\n".join([*lines, ""])


def _table(rows: list[Obligation], tests: dict[tuple[str, str], list[str]]) -> str:
    lines = ["| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    for one in rows:
        names = tests.get((one.item, one.clause), [])
        result = WORDS["passed"] if names else f"{WORDS[NOT_YET]}: {one.missing}"
        shown = ", ".join(f"`{name}`" for name in names) or "–"
        lines.append(f"| {one.item} | {one.clause} | {one.requirement} | {shown} | {result} |")
    return "\n".join(lines)


def write(path: Path = PAGE) -> None:
    """Write the page anew."""
    path.write_text(page(), encoding="utf-8")
