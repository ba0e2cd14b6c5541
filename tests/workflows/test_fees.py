"""Amounts worked out by hand from the published procedures and the national circulars."""

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflows import fees as engine
from app.workflows.fee_rules import MAX_COUNT, Basis, Count, Facts, FeeRule, Relief
from tests.packs.hue import folder, rows

SUBJECTS = {row["code"]: row for row in rows("fee_subjects")}
PROCEDURES = folder("procedures")
TODAY = date(2026, 11, 21)


def rule(number: int, row: dict) -> FeeRule:
    """Return a fee of the Huế pack as the engine reads it."""
    reliefs = tuple(
        Relief(part["subject"], SUBJECTS[part["subject"]]["name"], part.get("percent", 100),
               part.get("legal_basis") or "") for part in row.get("exemptions") or ()
    )  # fmt: skip
    taken = ("kind", "channel", "basis", "first_units", "further_amount", "most_amount",
             "count_field", "case_field", "case_value", "online_percent", "online_amount",
             "is_optional", "valid_from", "valid_to", "due")  # fmt: skip
    values = {name: row[name] for name in taken if row.get(name) is not None}
    return FeeRule(number, row["name"], row["amount"], unit=row.get("unit_name") or "",
                   case=row.get("case_label") or "", legal_basis=row.get("legal_basis") or "",
                   reliefs=reliefs, **values)  # fmt: skip


def hue(code: str) -> list[FeeRule]:
    """Return the rules of a procedure of the Huế pack."""
    return [rule(number, row) for number, row in enumerate(PROCEDURES[code]["version"]["fees"], 1)]


def facts(channel: str = "counter", *subjects: str, **more) -> Facts:
    """Return the facts of a dossier of today."""
    return Facts(**{"channel": channel, "on": TODAY, "subjects": frozenset(subjects)} | more)


def papers(*pairs: tuple[int, int]) -> dict:
    """Return the answer of the certification form: (pages, copies) of each paper."""
    return {"giay_to": [{"ten": "x", "so_trang": p, "so_ban": c} for p, c in pairs]}


