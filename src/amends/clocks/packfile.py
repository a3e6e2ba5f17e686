"""Reading a rule pack from its YAML file, and saying in which line it is wrong.

Pure apart from reading the file. YAML is read with the words of version 1.2: only `true` and `false` are
truth values, so that the country NO stays Norway, and a key that stands twice is refused. So is what swells
or never ends when it is read: merge keys, anchors within themselves, anchors of anchors of anchors.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from amends.clocks.rulepack import RulePack

LARGEST_FILE = 1_000_000
"""Bytes; a pack is a page or two."""
MOST_NODES = 100_000
"""Values in a file, each counted as often as its anchor is named."""
DEEPEST = 50
"""Values within values."""


class RulePackError(ValueError):
    """A pack file was refused. The message is one sentence with file, line and reason."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 truth values and no doubled keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == MERGE:
                raise yaml.constructor.ConstructorError(None, None, "a key must be one word", key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as impossible:  # the thirtieth of February, a number of ten thousand digits
            raise yaml.constructor.ConstructorError(None, None, str(impossible), node.start_mark) from None


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def read_pack(path: Path) -> RulePack:
    """The pack in the file. Raises RulePackError with file, line and reason."""
    return parse_pack(_text_of(path), str(path))


def place_in(path: Path, steps: tuple[int | str, ...]) -> int | None:
    """The line in which the file says something that turned out to be wrong once the pack was used."""
    return _line_of(_tree(_text_of(path), str(path))[0], steps)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RulePackError(str(path), None, f"the file is larger than {LARGEST_FILE:,} bytes")
        raw = path.read_bytes()
    except OSError as unreadable:
        raise RulePackError(str(path), None, f"the file cannot be read ({unreadable.strerror})") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as strange:
        line = raw[: strange.start].count(b"\n") + 1
        raise RulePackError(str(path), line, "the file is not UTF-8 text") from None


def parse_pack(text: str, file: str) -> RulePack:
    """The pack in the text; `file` is only for the message. Raises RulePackError."""
    root, written = _tree(text, file)
    if not isinstance(written, dict):
        raise RulePackError(file, 1, "a rule pack is a mapping that starts with `key:`")
    try:
        return RulePack.model_validate(written)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the pack"
        reason = first["msg"].removeprefix("Value error, ")
        raise RulePackError(file, _line_of(root, first["loc"]), f"{where}: {reason}") from None


def _tree(text: str, file: str) -> tuple[yaml.Node | None, object]:
    """The nodes of the text, with their lines, and what they say. Raises RulePackError."""
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is not None:
                _refuse_swelling(root, {}, ())
            return root, loader.construct_document(root) if root is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as broken:
        raise _unreadable(file, broken) from None
    except yaml.reader.ReaderError as broken:
        line = text[: broken.position].count("\n") + 1
        raise RulePackError(file, line, "there is a character that no text has") from None
    except RecursionError:
        raise RulePackError(file, 1, "values are nested too deeply") from None
    except (yaml.YAMLError, ValueError) as broken:
        raise RulePackError(file, None, f"this is no YAML ({type(broken).__name__}: {broken})") from None


def _unreadable(file: str, broken: yaml.MarkedYAMLError) -> RulePackError:
    """Where it stands. Of a quotation or a bracket that nobody closes that is where it begins, not the end of the file."""
    endless = "end of stream" in (broken.problem or "") and broken.context_mark is not None
    mark = broken.context_mark if endless else broken.problem_mark
    reason = f"{broken.problem} {broken.context}" if endless else broken.problem
    return RulePackError(file, mark.line + 1 if mark else None, reason or "this is no YAML")


def _refuse_swelling(node: yaml.Node, sizes: dict[int, int], above: tuple[int, ...]) -> int:
    """How many values the node stands for once its anchors are followed. Raises ConstructorError when they swell."""
    if id(node) in above:
        raise yaml.constructor.ConstructorError(None, None, "a value contains itself", node.start_mark)
    if len(above) > DEEPEST:
        raise yaml.constructor.ConstructorError(None, None, "values are nested too deeply", node.start_mark)
    if id(node) not in sizes:
        children = [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else node.value
        inside = children if isinstance(node, yaml.CollectionNode) else []
        sizes[id(node)] = 1 + sum(_refuse_swelling(child, sizes, (*above, id(node))) for child in inside)
    if sizes[id(node)] > MOST_NODES:
        raise yaml.constructor.ConstructorError(None, None, "the anchors swell beyond measure", node.start_mark)
    return sizes[id(node)]


def _line_of(node: yaml.Node | None, steps: tuple[int | str, ...]) -> int | None:
    """The line of the deepest node on the way that the file really has (1 is the first)."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    for step in steps:
        found = _child(node, step)
        if found is None:
            break
        node, line = found
    return line


def _child(node: yaml.Node, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(step):
                return value_node, key_node.start_mark.line + 1
    return None
