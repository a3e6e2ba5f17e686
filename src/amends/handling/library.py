"""Reading playbooks from files: ours, and the organisation's own, which take the place of ours with the same key."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from pydantic import ValidationError

from amends.handling.playbook import Playbook

OURS = Path(__file__).parent / "data" / "playbooks"


class PlaybookError(ValueError):
    """A playbook cannot be used: the message names the file, the place and the reason."""


def read_playbook(path: Path) -> Playbook:
    """One playbook.

    Raises:
        PlaybookError: the file is no YAML, or not of the right shape.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise PlaybookError(f"{path.name}: {' '.join(str(error).split())}") from error
    try:
        return Playbook.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise PlaybookError(f"{path.name}: {place}: {first['msg']}") from error


def read_folder(folder: Path) -> dict[str, Playbook]:
    """Every `*.yaml` of a folder by its key.

    Raises:
        PlaybookError: one is wrong, or two have the same key.
    """
    found: dict[str, Playbook] = {}
    for path in sorted(folder.glob("*.yaml")):
        playbook = read_playbook(path)
        if playbook.key in found:
            raise PlaybookError(f"{path.name}: another file has the key {playbook.key!r} already")
        found[playbook.key] = playbook
    return found


@cache
def playbooks() -> tuple[Playbook, ...]:
    """All playbooks in use, read once per process.

    The setting `AMENDS_PLAYBOOKS_DIR` names the organisation's own folder.
    """
    found = read_folder(OURS)
    own = getattr(settings, "AMENDS_PLAYBOOKS_DIR", "")
    if own:
        found |= read_folder(Path(own))
    return tuple(found.values())


def playbook_by_key(key: str) -> Playbook | None:
    """The playbook with this key, when it is still in use."""
    return next((one for one in playbooks() if one.key == key), None)