HOUSEHOLD, LISTED = "Cá nhân, hộ gia đình", "Đăng ký theo danh sách"
# (procedure, facts, amounts in đồng, how it was worked out)
CASES = [
    ("1.004222", facts(), [20_000], "TT 75/2022 Đ5: thường trú nộp trực tiếp 20.000"),
    ("1.004222", facts("online"), [10_000], "TT 75/2022: qua cổng 10.000"),
    ("1.004222", facts("post"), [20_000], "không qua cổng: mức trực tiếp"),
    ("1.004222", facts("counter", "ho_ngheo"), [0], "TT 75/2022 Đ4: hộ nghèo miễn"),
    ("1.004222", facts("online", "tre_em"), [0], "TT 75/2022 Đ4: trẻ em miễn"),
    ("1.004222", facts("online", "nguoi_cao_tuoi"), [0], "TT 75/2022 Đ4: người cao tuổi miễn"),
    ("1.004222", facts("counter", "nguoi_than_nhan_nuoi"), [20_000], "diện của thủ tục khác: không miễn"),
    ("1.004194", facts(case=HOUSEHOLD), [15_000], "TT 75/2022: tạm trú cá nhân trực tiếp 15.000"),
    ("1.004194", facts("online", case=HOUSEHOLD), [7_000], "procedures.json: qua cổng 7.000"),
    ("1.004194", facts(case=LISTED), [10_000], "procedures.json: danh sách 10.000/người"),
    ("1.004194", facts(case=LISTED, counts={2: (Count(12),)}), [120_000], "12 người × 10.000"),
    ("1.004194", facts("online", case=LISTED, counts={2: (Count(12),)}), [60_000], "12 × 5.000"),
    ("1.004194", facts(), [], "chưa chọn trường hợp: không đoán"),
    ("1.004194", facts("counter", "nguoi_co_cong", case=HOUSEHOLD), [0], "TT 75/2022 Đ4"),
    ("1.002755", facts("online", case=HOUSEHOLD), [7_000], "procedures.json: gia hạn qua cổng 7.000"),
    ("1.002755", facts(case=LISTED, counts={2: (Count(3),)}), [30_000], "3 × 10.000"),
    ("1.010038", facts(), [10_000], "procedures.json: tách hộ trực tiếp 10.000"),
    ("1.010038", facts("online"), [5_000], "procedures.json: tách hộ qua cổng 5.000"),
    ("1.010038", facts("online", "dan_toc_thieu_so"), [0], "TT 75/2022 Đ4"),
    ("2.000815", facts(answers=papers((1, 1))), [2_000], "TT 226/2016: 1 trang × 2.000"),
    ("2.000815", facts(answers=papers((2, 1))), [4_000], "2 trang × 2.000"),
    ("2.000815", facts(answers=papers((3, 1))), [5_000], "2 × 2.000 + 1 × 1.000"),
    ("2.000815", facts(answers=papers((10, 2))), [24_000], "(2 × 2.000 + 8 × 1.000) × 2 bản"),
    ("2.000815", facts(answers=papers((198, 1))), [200_000], "2 × 2.000 + 196 × 1.000 = 200.000"),
    ("2.000815", facts(answers=papers((500, 1))), [200_000], "tối đa 200.000/bản"),
    ("2.000815", facts(answers=papers((500, 3))), [600_000], "3 bản × 200.000"),
    ("2.000815", facts(answers=papers((1, 2), (3, 1))), [9_000], "2 × 2.000 + 5.000"),
    ("2.000815", facts(counts={1: (Count(4, 5),)}), [30_000], "(4.000 + 2.000) × 5: Bộ phận Một cửa nhập"),
    ("2.000942", facts(answers=papers((5, 1))), [7_000], "2 × 2.000 + 3 × 1.000"),
    ("2.000884", facts(answers=papers((1, 1), (4, 1), (2, 1))), [30_000], "3 giấy tờ × 10.000/trường hợp"),
    ("2.000884", facts(), [10_000], "một trường hợp"),
    ("2.001035", facts(), [50_000], "TT 226/2016: 50.000/giao dịch"),
    ("2.001019", facts(), [50_000], "TT 226/2016: 50.000/di chúc"),
    ("2.001016", facts(), [50_000], "TT 226/2016: 50.000/văn bản"),
    ("2.000635", facts("online", answers={"so_luong": 3}), [24_000], "TT 281/2016: 3 × 8.000"),
    ("2.000635", facts("online", answers={"so_luong": "1"}), [8_000], "8.000/bản sao"),
    ("2.000635", facts("online", "nguoi_khuyet_tat", answers={"so_luong": 3}), [0], "TT 281/2016: miễn"),
    ("1.000894", facts("online"), [], "miễn lệ phí; không yêu cầu bản sao thì không thu"),
    ("1.000894", facts("online", answers={"so_luong_ban_sao": 0}), [], "0 bản sao"),
    ("1.000894", facts("online", answers={"so_luong_ban_sao": 2}), [16_000], "2 bản sao × 8.000 khi có yêu cầu"),
    ("1.000894", facts(wanted=frozenset({2})), [8_000], "có yêu cầu, một bản"),
    ("2.001263", facts("online"), [400_000], "NĐ 114/2016: 400.000/trường hợp"),
    ("2.001263", facts("counter", "nguoi_than_nhan_nuoi"), [0], "NĐ 114/2016: cha dượng, mẹ kế… miễn"),
    ("1.002010", facts("online"), [25_000], "TT 64/2025: 25.000 từ 01/7/2025 đến 31/12/2026"),
    ("1.002010", facts(on=date(2025, 6, 30)), [50_000], "trước 01/7/2025"),
    ("1.002010", facts(on=date(2025, 7, 1)), [25_000], "ngày đầu áp dụng"),
    ("1.002010", facts(on=date(2026, 12, 31)), [25_000], "ngày cuối áp dụng"),
    ("1.002010", facts(on=date(2027, 1, 1)), [50_000], "sau 31/12/2026"),
    ("1.004593", facts(case="Cơ sở bán buôn thuốc"), [4_000_000], "TT 41/2023: GDP 4.000.000"),
    ("1.004593", facts(case="Cơ sở bán lẻ thuốc"), [1_000_000], "TT 41/2023: GPP 1.000.000"),
    ("1.004593", facts(), [], "chưa chọn loại hình cơ sở"),
    ("1.003001", facts(case="Địa bàn có điều kiện kinh tế - xã hội khó khăn"), [500_000], "TT 41/2023"),
    ("1.002600", facts(counts={1: (Count(3),)}), [1_500_000], "TT 41/2023: 3 sản phẩm × 500.000"),
    ("2.001583", facts(), [50_000, 100_000], "TT 47/2019: lệ phí 50.000, công bố 100.000"),
    ("2.001583", facts("online"), [0, 100_000], "TT 47/2019: đăng ký qua mạng miễn lệ phí"),
    ("1.001612", facts("online"), [150_000], "bảng công bố: nộp trực tuyến"),
    ("1.001612", facts(), [50_000], "bảng công bố: nộp trực tiếp"),
    ("1.001193", facts("online"), [], "đăng ký khai sinh đúng hạn: miễn"),
    ("3.000348", facts(), [135_000], "TT 37/2023: 135.000/lần"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "known", "amounts", "why"), CASES)
