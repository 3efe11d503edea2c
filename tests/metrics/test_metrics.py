#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The metrics that are made of what `xl livepatch status -j` prints, and the alerts
that are made of those: by promtool, and by what documents of the schema give."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

sys.dont_write_bytecode = True

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "contrib/prometheus"
DEBIAN = TOP / "contrib/debian/xen-livepatch-tools"
PROGRAM = FOLDER / "xen-livepatch-metrics"
PROMTOOL = TOP / "build/prometheus/usr/bin/promtool"
SCHEMA = json.loads((TOP / "docs/xl-livepatch.schema.json").read_text())

HELLO = "81" * 20
EVERYTHING = {
    "operation": "status", "outcome": "stranded", "reason": "left_out",
    "xen_build_id": "39" * 20, "xen_version": "4.17.5",
    "payloads": [
        {"name": 'odd "name" \\\\xe9', "state": "applied", "build_id": HELLO,
         "uploaded_us": 1790000000000000, "applied_us": 1790000001500000},
        {"name": "bye", "state": "checked"},
    ],
    "in_progress": False,
    "deviations": [{"name": "bye", "loaded": True, "state": "checked"}],
    "installed": [{"name": "hello", "file": "/a", "vendors": False, "applied": True},
                  {"name": "bad", "file": "/b", "vendors": True, "applied": False,
                   "left_out": "it is damaged"}],
    "lost_by_boot": ["hello"], "fixes": ["XSA-182", "CVE-2016-6258"],
    "totals": {"calls": 3, "unsuccessful": 1, "attempts": 5, "stalled_us": 90000,
               "longest_stall_us": 30000, "pauses": 2, "paused_us": 1500000},
}
NOTHING = {"operation": "status", "outcome": "done", "payloads": [], "in_progress": False}
NO_XEN = {"operation": "status", "outcome": "failed", "reason": "no_xen"}


OUTPUT = Path("/var/lib/prometheus/node-exporter/xen-livepatch.prom")


def program():
    loader = importlib.machinery.SourceFileLoader("metrics", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("metrics", loader))
    loader.exec_module(module)
    return module


