#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible collection, as far as that needs no host: Ansible's own checks, the
modules with a command that answers what a real host hardly ever does, and where a
rollout stops."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import collection
from collection import SOURCE, TOP

PYTHON = "/usr/bin/python3"     # Debian's, which has Ansible
# Of ansible-test's, those that fetch nothing.
SANITY = ["action-plugin-docs", "compile", "empty-init", "future-import-boilerplate",
          "line-endings", "metaclass-boilerplate", "no-assert", "no-basestring",
          "no-get-exception", "no-smart-quotes", "shebang", "symlinks",
          "use-argspec-type-path"]
VALIDATE = ("import ansible_test, sys; print(list(ansible_test.__path__)[0] + "
            "'/_util/controller/sanity/validate-modules/validate.py')")

STATUS = {"operation": "status", "outcome": "done", "xen_build_id": "39" * 20,
          "payloads": [{"name": "hello", "state": "applied", "position": 1},
                       {"name": "idle", "state": "checked"}],
          "installed": [{"name": "hello", "file": "/a", "applied": True}]}
OTHER_XENS = ["40" * 20, "41" * 20]
NOT_INSTALLED = {"outcome": "failed", "reason": "no_such_payload", "message": "not installed"}
# Answers a verb with what is in a file of that name: exit status, and a document.  For
# another Xen the name has its build-id, too.
STAND_IN = """#!/bin/sh
here=${0%/*} verb=$1
echo "$*" >> "$here/calls"
for word; do
    case $word in --build-id=*) verb=$1-${word#*=} ;; esac
done
{ read -r status; cat; } < "$here/$verb"
exit "$status"
"""


