"""Become another program, as another user, that dies when the process that started us dies.

Run as ``python -I -S launch.py USER PARENT_PID PROGRAM ARGUMENT…``; USER is ``-`` to stay who we are. This is a program
of its own and not a ``preexec_fn``, which is unsafe in a process with threads and warns from Python 3.12 on. It imports
the standard library only.

The death signal is bound to the *thread* that started the child: start servers from the main thread.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(user: str, parent: int, command: list[str]) -> None:
    """Drop privileges, ask for the death signal, and exec `command`; never returns."""
    if user != "-":
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":  # after setuid, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before we asked
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
