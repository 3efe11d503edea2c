# SPDX-License-Identifier: GPL-2.0-or-later
"""The corpus: source patches against Debian's Xen, each a kind of change that
real fixes make, and what livepatch-build is to make of each.

    corpus/*.patch      one kind each
    examples/*.patch    for authors of patches; part of the corpus as well
    stacks/*.patch      on top of another's payload: test_stacks.py

Above its diff a patch says what is expected, a line each:

    Kind: what kinds of change it has
    Expect: payload, or refused REASON...   (-j's words, and no others)
    Stock: the same, for a hypervisor without our engine
    Engine: stock       only for a hypervisor with that engine
    Functions: those patched, all of them and no others; they may carry on at
               the next line, if that begins with a blank
    New: those that are new; others aren't
    Carries: more of these, where the engine has no shadow variables
    Skeleton: words that what --skeleton writes must have; none: it writes nothing
    Warns: words that a warning must have
    Effect: COMMAND -> PATTERN      what dom0 sees, while the payload is
            applied and not before or after it
    Below: PATCH        in stacks/: whose payload is below; Expect is what comes of
            it with that patch unnamed, "fails" if it doesn't compile then
    Named: fails        in stacks/: it doesn't apply on top of that patch
    Explains: FUNCTION: words that --explain has for it
    Weight: heavy       hundreds of objects are built: with CORPUS=all alone

LIVEPATCH_BUILD names another builder than that in build/; CORPUS=all is for heavy
patches, too.
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(TOP / "tests/system"))

import engines  # noqa: E402

BUILDER = Path(os.environ.get("LIVEPATCH_BUILD") or
               TOP / "build/livepatch-build/livepatch-build").resolve()
STOCK_CONFIG = TOP / "build/stock/boot/xen-4.17-amd64.config"
CACHE = TOP / "build/builder/cache"
ALL = os.environ.get("CORPUS") == "all"
REFUSED = 2
FIELDS = {"Kind", "Expect", "Stock", "Engine", "Functions", "New", "Warns", "Effect",
          "Weight", "Below", "Named", "Explains", "Carries", "Skeleton"}
REASONS = {"data", "layout", "init", "boot", "assembly", "engine", "small", "symbol",
           "relocation", "section", "limit", "nothing", "per-cpu",
           "below", "lifetime", "meaning", "unfinished"}


class CorpusError(Exception):
    """A patch's header makes no sense."""


@dataclass(frozen=True)
class Patch:
    path: Path
    fields: dict

    @property
    def name(self):
        return self.path.stem

    def expected(self):
        """The reasons why it must be refused here; none for a payload."""
        words = self.fields["Expect"].split()
        if not engines.is_ours():
            words = self.fields.get("Stock", self.fields["Expect"]).split()
        return set(words[1:])

    def new(self):
        """The functions that are new here."""
        return self.words("New") | (set() if engines.is_ours() else self.words("Carries"))

    def words(self, field):
        return {word.strip() for word in self.fields.get(field, "").split(",")} - {""}

    @property
    def effect(self):
        """A shell command for dom0, and what must be found in its output."""
        command, _, pattern = self.fields["Effect"].rpartition(" -> ")
        return command, re.compile(pattern, re.M)

    @property
    def explains(self):
        """A function, and what must be told of how it came into the payload."""
        function, _, words = self.fields.get("Explains", "").partition(": ")
        return function, words


@dataclass(frozen=True)
class Built:
    status: int
    report: dict
    errors: str
    payload: Path

    @property
    def skeleton(self):
        return self.payload.with_suffix(".skeleton")


def read(path):
    head, mark, _ = path.read_text().partition("\n---\n")
    found = re.findall(r"^([A-Z][a-z]+): *((?:.*)(?:\n[ \t]+.*)*)", head, re.M)
    fields = {key: " ".join(value.split()) for key, value in found}
    patch = Patch(path, fields)
    _check(patch, mark, len(found))
    return patch


def _check(patch, mark, number):
    fields, problem = patch.fields, None
    expect = [fields.get(key, "payload").split() for key in ("Expect", "Stock")]
    if not mark or number != len(fields) or fields.keys() - FIELDS:
        problem = "no line ---, or a field twice or unknown"
    elif not {"Kind", "Expect"} <= fields.keys():
        problem = "Kind or Expect is missing"
    elif any(words[0] not in ("payload", "refused", "fails") or set(words[1:]) - REASONS
             or (words[0] == "refused") != bool(words[1:]) for words in expect):
        problem = "Expect is payload, or refused and reasons"
    elif patch.path.parent.name != "stacks" and "payload" in fields["Expect"] and not {"Functions", "Effect"} <= fields.keys():
        problem = "a payload has Functions and Effect"
    if problem:
        raise CorpusError(f"{patch.path}: {problem}")