class Ansible(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.installed = collection.install(cls.folder)

    def setUp(self):
        self.maxDiff = None


class Checks(Ansible):
    def run_there(self, *words):
        return collection.run(self.folder, *words, cwd=self.installed)

    def assert_clean(self, *words):
        done = self.run_there(*words)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_lint(self):
        self.assertIn("Passed with production profile",
                      self.assert_clean("ansible-lint", "--offline", "--nocolor"))

    def test_sanity(self):
        tests = [word for name in SANITY for word in ("--test", name)]
        told = self.assert_clean("ansible-test", "sanity", "--color", "no", "--python",
                                 f"{sys.version_info[0]}.{sys.version_info[1]}", *tests)
        for name in SANITY:
            self.assertIn(f'Running sanity test "{name}"', told)

    def test_modules_are_as_documented(self):
        """ansible-test would fetch what this check needs; Debian has it."""
        check = subprocess.run([PYTHON, "-c", VALIDATE], capture_output=True, text=True,
                               check=True).stdout.strip()
        modules = sorted((SOURCE / "plugins/modules").glob("*.py"))
        done = self.run_there("env", f"PYTHONPATH={self.folder}", PYTHON, check,
                              "--format", "json", "--arg-spec", "--collection",
                              collection.NAME, *(m.relative_to(SOURCE) for m in modules))
        found = {f"{path} validate-modules:{error['code']}"
                 for path, said in json.loads(done.stdout).items() for error in said["errors"]}
        ignored, = (SOURCE / "tests/sanity").iterdir()
        self.assertEqual(found, set(ignored.read_text().splitlines()), done.stdout)

    def test_syntax(self):
        for name in ("rollout", "backout"):
            self.assert_clean("ansible-playbook", "--syntax-check", "-i", "localhost,",
                              f"xen.livepatch.{name}")

    def test_lists_are_those_of_the_schema(self):
        schema = json.loads((TOP / "docs/xl-livepatch.schema.json").read_text())
        members = schema["definitions"]["condition"]["properties"]
        lists = [name for name, member in members.items()
                 if member.get("type") == "array" and name != "warnings"]
        source = (SOURCE / "plugins/module_utils/xl.py").read_text()
        named = re.search(r"LISTS = \((.*?)\)", source, re.S)[1]
        self.assertEqual(sorted(re.findall(r'"(\w+)"', named)), sorted(lists))


class Modules(Ansible):
    def setUp(self):
        super().setUp()
        self.scene = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.scene / "xl").write_text(STAND_IN)
        (self.scene / "xl").chmod(0o755)
        self.answer("status", 0, STATUS)

    def answer(self, verb, status, document):
        (self.scene / verb).write_text(f"{status}\n{json.dumps(document)}")

    def call(self, module="livepatch", **arguments):
        """What the module says, as Ansible calls it."""
        arguments = {"command": str(self.scene / "xl"), **arguments}
        done = subprocess.run(
            [PYTHON, self.installed / f"plugins/modules/{module}.py"], capture_output=True,
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), text=True, check=False,
            env={**collection.environment(self.folder), "PYTHONPATH": str(self.folder)})
        return json.loads(done.stdout)

    def calls(self):
        return (self.scene / "calls").read_text().splitlines()

    def test_words(self):
        files, verbs = ["/a", "/b"], {"installed": "install", "applied": "apply",
                                      "replaced": "replace"}
        for state, verb in verbs.items():
            self.answer(verb, 0, {"outcome": "done"})
            self.call(state=state, files=files, options=["--pause=never"])
            self.assertIn(f"{verb} -j --deadline=5m --pause=never -- /a /b", self.calls())
        for state, verb in {"uninstalled": "uninstall", "reverted": "revert"}.items():
            self.answer(verb, 0, {"outcome": "planned"})
            unload = " --unload" if state == "reverted" else ""
            self.assertTrue(self.call(state=state, name="-hello", deadline="1s",
                                      _ansible_check_mode=True)["changed"])
            self.assertIn(f"{verb} -j --deadline=1s{unload} --dry-run -- -hello", self.calls())

    def test_restored(self):
        """All that is installed; in place of what is applied, or on top of it."""
        judged = [{"name": name, "build_id": each, "depends": below, "xen_build_id": "39" * 20}
                  for name, each, below in (("a", "1a", "39"), ("b", "2b", "1a"))]
        self.answer("restore", 0, {"outcome": "planned", "xen_build_id": "39" * 20,
                                   "judgements": judged})
        answer = self.call(state="restored", options=["--replace"], _ansible_check_mode=True)
        self.assertIn("restore -j --deadline=5m --dry-run --replace --", self.calls())
        self.assertEqual(answer["diff"]["after"]["applied"], ["a", "b"])
        judged[0]["name"] = "hello"
        self.answer("restore", 0, {"outcome": "planned", "xen_build_id": "39" * 20,
                                   "judgements": judged})
        answer = self.call(state="restored", options=["--replace"], _ansible_check_mode=True)
        self.assertEqual(answer["diff"]["after"]["applied"], ["hello", "b"])

    def test_arguments(self):
        for wrong in ({"state": "applied"}, {"state": "reverted"},
                      {"state": "reverted", "files": ["/a"]}, {"state": "gone", "name": "a"},
                      {"state": "restored", "files": ["/a"]}, {"state": "restored", "name": "a"},
                      {"files": ["/a"], "name": "a"}):
            self.assertTrue(self.call(**wrong).get("failed"), wrong)
        self.assertFalse((self.scene / "calls").exists())

    def test_stranded(self):
        """The host isn't as it was, so it fails and has changed."""
        document = {"outcome": "stranded", "reason": "internal", "message": "half",
                    "advice": "look"}
        self.answer("apply", 3, document)
        answer = self.call(state="applied", files=["/a"])
        self.assertEqual((answer["failed"], answer["changed"], answer["rc"]), (True, True, 3))
        self.assertEqual(answer["msg"], "half. look")
        self.assertEqual(answer["livepatch"], document)

    def test_failed(self):
        self.answer("apply", 1, {"outcome": "failed", "reason": "no_such_payload"})
        answer = self.call(state="applied", files=["/a"])
        self.assertEqual((answer["failed"], answer["changed"], answer["rc"]), (True, False, 1))

    def test_gone_already(self):
        self.answer("uninstall", 1, {"outcome": "failed", "reason": "no_such_payload"})
        answer = self.call(state="uninstalled", name="a")
        self.assertEqual((answer.get("failed"), answer["changed"], answer["rc"]),
                         (None, False, 0))

    def uninstall(self, *answers, **arguments):
        """From a host with payloads for two other Xens; answers are of the three."""
        self.answer("status", 0, {**STATUS, "other_xens": OTHER_XENS})
        for suffix, answer in zip(["", *(f"-{each}" for each in OTHER_XENS)], answers):
            self.answer(f"uninstall{suffix}", *answer)
        return self.call(state="uninstalled", name="a", **arguments)

    def test_uninstalled_for_every_xen(self):
        """A boot of another one would bring back what has been backed out."""
        done = {"outcome": "done", "message": "a was not applied"}
        answer = self.uninstall((1, NOT_INSTALLED), (1, NOT_INSTALLED), (0, done),
                                options=["--exclude=db"])
        self.assertEqual([line for line in self.calls() if line.startswith("uninstall")], [
            f"uninstall -j --deadline=5m{each} --exclude=db -- a"
            for each in ["", *(f" --build-id={each}" for each in OTHER_XENS)]])
        self.assertEqual((answer.get("failed"), answer["changed"], answer["msg"],
                          answer["livepatch"]), (None, True, done["message"], done))
        answer = self.uninstall(*[(1, NOT_INSTALLED)] * 3)
        self.assertEqual((answer.get("failed"), answer["changed"]), (None, False))

    def test_uninstalled_for_every_xen_in_check_mode(self):
        planned = (0, {"outcome": "planned"})
        answer = self.uninstall((1, NOT_INSTALLED), planned, planned, _ansible_check_mode=True)
        self.assertTrue(answer["changed"])
        self.assertEqual(answer["diff"]["before"], answer["diff"]["after"])
        uninstalls = [line for line in self.calls() if line.startswith("uninstall")]
        self.assertEqual(len(uninstalls), 3)
        for line in uninstalls:
            self.assertIn(" --dry-run ", line)

    def test_not_uninstalled_for_another_xen(self):
        """It fails and has changed; the others are left for the next call."""
        answer = self.uninstall(
            (0, {"outcome": "done"}),
            (1, {"outcome": "failed", "reason": "in_use", "message": "b builds on it"}))
        self.assertEqual((answer["failed"], answer["changed"], answer["msg"]),
                         (True, True, f"--build-id={OTHER_XENS[0]}: b builds on it"))
        answer = self.uninstall((2, {"outcome": "busy", "message": "busy"}))
        self.assertEqual((answer["failed"], answer["changed"], answer["msg"]),
                         (True, False, "busy"))

    def test_uninstalled_for_the_xen_that_is_named(self):
        xen = OTHER_XENS[1]
        answer = self.uninstall((1, NOT_INSTALLED), (1, NOT_INSTALLED), (0, {"outcome": "done"}),
                                options=[f"--build-id={xen}"])
        self.assertTrue(answer["changed"])
        self.assertEqual([line for line in self.calls() if line.startswith("uninstall")],
                         [f"uninstall -j --deadline=5m --build-id={xen} -- a"])

    def test_for_another_xen(self):
        """What waits for a Xen that isn't booted changes nothing of this one."""
        self.answer("install", 0, {"outcome": "planned", "xen_build_id": "39" * 20,
                                   "judgements": [{"name": "new", "xen_build_id": "40" * 20}]})
        answer = self.call(files=["/a"], _ansible_check_mode=True)
        self.assertTrue(answer["changed"])
        self.assertEqual(answer["diff"]["before"], answer["diff"]["after"])
        self.assertEqual(answer["diff"]["before"],
                         {"applied": ["hello"], "installed": ["hello"]})

    def test_predicted_in_order(self):
        self.answer("apply", 0, {"outcome": "planned", "judgements": [
            {"name": "c", "build_id": "3c", "depends": "2b"},
            {"name": "a", "build_id": "1a", "depends": "39"},
            {"name": "b", "build_id": "2b", "depends": "1a"}]})
        answer = self.call(state="applied", files=["/c", "/a", "/b"], _ansible_check_mode=True)
        self.assertEqual(answer["diff"]["after"]["applied"], ["hello", "a", "b", "c"])

    def test_not_the_right_command(self):
        (self.scene / "xl").write_text("#!/bin/sh\necho unknown command >&2; exit 1\n")
        for module in ("livepatch_facts", "livepatch"):
            answer = self.call(module, **({"name": "a", "state": "reverted"}
                                          if module == "livepatch" else {}))
            self.assertTrue(answer["failed"])
            self.assertIn("is this the right command? unknown command", answer["msg"])

    def test_facts(self):
        answer = self.call("livepatch_facts")
        facts = answer["ansible_facts"]["xen_livepatch"]
        self.assertFalse(answer["changed"])
        self.assertEqual(facts["payloads"], STATUS["payloads"])
        self.assertEqual((facts["fixes"], facts["deviations"]), ([], []))
        self.answer("status", 3, {**STATUS, "outcome": "stranded"})
        self.assertEqual(self.call("livepatch_facts")["ansible_facts"]["xen_livepatch"]["outcome"],
                         "stranded")
        self.answer("status", 1, {"outcome": "failed", "reason": "no_xen", "message": "no Xen"})
        self.assertEqual(self.call("livepatch_facts")["msg"], "no Xen")


def options_of(*verbs):
    """Options that one of these verbs takes, each with an argument if it has one, as the
    manual page has them: first of each it says of which verbs it is."""
    page = (TOP / "docs/man/xl-livepatch.pod").read_text()
    items = re.findall(r"=item (?:B<-\w>, )?B<--([\w-]+)>(=I<.*)?\n\n"
                       r"((?:[^:\n]|\n(?!\n))*):", page)
    return [f"--{name}" + ("=1" if argument else "") for name, argument, of in items
            if set(verbs) & set(re.findall(r"\w+", of.lower()))]


# Ansible's module for packages, as far as it is called.  Its arguments are in a file.
PACKAGES = """#!/bin/sh
# WANT_JSON
{{ cat "$1"; echo; }} >> "{log}"
echo '{{"changed": true}}'
"""


class Playbooks(Ansible):
    """All hosts are this machine."""

    HOSTS = ("host1",)

    def setUp(self):
        super().setUp()
        self.scene = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.payload("a")
        for name in self.HOSTS:
            self.make_host(name, 0, {"outcome": "done"})
        (self.scene / "library").mkdir()
        (self.scene / "library/apt").write_text(PACKAGES.format(log=self.scene / "packages"))
        (self.scene / "ansible.cfg").write_text("[defaults]\nlibrary = library\n")

    def payload(self, name):
        path = self.scene / f"{name}.livepatch"
        path.touch()
        return str(path)

    def make_host(self, name, status, document):
        """Which answers all that changes live patches so."""
        folder = self.scene / name
        folder.mkdir(exist_ok=True)
        (folder / "xl").write_text(STAND_IN)
        (folder / "xl").chmod(0o755)
        for verb in ("install", "uninstall", "restore"):
            (folder / verb).write_text(f"{status}\n{json.dumps(document)}")
        (folder / "status").write_text(f"0\n{json.dumps(STATUS)}")

    def variables(self, name):
        return {"livepatch_command": f"{self.scene}/{name}/xl",
                "livepatch_folder": f"{self.scene}/{name}/payloads",
                "livepatch_defaults": f"{self.scene}/{name}/default/xen-livepatch"}

    def playbook(self, playbook, *words, **variables):
        """Its exit status, and what it says."""
        hosts = {name: self.variables(name) for name in self.HOSTS}
        (self.scene / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": {
            "ansible_connection": "local", "ansible_python_interpreter": PYTHON}}}))
        done = collection.run(self.folder, "ansible-playbook", "-i", "hosts.json",
                              f"xen.livepatch.{playbook}", "-e", json.dumps(variables), *words,
                              cwd=self.scene)
        return done.returncode, done.stdout

    def calls(self, name="host1"):
        """All but status."""
        path = self.scene / name / "calls"
        return [line for line in path.read_text().splitlines() if line.split()[0] != "status"] \
            if path.exists() else []

    def packages(self):
        """Name and state, as the module for packages was told."""
        path = self.scene / "packages"
        told = [json.loads(line) for line in path.read_text().splitlines()] \
            if path.exists() else []
        return [(each["name"], each["state"]) for each in told]