def test_amounts_worked_out_by_hand(code, known, amounts, why):
    lines = engine.owed(hue(code), known)
    assert [line.amount for line in lines] == amounts, why
    assert all(line.steps and line.legal_basis for line in lines)


PERMIT = FeeRule(1, "Lệ phí cấp phép", 75_000)
CLOSENESS = [
    ([PERMIT], {}, 75_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 50_000, level="commune")], {"level": "commune"}, 50_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 50_000, level="commune")], {"level": "province"}, 75_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 30_000, agency=7)], {"agencies": (7, 1)}, 30_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 30_000, agency=7)], {"agencies": (8, 1)}, 75_000),
    ([FeeRule(1, "x", 40_000, agency=1), FeeRule(2, "x", 30_000, agency=7)], {"agencies": (7, 1)}, 30_000),
    ([FeeRule(1, "x", 40_000, agency=1), FeeRule(2, "x", 20_000, channel="counter")], {"agencies": (7, 1)}, 40_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 60_000, valid_from=date(2026, 1, 1))], {}, 60_000),
    ([PERMIT, FeeRule(2, PERMIT.name, 60_000, valid_from=date(2027, 1, 1))], {}, 75_000),
    ([FeeRule(1, "x", 9, case="A", case_field="loai", case_value="a"),
      FeeRule(2, "x", 5, case="B", case_field="loai", case_value="b")], {"answers": {"loai": "b"}}, 5),
    ([FeeRule(1, "x", 9, case_field="nuoc_ngoai", case_value="true")], {"answers": {"nuoc_ngoai": True}}, 9),
    ([FeeRule(1, "x", 101, online_percent=50)], {"channel": "online"}, 51),
    ([FeeRule(1, "x", 1_000, online_amount=5_000)], {"channel": "online"}, 0),
    ([FeeRule(1, "x", 1_000, reliefs=(Relief("a", "A", 30), Relief("b", "B", 50)))],
     {"subjects": frozenset({"a", "b"})}, 500),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "more", "amount"), CLOSENESS)
def test_the_closest_rule_counts_and_reductions_follow_in_order(rules, more, amount):
    for order in permutations(rules):
        assert [line.amount for line in engine.owed(order, facts(**more))] == [amount]


def test_a_case_named_by_an_answer_is_not_asked_for():
    rules = [FeeRule(1, "x", 9, case="A", case_field="loai", case_value="a"), FeeRule(2, "y", 5, case="B")]
    assert engine.cases(rules, facts(answers={"loai": "a"})) == ["B"]