def run(*words, document=None):
    return subprocess.run([PROGRAM, *words], input=document and json.dumps(document),
                          capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"})


def samples(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([TOP / "scripts/fetch-xen", "promtool"], check=True, capture_output=True)

    def metrics(self, document):
        jsonschema.Draft7Validator(SCHEMA).validate(document)
        done = run("--status", "-", document=document)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=done.stdout,
                                 capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        return samples(done.stdout)

    def test_everything(self):
        found = self.metrics(EVERYTHING)
        name = r'odd \"name\" \\\\xe9'
        self.assertEqual(found, {
            "xen_livepatch_up": "1",
            f'xen_livepatch_info{{build_id="{"39" * 20}",version="4.17.5"}}': "1",
            "xen_livepatch_applied": "1",
            "xen_livepatch_installed": "2",
            "xen_livepatch_missing": "1",
            "xen_livepatch_left_out": "1",
            "xen_livepatch_lost_by_boot": "1",
            "xen_livepatch_deviations": "1",
            "xen_livepatch_in_progress": "0",
            "xen_livepatch_needs_attention": "1",
            f'xen_livepatch_payload{{name="{name}",build_id="{HELLO}"}}': "1",
            'xen_livepatch_payload{name="bye",build_id=""}': "0",
            'xen_livepatch_fix{id="XSA-182"}': "1",
            'xen_livepatch_fix{id="CVE-2016-6258"}': "1",
            "xen_livepatch_last_change_seconds": "1790000001.5",
            "xen_livepatch_calls_total": "3",
            "xen_livepatch_unsuccessful_calls_total": "1",
            "xen_livepatch_attempts_total": "5",
            "xen_livepatch_stalled_seconds_total": "0.09",
            "xen_livepatch_longest_stall_seconds": "0.03",
            "xen_livepatch_pauses_total": "2",
            "xen_livepatch_paused_seconds_total": "1.5",
        })
        self.assertEqual({re.match(r"xen_livepatch_(\w+)", one)[1] for one in found},
                         set(program().METRICS))

    def test_nothing(self):
        found = self.metrics(NOTHING)
        self.assertEqual((found["xen_livepatch_up"], found["xen_livepatch_applied"],
                          found["xen_livepatch_needs_attention"]), ("1", "0", "0"))

    def test_no_xen(self):
        """Nothing old stands beside it."""
        self.assertEqual(self.metrics(NO_XEN), {"xen_livepatch_up": "0"})
        without_xl = run()
        self.assertEqual((without_xl.returncode, samples(without_xl.stdout)),
                         (0, {"xen_livepatch_up": "0"}))
        self.assertIn("xl livepatch status", without_xl.stderr)

    def test_output(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "xen-livepatch.prom"
            for document in (EVERYTHING, NOTHING):
                done = run("--status", "-", "--output", path, document=document)
                self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("xen_livepatch_applied 0\n", path.read_text())
            self.assertEqual(path.stat().st_mode & 0o777, 0o644)
            self.assertEqual([*Path(folder).iterdir()], [path])
            blocked = Path(folder) / "blocked.prom"
            blocked.mkdir()
            failed = run("--status", "-", "--output", blocked, document=NOTHING)
            self.assertEqual(failed.returncode, 1)
            self.assertIn(f"cannot write {blocked}", failed.stderr)
            self.assertEqual({*Path(folder).iterdir()}, {path, blocked})

    def test_unit_without_xen(self):
        """What an earlier boot has written says that the host is fixed: the unit is never
        left out, and says otherwise, and doesn't fail."""
        unit = (FOLDER / "xen-livepatch-metrics.service").read_text()
        self.assertNotRegex(unit, r"(?m)^(Exec)?(Condition|Assert)")
        command, = re.findall(r"(?m)^ExecStart=(.*)$", unit)
        _, *words = command.split()
        self.assertIn(str(OUTPUT), words)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / OUTPUT.name
            run("--status", "-", "--output", path, document=EVERYTHING)
            self.assertIn("xen_livepatch_fix", path.read_text())
            done = run(*[word.replace(str(OUTPUT), str(path)) for word in words])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(samples(path.read_text()), {"xen_livepatch_up": "0"})

    def script(self, which, root, *words, text=None):
        """One of the Debian package's, without what debhelper adds."""
        text = text or Path(f"{DEBIAN}.{which}").read_text()
        self.assertIn("\n#DEBHELPER#\n", text)
        return subprocess.run(["sh", "-c", text, which, *words], check=True, text=True,
                              capture_output=True, env={"PATH": f"{root}:/usr/bin:/bin",
                                                        "DPKG_ROOT": root}).stdout

    def test_package_removed(self):
        """node_exporter reads the file as long as it is there."""
        with tempfile.TemporaryDirectory() as root:
            path = Path(root) / OUTPUT.relative_to("/")
            path.parent.mkdir(parents=True)
            for word, stays in (("upgrade", True), ("remove", False), ("purge", False)):
                path.touch()
                self.script("postrm", root, word)
                self.assertEqual(path.exists(), stays, word)
            self.script("postrm", root, "purge")

    def test_timer_stops_before_the_package_is_removed(self):
        with tempfile.TemporaryDirectory() as root:
            stand_in = Path(root) / "deb-systemd-invoke"
            stand_in.write_text(f'#!/bin/sh\necho "$*" >> {root}/calls\n')
            stand_in.chmod(0o755)
            text = Path(f"{DEBIAN}.prerm").read_text().replace("/run/systemd/system", root)
            for word in ("upgrade", "remove"):
                # In a root of its own nothing runs.
                self.script("prerm", root, word, text=text)
                self.assertFalse((Path(root) / "calls").exists(), word)
                self.script("prerm", root, word, text=f"DPKG_ROOT=\n{text}")
            self.assertEqual((Path(root) / "calls").read_text(), "stop "
                             "xen-livepatch-metrics.timer xen-livepatch-metrics.service "
                             "xen-livepatch-again.service xen-livepatch-settled.service\n")

    def test_bad_document(self):
        done = run("--status", "/dev/null")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("xen-livepatch-metrics: /dev/null: "), done)

    def test_alerts(self):
        for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
            done = subprocess.run([PROMTOOL, *words], cwd=FOLDER, capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done)

    def test_dashboard(self):
        """Its expressions are right, and of metrics that are there; its panels lie
        beside each other."""
        dashboard = json.loads((FOLDER / "dashboard.json").read_text())
        expressions = [target["expr"].replace("$fix", "XSA-182")
                       for panel in dashboard["panels"] for target in panel["targets"]]
        used = set(re.findall(r"xen_livepatch_(\w+)", " ".join(expressions)))
        self.assertEqual(used - set(program().METRICS), set())
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as rules:
            # JSON is YAML.
            json.dump({"groups": [{"name": "dashboard", "rules": [
                {"record": f"panel:{number}", "expr": expression}
                for number, expression in enumerate(expressions)]}]}, rules)
            rules.flush()
            done = subprocess.run([PROMTOOL, "check", "rules", rules.name],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        cells = [(x, y) for panel in dashboard["panels"] for where in [panel["gridPos"]]
                 for x in range(where["x"], where["x"] + where["w"])
                 for y in range(where["y"], where["y"] + where["h"])]
        self.assertEqual(len(cells), len(set(cells)))
        self.assertLess(max(x for x, _ in cells), 24)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}),
                         len(dashboard["panels"]))

    def test_alerts_know_the_metrics(self):
        rules = (FOLDER / "alerts.yml").read_text()
        used = set(re.findall(r"xen_livepatch_(\w+)", rules))
        self.assertTrue(used)
        self.assertEqual(used - set(program().METRICS), set())
        alerts = set(re.findall(r"alert: (\w+)", rules))
        tried = re.findall(r"alertname: (\w+)\n\s+exp_alerts", (FOLDER / "alerts_test.yml")
                           .read_text())
        self.assertEqual(set(tried), alerts)


if __name__ == "__main__":
    unittest.main()