def patches():
    """All that are for this hypervisor, in the order of their names."""
    found = [read(path) for folder in ("corpus", "examples")
             for path in sorted((HERE / folder).glob("*.patch"))]
    return [patch for patch in found
            if (patch.fields.get("Engine") != "stock" or not engines.is_ours())
            and (ALL or "Weight" not in patch.fields)]


def find(name):
    """A patch by its name, wherever it is."""
    return read(next(HERE.glob(f"*/{name}.patch")))


def command(patch, output):
    words = [BUILDER, "-j", "--cache", CACHE, "--xen-syms", engines.xen_syms(),
             "--name", patch.name, "--output", output]
    if engines.current() == "stock":
        words += ["--tree", TOP / "build/xen-src", "--config", STOCK_CONFIG]
    else:
        tree = TOP / f"build/hypervisor-{engines.current()}"
        words += ["--tree", tree]
        if (tree / ".compiler").exists():
            words += ["--compiler", (tree / ".compiler").read_text().strip()]
    if patch.fields.get("Explains"):
        words += ["--explain", patch.explains[0]]
    if patch.fields.get("Skeleton"):
        words += ["--skeleton", Path(output).with_suffix(".skeleton")]
    return [*map(str, words), str(patch.path)]


@functools.cache
def inputs():
    """What every build depends on, beside its patch."""
    digest = hashlib.sha256()
    for file in [BUILDER, engines.xen_syms()]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build(patch):
    """What livepatch-build makes of it, now or in an earlier run."""
    folder = TOP / f"build/tests/builder/corpus-{engines.current()}"
    folder.mkdir(parents=True, exist_ok=True)
    payload, record = folder / f"{patch.name}.livepatch", folder / f"{patch.name}.json"
    # Words above the diff are not part of it.
    key = [inputs(), patch.path.read_text().partition("\n---")[2], patch.explains[0],
           "Skeleton" in patch.fields]
    if record.exists():
        known = json.loads(record.read_text())
        if known["key"] == key:
            return Built(known["status"], known["report"], known["errors"], payload)
    for output in payload, payload.with_suffix(".skeleton"):
        output.unlink(missing_ok=True)
    ended = subprocess.run(command(patch, payload), capture_output=True, text=True,
                           env={**os.environ, "LC_ALL": "C"})
    try:
        report = json.loads(ended.stdout)
    except ValueError:
        report = {}
    built = Built(ended.returncode, report, ended.stderr, payload)
    record.write_text(json.dumps({"key": key, "status": built.status, "report": report,
                                  "errors": built.errors}))
    return built


def differences(patch, built):
    """In words, how this isn't what the patch expects; "" if it is."""
    expected = patch.expected()
    reasons = {refusal["reason"] for refusal in built.report.get("refusals", [])}
    patched = {function["name"] for function in built.report.get("functions", [])
               if not function["new"]}
    new = {function["name"] for function in built.report.get("functions", [])
           if function["new"]}
    wrong = []
    if built.status != (REFUSED if expected else 0):
        wrong.append(f"exit status {built.status}")
    if reasons != expected:
        wrong.append(f"refused for {reasons or 'nothing'}, expected {expected or 'nothing'}")
    if built.payload.exists() == bool(expected):
        wrong.append("a payload was written" if expected else "no payload was written")
    if not expected and not built.status:
        for what, found, wanted in [("patched", patched, patch.words("Functions")),
                                    ("new", new, patch.new())]:
            if found != wanted:
                wrong.append(f"functions {what}: {sorted(found)}, expected {sorted(wanted)}")
    warned = " ".join(warning["why"] for warning in built.report.get("warnings", []))
    if patch.fields.get("Warns", "") not in warned:
        wrong.append(f"warned of {warned!r}, expected {patch.fields['Warns']!r}")
    function, words = patch.explains
    told = "\n".join(each["why"] for each in built.report.get("explanations", [])
                     if each["name"] == function)
    if words not in told:
        wrong.append(f"explained {function} by {told!r}, expected {words!r}")
    skeleton = built.skeleton.read_text() if built.skeleton.exists() else "none"
    if expected and patch.fields.get("Skeleton", "") not in " ".join(skeleton.split()):
        wrong.append(f"skeleton {skeleton!r}, expected {patch.fields['Skeleton']!r}")
    if wrong:
        wrong.append(built.errors[-4000:])
    return "\n".join(wrong)
