"""The shape of the house: who may import whom, how large things may be, what must not be used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignKey

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "amends"
LAYERS = [
    "cli", "config", "workspace", "portal", "followup", "review", "handling", "routing", "clocks", "voice", "intake", "triage",
    "cases", "notifications", "audit", "accounts", "core",
]  # fmt: skip
OPEN_TO_ALL = {"core"}
FACES = ("public", "events")
COMPOSERS = {"config", "cli"}
MODULE_LIMIT = 600
FUNCTION_LIMIT = 80
SCRIPT_LIMIT = 150


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, also inside functions, but not those for type checking only."""
    tree = tree_of(path)
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.level:
                yield node.lineno, "." * node.level + node.module
            else:
                yield node.lineno, node.module
                yield from ((node.lineno, f"{node.module}.{one.name}") for one in node.names)


def test_every_folder_is_a_known_layer() -> None:
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert found == set(LAYERS)


def test_other_domains_are_used_by_their_public_face_only() -> None:
    wrong = []
    for path in modules():
        domain = path.relative_to(SOURCE).parts[0]
        if domain in COMPOSERS:
            continue
        for line, name in imports_of(path):
            parts = name.split(".")
            if parts[0] != "amends" or len(parts) < 3:
                continue
            other, face = parts[1], parts[2]
            if other not in (domain, *OPEN_TO_ALL) and other in LAYERS and face not in FACES:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_imports_are_absolute() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules()
        for line, name in imports_of(path)
        if name.startswith(".")
    ]
    assert wrong == []


def test_arrows_point_down() -> None:
    wrong = []
    for path in modules():
        domain = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if domain not in LAYERS:
            continue
        for line, name in imports_of(path):
            parts = name.split(".")
            if (
                parts[0] == "amends"
                and len(parts) > 1
                and parts[1] in LAYERS
                and LAYERS.index(parts[1]) < LAYERS.index(domain)
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in apps.get_models():
        domain = model.__module__.split(".")[1] if model.__module__.startswith("amends.") else None
        if domain is None:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey) and field.related_model.__module__.startswith("amends."):
                target = field.related_model.__module__.split(".")[1]
                if LAYERS.index(target) < LAYERS.index(domain):
                    wrong.append(f"{model.__name__}.{field.name} → {target}")
    assert wrong == []


def test_models_of_a_domain_carry_its_label() -> None:
    wrong = [
        model.__name__
        for model in apps.get_models()
        if model.__module__.startswith("amends.") and model._meta.app_label != model.__module__.split(".")[1]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "pattern", [r"\bapps\.get_model\(", r"django\.dispatch", r"django\.db\.models\.signals", r"\bon_commit\("]
)
def test_hidden_ways_are_not_used(pattern: str) -> None:
    wrong = [str(path.relative_to(ROOT)) for path in modules() if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert wrong == []


def test_nobody_asks_the_machine_for_the_time() -> None:
    wrong = []
    for path in modules():
        relative = path.relative_to(SOURCE)
        if relative.as_posix() == "core/clock.py" or relative.parts[0] == "cli":
            continue
        if re.search(
            r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|timezone\.now\(", path.read_text(encoding="utf-8")
        ):
            wrong.append(str(relative))
    assert wrong == []


def test_modules_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text().splitlines())) > MODULE_LIMIT
    }
    assert long == {}


def test_functions_stay_readable() -> None:
    long = []
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LIMIT:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert long == []


def test_scripts_stay_readable() -> None:
    long = [
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("static/**/*.js")
        if "vendor" not in path.parts and len(path.read_text().splitlines()) > SCRIPT_LIMIT
    ]
    assert long == []


def test_every_public_name_says_what_it_is() -> None:
    wrong = []
    for path in modules():
        tree = tree_of(path)
        if not ast.get_docstring(tree) and path.read_text().strip():
            wrong.append(str(path.relative_to(ROOT)))
        if "demo_company" in path.parts:
            continue  # its classes carry the content of a story and are named like it
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert wrong == []


def test_no_page_carries_inline_script_or_style() -> None:
    wrong = []
    for path in SOURCE.rglob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        if re.search(
            r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style\b|\sstyle=\"|\son[a-z]+=\"|javascript:",
            text,
        ):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_swallowed_errors_are_said() -> None:
    """An `except` whose body is only `pass` says on that line why nothing needs to be done."""
    wrong = []
    for path in modules():
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree_of(path)):
            silent = isinstance(node, ast.ExceptHandler) and all(isinstance(one, ast.Pass) for one in node.body)
            if silent and not re.search(r"pass\s+# \w+", lines[node.body[0].lineno - 1]):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []
