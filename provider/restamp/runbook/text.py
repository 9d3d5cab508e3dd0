"""YAML with positions: every scalar is the text that stands there, typed by the model later.

So `no`, `007`, `12:30` and `1.10` mean themselves. Anchors, tags and duplicate keys are problems, not features.
Only below `unmodelled` and fields of free JSON, which no model types, a plain number or truth is one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from restamp.models.finding import Position

Loader: Any  # libyaml's, or without it PyYAML's own: the same, slower. It takes no text for anything else
try:
    from yaml import CSafeDumper as _Dumper

    Loader = yaml.CBaseLoader
except ImportError:
    from yaml import SafeDumper as _Dumper  # type: ignore[assignment]

    Loader = yaml.BaseLoader

Path = tuple[str | int, ...]
_UNTYPED = "unmodelled"
_TYPES: Any = yaml.resolver.Resolver()
_LITERALS = tuple(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null"))
_SIGNS = re.compile(r"(?:^|[\s\[{,?:-])[&*!]", re.MULTILINE)  # where an anchor, an alias or a tag may stand
_TWISTED = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?|0o[0-7]+|[yn]", re.IGNORECASE)  # where YAML is 1.2


@dataclass
class Parsed:
    """A file's content (maps, lists, texts), and what is wrong with it; where a part stands is found when asked."""

    file: str
    text: str
    value: Any = None
    problems: list[tuple[Position, str, str]] = field(default_factory=list)
    untyped: frozenset[str] = frozenset({_UNTYPED})

    def part(self, path: Path) -> "Part":
        """A part of the file, as if it were one itself."""
        return Part(self, path)

    def at(self, path: Path, *, key: bool = False) -> Position:
        """Where a part stands, or the key it has; where it has no place of its own, its nearest surrounding part."""
        node = self._root
        for step in path:
            key_node, below = _below(node, step)
            if below is None:
                return self._position(node)
            surrounding, node = node, below
        return self._position((key_node or surrounding) if path and key else node)

    @cached_property
    def _root(self) -> yaml.Node | None:
        return None if self.value is None else next(yaml.compose_all(self.text, Loader=Loader))

    def _position(self, node: yaml.Node | None) -> Position:
        return _position(self.file, node) if node else Position(self.file, 1, 1)


def _below(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The key and the value that a step leads to; no key in a list, nothing where there is no such step."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


@dataclass(frozen=True)
class Part:
    """A part of a file: an object that stands inside another one's document."""

    parsed: Parsed
    path: Path = ()

    @property
    def file(self) -> str:
        """The file it stands in."""
        return self.parsed.file

    @property
    def value(self) -> Any:
        """What stands there."""
        value = self.parsed.value
        for step in self.path:
            value = value[step]
        return value

    def at(self, path: Path, *, key: bool = False) -> Position:
        """Where a part of this part stands."""
        return self.parsed.at((*self.path, *path), key=key)


def parse(text: str, file: str, untyped: frozenset[str] = frozenset()) -> Parsed:
    """Read one document; problems are collected, never raised. Below `untyped` fields literals are typed by YAML."""
    parsed = Parsed(file, text, untyped=untyped | {_UNTYPED})
    try:
        _tokens_are_plain(text, parsed)
        nodes = list(yaml.compose_all(text, Loader=Loader))
    except yaml.YAMLError as error:
        parsed.problems.append(_not_yaml(error, text, file))
        return parsed
    if len(nodes) > 1:
        where = _position(file, nodes[1])
        parsed.problems.append((where, "a second document begins here", "One file, one document: move it out."))
    if nodes and not any("alias" in message for _, message, _ in parsed.problems):  # an alias may hold itself
        parsed.value = _value(nodes[0], (), parsed)
    return parsed


def _not_yaml(error: yaml.YAMLError, text: str, file: str) -> tuple[Position, str, str]:
    """What libyaml says, or better what people know: a merge nobody finished, a tab, a character no file may hold."""
    if conflict := re.search(r"^(<<<<<<<|=======|>>>>>>>)( |$)", text, re.MULTILINE):
        where, message = conflict.start(), "a merge conflict that nobody has resolved"
        return _place(file, text, where), message, "Choose one side and remove the lines that git put in."
    if not isinstance(error, yaml.MarkedYAMLError):
        bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
        where, said = (bad.start(), f"character {ord(bad[0]):#04x}") if bad else (0, str(error).splitlines()[0])
        return _place(file, text, where), f"not YAML: {said} is not allowed", ""
    mark, said = error.problem_mark or error.context_mark, str(error.problem or error.context)
    if error.context_mark and mark and error.context_mark.line != mark.line:
        said += f", in what begins in line {error.context_mark.line + 1}"
    hint = next((hint for sign, hint in _HINTS.items() if sign in said), "")
    return (Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)), f"not YAML: {said}", hint