class Backout(Playbooks):
    def backout(self, *words, **variables):
        status, said = self.playbook("backout", *words, **variables)
        self.assertEqual(status, 0, said)
        return said

    def test_payloads(self):
        """The uppermost first."""
        self.backout(livepatch_payloads=[self.payload("a"), self.payload("b")])
        self.assertEqual(self.calls(), [f"uninstall -j --deadline=5m -- {name}" for name in "ba"])
        self.assertEqual(self.packages(), [])

    def test_package(self):
        """The version isn't part of the name, whatever that looks like."""
        for package in ("xen-livepatches", "xen-livepatches=2", "xen-livepatches-4.17=2",
                        "xen-livepatches-4.17=4.17.5-2"):
            self.backout(livepatch_package=package)
            self.assertEqual(self.packages()[-1], (package.partition("=")[0], "absent"))
        # rpm's form.
        self.backout(livepatch_package="xen-livepatches-4.17-2",
                     livepatch_package_name="xen-livepatches-4.17")
        self.assertEqual(self.packages()[-1], ("xen-livepatches-4.17", "absent"))
        self.assertEqual((len(self.packages()), self.calls()), (5, []))

    def test_package_without_a_name(self):
        """No guess: a name that no package has would be absent already."""
        for package in ("xen-livepatches-2", "xen-livepatches-4.17-2"):
            status, said = self.playbook("backout", livepatch_package=package,
                                         livepatch_payloads=[self.payload("a")])
            self.assertEqual(status, 2, said)
            self.assertIn("livepatch_package_name", said)
        self.assertEqual((self.packages(), self.calls()), ([], []))

    def test_nothing(self):
        status, said = self.playbook("backout")
        self.assertEqual(status, 2, said)
        self.assertIn("name livepatch_payloads or livepatch_package", said)


