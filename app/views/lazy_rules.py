"""Addresses whose builders are compiled when first asked for: most of a thousand never are in a process."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule that matches at once, and learns to build addresses when one is asked for."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Any] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(Rule._compile_builder(self, append_unknown))
            found: tuple[str, str] = made[0](rule, **values)
            return found

        return build
