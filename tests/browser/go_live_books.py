"""The spreadsheets an office brings to an empty system: a form, and the set-up workbook.

Codes, names, time limits, fees and papers are those of procedures in force for communes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

from app.models.agency import AGENCY_LEVELS
from app.models.form_words import FIELD_KINDS, PREFILLS, FieldKind
from app.permissions import Role
from app.services.setup_workbook.headings import GIVEN_ROLES
from tests.wording import vi

Row = tuple[object, ...]

FORM = "to_khai_chung"
COMMUNE = "Ủy ban nhân dân xã Tân Lập"
DESK_OFFICER, DESK_NAME = "hoa.le", "Lê Thị Hoa"
_BASIS = {"Hộ tịch": "Luật Hộ tịch số 60/2014/QH13; Nghị định số 123/2015/NĐ-CP",
          "Chứng thực": "Nghị định số 23/2015/NĐ-CP; Nghị định số 280/2025/NĐ-CP"}  # fmt: skip
_RESULTS = {"Hộ tịch": "Giấy tờ hộ tịch hoặc trích lục hộ tịch", "Chứng thực": "Văn bản đã được chứng thực"}
_SAME_DAY, _FREE = "Trong ngày", "Không"
_PROCESS = {_SAME_DAY: "QT-1", "01 ngày làm việc": "QT-1", "02 ngày làm việc": "QT-2",
            "03 ngày làm việc": "QT-3", "05 ngày làm việc": "QT-5"}  # fmt: skip
_WORK = {"QT-1": "5", "QT-2": "13", "QT-3": "21", "QT-5": "37"}  # hours of the specialist

HEADING = ("STT", "Mã số TTHC", "Tên thủ tục hành chính", "Lĩnh vực", "Thời hạn giải quyết", "Địa điểm thực hiện",
           "Phí, lệ phí (nếu có)", "Thành phần hồ sơ", "Đối tượng thực hiện", "Kết quả thực hiện", "Căn cứ pháp lý",
           "Mã quy trình", "Mã mẫu đơn")  # fmt: skip
# (code, name, sector, time limit, fee, papers)
PROCEDURES = (
    ("1.001193", "Thủ tục đăng ký khai sinh", "Hộ tịch", _SAME_DAY, _FREE, "Giấy chứng sinh"),
    ("1.000656", "Thủ tục đăng ký khai tử", "Hộ tịch", _SAME_DAY, _FREE, "Giấy báo tử hoặc giấy tờ thay Giấy báo tử"),
    ("1.000894", "Thủ tục đăng ký kết hôn", "Hộ tịch", _SAME_DAY, _FREE,
     "Tờ khai đăng ký kết hôn theo mẫu, có đủ thông tin của hai bên nam, nữ"),
    ("1.001022", "Thủ tục đăng ký nhận cha, mẹ, con", "Hộ tịch", "03 ngày làm việc", _FREE,
     "Tờ khai đăng ký nhận cha, mẹ, con theo mẫu\nChứng cứ chứng minh quan hệ cha, mẹ, con"),
    ("1.004837", "Thủ tục đăng ký giám hộ", "Hộ tịch", "03 ngày làm việc", _FREE,
     "Tờ khai đăng ký giám hộ theo mẫu\nVăn bản cử người giám hộ theo quy định của Bộ luật Dân sự"),
    ("1.004845", "Thủ tục đăng ký chấm dứt giám hộ", "Hộ tịch", "02 ngày làm việc", _FREE,
     "Giấy tờ làm căn cứ chấm dứt giám hộ theo quy định của Bộ luật Dân sự"),
    ("1.004873", "Thủ tục cấp Giấy xác nhận tình trạng hôn nhân", "Hộ tịch", "03 ngày làm việc", _FREE,
     "Tờ khai cấp Giấy xác nhận tình trạng hôn nhân theo mẫu"),
    ("1.004884", "Thủ tục đăng ký lại khai sinh", "Hộ tịch", "05 ngày làm việc", _FREE,
     "Tờ khai đăng ký lại khai sinh theo mẫu\nBản sao hồ sơ, giấy tờ có nội dung khai sinh"),
    ("1.004746", "Thủ tục đăng ký lại kết hôn", "Hộ tịch", "05 ngày làm việc", _FREE,
     "Tờ khai đăng ký lại kết hôn theo mẫu\nBản sao Giấy chứng nhận kết hôn được cấp trước đây"),
    ("1.005461", "Đăng ký lại khai tử", "Hộ tịch", "05 ngày làm việc", _FREE,
     "Bản sao Giấy chứng tử trước đây được cấp hợp lệ"),
    ("1.000689", "Thủ tục đăng ký khai sinh kết hợp đăng ký nhận cha, mẹ, con", "Hộ tịch", "03 ngày làm việc", _FREE,
     "Tờ khai đăng ký khai sinh theo mẫu\nTờ khai đăng ký nhận cha, mẹ, con theo mẫu"),
    ("2.000635", "Cấp bản sao Trích lục hộ tịch, bản sao Giấy khai sinh", "Hộ tịch", _SAME_DAY, "8.000 đồng/bản",
     "Tờ khai đề nghị cấp bản sao Trích lục hộ tịch theo mẫu"),
    ("2.002516", "Thủ tục xác nhận thông tin hộ tịch", "Hộ tịch", _SAME_DAY, "8.000 đồng/văn bản",
     "Giấy tờ, tài liệu có liên quan đến nội dung đề nghị xác nhận thông tin hộ tịch"),
    ("2.000806", "Thủ tục đăng ký kết hôn có yếu tố nước ngoài", "Hộ tịch", "05 ngày làm việc", _FREE,
     "Tờ khai đăng ký kết hôn theo mẫu\nGiấy tờ chứng minh tình trạng hôn nhân của người nước ngoài"),
    ("2.000815", "Chứng thực bản sao từ bản chính giấy tờ, văn bản", "Chứng thực", _SAME_DAY, "2.000 đồng/trang",
     "Bản chính giấy tờ, văn bản làm cơ sở để chứng thực bản sao"),
    ("2.000908", "Thủ tục cấp bản sao từ sổ gốc", "Chứng thực", "01 ngày làm việc", _FREE,
     "Căn cước điện tử, Thẻ căn cước hoặc Hộ chiếu còn giá trị sử dụng"),
    ("2.001019", "Chứng thực di chúc", "Chứng thực", "02 ngày làm việc", "50.000 đồng/di chúc", "Dự thảo di chúc"),
    ("2.001035", "Chứng thực giao dịch liên quan đến tài sản là động sản, quyền sử dụng đất, nhà ở", "Chứng thực",
     "02 ngày làm việc", "50.000 đồng/giao dịch", "Dự thảo giao dịch"),
    ("2.001406", "Chứng thực văn bản phân chia di sản mà di sản là động sản, quyền sử dụng đất, nhà ở", "Chứng thực",
     "02 ngày làm việc", "50.000 đồng/văn bản", "Dự thảo văn bản phân chia di sản"),
    ("2.001016", "Chứng thực văn bản từ chối nhận di sản", "Chứng thực", "01 ngày làm việc", "50.000 đồng/văn bản",
     "Dự thảo văn bản từ chối nhận di sản"),
)  # fmt: skip

_POSTS = {role: vi(GIVEN_ROLES[role]) for role in (Role.desk_officer, Role.specialist, Role.agency_head, Role.clerk)}
_LEVELS = [vi(AGENCY_LEVELS[level]) for level in ("province", "commune", "desk")]
_AGENCIES = (
    ("Mã cơ quan", "Tên cơ quan", "Cấp", "Phòng", "Họ và tên cán bộ", "Tên đăng nhập", "Thư điện tử", "Vai trò",
     "Chức danh"),
    ("H99", "Ủy ban nhân dân tỉnh Đồng Bằng", _LEVELS[0]),
    ("H99.1", COMMUNE, _LEVELS[1]),
    ("H99.1.1", "Trung tâm Phục vụ hành chính công xã Tân Lập", _LEVELS[2], "", DESK_NAME, DESK_OFFICER,
     "hoa.le@example.vn", _POSTS[Role.desk_officer], "Công chức"),
    ("H99.1", "", "", "Phòng Văn hóa - Xã hội", "Trần Văn Bình", "binh.tran", "binh.tran@example.vn",
     _POSTS[Role.specialist], "Công chức tư pháp - hộ tịch"),
    ("H99.1", "", "", "", "Ngô Thị Lan", "lan.ngo", "lan.ngo@example.vn", _POSTS[Role.agency_head], "Chủ tịch"),
    ("H99.1", "", "", "", "Phạm Văn Tư", "tu.pham", "tu.pham@example.vn", _POSTS[Role.clerk], "Văn thư"),
)  # fmt: skip
_STEPS = (
    ("Tiếp nhận hồ sơ", Role.desk_officer, "30 phút"), ("Thẩm tra, dự thảo kết quả", Role.specialist, ""),
    ("Ký kết quả", Role.agency_head, "1"), ("Vào số, đóng dấu", Role.clerk, "1"),
    ("Trả kết quả", Role.desk_officer, "30 phút"),
)  # fmt: skip
_SECTIONS = {
    "Người yêu cầu": (
        ("Họ, chữ đệm, tên", "text", "x", "name"), ("Số định danh cá nhân", "personal_id", "x", "id_number"),
        ("Nơi cư trú", "text", "x", ""),
    ),
    "Nội dung yêu cầu": (
        ("Việc đề nghị giải quyết", "text", "x", ""), ("Nội dung chi tiết", "textarea", "x", ""),
        ("Số bản sao cần cấp", "number", "", ""),
    ),
    "Cam đoan": (("Tôi cam đoan những nội dung khai trên là đúng sự thật", "checkbox", "x", ""),),
}  # fmt: skip


def setup_workbook(folder: Path) -> Path:
    """Return the three sheets of one province with one commune, its officers and 20 procedures."""
    rows = [(number, code, name, sector, limit, "UBND cấp xã", fee, papers, "Cá nhân",
             _RESULTS[sector], _BASIS[sector], _PROCESS[limit], FORM)
            for number, (code, name, sector, limit, fee, papers) in enumerate(PROCEDURES, 1)]  # fmt: skip
    sheets = {"Cơ quan và cán bộ": _AGENCIES, "Danh mục công bố": (HEADING, *rows), "Quy trình nội bộ": _steps()}
    return _book(folder / "thiet-lap.xlsx", sheets)


def form_workbook(folder: Path) -> Path:
    """Return a form as a spreadsheet, one row a question."""
    rows: list[Row] = [tuple(vi(word) for word in ("Section", "Label", "Kind", "Required", "Filled from"))]
    rows += [(section, label, vi(FIELD_KINDS[FieldKind(kind)]), needed, vi(PREFILLS[prefill]) if prefill else "")
             for section, fields in _SECTIONS.items() for label, kind, needed, prefill in fields]  # fmt: skip
    return _book(folder / "to-khai.xlsx", {"Mẫu đơn": rows})


def _steps() -> list[Row]:
    rows: list[Row] = [("Mã quy trình", "Tên quy trình", "Nội dung công việc", "Người thực hiện", "Thời gian")]
    for code, hours in _WORK.items():
        names = (code, f"Quy trình {code[3:]} ngày")
        for number, (step, role, time) in enumerate(_STEPS):
            rows.append((*(("", "") if number else names), step, _POSTS[role], time or hours))
    return rows


def _book(path: Path, sheets: Mapping[str, Sequence[Row]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path
