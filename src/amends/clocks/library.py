"""Which rule packs there are: the built-in ones and an organisation's own folder.

An organisation's own pack with the key of a built-in one takes its place. Its examples are worked out when
it is read, because a wrong due date is worse than a refused file; those of the built-in packs are worked
out by the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from amends.clocks.engine import Due, due
from amends.clocks.packfile import RulePackError, place_in, read_pack
from amends.clocks.rulepack import Example, RulePack

NO_CLOCK = "no clock"
BUILT_IN = Path(__file__).parent / "packs"


class UnknownPackError(LookupError):
    """There is no pack with that key; the message names those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


@lru_cache(maxsize=8)
def packs(own_folder: Path | None = None) -> Mapping[str, RulePack]:
    """Every pack by its key. Raises RulePackError for a file that is wrong, or a folder that is not there."""
    found = _read_folder(BUILT_IN, verify=False)
    if own_folder is not None:
        if not own_folder.is_dir():
            raise _missing(own_folder)
        found |= _read_folder(own_folder, verify=True)
    return MappingProxyType(dict(sorted(found.items())))


def pack_named(key: str, own_folder: Path | None = None) -> RulePack:
    """The pack with that key. Raises UnknownPackError. A built-in pack is read without reading the others."""
    if own_folder is None:
        return _built_in(key)
    pack = packs(own_folder).get(key)
    if pack is None:
        raise _unknown(key, list(packs(own_folder)))
    return pack


@lru_cache(maxsize=128)
def _built_in(key: str) -> RulePack:
    files = {file.stem: file for file in BUILT_IN.glob("*.yaml")}
    if key not in files:
        raise _unknown(key, sorted(files))
    return read_pack(files[key])


def _unknown(key: str, known: list[str]) -> UnknownPackError:
    return UnknownPackError(f"there is no rule pack {key[:40]!r}: write one of {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Usable:
    """What can be counted by while some of an organisation's own files are wrong.

    Attributes:
        packs: every pack that can be used, by its key; a built-in one where the own file that takes its place is wrong.
        problems: one sentence for each file that cannot be used.
        wrong: the keys that those files would have had; what was counted by them before stays as it is.
    """

    packs: Mapping[str, RulePack]
    problems: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()


def usable(own_folder: Path) -> Usable:
    """Everything that can be used beside the wrong files of an own folder; read again when a file changed."""
    if not own_folder.is_dir():
        # Nobody knows what lay there: whatever runs is left as it is.
        return Usable(packs(), (str(_missing(own_folder)),), frozenset(packs()))
    stamps = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in _files(own_folder)]
    return _usable(own_folder, tuple(stamps))


@lru_cache(maxsize=8)
def _usable(own_folder: Path, _stamps: tuple[tuple[str, int, int], ...]) -> Usable:
    found: dict[str, RulePack] = {}
    problems: dict[str, str] = {}
    for file in _files(own_folder):
        try:
            _read_into(found, file, verify=True)
        except RulePackError as refused:
            problems[file.stem] = str(refused)
    both = MappingProxyType(dict(sorted({**packs(), **found}.items())))
    return Usable(both, tuple(problems.values()), frozenset(problems))


def _missing(folder: Path) -> RulePackError:
    return RulePackError(str(folder), None, "this folder for rule packs is not there")


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def _read_folder(folder: Path, *, verify: bool) -> dict[str, RulePack]:
    found: dict[str, RulePack] = {}
    for file in _files(folder):
        _read_into(found, file, verify=verify)
    return found


def _read_into(found: dict[str, RulePack], file: Path, *, verify: bool) -> None:
    pack = read_pack(file)
    if file.stem != pack.key:
        raise RulePackError(
            str(file), place_in(file, ("key",)), f"the file must be named {pack.key}.yaml after its key"
        )
    if pack.key in found:
        raise RulePackError(str(file), place_in(file, ("key",)), f"there are two files for the pack {pack.key}")
    if verify:
        _verify(pack, file)
    found[pack.key] = pack


def _verify(pack: RulePack, file: Path) -> None:
    for number, example in enumerate(pack.examples):
        for wrong in mismatches(pack, example):
            raise RulePackError(str(file), place_in(file, ("examples", number)), wrong)


def mismatches(pack: RulePack, example: Example) -> list[str]:
    """What the engine says otherwise than the example, one sentence each; empty when they agree."""
    try:
        clocks = due(
            pack,
            received=example.received,
            timezone=example.timezone,
            country=example.country,
            subdivision=example.subdivision,
            context=example.context,
        )
    except (ValueError, OverflowError) as wrong:
        return [f"example {example.says!r}: {wrong}"]
    found = {clock.name: clock for clock in clocks}
    twice = {clock.name for clock in clocks if found[clock.name] is not clock}
    return [f"example {example.says!r}: {name} starts twice" for name in sorted(twice)] + [
        f"example {example.says!r}: {kind} should be {example.due.get(kind, NO_CLOCK)} and is {_shown(found.get(kind))}"
        for kind in sorted(found.keys() | example.due.keys())
        if not _agrees(found.get(kind), example, kind)
    ]


def _agrees(found: Due | None, example: Example, kind: str) -> bool:
    wanted = example.due.get(kind)
    if found is None or wanted is None:
        return False
    return found.due == wanted if isinstance(wanted, datetime) else found.local.date() == wanted


def _shown(found: Due | None) -> str:
    return NO_CLOCK if found is None else found.local.isoformat(timespec="seconds")