class CheckMode(Playbooks):
    """A rollout's leaves nothing, and tells what the rollout will tell."""

    def setUp(self):
        super().setUp()
        # The payload is there when it is judged.
        program = self.scene / "host1/xl"
        program.write_text(STAND_IN.replace(
            "#!/bin/sh\n", "#!/bin/sh\nfor last; do :; done\n"
            '[ "$1" = status ] || cat "$last" || exit\n'))
        self.payloads = [self.payload("a"), self.payload("b")]

    def rollout(self, *words, **variables):
        """Exit status, how much has changed, and what is said."""
        status, said = self.playbook("rollout", *words,
                                     **(variables or {"livepatch_payloads": self.payloads}))
        changed, = re.findall(r"(?m)^host1 .* changed=(\d+) ", said)
        return status, int(changed), said

    def listing(self):
        return sorted(path for path in (self.scene / "host1").rglob("*")
                      if path.name != "calls")

    def judged(self):
        """Where the files were that the last call was given."""
        return [Path(word) for word in self.calls()[-1].split(" -- ")[1].split()]

    def test_predicts_and_leaves_nothing(self):
        for already in (False, True):
            before = self.listing()
            self.make_answer("planned" if not already else "already")
            status, predicted, said = self.rollout("--check")
            self.assertEqual(status, 0, said)
            self.assertEqual([path.name for path in self.judged()], ["a.livepatch", "b.livepatch"])
            self.assertFalse(any(path.parent.exists() for path in self.judged()))
            self.assertEqual(self.listing(), before)
            self.make_answer("done" if not already else "already")
            status, changed, said = self.rollout()
            self.assertEqual((status, predicted), (0, changed), said)
            self.assertEqual(changed, 0 if already else 3)
            self.assertEqual([path.parent for path in self.judged()],
                             [self.scene / "host1/payloads"] * 2)
            self.assertTrue(all(path.exists() for path in self.judged()))

    def make_answer(self, outcome):
        (self.scene / "host1/install").write_text(f'0\n{{"outcome": "{outcome}"}}')

    def test_package(self):
        (self.scene / "host1/xl").write_text(STAND_IN)
        (self.scene / "host1/restore").write_text('0\n{"outcome": "already"}')
        before, words = self.listing(), {"livepatch_package": "fixes=1",
                                         "livepatch_options": ["--exclude=db"]}
        status, predicted, said = self.rollout("--check", **words)
        self.assertEqual((status, self.listing()), (0, before), said)
        self.assertEqual((predicted, self.rollout(**words)[1]), (2, 2))
        self.assertNotEqual(self.listing(), before)

    def test_leaves_nothing_of_what_is_refused(self):
        (self.scene / "host1/install").write_text('1\n{"outcome": "failed", "message": "bad"}')
        before = self.listing()
        status, changed, said = self.rollout("--check")
        self.assertEqual(status, 2, said)
        self.assertIn('"msg": "bad"', said)
        self.assertFalse(any(path.parent.exists() for path in self.judged()))
        self.assertEqual(self.listing(), before)


