"""The files and folders of the embedded PostgreSQL: where they are, who owns them, what they say."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

SOCKET_PATH_LIMIT: Final = 100  # bytes; the operating system allows 107 with the closing NUL, 103 on macOS
PORT: Final = 5432  # only part of the socket's name: nothing listens on a network
LOG_LIMIT_BYTES: Final = 10_000_000


class PostgresUnavailableError(RuntimeError):
    """The database cannot be had; the message is one sentence for a person and says what to do."""


class ClusterFiles:
    """Paths below the data folder, and the small changes to them that the server needs."""

    def __init__(self, data: Path) -> None:
        self.data: Final = data
        self.cluster: Final = data / "postgres"
        self.password_file: Final = data / "postgres-passwords.json"
        self.lock_of_gate: Final = data / "postgres.gate"
        self.lock_of_users: Final = data / "postgres.users"
        self.log: Final = data / "postgres.log"
        self.process_file: Final = self.cluster / "postmaster.pid"
        self.socket_folder: Final = _socket_folder(data)

    def make_data_folder(self) -> None:
        """For root, others may pass through (not list), because the server runs as another user."""
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            if not self.data.exists():
                self.data.mkdir(parents=True)
                self.data.chmod(mode)
            with tempfile.TemporaryFile(dir=self.data):
                pass
        except OSError as error:
            raise PostgresUnavailableError(
                f"The data folder {self.data} cannot be written ({error.strerror}): give this user the right to, "
                "or set AMENDS_DATA to another folder."
            ) from error

    def owner_for_root(self, default: int) -> int:
        """Keep the owner of an existing cluster or folder, so that its ordinary user can start it again later."""
        for folder in (self.cluster, self.data):
            if folder.exists() and (owner := folder.stat().st_uid) != 0:
                return owner
        return default

    def make_socket_folder(self, owner: int) -> None:
        """A folder of the server's own, closed to others; in the temporary folder it might be somebody's trap."""
        folder = self.socket_folder
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, owner, owner if os.geteuid() == 0 else -1)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise PostgresUnavailableError(
                f"The folder {folder} does not belong to the database alone: remove it and try again."
            )

    def make_fresh_folder(self, owner: int) -> Path:
        """An empty folder for initdb; what an interrupted attempt left is removed."""
        fresh = self.data / "postgres.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(fresh, owner, owner)
        return fresh

    def finish_cluster(self, fresh: Path, owner: int | None) -> None:
        """Add our settings, give everything to `owner` (None: it has it already), then move it to its name at once."""
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                "\n# Written anew at each start; use ALTER SYSTEM for your own values.\ninclude 'amends.conf'\n"
            )
            settings.flush()
            os.fsync(settings.fileno())
        if owner is not None:
            for folder, _names, files in os.walk(fresh):
                for path in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118  # os.walk
                    os.lchown(path, owner, owner)
        fresh.rename(self.cluster)

    @contextlib.contextmanager
    def password_for_creation(self, owner: int) -> Iterator[Path]:
        """A file with the superuser's password that `owner` can read, for as long as initdb runs."""
        descriptor, name = tempfile.mkstemp(dir=self.data, prefix="postgres-password-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self.passwords()["postgres"] + "\n")
            if os.geteuid() == 0:
                os.chown(name, owner, owner)
            yield Path(name)
        finally:
            Path(name).unlink()

    def write_settings(self, settings: dict[str, str], owner: int) -> None:
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        lines.append(f"port = {PORT}\n")
        target = self.cluster / "amends.conf"
        fresh = target.with_suffix(".new")
        fresh.write_text("# Written by Amends at each start.\n" + "".join(lines), encoding="utf-8")
        if os.geteuid() == 0:
            os.chown(fresh, owner, owner)
        fresh.replace(target)

    def passwords(self) -> dict[str, str]:
        """The passwords of the roles `postgres` and `amends`, made at the first call, readable by us alone."""
        if not self.password_file.exists():
            made = {"postgres": secrets.token_urlsafe(24), "amends": secrets.token_urlsafe(24)}
            fresh = self.password_file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(made, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self.password_file)
        try:
            found = json.loads(self.password_file.read_text(encoding="utf-8"))
            return {"postgres": str(found["postgres"]), "amends": str(found["amends"])}
        except PermissionError as error:
            raise PostgresUnavailableError(
                f"{self.password_file} cannot be read: start Amends as the user who made it."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise PostgresUnavailableError(f"{self.password_file} is damaged: put back a whole copy of it.") from error

    def url(self, *, user: str, database: str) -> str:
        password = quote(self.passwords()[user], safe="")
        where = urlencode({"host": str(self.socket_folder), "port": PORT}, quote_via=quote)
        return f"postgresql://{user}:{password}@/{database}?{where}"

    # -- what the server wrote --------------------------------------------------------------------------------------

    def _process_file_lines(self) -> list[str]:
        try:
            return self.process_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as error:
            raise PostgresUnavailableError(
                f"The database in {self.cluster} belongs to another user: start Amends as that user, "
                "or set AMENDS_DATA to another folder."
            ) from error

    def recorded_process_id(self) -> int | None:
        lines = self._process_file_lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def recorded_state(self) -> str:
        """The eighth line of postmaster.pid: starting, ready, stopping; empty while it is not written yet."""
        lines = self._process_file_lines()
        return lines[7].strip() if len(lines) > 7 else ""

    def remove_stale_locks(self) -> None:
        """Leftovers of a killed server would stop the next one while their number is a stranger's or a zombie's.

        Callers know that no server of this cluster runs; children of a killed one are found by PostgreSQL itself.
        """
        recorded = self.recorded_process_id()
        if recorded is None or not is_postgres(recorded, self.cluster):
            self.process_file.unlink(missing_ok=True)
            for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
                (self.socket_folder / name).unlink(missing_ok=True)

    def check_version(self, programs: Path) -> None:
        """A cluster of another major version needs a dump and a restore."""
        try:
            made_by = (self.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise PostgresUnavailableError(
                f"{self.cluster} exists but holds no database: move it away, then start again or restore a backup."
            ) from None
        except PermissionError as error:
            raise PostgresUnavailableError(
                f"The database in {self.cluster} belongs to another user: start Amends as that user."
            ) from error
        said = subprocess.run(  # noqa: S603  # our own program
            [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True, env=environment()
        ).stdout
        ours = said.split()[2].partition(".")[0]
        if made_by != ours:
            raise PostgresUnavailableError(
                f"{self.cluster} was made by PostgreSQL {made_by} and this release brings {ours}: make a backup with "
                "the release you used before, move the folder away, then restore the backup."
            )

    def log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def rotate_log(self) -> None:
        if self.log_size() > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def reason_in_log(self, position: int) -> str:
        """The last complaint of the server after `position`, in its own words."""
        if not self.log.exists():
            return "it wrote no log"
        with self.log.open("rb") as log:
            log.seek(position)
            lines = log.read()[-20_000:].decode(errors="replace").splitlines()
        complaints = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines or ["it wrote nothing"]
        return complaints[-1].split("FATAL:")[-1].split("PANIC:")[-1].strip()


def environment() -> dict[str, str]:
    """What the server needs to know and nothing else: no secrets of ours, no PG… variables of the user."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def is_postgres(process_id: int, cluster: Path) -> bool:
    """Whether this process lives and is the PostgreSQL server of `cluster`, not a stranger with a number used again."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, under another user
    if not Path("/proc/self/stat").exists():  # a system without /proc; ps is part of POSIX
        said = subprocess.run(  # noqa: S603
            ["/bin/ps", "-o", "stat=,command=", "-p", str(process_id)], capture_output=True, text=True, check=False
        ).stdout
        return not said.startswith("Z") and "postgres" in said and str(cluster) in said
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{process_id}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    name, _closing, rest = status.rpartition(")")
    return name.endswith("(postgres") and rest.split()[0] != "Z" and os.fsencode(cluster) in command.split(b"\0")


def named_user(user_id: int) -> int:
    """`user_id` if the system has a name for it, else the one of `nobody`."""
    try:
        return pwd.getpwuid(user_id).pw_uid
    except KeyError:
        try:
            return pwd.getpwnam("nobody").pw_uid
        except KeyError:
            return user_id  # initdb will say what it thinks of that


def can_reach(folder: Path, user_id: int) -> bool:
    """Whether `user_id` may pass through every folder on the way to `folder` and into it, judged by the plain modes."""
    for step in (folder, *folder.parents):
        found = step.stat()
        if found.st_uid == user_id:
            wanted = stat.S_IXUSR
        elif found.st_gid == user_id:
            wanted = stat.S_IXGRP
        else:
            wanted = stat.S_IXOTH
        if not found.st_mode & wanted:
            return False
    return True


def open_programs_to_others(install: Path) -> None:
    """Root with a strict umask installs programs that only root can start; our own copy may be read by everybody."""
    if (install / "bin" / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for top in (
        install,
        install.parent / f"{install.parent.name}.libs",
        install.parent.parent / f"{install.parent.name}.libs",
    ):
        for folder, _names, files in os.walk(top):
            for path in (Path(folder), *(Path(folder) / name for name in files)):
                mode = path.stat().st_mode
                path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))


def _socket_folder(data: Path) -> Path:
    """Below the data folder, or, when that path is too long or has a character PostgreSQL splits at, a short one."""
    near = data / "postgres.socket"
    if len(os.fsencode(near / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_LIMIT and not set(',"') & set(str(near)):
        return near
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"amends-{mark}"
