"""YAML with positions: every scalar is the text that stands there, typed by the model later.

So `no`, `007`, `12:30` and `1.10` mean themselves. Anchors, tags and duplicate keys are problems, not features.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from restamp.models.finding import Position

try:
    from yaml import CSafeDumper as _Dumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml: the same, slower
    from yaml import SafeDumper as _Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Path = tuple[str | int, ...]


@dataclass
class Parsed:
    """A file's content (maps, lists, texts), where each part stands, and what is wrong with it."""

    file: str
    value: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    problems: list[tuple[Position, str, str]] = field(default_factory=list)

    def at(self, path: Path, *, key: bool = False) -> Position:
        """Where a part stands; where it has no place of its own, its nearest surrounding part."""
        places = self.keys if key else self.values
        while path and path not in places:
            path, places = path[:-1], self.values
        return places.get(path, Position(self.file, 1, 1))


def parse(text: str, file: str) -> Parsed:
    """Read one document; problems are collected, never raised."""
    parsed = Parsed(file)
    try:
        _tokens_are_plain(text, parsed)
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
        parsed.problems.append((where, f"not YAML: {error.problem or error.context}", ""))
        return parsed
    except yaml.YAMLError as error:
        parsed.problems.append((Position(file), f"not YAML: {str(error).splitlines()[0]}", ""))
        return parsed
    if len(nodes) > 1:
        where = _position(file, nodes[1])
        parsed.problems.append((where, "a second document in one file", "One file, one document: move it out."))
    if nodes and nodes[0] is not None:
        parsed.value = _value(nodes[0], (), parsed)
    return parsed


def _tokens_are_plain(text: str, parsed: Parsed) -> None:
    if not any(sign in text for sign in "&*!"):
        return
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            where = Position(parsed.file, token.start_mark.line + 1, token.start_mark.column + 1)
            what = token.id.strip("<>")
            parsed.problems.append(
                (where, f"a YAML {what}", "Write the value itself: a reviewer reads one file at a time.")
            )


def _position(file: str, node: yaml.Node) -> Position:
    return Position(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _value(node: yaml.Node, path: Path, parsed: Parsed) -> Any:
    parsed.values[path] = _position(parsed.file, node)
    if isinstance(node, yaml.MappingNode):
        return dict(_items(node, path, parsed))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), parsed) for number, item in enumerate(node.value)]
    return node.value


def _items(node: yaml.MappingNode, path: Path, parsed: Parsed) -> Iterator[tuple[str, Any]]:
    seen: dict[str, Position] = {}
    for key_node, value_node in node.value:
        where = _position(parsed.file, key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            parsed.problems.append((where, "a key that is not a word", ""))
            continue
        key = key_node.value
        if key in seen:
            parsed.problems.append(
                (where, f"{key} stands here twice, first in line {seen[key].line}", "Remove one of the two.")
            )
            continue
        seen[key] = where
        parsed.keys[(*path, key)] = where
        yield key, _value(value_node, (*path, key), parsed)


def written(value: dict[str, Any], comments: tuple[str, ...] = ()) -> str:
    """The value as YAML: block style, keys in their given order, quotes where another reader would twist a scalar."""
    head = "".join(f"# {comment}\n" for comment in comments)
    return head + yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