class Options(Playbooks):
    """A guest that is never to be paused isn't, whatever is called, and by whom."""

    SPARE = ["--exclude=db", "--pause", "never"]

    def play(self, playbook, options, **variables):
        status, said = self.playbook(playbook, livepatch_options=options, **variables)
        self.assertEqual(status, 0, said)

    def defaults(self):
        """As sh reads it; as it is where there is none."""
        path = self.scene / "host1/default/xen-livepatch"
        return subprocess.run(["sh", "-c", f'. {path} && printf %s "$XL_LIVEPATCH_OPTIONS"'],
                              capture_output=True, text=True, check=True).stdout \
            if path.exists() else None

    def test_every_verb(self):
        """The file is for packages, and stays as it is where there is nothing to write."""
        spare, words = self.SPARE, " ".join(self.SPARE)
        payloads = [self.payload("a")]
        self.play("rollout", spare, livepatch_payloads=payloads)
        self.play("backout", spare, livepatch_payloads=payloads)
        self.assertIsNone(self.defaults())
        self.play("rollout", ["--replace"], livepatch_package="fixes=1")
        self.assertIsNone(self.defaults())
        self.play("rollout", spare, livepatch_package="fixes=1")
        self.assertEqual(self.calls(), [
            f"install -j --deadline=5m {words} -- {self.scene}/host1/payloads/a.livepatch",
            f"uninstall -j --deadline=5m {words} -- a",
            "restore -j --deadline=5m --replace --replace --",
            f"restore -j --deadline=5m --replace {words} --"])
        self.assertEqual(self.defaults(), words)
        self.play("rollout", [], livepatch_package="fixes=2")
        self.assertEqual(self.defaults(), words)

    def test_written_before(self):
        """A package's scripts call xl, as it is installed and as it is removed."""
        path = self.scene / "host1/default/xen-livepatch"
        (self.scene / "library/apt").write_text(
            PACKAGES.format(log=self.scene / "packages")
            + f'cp {path} {self.scene}/seen || echo none > {self.scene}/seen\n')
        path.parent.mkdir()
        for playbook in ("rollout", "backout"):
            path.write_text("# Ours\nXL_LIVEPATCH_OPTIONS=\n")
            self.play(playbook, self.SPARE, livepatch_package="fixes=1")
            self.assertEqual((self.scene / "seen").read_text(),
                             '# Ours\nXL_LIVEPATCH_OPTIONS="--exclude=db --pause never"\n')
        self.assertEqual(self.packages(), [("fixes=1", "present"), ("fixes", "absent")])

    def test_those_that_uninstall_takes(self):
        """No other reaches it, or what reads the file; a name is the payload's."""
        options, takes = options_of("install", "restore"), options_of("uninstall")
        self.assertIn("--name=1", options)
        self.assertIn("--exclude=1", takes)
        kept = [option for option in options if option in takes]
        self.play("backout", options, livepatch_payloads=[self.payload("a")],
                  livepatch_package="fixes=1")
        self.assertEqual(self.calls(), [f"uninstall -j --deadline=5m {' '.join(kept)} -- 1"])
        self.assertEqual(self.defaults(), " ".join(kept))

    def test_what_sh_would_take_for_something_else(self):
        """Nothing is installed then."""
        for option in ("--exclude=$(id)", "--exclude=a b", "--exclude=a\n", '--exclude="a"',
                       "--exclude=*"):
            for playbook in ("rollout", "backout"):
                status, said = self.playbook(playbook, livepatch_options=[option],
                                             livepatch_package="fixes=1")
                self.assertEqual(status, 2, said)
                self.assertIn("can't be written to", said)
        self.assertEqual((self.packages(), self.defaults()), ([], None))


class Stages(Playbooks):
    """The second of two hosts in a stage is not well."""

    HOSTS = ("host1", "host2", "host3")

    def variables(self, name):
        return {**super().variables(name), **(self.second if name == "host2" else {})}

    def rollout(self, *words, **second):
        self.second = second
        return self.playbook("rollout", *words, livepatch_payloads=[self.payload("a")],
                             livepatch_stages=[2, 1])

    def assert_stops(self, expected, **second):
        status, said = self.rollout(**second)
        self.assertEqual(status, expected, said)
        self.assertEqual(self.calls("host1"), self.installs("host1"), said)
        self.assertFalse((self.scene / "host3/calls").exists(), said)

    def installs(self, name):
        return [f"install -j --deadline=5m -- {self.scene}/{name}/payloads/a.livepatch"]

    def test_well(self):
        status, said = self.rollout()
        self.assertEqual(status, 0, said)
        for name in self.HOSTS:
            self.assertEqual(self.calls(name), self.installs(name), said)

    def test_busy(self):
        self.make_host("host2", 2, {"outcome": "busy", "message": "busy"})
        self.assert_stops(2)

    def test_refused_in_check_mode(self):
        self.make_host("host2", 1, {"outcome": "failed", "message": "bad"})
        status, said = self.rollout("--check")
        self.assertEqual(status, 2, said)
        self.assertIn("bad", said)
        self.assertFalse((self.scene / "host3/calls").exists(), said)

    def test_not_reached(self):
        """Which isn't a failure to Ansible."""
        self.assert_stops(4, ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)


if __name__ == "__main__":
    unittest.main()
