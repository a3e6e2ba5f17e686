"""Reading a rule pack from its YAML file, and saying in which line it is wrong.

Pure apart from reading the file. YAML is read with the words of version 1.2: only `true` and `false` are
truth values, so that the country NO stays Norway, and a key that stands twice is refused.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from amends.clocks.rulepack import RulePack

LARGEST_FILE = 1_000_000
"""Bytes; a pack is a page or two."""


class RulePackError(ValueError):
    """A pack file was refused. The message is one sentence with file, line and reason."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 truth values and no doubled keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def read_pack(path: Path) -> RulePack:
    """The pack in the file. Raises RulePackError with file, line and reason."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RulePackError(str(path), None, f"the file is larger than {LARGEST_FILE:,} bytes")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RulePackError(str(path), None, "the file is not UTF-8 text") from None
    except OSError as unreadable:
        raise RulePackError(str(path), None, f"the file cannot be read ({unreadable.strerror})") from None
    return parse_pack(text, str(path))


def parse_pack(text: str, file: str) -> RulePack:
    """The pack in the text; `file` is only for the message. Raises RulePackError."""
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            written = loader.construct_document(root) if root is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else None
        raise RulePackError(file, line, broken.problem or "this is no YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError) as broken:
        raise RulePackError(file, None, f"this is no YAML ({type(broken).__name__}: {broken})") from None
    if not isinstance(written, dict):
        raise RulePackError(file, 1, "a rule pack is a mapping that starts with `key:`")
    try:
        return RulePack.model_validate(written)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the pack"
        reason = first["msg"].removeprefix("Value error, ")
        raise RulePackError(file, _line_of(root, first["loc"]), f"{where}: {reason}") from None


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
