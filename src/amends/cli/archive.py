"""The file that `amends backup` writes: one tar with a manifest, so that a damaged or foreign file is refused.

manifest.json    format, release, when, database version, and size and SHA-256 of each other member
secret.key       the signing key, unless it comes from the environment
database.dump    pg_dump's custom format, compressed
files/…          the folder `files` of the data folder, if there is one
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from amends.cli.errors import CommandError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
KEY: Final = "secret.key"
DUMP: Final = "database.dump"
FILES: Final = "files"
BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One file that goes into the archive, under `name`."""

    name: str
    path: Path


def members(data: Path, dump: Path, *, with_key: bool) -> list[Member]:
    """What a backup of `data` holds besides the manifest."""
    chosen = [Member(DUMP, dump)]
    if with_key:
        chosen.insert(0, Member(KEY, data / KEY))
    folder = data / FILES
    if folder.is_dir():
        kept = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
        chosen += [Member(f"{FILES}/{path.relative_to(folder).as_posix()}", path) for path in kept]
    return chosen


def write(target: IO[bytes], chosen: Iterable[Member], about: dict[str, Any]) -> None:
    """Write the archive, reading every member twice and none of them into memory."""
    listed = list(chosen)
    sums = {one.name: {"bytes": one.path.stat().st_size, "sha256": _sum(one.path)} for one in listed}
    manifest = json.dumps({**about, "format": FORMAT, "members": sums}, indent=2).encode()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, MANIFEST, io.BytesIO(manifest), len(manifest))
        for one in listed:
            with one.path.open("rb") as content:
                _add(archive, one.name, content, int(str(sums[one.name]["bytes"])))


def unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into the empty `folder`, checking every sum, and return its manifest.

    Raises:
        CommandError: it is not a whole backup of ours, or of a later format.
    """
    try:
        with tarfile.open(source, mode="r:") as archive:
            entries = iter(archive)
            manifest = _manifest(archive, next(entries, None), source)
            expected = dict(manifest["members"])
            for entry in entries:
                _unpack_one(archive, entry, expected, folder)
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{source} is no whole backup of Amends ({error}): use another one.") from None
    except OSError as error:
        raise CommandError(f"{source} cannot be read or unpacked: {error.strerror or error}.") from None
    if expected:
        raise CommandError(f"{source} is cut off, {len(expected)} parts are missing: use another backup.")
    return manifest


def _manifest(archive: tarfile.TarFile, entry: tarfile.TarInfo | None, source: Path) -> dict[str, Any]:
    content = archive.extractfile(entry) if entry is not None and entry.name == MANIFEST else None
    if content is None:
        raise ValueError("it has no manifest")
    manifest: dict[str, Any] = json.loads(content.read(BLOCK * 16))
    if int(manifest["format"]) > FORMAT:
        raise CommandError(f"{source} was written by a later release of Amends: restore it with that one.")
    return manifest


def _unpack_one(archive: tarfile.TarFile, entry: tarfile.TarInfo, expected: dict[str, Any], folder: Path) -> None:
    listed = expected.pop(entry.name, None)
    content = archive.extractfile(entry)
    if listed is None or content is None or not _is_safe(entry.name):
        raise ValueError(f"“{entry.name}” does not belong there")
    target = folder / entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        shutil.copyfileobj(content, file, BLOCK)
    if target.stat().st_size != listed["bytes"] or _sum(target) != listed["sha256"]:
        raise ValueError(f"“{entry.name}” is damaged")


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in {KEY, DUMP} or (parts[:1] == (FILES,) and ".." not in parts and len(parts) > 1)


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, content)


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def create_closed(path: Path) -> IO[bytes]:
    """A new file that only its owner can read; backups hold everything."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
