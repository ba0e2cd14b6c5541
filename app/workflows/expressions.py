"""Computed texts of forms: a template, or "=" and arithmetic over other answers. Never ``eval``.

``{ho} {ten}``            answers as they are read
``=so_ban * 8000 + 5000``   + - * / and parentheses over numbers
``=sum(bang.thanh_tien)``   functions of Functions, a column of a table as bang.thanh_tien
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, NamedTuple

from app.i18n import N_
from app.workflows.wording import Phrase

MAX_LENGTH, _MAX_DEPTH = 1_000, 20
_TOKEN = re.compile(r"\s*(?:(\d{1,15}(?:\.\d{1,6})?)|([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)|([-+*/(),]))", re.ASCII)
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)\}", re.ASCII)
_DIGITS = 6  # after the comma; what a person would still write
_LARGEST = Decimal(10) ** 15

Function = Callable[[Any], Any]
ValueOf = Callable[[str], Any]


class ExpressionFault(ValueError):
    """An expression that cannot be read; ``phrase`` says what is wrong with it."""

    def __init__(self, msgid: str, **params: str | int) -> None:
        super().__init__(msgid)
        self.phrase = Phrase(msgid, params)


class _Node(NamedTuple):
    kind: str  # number, key, call, minus or an operator
    value: Any = None
    parts: tuple[Any, ...] = ()


def _sum(values: Any) -> Decimal:
    return sum((_number(v) or Decimal(0) for v in _listed(values)), Decimal(0))


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


FUNCTIONS: dict[str, Function] = {
    "sum": _sum,
    "count": lambda values: Decimal(sum(1 for v in _listed(values) if v not in (None, "", {}))),
    "round": lambda value: (_number(value) or Decimal(0)).quantize(Decimal(1)),
    "min": lambda values: min((n for v in _listed(values) if (n := _number(v)) is not None), default=None),
    "max": lambda values: max((n for v in _listed(values) if (n := _number(v)) is not None), default=None),
}  # fmt: skip


class _Reader:
    """Recursive descent over the tokens; depth is bounded."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self.tokens, self.at, self.functions = _tokens(text), 0, functions

    def whole(self) -> _Node:
        node = self.total(0)
        if self.at < len(self.tokens):
            raise ExpressionFault(N_("“%(text)s” is not expected here."), text=self.tokens[self.at][1])
        return node

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def total(self, depth: int) -> _Node:
        return self._chain(("+", "-"), self.product, depth)

    def product(self, depth: int) -> _Node:
        return self._chain(("*", "/"), self.atom, depth)

    def _chain(self, operators: tuple[str, ...], part: Callable[[int], _Node], depth: int) -> _Node:
        if depth > _MAX_DEPTH:
            raise ExpressionFault(N_("The expression is nested too deeply."))
        node = part(depth)
        while self.peek() in operators:
            operator = self.peek()
            self.at += 1
            node = _Node(operator, None, (node, part(depth)))
        return node

    def atom(self, depth: int) -> _Node:
        if self.at >= len(self.tokens):
            raise ExpressionFault(N_("The expression ends too early."))
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return _Node("number", Decimal(text))
        if kind == "name":
            return self._call(text, depth) if self.peek() == "(" else _Node("key", text)
        if text == "-":
            return _Node("minus", None, (self._deeper(depth, self.atom),))
        if text == "(":
            node = self._deeper(depth, self.total)
            self._close()
            return node
        raise ExpressionFault(N_("“%(text)s” is not expected here."), text=text)

    def _deeper(self, depth: int, part: Callable[[int], _Node]) -> _Node:
        if depth >= _MAX_DEPTH:
            raise ExpressionFault(N_("The expression is nested too deeply."))
        return part(depth + 1)

    def _call(self, name: str, depth: int) -> _Node:
        if name not in self.functions:
            raise ExpressionFault(N_("There is no function “%(name)s”."), name=name)
        self.at += 1
        inner = self._deeper(depth, self.total)
        self._close()
        return _Node("call", name, (inner,))

    def _close(self) -> None:
        if self.peek() != ")":
            raise ExpressionFault(N_("A closing parenthesis is missing."))
        self.at += 1


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionFault(N_("“%(text)s” is not expected here."), text=text[at : at + 10])
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        found.append((kind, match[match.lastindex or 1]))
        at = match.end()
    return found


def keys_in(text: str, functions: Mapping[str, Function] = FUNCTIONS) -> set[str]:
    """Return the keys an expression reads, without parts; raises ExpressionFault if unreadable."""
    if len(text) > MAX_LENGTH:
        raise ExpressionFault(N_("The expression is too long."))
    if not text.startswith("="):
        if re.search(r"[{}]", _PLACE.sub("", text)):
            raise ExpressionFault(N_("Each brace encloses one key: {key}."))
        return {key.partition(".")[0] for key in _PLACE.findall(text)}
    return {key.partition(".")[0] for key in _keys(_Reader(text[1:], functions).whole())}


def _keys(node: _Node) -> list[str]:
    own = [node.value] if node.kind == "key" else []
    return own + [key for part in node.parts for key in _keys(part)]


def evaluate(
    text: str, value_of: ValueOf, text_of: ValueOf, functions: Mapping[str, Function] = FUNCTIONS
) -> Any:
    """Return what an expression comes to: a number, a text, or None while nothing is answered.

    value_of and text_of give an answer by key, raw and as it is read.
    """
    try:
        if not text.startswith("="):
            return _filled(text, text_of)
        node = _Reader(text[1:], functions).whole()
        keys = _keys(node)
        if keys and all(value_of(key) in (None, "", []) for key in keys):
            return None
        return _plain(_value(node, value_of, functions))
    except (ExpressionFault, InvalidOperation, DivisionByZero, Overflow):
        return None


def _filled(text: str, text_of: ValueOf) -> str | None:
    parts = {key: str(text_of(key) or "") for key in _PLACE.findall(text)}
    if parts and not any(parts.values()):
        return None
    return " ".join(_PLACE.sub(lambda match: parts[match[1]], text).split()) or None


def _value(node: _Node, value_of: ValueOf, functions: Mapping[str, Function]) -> Any:
    if node.kind == "number":
        return node.value
    if node.kind == "key":
        return value_of(node.value)
    if node.kind == "call":
        return functions[node.value](_value(node.parts[0], value_of, functions))
    numbers = [_number(_value(part, value_of, functions)) or Decimal(0) for part in node.parts]
    if node.kind == "minus":
        return -numbers[0]
    return _OPERATORS[node.kind](*numbers)


_OPERATORS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b,
    "*": lambda a, b: a * b, "/": lambda a, b: a / b,
}  # fmt: skip


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        return value
    return Decimal(str(value)) if isinstance(value, int | float) else None


def _plain(value: Any) -> Any:
    """Return a number as JSON keeps it; None when it is larger than any amount."""
    if not isinstance(value, Decimal):
        return value if isinstance(value, str | int | float) else None
    if not value.is_finite() or abs(value) > _LARGEST:
        return None
    rounded = round(value, _DIGITS)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
