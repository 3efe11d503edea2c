# SPDX-License-Identifier: GPL-2.0-or-later
"""A person's terminal on a shell in dom0.

The shell has a terminal of its own (a virtio console), so that Ctrl-C and job
control work there.  Xen's console is shown as it grows, between its lines.
"""

import os
import select
import shlex
import shutil
import signal
import sys
import termios
import tty

DEVICE = "/dev/hvc1"
ESCAPE = b"\x01"
LEAVE = b"exit\n"
CONSOLE_POLL = 0.2

HELP = "Ctrl-A x ends the machine at once; so does leaving the shell.\r\n"


def attach(host):
    """Talk to a shell in dom0 until it, or the machine, ends."""
    session = Session(host)
    sys.stdout.write(HELP)
    sys.stdout.flush()
    if not sys.stdin.isatty():
        return session.serve()
    before = termios.tcgetattr(sys.stdin)
    signal.signal(signal.SIGWINCH, session.note_new_size)
    try:
        tty.setraw(sys.stdin)
        return session.serve()
    finally:
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


class Session:
    def __init__(self, host):
        self.host = host
        self.line = host.qemu.lines["terminal"].socket
        self.inputs = [sys.stdin.fileno(), self.line]
        self.console_seen = len(host.console())
        self.escaped = False
        self.new_size = False
        self.start_shell()

    def start_shell(self):
        columns, rows = shutil.get_terminal_size()
        term = shlex.quote(os.environ.get("TERM", "dumb"))
        inner = f"stty rows {rows} cols {columns}; TERM={term} exec bash -l"
        outer = f"setsid -c sh -c {shlex.quote(inner)} <{DEVICE} >{DEVICE} 2>&1; poweroff -f"
        # Not with "&": the shell would then ignore Ctrl-C, and all below it.
        self.host.run("start-stop-daemon -S -b -p /run/terminal.pid -x /bin/sh -- "
                      f"-c {shlex.quote(outer)}", check=True)

    def note_new_size(self, *_):
        self.new_size = True

    def pass_size(self):
        self.new_size = False
        columns, rows = shutil.get_terminal_size()
        self.host.run(f"stty -F {DEVICE} rows {rows} cols {columns}")

    def serve(self):
        while True:
            ready, _, _ = select.select(self.inputs, [], [], CONSOLE_POLL)
            self.show_console()
            if self.new_size:
                self.pass_size()
            if self.line in ready:
                data = self.line.recv(65536)
                if not data:
                    return 0
                write(data)
            if sys.stdin.fileno() in ready and not self.pass_keys():
                return 0

    def pass_keys(self):
        """False when the person has had enough."""
        keys = os.read(sys.stdin.fileno(), 4096)
        if not keys:
            self.inputs.remove(sys.stdin.fileno())
            self.line.sendall(LEAVE)
            return True
        out = bytearray()
        for key in (bytes([number]) for number in keys):
            if self.escaped and key in b"xX":
                return False
            if self.escaped or key != ESCAPE:
                out += key
                self.escaped = False
            else:
                self.escaped = True
        self.line.sendall(out)
        return True

    def show_console(self):
        fresh = self.host.console()[self.console_seen:]
        whole = fresh[:fresh.rfind("\n") + 1]
        self.console_seen += len(whole)
        if whole:
            write(whole.replace("\r", "").replace("\n", "\r\n").encode())


def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
