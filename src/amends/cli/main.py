"""The command `amends`: finds the subcommand's module, imports only that one, and turns refusals into one sentence.

Each subcommand is a module here with `SUMMARY`, `add_arguments(parser)` and `main(arguments) -> int`. Nothing heavy is
imported at the top, because the filters (`parse-mail`, `assess`, `due`) are called once per file by scripts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from amends.cli import supervised
from amends.cli.errors import CommandError

COMMANDS: Final[dict[str, str]] = {
    "run": "run",
    "web": "web",
    "worker": "worker",
    "mail": "mail",
    "migrate": "migrate",
    "demo": "demo",
    "import": "import_",
    "token": "token",
    "audit": "audit",
    "backup": "backup",
    "restore": "restore",
    "doctor": "doctor",
    "exec": "exec_",
    "parse-mail": "parse_mail",
    "assess": "assess",
    "model": "model",
    "due": "due",
}
HIDDEN: Final[dict[str, str]] = {"prepare": "prepare"}  # what `run` calls, of no use by itself
STOPPED_BY_CTRL_C: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code: 0 done, 1 cannot, 2 wrongly called or bad input, 130 stopped."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        print(overview())
        return 0 if words else 2
    if words[0] == "--version":
        from importlib.metadata import version

        print(version("amends"))
        return 0
    module = _module(words[0])
    if module is None:
        return _say(f"There is no command “{words[0]}”: `amends --help` lists them.", 2)
    parser = argparse.ArgumentParser(prog=f"amends {words[0]}", description=module.SUMMARY)
    module.add_arguments(parser)
    try:
        arguments = parser.parse_args(words[1:])
    except SystemExit as wrongly_called:
        return int(wrongly_called.code or 0)
    return _run(module, arguments)


def overview() -> str:
    """All commands with their one-line summaries."""
    lines = ["usage: amends COMMAND …", ""]
    for name in COMMANDS:
        module = _module(name)
        if module is not None:
            lines.append(f"  {name:<11} {module.SUMMARY}")
    lines += ["", "`amends COMMAND --help` explains one of them."]
    return "\n".join(lines)


def _module(name: str) -> ModuleType | None:
    file = {**COMMANDS, **HIDDEN}.get(name)
    if file is None or importlib.util.find_spec(f"amends.cli.{file}") is None:
        return None
    return importlib.import_module(f"amends.cli.{file}")


def _run(module: ModuleType, arguments: argparse.Namespace) -> int:
    supervised.begin()
    try:
        code = int(module.main(arguments))
        sys.stdout.flush()
        return code
    except CommandError as refusal:
        return _say(str(refusal), refusal.exit_code)
    except KeyboardInterrupt:
        return STOPPED_BY_CTRL_C
    except BrokenPipeError:
        # The reader (`head`, for example) has had enough; python would complain once more while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        sentence = _sentence_for(error)
        if sentence is None:
            raise
        return _say(sentence, 1)


def _sentence_for(error: Exception) -> str | None:
    """Refusals of the system's own make good sentences; anything else is a mistake of ours and keeps its traceback."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "AmendsError" in kinds or "PostgresUnavailableError" in kinds:
        return str(error)
    if "ImproperlyConfigured" in kinds:
        return f"The settings are wrong: {error}"
    return None


def _say(sentence: str, code: int) -> int:
    print(f"amends: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
