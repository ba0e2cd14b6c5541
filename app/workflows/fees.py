"""What a dossier owes, by rule: amounts in đồng, each with the sentences that explain it.

Order of a computation: the rule that fits best, times pages and copies, the cap of a copy, less
the reduction for applying online, less the one relief that helps most. Reductions never exceed
what is owed; a part of a đồng left over by a percentage is not forgiven.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.i18n import N_
from app.workflows.fee_rules import EVERYTHING, MAX_COUNT, Basis, Count, Facts, FeeRule, Line, Relief
from app.workflows.wording import Phrase


def open_rules(rules: Iterable[FeeRule], facts: Facts) -> list[FeeRule]:
    """Return the rules that may be charged, in the order given.

    Of the rules for the same fee and case the closest one counts: of the nearest agency, then
    of the level, of the channel, of a limited period, then the latest (QN20 Đ14.2).
    """
    best: dict[tuple[str, ...], FeeRule] = {}
    fitting = [rule for rule in rules if _fits(rule, facts)]
    for rule in fitting:
        group = (rule.kind, rule.name, rule.case, rule.case_field, rule.case_value)
        if group not in best or _closeness(rule, facts) > _closeness(best[group], facts):
            best[group] = rule
    kept = {rule.key for rule in best.values()}
    return [rule for rule in fitting if rule.key in kept and rule.amount > 0]


def _fits(rule: FeeRule, facts: Facts) -> bool:
    return (
        rule.channel in {"any", facts.channel}
        and rule.level in {"", facts.level}
        and (not rule.agency or rule.agency in facts.agencies)
        and (rule.valid_from is None or rule.valid_from <= facts.on)
        and (rule.valid_to is None or facts.on <= rule.valid_to)
        and (not rule.case_field or _answer(facts, rule.case_field) == rule.case_value)
    )


def _answer(facts: Facts, key: str) -> str:
    value = facts.answers.get(key)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _closeness(rule: FeeRule, facts: Facts) -> tuple[int, ...]:
    distance = facts.agencies.index(rule.agency) if rule.agency else len(facts.agencies)
    begins = rule.valid_from.toordinal() if rule.valid_from else 0
    return (-distance, bool(rule.level), rule.channel != "any", rule.valid_to is not None,
            begins, -rule.key)  # fmt: skip


def cases(rules: Iterable[FeeRule], facts: Facts) -> list[str]:
    """Return the cases the applicant chooses between, in the order of the rules."""
    found = [rule.case for rule in open_rules(rules, facts) if rule.case and not rule.case_field]
    return list(dict.fromkeys(found))


def offered(rules: Iterable[FeeRule], facts: Facts) -> list[FeeRule]:
    """Return the fees that are only owed if the applicant asks for what they buy."""
    return [rule for rule in open_rules(rules, facts) if rule.is_optional and _is_case(rule, facts)]


def _is_case(rule: FeeRule, facts: Facts) -> bool:
    return not rule.case or bool(rule.case_field) or rule.case == facts.case


def owed(rules: Iterable[FeeRule], facts: Facts) -> list[Line]:
    """Return what is owed: of the chosen case, and of the optional fees those wanted."""
    found = [
        charge(rule, facts) for rule in open_rules(rules, facts)
        if _is_case(rule, facts) and (not rule.is_optional or _is_wanted(rule, facts))
    ]  # fmt: skip
    return [line for line in found if line.full]


def _is_wanted(rule: FeeRule, facts: Facts) -> bool:
    return rule.key in facts.wanted or bool(rule.count_field and counted(rule, facts))


def charge(rule: FeeRule, facts: Facts) -> Line:
    """Return what ``rule`` comes to. Raises ValueError for a count outside 0–MAX_COUNT."""
    counts = facts.counts.get(rule.key)
    if counts is None:
        counts = counted(rule, facts) or (Count(),)
    if any(not 0 <= number <= MAX_COUNT for c in counts for number in (c.units, c.pieces)):
        raise ValueError("a number of pages or copies is out of bounds")
    full, steps = _full(rule, counts)
    if rule.case:
        steps.insert(0, Phrase(N_("Case: %(case)s"), {"case": rule.case}))
    amount = _less_online(rule, facts, full, steps)
    relief = _best_relief(rule, facts)
    if relief is not None and amount:
        amount -= amount * _percent(relief.percent) // EVERYTHING
        steps.append(_relief_step(relief))
    return Line(rule, full, amount, counts, tuple(steps), relief)


def counted(rule: FeeRule, facts: Facts) -> tuple[Count, ...]:
    """Return the numbers that an answer gives for ``rule``; () if it gives none."""
    name, _sep, columns = rule.count_field.partition(":")
    value = facts.answers.get(name) if name else None
    if isinstance(value, list):
        units, _sep, pieces = columns.partition(":")
        if not columns:
            return (Count(min(len(value), MAX_COUNT)),) if value else ()
        rows = [row for row in value if isinstance(row, Mapping)]
        return tuple(Count(_number(row.get(units), 1), _number(row.get(pieces), 1)) for row in rows)
    number = _number(value, 0)
    return (Count(number),) if number else ()


def _number(value: Any, default: int) -> int:
    """Return the whole number of an answer, kept within bounds; ``default`` if it is none."""
    try:
        return min(max(int(value), 0), MAX_COUNT)
    except (TypeError, ValueError, OverflowError):
        return default


def _full(rule: FeeRule, counts: tuple[Count, ...]) -> tuple[int, list[Phrase]]:
    if rule.basis == Basis.fixed:
        pieces = sum(count.units * count.pieces for count in counts)
        return rule.amount * pieces, [_fixed_step(rule, pieces)]
    total, steps = 0, []
    for count in counts:
        one, words = _one_piece(rule, count.units)
        total += one * count.pieces
        steps += words
        if count.pieces != 1:
            steps.append(Phrase(N_("× %(count)s copies"), {"count": count.pieces}))
    return total, steps


def _fixed_step(rule: FeeRule, pieces: int) -> Phrase:
    if pieces == 1:
        return Phrase(N_("Fixed amount: %(amount)s đồng"), {"amount": dots(rule.amount)})
    return Phrase(N_("%(amount)s đồng × %(count)s times"),
                  {"amount": dots(rule.amount), "count": pieces})  # fmt: skip


def _one_piece(rule: FeeRule, units: int) -> tuple[int, list[Phrase]]:
    first = min(units, rule.first_units) if rule.first_units else units
    further = units - first
    amount = first * rule.amount + further * rule.further_amount
    steps = [_units_step(rule, rule.amount, first)]
    if further:
        steps.append(_units_step(rule, rule.further_amount, further))
    if rule.most_amount and amount > rule.most_amount:
        amount = rule.most_amount
        steps.append(Phrase(N_("At most %(amount)s đồng for one copy"),
                            {"amount": dots(rule.most_amount)}))  # fmt: skip
    return amount, steps


def _units_step(rule: FeeRule, amount: int, count: int) -> Phrase:
    params: dict[str, str | int] = {"amount": dots(amount), "count": count}
    if not rule.unit:
        return Phrase(N_("%(amount)s VND × %(count)s"), params)
    return Phrase(N_("%(amount)s VND × %(count)s %(unit)s"), params | {"unit": rule.unit})


def _less_online(rule: FeeRule, facts: Facts, amount: int, steps: list[Phrase]) -> int:
    if facts.channel != "online":
        return amount
    if rule.online_percent:
        percent = _percent(rule.online_percent)
        steps.append(Phrase(N_("Less %(percent)s%% for applying online"), {"percent": percent}))
        amount -= amount * percent // EVERYTHING
    if rule.online_amount:
        steps.append(Phrase(N_("Less %(amount)s đồng for applying online"),
                            {"amount": dots(min(rule.online_amount, amount))}))  # fmt: skip
        amount -= min(rule.online_amount, amount)
    return amount


def _best_relief(rule: FeeRule, facts: Facts) -> Relief | None:
    """The relief that helps most; reliefs are not added to one another."""
    fitting = [r for r in rule.reliefs if r.subject in facts.subjects and _percent(r.percent)]
    return max(fitting, key=lambda r: (_percent(r.percent), r.subject), default=None)


def _percent(value: int) -> int:
    return min(max(value, 0), EVERYTHING)


def _relief_step(relief: Relief) -> Phrase:
    if _percent(relief.percent) == EVERYTHING:
        return Phrase(N_("Exempt: %(subject)s"), {"subject": relief.name})
    return Phrase(N_("Less %(percent)s%%: %(subject)s"),
                  {"percent": relief.percent, "subject": relief.name})  # fmt: skip


def dots(amount: int) -> str:
    """Return an amount with dots between the thousands: 50.000."""
    return f"{amount:,}".replace(",", ".")
