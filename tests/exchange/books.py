"""Workbooks for tests: made from lists of rows, sent through the pages."""

import io
import re

import sqlalchemy as sa
import xlsxwriter

from app.extensions import db
from app.lowcode.exchange.reading import open_workbook
from app.lowcode.exchange.run import ImportRun


def book(sheets, is_formula=False):
    """Return the bytes of an .xlsx: {sheet name: rows}; the first row holds the headings."""
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": is_formula,
                                        "default_date_format": "dd/mm/yyyy"})  # fmt: skip
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    made.close()
    return target.getvalue()


def send(client, slug, content, name="danh-muc.xlsx"):
    """Upload a file and return (status, number of the run or None, text of the page)."""
    answer = client.post(f"/{slug}/import/", data={"file": (io.BytesIO(content), name)})
    if answer.status_code != 302:
        return answer.status_code, None, answer.text
    number = int(re.search(r"/import/(\d+)$", answer.location)[1])
    page = client.get(answer.location)
    return page.status_code, number, page.text


def run(number):
    """Return a run as it stands now."""
    return db.session.scalar(
        sa.select(ImportRun).where(ImportRun.id == number).execution_options(populate_existing=True)
    )


def apply(client, slug, number):
    """Press the button and return the page that follows."""
    return client.post(f"/{slug}/import/{number}/apply", follow_redirects=True)


def rows_in(content):
    """Return {sheet: rows} of a downloaded workbook."""
    return {sheet.name: sheet.rows for sheet in open_workbook("x.xlsx", content)}


def download(client, address):
    """Return the content of a file, which must be there."""
    with client.get(address) as answer:
        assert answer.status_code == 200, answer.status_code
        return answer.get_data()
