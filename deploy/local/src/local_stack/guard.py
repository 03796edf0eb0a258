"""Runs in a child before its program: binds its life to ours, drops root, then becomes the program.

`python -I -S guard.py <parent pid> <death signal> <user|-> <folder|-> <program> [argument...]`
Only the standard library. A program of its own, since between fork and exec nothing of this may safely run in
the parent's (possibly threaded) interpreter.
"""

import contextlib
import ctypes
import os
import pwd
import struct
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
GONE = 125


def _prctl(*arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*(ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:5])) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def become(user: str) -> None:
    """Become an unprivileged user that may still pass through folders closed to others.

    A checkout below a closed home (`/root`) is the usual case in a container, so this one capability is kept
    where the kernel lets us; where it does not, the program itself reports what it could not open.
    """
    entry = pwd.getpwnam(user)
    kept = True
    try:
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    except (OSError, AttributeError):
        kept = False
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    with contextlib.suppress(OSError, AttributeError):
        _keep_only(1 << CAP_DAC_OVERRIDE if kept else 0)
    os.environ["HOME"] = "/"


def _keep_only(mask: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("<Ii", CAPABILITY_VERSION_3, 0)
    if libc.capset(header, struct.pack("<6I", mask, mask, mask, 0, 0, 0)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if mask:
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def main(arguments: list[str]) -> None:
    """Never returns: becomes the program, or ends with 125 when the parent is gone already."""
    parent, death_signal, user, folder, *command = arguments
    if folder != "-":
        os.chdir(folder)
    if user != "-":
        become(user)
    if sys.platform == "linux":
        # After the change of user, which the kernel answers by forgetting the death signal.
        _prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != int(parent):
            raise SystemExit(GONE)
    os.execvp(command[0], command)  # noqa: S606 - the whole purpose of this program


if __name__ == "__main__":
    main(sys.argv[1:])
