"""Runs code that nobody has read, in a process of its own with limits. A leaf: the standard library alone, no Keras.

``run``           one program, and tests that it does not see before it has run
``Result``        how it ended: passed, failed, timeout, memory or killed
``containment``   what this machine can contain, and what not

Generated code is run in an isolated interpreter without an environment, in an empty folder. The kernel's own locks are put on
before its first line, where the system has them; none needs privileges, so they also work inside most containers:

- limits (POSIX): processor time, memory, size of a file; for others than root the number of processes;
- seccomp (Linux): no new process, no socket, no signal to another process, no change of owners and modes;
- Landlock (Linux 5.13 or later): nothing is written outside of the folder, and nothing read but Python itself and /usr.

Where one is missing (macOS, Windows, old kernels), a hook inside Python takes its place. That stops accidents, which is nearly
all that a language model makes, but not a program that means to get out; `Result.containment` says so. Against an attacker with
time, use a virtual machine.
"""

from bigmodel_lib.sandbox.running import Result, containment, run

__all__ = ["Result", "containment", "run"]
