"""Give up root before running a program that refuses it.

PostgreSQL will not run as root, yet root is who runs things in a container or on a small server. This file is run as a
script (``python -I privileges.py UID CAPABILITY PROGRAM…``): it becomes the user UID, keeps at most one capability
and then turns into PROGRAM. A script instead of ``preexec_fn`` because that one is unsafe in a process with threads.

It imports nothing of Amends and nothing heavy: it is started by path, in isolated mode.
"""

from __future__ import annotations

import ctypes
import os
import sys

# Numbers of the Linux interface, from the manual pages prctl(2), capabilities(7) and capset(2).
PR_CAPBSET_READ = 23
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
NO_CAPABILITY = -1


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def grantable_capability() -> int:
    """The weakest capability that lets another user reach files below a closed folder, or NO_CAPABILITY.

    Searching and reading is enough. Containers often withhold that one and leave the stronger one, so that is second.
    """
    if not sys.platform.startswith("linux"):
        return NO_CAPABILITY
    libc = _libc()
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
            return capability
    return NO_CAPABILITY


def become(user_id: int, capability: int) -> None:
    """Become the user `user_id` for good, with `capability` kept over the next exec (NO_CAPABILITY keeps none)."""
    if capability == NO_CAPABILITY:
        _change_user(user_id)
        return
    libc = _libc()
    # Without this bit access(2), with which PostgreSQL looks for its own programs, would ignore the capability.
    _check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "cannot keep capabilities")
    _change_user(user_id)
    only = 1 << capability
    sets = (_Sets * 2)(_Sets(only, only, only), _Sets(0, 0, 0))
    header = _Header(CAPABILITY_VERSION_3, 0)
    _check(libc.capset(ctypes.byref(header), sets), "cannot reduce capabilities")
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0), "cannot pass a capability on")


def _change_user(user_id: int) -> None:
    os.setgroups([])
    os.setgid(user_id)
    os.setuid(user_id)


def main(arguments: list[str]) -> None:
    """Become another user and run a program: `user_id capability program [argument…]`."""
    user_id, capability, *command = arguments
    become(int(user_id), int(capability))
    os.chdir("/")  # the folder we were started in may be closed to the new user
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted; the caller gives an absolute path


if __name__ == "__main__":
    main(sys.argv[1:])
