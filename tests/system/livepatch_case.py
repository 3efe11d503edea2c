# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of `xl livepatch` on a real Xen share.

All tests of a process use one host with two guests, "idle" and "stubborn".
Each leaves it as it was, which is checked; after a failure the next test gets
a fresh one.
"""

import atexit
import functools
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True

import jsonschema

import engines
from host import TOP, Host

TREE = engines.toolstack_tree()
STOCK_XL = "/usr/lib/xen-4.17/bin/xl"
GUESTS = ["idle", "stubborn"]
PAUSER = "libxl-livepatch-pauser"
OURS = engines.is_ours()
STATUS = {"done": 0, "already": 0, "planned": 0, "failed": 1, "busy": 2, "stranded": 3}


@dataclass(frozen=True)
class Answer:
    """What a call of xl livepatch said: its JSON document, and its text."""

    status: int
    document: dict
    text: str

    def __getattr__(self, name):
        """Members of the document; what is left out there is None."""
        return self.document.get(name)


TOTALS = re.compile(r"^@totals\n(?!@).*?(?=^@|\Z)", re.M | re.S)


@dataclass(frozen=True)
class State:
    """What a host is like; see witness.c."""

    extra: str
    version: int
    payloads: dict      # name -> "applied" or "checked", in order of upload
    rcs: dict           # name -> rc of the last action
    pauses: dict        # domain's name -> how often it is paused
    running: dict       # domain's name -> whether it is neither paused nor dead
    notes: str          # what libxl has written down, but for what it counts
    notes_mode: str     # permissions of that file, octal
    processes: list     # of the toolstack, which may not have ended

    @property
    def records(self):
        """name -> what is noted of a payload; and "@intent" -> of a call."""
        records = {}
        for block in self.notes.removeprefix("@").split("\n@"):
            head, _, text = block.partition("\n")
            if head.startswith("intent"):
                records["@intent"] = {"call": head}
            elif text.strip():
                record = json.loads(text)
                records[record["name"]] = record
        return records

    def lasting(self):
        """What must not have changed when a call says so.  A payload may have
        been loaded and applied again meanwhile."""
        records = self.records
        for record in records.values():
            for when in ["uploaded_us", "applied_us"]:
                record.pop(when, None)
        return (self.extra, self.payloads, self.pauses, self.running, records,
                self.processes)


def payload_file(name):
    return engines.payloads() / f"{name}.livepatch"


def payload_path(name):
    """Where dom0 has it."""
    return f"/extra/{name}.livepatch"


def sha256(name):
    return hashlib.sha256(payload_file(name).read_bytes()).hexdigest()


@functools.cache
def build_id(name):
    """The build-id of a payload, or of the hypervisor, as binutils see it."""
    file = payload_file(name) if name != "xen" else engines.xen_syms()
    notes = subprocess.run(["readelf", "--notes", "--wide", file],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           text=True, check=True).stdout
    # A payload's notes on what it builds on have the same form.
    own = notes.partition(".note.gnu.build-id")[2] or notes
    return own.partition("Build ID: ")[2].split()[0]


def _fill(folder):
    """What dom0 has in /extra."""
    for source in [engines.payloads(), TOP / "build/guests"]:
        for file in sorted(source.iterdir()):
            if file.is_file():
                shutil.copy(file, folder)
    libraries = [f"-L{TREE}/libs/{name}" for name in ["ctrl", "call", "store"]]
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D__XEN_TOOLS__",
                    f"-I{TREE}/include", "-o", f"{folder}/witness",
                    Path(__file__).with_name("witness.c"), *libraries, "-lxenctrl",
                    "-lxencall", "-lxenstore", "-Wl,--allow-shlib-undefined"], check=True)


def fresh_host():
    with tempfile.TemporaryDirectory() as folder:
        _fill(folder)
        create = [f"cd /extra && {STOCK_XL} create -q {name}.cfg" for name in GUESTS]
        # The first run of a program is slow under emulation: not in each test.
        warm = ["xl livepatch apply /extra/hello.livepatch",
                "xl livepatch revert --unload hello", "/extra/witness; xen-livepatch list"]
        return Host.booted(toolstack=engines.toolstack(), extra=folder, setup=create + warm)


@functools.cache
def _validator():
    schema = json.loads((TOP / "docs/xl-livepatch.schema.json").read_text())
    return jsonschema.Draft7Validator(schema)


def document(output):
    """The one JSON document in output, which keeps to the schema."""
    parsed = json.loads(output)
    _validator().validate(parsed)
    return parsed


class LivepatchCase(unittest.TestCase):
    _host = None
    _clean = None       # what it is like between two tests

    @property
    def host(self):
        if LivepatchCase._host is None:
            LivepatchCase._host = fresh_host()
            atexit.register(LivepatchCase._host.kill)
        return LivepatchCase._host

    def discard_host(self):
        """The next test, or the next use in this one, gets a fresh host."""
        if LivepatchCase._host is not None:
            LivepatchCase._host.kill()
            LivepatchCase._host = LivepatchCase._clean = None

    def run(self, result=None):
        self._result = result
        self._failures_before = self._failures()
        return super().run(result)

    def _failures(self):
        return len(self._result.failures) + len(self._result.errors) if self._result else 0

    def setUp(self):
        # What the last test left has been looked at.
        if LivepatchCase._clean is None:
            LivepatchCase._clean = self.state()
        self.first = LivepatchCase._clean

    def tearDown(self):
        # Without a host the test has thrown it away itself; after a failure
        # it is not worth looking at.
        if LivepatchCase._host is None or self._failures() > self._failures_before:
            self.discard_host()
            return
        try:
            self.clean_up()
            LivepatchCase._clean = self.assert_as_before(self.first)
        except BaseException:
            self.discard_host()
            raise

    def clean_up(self):
        """Take out every payload, in an order that works."""
        order = list(self.state().payloads.items())
        for name, state in reversed(order):
            if state == "checked":
                self.xl("unload", name, expect="done")
        applied = [name for name, state in order if state == "applied"]
        while applied:
            for name in reversed(applied):
                if self.xl("revert", "--unload", name).outcome == "done":
                    applied.remove(name)
                    break
            else:
                self.fail(f"these can't be reverted: {applied}")

    # -- Doing -------------------------------------------------------------

    def run_text(self, *words, timeout=60):
        """xl livepatch with these words."""
        return self.host.run(shlex.join(["xl", "livepatch", *map(str, words)]), timeout)

    def xl(self, verb, *words, expect=None, reason=None, before="", timeout=60):
        """xl livepatch VERB -j WORDS, whose document is checked, and that its
        exit status is the one of its outcome.  before is shell code."""
        command = shlex.join(["xl", "livepatch", verb, "-j", *map(str, words)])
        result = self.host.run(before + command, timeout)
        answer = Answer(result.status, document(result.stdout), result.stderr)
        if "--fixes" not in words:
            self.assertEqual(answer.status, STATUS[answer.outcome], result)
        if expect is not None:
            self.assertEqual((answer.outcome, answer.reason), (expect, reason), result)
        if answer.outcome not in ("done", "already", "planned"):
            self.assertIn(answer.message, answer.text)
            if answer.advice:
                self.assertIn(answer.advice, answer.text)
        return answer

    def apply(self, *names, expect="done", **how):
        """Apply payloads by name; words that begin with - are options."""
        words = [name if name.startswith("-") else payload_path(name) for name in names]
        return self.xl("apply", *words, expect=expect, **how)

    def listing(self):
        """name -> payload, of xl livepatch list."""
        answer = self.xl("list", expect="done")
        return {payload["name"]: payload for payload in answer.payloads or []}

    def stock(self, *words, status=0):
        """xen-livepatch with these words.  Where it has to succeed, 30 ms may
        not be enough for an emulated host, and it tries only once."""
        for _ in range(8):
            result = self.host.run(shlex.join(["xen-livepatch", *words]))
            if result.status == status or result.status != 2:
                break
            self.host.run("usleep 300000")
        self.assertEqual(result.status, status, result)
        return result

    def stock_load(self, name):
        self.stock("upload", name, payload_path(name))
        self.stock("apply", name)

    # -- Looking -----------------------------------------------------------

    def state(self):
        text = self.host.run(f"/extra/witness && ps -o comm,args | grep -E '^(xl|libxl-livepat)' "
                             "| grep -v ' SUSPEND' || true", check=True).stdout
        lines = [line.split(" ") for line in text.splitlines()]

        def words(kind):
            return [line[1:] for line in lines if line[0] == kind]

        def plain(hexadecimal):
            return bytes.fromhex(hexadecimal).decode(errors="surrogateescape")

        payloads = {plain(name): (state, int(rc)) for name, state, rc in words("payload")}
        domains = {plain(name): (int(count), int(flags))
                   for _, name, count, flags in words("domain")}
        notes_mode, notes = (words("notes") or [("", "")])[0]
        return State(
            extra=plain(words("extra")[0][0]), version=int(words("version")[0][0]),
            payloads={name: state for name, (state, _) in payloads.items()},
            rcs={name: rc for name, (_, rc) in payloads.items()},
            pauses={name: count for name, (count, _) in domains.items()},
            running={name: not flags for name, (_, flags) in domains.items()},
            notes=TOTALS.sub("", plain(notes)), notes_mode=notes_mode,
            processes=[plain(name) for name, in words("process")])

    def assert_as_before(self, before):
        """All that lasts is as it was; returns the state."""
        self.maxDiff = None
        # The xl that waits for a guest's death goes a moment after the guest.
        deadline = time.monotonic() + 10
        now = self.state()
        while (now.lasting() != before.lasting() and now.processes != before.processes
               and time.monotonic() < deadline):
            now = self.state()
        self.assertEqual(now.lasting(), before.lasting())
        return now

    def assert_untouched(self, before):
        """Neither has anything been uploaded or unloaded meanwhile."""
        now = self.assert_as_before(before)
        self.assertEqual(now.version, before.version)
        self.assertEqual(now.notes, before.notes)

    def assert_xen_said(self, answer, words, ours):
        """What a stock engine said on its console is told; ours says why in
        its report, so that a message of ours has those words."""
        if OURS:
            self.assertIn(ours, answer.message)
        else:
            self.assertIn(words, "\n".join(answer.xen_messages))

    def assert_uploads(self, before, number):
        """So many uploads and unloads since that state.  Our engine counts
        every change of a payload in the same number."""
        if not OURS:
            self.assertEqual(self.state().version, before.version + number)

    def assert_running(self):
        """Every guest runs."""
        state = self.state()
        self.assertEqual(state.pauses, dict.fromkeys(["Domain-0", *GUESTS], 0))
        self.assertEqual(set(state.running.values()), {True}, state.running)
