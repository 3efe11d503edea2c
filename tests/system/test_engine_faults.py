#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Xen's own engine gets wrong, on a booted Xen with ours."""

import json
import unittest

import engines
from engine_case import AMPLE_MS, EngineCase, symbol, with_late_cpus

EBUSY, EINVAL, EIO, EPERM = 16, 22, 5, 1


class Replace(EngineCase):
    """All or nothing."""

    def setUp(self):
        super().setUp()
        self.load("hello", "bye")
        self.before = self.xen_text()

    def assert_old_stack(self):
        self.assertEqual(self.extra_version(), "Bye World!")
        self.assertEqual({name: state for name, state in self.state().payloads.items()
                          if name in ("hello", "bye")},
                         {"hello": "applied", "bye": "applied"})
        self.assertTrue(self.xen_text() == self.before, "text changed")

    def test_apply_hook_fails(self):
        self.upload("apply_hook_fail")
        self.act("apply_hook_fail", "replace", f"checked -{EINVAL}")
        self.assert_old_stack()
        self.assertIn("apply", self.report("apply_hook_fail").failure)
        # The old stack can be taken down as if nothing had happened.
        self.revert("bye", "hello")

    def test_expectation_fails(self):
        self.upload("expect_bad")
        self.assertNotIn("ok applied", self.probe(f"act expect_bad replace {AMPLE_MS}"))
        self.assert_old_stack()

    def test_expectation_is_about_unpatched_text(self):
        """hello and bye have changed what it expects, and will be gone."""
        self.upload("expect_ok")
        self.act("expect_ok", "replace", "applied 0")
        self.assertEqual(self.extra_version(), "As expected")
        self.assertEqual(self.state().payloads,
                         {"hello": "checked", "bye": "checked", "expect_ok": "applied"})

    def test_half_an_apply_hook(self):
        self.upload("half_apply")
        answer = self.probe(f"act half_apply replace {AMPLE_MS}")
        self.assertRegex(answer, r"^ok checked -\d+$")
        self.assert_old_stack()

    def test_revert_hook_fails(self):
        self.revert("bye", "hello")
        self.load("half_revert")
        self.upload("replace")
        before = self.xen_text()
        self.assertRegex(self.probe(f"act replace replace {AMPLE_MS}"), r"^ok checked -\d+$")
        self.assertTrue(self.xen_text() == before, "text changed")
        self.assertEqual(self.state().payloads["half_revert"], "applied")
        self.assertIn("half_revert", self.report("replace").failure)
        self.revert("half_revert")


