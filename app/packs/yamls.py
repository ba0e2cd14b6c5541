"""YAML as packs use it: written the same every time, read without trusting it.

The reader builds plain values from the parser's events, without recursion. It refuses what a
pack never needs and an attacker does: anchors and aliases (bombs), tags, several documents,
deep nesting, a name given twice.
"""

from datetime import datetime
from typing import Any

import yaml
from flask_babel import gettext as _

from app.errors import Invalid

MAX_DEPTH = 20
MAX_VALUES = 2_000_000  # of one file; a whole province has some 100,000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_SCALARS = frozenset(f"tag:yaml.org,2002:{name}" for name in
                     ("null", "bool", "int", "float", "timestamp", "str"))  # fmt: skip
_MISSING = object()


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]
    """Texts of several lines stand as they are read; everything else in YAML's plainest form."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write what is used twice out twice: our reader takes no aliases."""
        return True


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(value: Any) -> bytes:
    """Return ``value`` as YAML in UTF-8; equal values give equal bytes."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120,
        default_flow_style=False, encoding="utf-8",
    )  # fmt: skip


def load(content: bytes, name: str) -> Any:
    """Return the value in a YAML file; raises Invalid naming the file, the line and the fault."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Invalid(_("%(file)s: the file is not UTF-8 text.", file=name)) from exc
    try:
        return _Builder(_LOADER(text), name).build()
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        problem = getattr(exc, "problem", None) or str(exc).splitlines()[0]
        raise Invalid(_("%(file)s, line %(line)d: this is not valid YAML (%(problem)s).", file=name,
                        line=mark.line + 1 if mark else 1, problem=problem)) from exc  # fmt: skip


class _Builder:
    """Turns the events of one file into lists, mappings and plain values."""

    def __init__(self, loader: Any, name: str) -> None:
        self.loader, self.name = loader, name
        self.stack: list[Any] = []  # open lists, and (mapping, the name that waits for its value)
        self.names: list[Any] = []
        self.result: Any = None
        self.count = self.documents = 0

    def build(self) -> Any:
        while self.loader.check_event():
            self._take(self.loader.get_event())
        return self.result

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, _("a file holds one document"))
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, _("anchors and aliases (& and *) are not allowed"))
        elif isinstance(event, yaml.ScalarEvent):
            self._put(event, self._scalar(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self.names.pop()

    def _open(self, event: Any) -> None:
        if event.tag is not None:
            self._refuse(event, _("tags (!…) are not allowed"))
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(event, _("the values are nested too deeply"))
        fresh: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._put(event, fresh)
        self.stack.append(fresh)
        self.names.append(_MISSING)

    def _put(self, event: Any, value: Any) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(event, _("the file holds too many values"))
        if not self.stack:
            self.result = value
        elif isinstance(self.stack[-1], list):
            self.stack[-1].append(value)
        elif self.names[-1] is _MISSING:
            self.names[-1] = self._name(event, value)
        else:
            self.stack[-1][self.names[-1]] = value
            self.names[-1] = _MISSING

    def _name(self, event: Any, value: Any) -> str:
        if not isinstance(value, str):
            self._refuse(event, _("a name must be text"))
        if value in self.stack[-1]:
            self._refuse(event, _("“%(name)s” is given twice", name=value[:80]))
        return str(value)

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None and not any(event.implicit):
            self._refuse(event, _("tags (!…) are not allowed"))
        tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag not in _SCALARS:  # merge keys and the like
            self._refuse(event, _("“%(text)s” is not a plain value; put it in quotes", text=event.value[:80]))
        node = yaml.ScalarNode(tag, event.value)
        try:
            value = self.loader.yaml_constructors[tag](self.loader, node)
        except (ValueError, OverflowError, KeyError) as exc:
            self._refuse(event, _("“%(text)s” is no such date or number", text=event.value[:80]), exc)
        if isinstance(value, datetime) or (isinstance(value, float) and value - value != 0):
            return event.value  # instants are read by their column; infinity and the like are texts
        return value

    def _refuse(self, event: Any, problem: str, cause: Exception | None = None) -> Any:
        line = event.start_mark.line + 1
        raise Invalid(
            _("%(file)s, line %(line)d: %(problem)s.", file=self.name, line=line, problem=problem)
        ) from cause



