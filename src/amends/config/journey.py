"""Writes `docs/journey.md`: what happens, who reacts, and which jobs leave the machine, from the registry itself.

python -m amends.config.journey > docs/journey.md
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from amends.core.events import Event, registered

HEAD = """# The journey of a complaint

Generated from the code by `python -m amends.config.journey`; a test keeps it current. An event is published inside the transaction
of the change it describes, its handlers run at once in the same transaction, and whatever leaves the machine is a job: a row that is
committed with them. Read it from top to bottom to follow a complaint; each line names the function to open.
"""

ORDER = ("cases", "clocks", "routing", "handling", "followup", "review", "accounts")
"""The domains in the order in which a complaint meets their events."""


def events() -> list[type[Event]]:
    """Every event of every domain, by domain and by their order in the file."""
    found = []
    for domain in ORDER:
        module = import_module(f"amends.{domain}.events")
        found += [
            one
            for one in vars(module).values()
            if inspect.isclass(one) and issubclass(one, Event) and one.__module__ == module.__name__
        ]
    return found


def publishers() -> dict[str, list[str]]:
    """Which functions publish which event, read from the source: event name → `domain.services.verb`."""
    from pathlib import Path

    root = Path(__file__).resolve().parent.parent
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                name = _published(call)
                if name and f"{module}.{function.name}" not in found.setdefault(name, []):
                    found[name].append(f"{module}.{function.name}")
    return found


def _published(node: ast.AST) -> str | None:
    """The event's name when this is a call `publish(Event(...))`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "publish" and node.args:
        inner = node.args[0]
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            return inner.func.id
    return None


def deferred(handler: Callable[..., Any]) -> list[str]:
    """The jobs that a handler asks for itself, by the names in its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {
        ast.unparse(node.func.value).split("(")[0]
        for node in calls
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("defer", "configure")
    }
    at_once = {
        ast.unparse(node.args[0]) for node in calls if isinstance(node.func, ast.Name) and node.func.id == "go_on"
    }
    return sorted(named | at_once)


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _reaction(handler: Callable[..., Any]) -> str:
    jobs = deferred(handler)
    then = f" → job {', '.join(f'`{job}`' for job in jobs)}" if jobs else ""
    return f"- `{_place(handler)}`: {_first_line(handler)}{then}"


def _place(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__.removeprefix('amends.')}.{handler.__qualname__}"


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    handlers, said_by = registered(), publishers()
    domain = ""
    for event in events():
        here = event.__module__.split(".")[1]
        if here != domain:
            domain = here
            yield f"\n## {domain}\n"
        yield f"### {event.__name__}\n"
        yield f"{_first_line(event)}\n"
        if event.__name__ in said_by:
            yield f"Said by {', '.join(f'`{one}`' for one in said_by[event.__name__])}.\n"
        yield from map(_reaction, handlers.get(event, ()))
        if not handlers.get(event):
            yield "- Nobody reacts."
        yield ""
    yield from _jobs()


def _jobs() -> Iterator[str]:
    from procrastinate.contrib.django import app

    yield "\n## Jobs\n"
    yield "| job | queue | when | what |"
    yield "|---|---|---|---|"
    schedules: dict[str, list[str]] = {}
    for (name, _), task in app.periodic_registry.periodic_tasks.items():
        schedules.setdefault(name, []).append(task.cron)
    for name, job in sorted(app.tasks.items()):
        if not job.func.__module__.startswith("amends."):
            continue
        when = f"`{'; '.join(schedules[name])}`" if name in schedules else "when deferred"
        yield f"| `{name}` | {job.queue} | {when} | {_first_line(job.func)} |"


def page() -> str:
    """The whole page."""
    return "\n".join(lines()).replace("\n\n\n", "\n\n").rstrip() + "\n"


if __name__ == "__main__":
    import sys

    import django

    django.setup()
    sys.stdout.write(page())