class Results(EngineCase):
    def test_refused_while_in_flight(self):
        """Only one action at a time; the refused one's result is not touched."""
        self.upload("stall", "hello")
        answers = self.probe(f"start stall apply {AMPLE_MS}", f"start hello apply {AMPLE_MS}",
                             "get hello", "unload stall", "get stall", "wait stall")
        # The stall may be over before the next call, which then works.
        self.assertEqual(answers[0], "ok")
        self.assertIn(answers[5], ["applied 0"])
        if answers[1] == "EBUSY":
            self.assertEqual(answers[2], "checked 0")
        self.probe("wait hello")
        self.assertNotIn("-11", self.probe("get hello"))

    def test_unload_of_the_busy_one(self):
        """Hundreds of times: a revert, and at once an unload."""
        for _ in range(5):
            self.load("hooks")
            commands = ["start hooks revert 2000", *["unload hooks"] * 200]
            answers = self.probe(*commands)
            self.assertEqual(answers[0], "ok")
            self.assertLessEqual(set(answers[1:]), {"EBUSY", "EINVAL", "ok", "ENOENT"})
            self.probe("wait hooks", "unload hooks")
            self.assertEqual(self.probe("get hooks"), "ENOENT")

    @with_late_cpus
    def test_timeout_leaves_a_result(self):
        self.upload("hello")
        self.act_late("hello", "apply", "checked")
        self.assertIn("hello", self.report("hello").name)
        self.act("hello", "apply", "applied 0")
        self.assertEqual(self.report("hello").failure, "")

    @with_late_cpus
    def test_pre_hooks_are_paired(self):
        """The post hook runs after a timeout, too, with the result."""
        self.upload("paired")
        self.act_late("paired", "apply", "checked")
        self.act("paired", "apply", "applied 0")
        self.act_late("paired", "revert", "applied")
        self.act("paired", "revert", "checked 0")
        told = [line.partition("paired: ")[2] for line in self.said().splitlines()
                if "paired: p" in line]
        self.assertEqual(told, [
            "preapply, open 1", f"postapply, open 0, rc -{EBUSY}",
            "preapply, open 1", "postapply, open 0, rc 0",
            "prerevert, open 1", f"postrevert, open 0, rc -{EBUSY}",
            "prerevert, open 1", "postrevert, open 0, rc 0"])

    def test_half_an_apply(self):
        self.upload("half_apply")
        self.assertRegex(self.probe(f"act half_apply apply {AMPLE_MS}"), r"^ok checked -\d+$")
        self.assertNotEqual(self.extra_version(), "Half a World")
        self.assertIn("half", self.report("half_apply").name)
        self.assertNotEqual(self.report("half_apply").failure, "")

    def test_half_a_revert(self):
        """It stays, and can still be reverted."""
        self.load("half_revert")
        self.assertRegex(self.probe(f"act half_revert revert {AMPLE_MS}"), r"^ok applied -\d+$")
        self.revert("half_revert")

    def test_a_revert_that_was_none(self):
        """Or the next call of the function would jump into freed memory."""
        self.load("false_revert")
        self.act("false_revert", "revert", f"applied -{EINVAL}")
        self.assertEqual(self.extra_version(), "False World")
        self.assertEqual(self.probe("unload false_revert"), "EINVAL")
        self.discard_host()     # it can't be got rid of


class Loading(EngineCase):
    def test_refused(self):
        """Each with its errno, and with words."""
        listed = json.loads((engines.payloads() / "manifest.json").read_text())["payloads"]
        refused = {name: facts["refused"] for name, facts in listed.items()
                   if "refused" in facts}
        self.assertGreaterEqual(len(refused), 4)
        for name, errno in refused.items():
            with self.subTest(name):
                self.upload(name, answer=errno)
                report = self.report()
                self.assertEqual(report.name, name)
                self.assertNotEqual(report.failure, "")
                self.assertIn(report.failure, self.said())

    def test_init_symbols_with_force(self):
        """Whoever insists gets them, from the release on that has the flag."""
        minor = int(self.host.run("xl info xen_minor", check=True).stdout)
        self.assertEqual(self.probe("forced uses_init /extra/uses_init.livepatch"),
                         "ok" if minor >= 19 else "EINVAL")

    def test_used_payload_stays(self):
        self.upload("provider", "user")
        self.assertEqual(self.report("provider").status["users"], 1)
        self.assertEqual(self.probe("unload provider"), "EBUSY")
        self.act("provider", "apply", "applied 0")
        self.act("user", "apply", "applied 0")
        self.assertEqual(self.extra_version(), "Provided")
        self.revert("user", "provider")
        self.assertEqual(self.probe("unload provider"), "EBUSY")
        self.assertEqual(self.probe("unload user"), "ok")
        self.assertEqual(self.report("provider").status["users"], 0)
        self.assertEqual(self.probe("unload provider"), "ok")

    def test_provider_missing(self):
        self.upload("user", answer="ENOENT")
        self.assertIn("provider_text", self.report().failure)

    def test_local_names_do_not_collide(self):
        """Both have a static hooks_loads."""
        self.upload("hooks", "collide")
        self.act("collide", "apply", "applied 0")
        self.assertEqual(self.extra_version(), "Collided World")

    def test_nothing_writable_and_executable(self):
        """The linker's sections of a loaded payload, by Xen's own tables."""
        self.load("hooks")
        function = self.report("hooks").functions[0]
        self.assertEqual(self.flags_of(function["new"]), "x")
        self.assertEqual(self.flags_of(symbol("xen_extra_version")), "x")

    def flags_of(self, address):
        """Of the page: w, x."""
        table = int.from_bytes(self.memory(symbol("idle_pg_table") + (address >> 39 & 511) * 8,
                                           8), "little")
        may_write, may_execute = True, True
        for shift in (30, 21, 12):
            may_write &= bool(table & 2)
            may_execute &= not table >> 63
            physical = (table & 0xffffffffff000) + (address >> shift & 511) * 8
            text = self.host.qmp("human-monitor-command",
                                 **{"command-line": f"xp /1gx {physical:#x}"})
            table = int(text.split()[-1], 16)
            if shift == 21 and table & 0x80:
                break
        may_write &= bool(table & 2)
        may_execute &= not table >> 63
        return ("w" if may_write else "") + ("x" if may_execute else "")


