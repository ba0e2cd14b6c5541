"""The guides say what the program does: tables of states, words on screen, links and pictures.

`.venv/bin/python -m tests.test_docs` writes the tables of docs/states.md anew.
"""

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest
from babel.messages.pofile import read_po

from app.lowcode.values import inside_sentence
from app.models.dossier_time import HOLDERS
from app.models.letter import LETTER_KINDS
from app.permissions import ROLE_LABELS
from app.workflows.registry import WORKFLOWS
from app.workflows.states import State
from tests import diagrams
from tests.regulations import report

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
STATES = DOCS / "states.md"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
_GUIDES = ("nguoi-dan", "can-bo", "quan-tri", "thiet-ke-mau-don", "thiet-ke-quy-trinh", "kiem-tra")
GUIDES = [PAGES[0], *(DOCS / f"{x}.md" for x in _GUIDES)]
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
MAX_PICTURE = 150 * 1024  # bytes
HEAD = ("Thao tác", "Từ", "Sang", "Ai", "Thông báo khi chưa được", "Căn cứ", "Phiếu, văn bản", "Báo cho")
# Of a result the open step tells people, not its own table: the last two columns are left out.
COLUMNS = {"result": len(HEAD) - 2, "procedure_version": len(HEAD) - 2,
           "publication_decision": len(HEAD) - 2}  # fmt: skip
GUIDES += [DOCS / "quy-che.md", DOCS / "phan-quyen.md", DOCS / "thu-tuc-trong-10-phut.md"]
GUIDES += [DOCS / "thoi-han.md"]
# Whom a notice reaches, beside the roles.
_OTHERS = {"applicant": "người nộp hồ sơ", "desk": "Bộ phận Một cửa", "sender": "người gửi",
           "chairman": "Chủ tịch UBND cấp tỉnh"}  # fmt: skip


def _catalogue():
    with (ROOT / "translations/vi/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


def _on_screen():
    """Return every Vietnamese text of the interface, all plural forms included."""
    texts = [m.string if isinstance(m.string, tuple) else (m.string,) for m in _catalogue() if m.id]
    return {text for forms in texts for text in forms if text}


def tables():
    """Return {name: Markdown table} of docs/states.md, made from the workflow tables."""
    catalogue = _catalogue()

    def say(msgid):
        found = catalogue.get(str(msgid))
        assert found is not None, f"no Vietnamese for {msgid!r}"
        assert found.string, f"no Vietnamese for {msgid!r}"
        return found.string

    found = {"states": _states(say)}
    for workflow in WORKFLOWS.values():
        found[workflow.name] = _transitions(workflow, say)
    return found


def _states(say):
    head = ("Mã", "Trạng thái", "Người nộp hồ sơ đọc thấy", "Thời gian tính cho")
    rows = [(int(state), say(state.label), say(state.sentence),
             say(HOLDERS[state.holder]) if state.holder else "–") for state in State]  # fmt: skip
    return _table(head, rows)


def _transitions(workflow, say):
    width = COLUMNS.get(workflow.name, len(HEAD))
    return _table(HEAD[:width], [_line(workflow, row, say)[:width] for row in workflow.transitions])


def _line(workflow, row, say):
    targets = {state for source in row.sources for state in workflow.targets(row, source)}
    refusals = [say(workflow.guards[row.guard])] if row.guard else []
    asked = say("Please fill in: %(what)s.") % {"what": say(row.reason_label)} if row.reason_label else ""
    refusals += [asked or say("Please give the reason.")] if row.needs_reason else []
    back = "" if row.target in targets else "trạng thái trước: "
    return (
        say(row.label), _names(workflow, row.sources, say), back + _names(workflow, targets, say),
        _roles(row.roles, say), "; ".join(refusals) or "–", row.clause,
        say(LETTER_KINDS[row.letter]) if row.letter else "–", _roles(row.notices, say) or "–",
    )  # fmt: skip


def _names(workflow, states, say):
    """Return states in the order of their declaration: codes of a dossier, words of the others."""
    known = [None, *workflow.states]
    ordered = sorted(states, key=known.index)
    return ", ".join("mới" if state is None else _name(state, say) for state in ordered)


def _name(state, say):
    return str(int(state)) if isinstance(state, State) else say(state.label)


def _roles(names, say):
    order = [*_OTHERS, *ROLE_LABELS]
    known = sorted(names, key=order.index)
    return ", ".join(_OTHERS.get(name) or inside_sentence(say(ROLE_LABELS[name])) for name in known)


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _between(name):
    """Return the pattern of a generated table between its two markers."""
    return re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)


def write_tables():
    """Put the present tables into docs/states.md."""
    text = STATES.read_text(encoding="utf-8")
    for name, table in tables().items():
        text, count = _between(name).subn(lambda m, t=table: f"{m[1]}\n{t}\n{m[2]}", text)
        assert count == 1, f"docs/states.md has no place for {name}"
    STATES.write_text(text, encoding="utf-8")


def _prose(page):
    return CODE.sub("", page.read_text(encoding="utf-8"))


def _targets(page):
    return [target for target in LINK.findall(_prose(page))
            if not re.match(r"[a-z]+:", target)]  # fmt: skip


def _anchors(page):
    heads = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {_slug(head) for head in heads}


def _slug(head):
    """Return a heading's anchor as GitHub makes it."""
    kept = [c for c in head.strip().lower() if c in " -_" or unicodedata.category(c)[0] in "LNM"]
    return "".join(kept).replace(" ", "-")


def test_tables_of_states_are_those_of_the_workflows():
    text = STATES.read_text(encoding="utf-8")
    for name, table in tables().items():
        place = _between(name).search(text)
        assert place, f"docs/states.md has no place for {name}"
        assert place[0] == f"{place[1]}\n{table}\n{place[2]}", "run: .venv/bin/python -m tests.test_docs"


def test_the_diagrams_are_those_of_the_workflows():
    assert diagrams.PAGE.read_text(encoding="utf-8") == diagrams.page(), "run: .venv/bin/python -m tests.test_docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    missing = []
    for target in _targets(page):
        path, _hash, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        is_there = file.exists() and ROOT in [file, *file.parents]
        if not is_there or (anchor and anchor not in _anchors(file)):
            missing.append(target)
    assert not missing


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_bold_words_are_words_on_screen(page):
    """Bold is kept for what one reads on the screen, letter for letter."""
    known = _on_screen()
    assert [words for words in BOLD.findall(_prose(page)) if words not in known] == []


def test_every_picture_is_used_small_and_described():
    used = {(page.parent / target).resolve() for page in PAGES for target in _targets(page)}
    pictures = sorted((DOCS / "images").iterdir())
    assert pictures
    for picture in pictures:
        assert picture in used, f"{picture.name} is shown nowhere"
        assert picture.stat().st_size <= MAX_PICTURE, picture.name
    for page in PAGES:
        assert "![](" not in _prose(page), f"{page.name}: a picture without a description"


if __name__ == "__main__":
    write_tables()
    report.write()
    diagrams.write()