_HINTS = {
    "cannot start any token": "Indent with spaces, not tabs; a text that begins with @, ` or % needs quotes.",
    "mapping values are not allowed": "Look at the indentation; a text with `: ` in it needs quotes.",
    "could not find expected ':'": "Write `key: value`, with a space behind the colon.",
    "expected ',' or ']'": "A [ is not closed: write one item a line, each behind `- `.",
    "unexpected end of stream": "A quote is not closed.",
}


def _place(file: str, text: str, at: int) -> Position:
    return Position(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def _tokens_are_plain(text: str, parsed: Parsed) -> None:
    if not _SIGNS.search(text):
        return
    for token in yaml.scan(text, Loader=Loader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            where = Position(parsed.file, token.start_mark.line + 1, token.start_mark.column + 1)
            what = token.id.strip("<>")
            parsed.problems.append((where, f"a YAML {what} is not allowed here", _PLAIN[what]))


_PLAIN = {
    "anchor": "Write the value itself; a text that begins with & needs quotes.",
    "alias": "Write the value itself; a text that begins with * needs quotes.",
    "tag": "Write the value alone; a text that begins with ! needs quotes.",
}


def _position(file: str, node: yaml.Node) -> Position:
    return Position(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _value(node: yaml.Node, path: Path, parsed: Parsed) -> Any:
    if isinstance(node, yaml.MappingNode):
        return dict(_items(node, path, parsed))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), parsed) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and not parsed.untyped.isdisjoint(path[:3:2]):  # a field, or one inside
        return _typed(node)
    return node.value


def _typed(node: yaml.ScalarNode) -> Any:
    """What YAML takes a scalar for: a plain number or truth is one, and nothing else."""
    tag = _TYPES.resolve(yaml.ScalarNode, node.value, (not node.style, False))
    if tag not in _LITERALS:
        return node.value
    literal = yaml.ScalarNode(tag, node.value, node.start_mark, node.end_mark)
    return yaml.constructor.SafeConstructor().construct_object(literal)


def _items(node: yaml.MappingNode, path: Path, parsed: Parsed) -> Iterator[tuple[str, Any]]:
    seen: dict[str, yaml.Node] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key_node, yaml.ScalarNode):
            parsed.problems.append((_position(parsed.file, key_node), "a key that is not a word", ""))
        elif key in seen:
            said = f"{key} stands here twice, first in line {seen[key].start_mark.line + 1}"
            parsed.problems.append((_position(parsed.file, key_node), said, "Remove one of the two."))
        else:
            seen[key] = key_node
            yield key, _value(value_node, (*path, key), parsed)


def written(value: dict[str, Any], comments: tuple[str, ...] = ()) -> str:
    """The value as YAML: block style, keys in their given order, quotes where another reader would twist a scalar."""
    head = "".join(f"# {comment}\n" for comment in comments)
    return head + yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=2**31 - 1)


class _Writer(_Dumper):
    """PyYAML's, with its own ideas about texts."""


def _text(writer: Any, text: str) -> yaml.ScalarNode:
    """A text on several lines as such, for review; quoted where any reader of YAML would make something else of it."""
    style = "|" if "\n" in text else "'" if _TWISTED.fullmatch(text) else None
    if not text.replace("\n", "").isprintable():
        style = '"'  # tabs, and line breaks that only some readers know
    node: yaml.ScalarNode = writer.represent_scalar("tag:yaml.org,2002:str", text, style)
    return node


_Writer.add_representer(str, _text)