def test_every_amount_says_how_it_was_found():
    line = engine.owed(hue("2.000815"), facts("online", answers=papers((500, 3))))[0]
    assert [step.text() for step in line.steps] == [
        "2.000 VND × 2 trang", "1.000 VND × 498 trang", "At most 200.000 đồng for one copy", "× 3 copies"
    ]  # fmt: skip
    free = engine.owed(hue("1.004222"), facts("online", "ho_ngheo"))[0]
    assert free.steps[-1].text() == "Exempt: Người thuộc hộ nghèo"
    assert "Điều 4" in free.legal_basis


@pytest.mark.parametrize("count", [Count(-1), Count(MAX_COUNT + 1), Count(1, -1)])
def test_absurd_numbers_are_refused(count):
    with pytest.raises(ValueError, match="out of bounds"):
        engine.charge(PERMIT, facts(counts={1: (count,)}))


@pytest.mark.parametrize("value", ["abc", None, [], {}, "1e9", -5, 10**30, float("inf"), [{"so_trang": "x"}], ["y"]])
def test_a_strange_answer_never_breaks_the_amount(value):
    pages = FeeRule(1, "x", 10, basis=Basis.page, count_field="giay_to:so_trang:so_ban", most_amount=500)
    lines = engine.owed([pages], facts(answers={"giay_to": value}))
    assert all(0 <= line.amount <= 500 * MAX_COUNT for line in lines)


AMOUNT = st.integers(0, 10**9)
RULE = st.builds(
    FeeRule, key=st.integers(1, 10**6), name=st.sampled_from("ab"), amount=AMOUNT,
    channel=st.sampled_from(["any", "counter", "online"]), basis=st.sampled_from(list(Basis)),
    first_units=st.integers(0, 5), further_amount=AMOUNT, most_amount=AMOUNT,
    case=st.sampled_from(["", "A"]), level=st.sampled_from(["", "commune"]), agency=st.integers(0, 2),
    online_percent=st.integers(-10, 200), online_amount=AMOUNT, is_optional=st.booleans(),
    reliefs=st.lists(st.builds(Relief, st.sampled_from("xyz"), st.just("n"), st.integers(-10, 200)),
                     max_size=3).map(tuple),
)  # fmt: skip
FACTS = st.builds(
    Facts, channel=st.sampled_from(["counter", "online", "post"]), on=st.just(TODAY),
    level=st.sampled_from(["commune", "province"]), agencies=st.sampled_from([(), (1,), (2, 1)]),
    case=st.sampled_from(["", "A"]), subjects=st.frozensets(st.sampled_from("xyz")),
)  # fmt: skip
RULES = st.lists(RULE, max_size=6, unique_by=lambda one: one.key)


@settings(max_examples=150, deadline=None)
@given(RULES, FACTS, st.randoms(use_true_random=False))
def test_never_negative_never_more_than_owed_and_in_any_order_the_same(rules, known, random):
    lines = engine.owed(rules, known)
    assert all(isinstance(line.amount, int) and 0 <= line.amount <= line.full for line in lines)
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert sorted((one.rule.key, one.amount) for one in engine.owed(shuffled, known)) == sorted(
        (one.rule.key, one.amount) for one in lines
    )


@settings(max_examples=100, deadline=None)
@given(RULE, FACTS, st.integers(1, 50), st.integers(1, 20))
def test_more_pages_or_copies_never_cost_less(one, known, units, pieces):
    def full(count):
        return engine.charge(one, Facts(known.channel, TODAY, counts={one.key: (count,)})).full

    assert full(Count(units, pieces)) <= full(Count(units + 1, pieces))
    assert full(Count(units, pieces)) <= full(Count(units, pieces + 1))


@settings(max_examples=100, deadline=None)
@given(RULE, FACTS)
def test_a_relief_never_costs_anybody_more(one, known):
    without = Facts(known.channel, TODAY)
    assert engine.charge(one, known).amount <= engine.charge(one, without).amount