class Again(EngineCase):
    """A payload with data is applied again after a revert."""

    def loads(self):
        return [line.partition("count ")[2] for line in self.said().splitlines()
                if "hooks: load hook ran" in line]

    def test_data_as_at_first(self):
        self.load("hooks")
        for _ in range(3):
            self.revert("hooks")
            self.act("hooks", "apply", "applied 0")
        self.assertEqual(self.loads(), ["101"] * 4)

    @with_late_cpus
    def test_not_after_a_failure(self):
        """A revert that was not done leaves data as it is."""
        self.load("hooks")
        self.act_late("hooks", "revert", "applied")
        self.revert("hooks")
        self.assertIn("hooks: unload hook ran, count 1", self.said())

    def test_replaced_and_again(self):
        self.load("hooks")
        self.upload("replace")
        self.act("replace", "replace", "applied 0")
        self.act("hooks", "replace", "applied 0")
        self.assertEqual(self.extra_version(), "Hooked World")
        self.assertEqual(self.loads(), ["101"] * 2)


class Shadow(EngineCase):
    """Fields that a payload adds."""

    def table(self):
        return self.memory(symbol("shadow_table"), 8 << 10)

    def test_field_counts(self):
        self.assertFalse(any(self.table()))
        self.load("shadow_field")
        first = int(self.extra_version().split()[1])
        self.assertEqual(self.extra_version(), f"Call {first + 1} of d0")
        self.assertTrue(any(self.table()))
        self.revert("shadow_field")
        self.assertIn("shadow_field: took 1 away", self.said())
        self.assertFalse(any(self.table()))
        # Applied again it begins anew.
        self.act("shadow_field", "apply", "applied 0")
        self.assertEqual(self.extra_version(), "Call 1 of d0")

    def test_field_from_a_hook(self):
        self.load("shadow_hooks")
        self.assertEqual(self.extra_version(), "Domain 0")
        self.revert("shadow_hooks")
        self.assertFalse(any(self.table()))

    @with_late_cpus
    def test_failed_apply_leaves_none(self):
        self.upload("shadow_hooks")
        self.act_late("shadow_hooks", "apply", "checked")
        self.assertFalse(any(self.table()))


class PerCpu(EngineCase):
    """Variables in the room that CPUs' areas have for those of payloads."""

    def test_counts_on_each(self):
        self.load("percpu")
        first = int(self.extra_version().split()[1])
        self.assertEqual(self.extra_version(), f"Call {first + 1}")
        # Applied again, or loaded again, it begins anew.
        self.revert("percpu")
        self.act("percpu", "apply", "applied 0")
        self.assertEqual(self.extra_version(), "Call 1")
        self.revert("percpu")
        self.probe("unload percpu")
        self.load("percpu")
        self.assertEqual(self.extra_version(), "Call 1")


class Large(EngineCase):
    def test_many_symbols(self):
        self.upload("large", "another")
        self.act("large", "apply", "applied 0")
        self.assertEqual(self.extra_version(), "Large World")

    def test_many_functions(self):
        self.load("ground", "wide")
        self.assertEqual(self.extra_version(), "Wide World")
        report = self.report("wide")
        self.assertEqual(len(report.functions), 257)
        self.assertTrue(all(each["applied"] for each in report.functions))
        self.revert("wide", "ground")


if __name__ == "__main__":
    unittest.main()
