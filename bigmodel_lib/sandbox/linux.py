"""Two locks of the Linux kernel that a process puts on itself, for good and without privileges: seccomp and Landlock.

Loaded by the worker from its file, before the code runs. Each function raises OSError where the kernel refuses.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst and landlock.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# System calls by machine: x86-64's own table, and the generic one, which arm64 uses
REFUSED = {
    "x86_64": {
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "socket": 41, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_send_signal": 424,
        "io_uring_setup": 425, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "request_key": 249,
        "userfaultfd": 323, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
        "fsopen": 430, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "reboot": 169, "swapon": 167,
        "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "settimeofday": 164, "clock_settime": 227,
        "sethostname": 170, "setrlimit": 160, "setpriority": 141, "sched_setaffinity": 203, "sched_setscheduler": 144,
        "sched_setparam": 142, "sched_setattr": 314, "ioprio_set": 251, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "open_by_handle_at": 304, "fanotify_init": 300, "acct": 163, "iopl": 172, "ioperm": 173, "capset": 126,
        "truncate": 76, "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "fchown": 93, "lchown": 94,
        "fchownat": 260, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280, "setxattr": 188, "lsetxattr": 189,
        "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    },
    "aarch64": {
        "execve": 221, "execveat": 281, "socket": 198, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_send_signal": 424, "io_uring_setup": 425,
        "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217, "request_key": 218, "userfaultfd": 282,
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "reboot": 142, "swapon": 224, "init_module": 105,
        "finit_module": 273, "delete_module": 106, "kexec_load": 104, "settimeofday": 170, "clock_settime": 112, "sethostname": 161, "setrlimit": 164,
        "setpriority": 140, "sched_setaffinity": 122, "sched_setscheduler": 119, "sched_setparam": 118, "sched_setattr": 274,
        "ioprio_set": 30, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180, "open_by_handle_at": 265,
        "fanotify_init": 262, "acct": 89, "capset": 91, "truncate": 45, "fchmod": 52,
        "fchmodat": 53, "fchmodat2": 452, "fchown": 55, "fchownat": 54, "utimensat": 88, "setxattr": 5, "lsetxattr": 6,
        "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    },
}  # fmt: skip
ON_ITSELF = {
    "x86_64": {"kill": 62, "tgkill": 234, "prlimit64": 302},
    "aarch64": {"kill": 129, "tgkill": 131, "prlimit64": 261},
}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435  # its flags lie in memory, where a filter cannot look: "not there", and the C library uses clone
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD = 0x10000
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST = 0, 4, 16  # offsets in the record that a filter sees; arguments are 64 bits, the low half first


def filter_program(machine: str, pid: int) -> bytes:
    """The filter: a list of instructions of 8 bytes (code, jump if true, jump if false, number).

    Args:
        machine: "x86_64" or "aarch64".
        pid: of the process, to which alone it may send signals.
    """
    refuse, absent, allow = [(_RETURN, 0, 0, value) for value in (_ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS, _ALLOW)]
    lines = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, AUDIT[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":  # the table for 32-bit pointers
        lines += [(_AT_LEAST, 0, 1, 0x40000000), refuse]
    for number in REFUSED[machine].values():
        lines += [(_EQUAL, 0, 1, number), refuse]
    lines += [(_EQUAL, 0, 1, CLONE3), absent]
    lines += [(_EQUAL, 0, 4, CLONE[machine]), (_LOAD, 0, 0, _FIRST), (_ANY_BIT, 0, 1, CLONE_THREAD), allow, refuse]
    for number in ON_ITSELF[machine].values():  # 0 is itself, or its own group
        lines += [(_EQUAL, 0, 5, number), (_LOAD, 0, 0, _FIRST), (_EQUAL, 1, 0, 0), (_EQUAL, 0, 1, pid), allow, refuse]
    return b"".join(struct.pack("HBBI", *line) for line in [*lines, allow])


def seccomp() -> str:
    """Give up the privileges of root, install the filter, and try that it holds.

    Raises:
        OSError: another machine than x86-64 or arm64, or the kernel refuses.
    """
    libc, machine = ctypes.CDLL(None, use_errno=True), platform.machine()
    if machine not in REFUSED:
        raise OSError(f"no table of system calls for {machine}")
    program = filter_program(machine, os.getpid())
    record = struct.pack("HP", len(program) // 8, ctypes.addressof(kept := ctypes.create_string_buffer(program)))
    forbid_privileges(libc)
    nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)  # version 3 of the record, this process; no capability at all
    _call(libc.syscall(REFUSED[machine]["capset"], *nothing), "capset")
    _call(libc.prctl(22, ctypes.c_ulong(2), ctypes.c_char_p(record), 0, 0), "seccomp")
    del kept
    if libc.socket(1, 1, 0) >= 0 or ctypes.get_errno() != errno.EPERM:
        raise OSError("the seccomp filter does not hold")
    try:
        child = os.fork()
    except PermissionError:
        return "seccomp"
    os._exit(0) if child == 0 else os.waitpid(child, 0)
    raise OSError("the seccomp filter does not hold")


def landlock(folder: str, readable: list[str]) -> str:
    """Let this process write below `folder` only, and read only there and below `readable`.

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    version = _call(libc.syscall(444, None, ctypes.c_size_t(0), 1), "Landlock")
    every = (1 << {1: 13, 2: 14}.get(version, 15 if version < 5 else 16)) - 1  # the rights that this version knows
    read, devices = 0b1100, 1 << 6 | 1 << 9 | 1 << 11 | 1 << 15  # files and folders; what is neither
    handled = struct.pack("Q", every)
    rules = _call(libc.syscall(444, handled, ctypes.c_size_t(len(handled)), 0), "Landlock")
    for path, rights in (
        [(folder, every & ~devices & ~1)] + [(path, read) for path in readable] + [("/dev/null", 0b110)]
    ):
        if os.path.exists(path):
            at = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights &= every if os.path.isdir(path) else 0b110  # of a file: write and read
            _call(libc.syscall(445, rules, 1, struct.pack("=Qi", rights, at), 0), f"Landlock on {path}")
            os.close(at)
    forbid_privileges(libc)
    _call(libc.syscall(446, rules, 0), "Landlock")
    os.close(rules)
    return "Landlock" if version >= 3 else "Landlock (too old a version to stop truncation)"


def forbid_privileges(libc) -> None:
    """No program started from here gains rights: the kernel asks for this before it takes a filter from just anybody."""
    _call(libc.prctl(38, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)), "no_new_privs")


def _call(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
