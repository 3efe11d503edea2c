#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Live patches that are installed: what is there after a boot."""

import gzip
import subprocess
import unittest

import engines
from host import TOP
from livepatch_case import (Answer, LivepatchCase, build_id, document, payload_file,
                            payload_path)

INSTALLED = "/var/lib/xen/livepatch"
ANOTHER_XEN = "ab" * 20


class Life(LivepatchCase):
    boots = 0

    def tearDown(self):
        if LivepatchCase._host is not None:
            self.host.run("umount /proc/cmdline /proc/sys/kernel/random/boot_id; "
                          f"rm -rf {INSTALLED} /usr/lib/xen/livepatch /boot")
        super().tearDown()

    # -- What a boot is ----------------------------------------------------

    def overlay(self, path, text):
        """dom0 reads that there, until it is booted."""
        copy = f"/tmp/{path.replace('/', '_')}"
        self.host.push({copy: f"{text}\n".encode()})
        self.host.run(f"mount --bind {copy} {path}", check=True)

    def boot(self, cmdline=""):
        """Another boot with what is installed.  All hosts go on from one that has
        booted, with the same id for that; so it gets another one."""
        kept = self.host.run(f"cd / && find .{INSTALLED} | cpio -o -H newc", check=True).raw
        self.discard_host()
        self.host.unpack(kept)
        Life.boots += 1
        self.overlay("/proc/sys/kernel/random/boot_id", f"boot-{Life.boots}")
        if cmdline:
            self.overlay("/proc/cmdline", f"console=hvc0 {cmdline} quiet")
        self.assertEqual(self.state().payloads, {})

    def path(self, name, xen=None):
        return f"{INSTALLED}/{xen or build_id('xen')}/{name}.livepatch"

    def installed(self):
        """name -> content, of the running Xen."""
        names = self.host.run(f"cd {INSTALLED}/{build_id('xen')} && ls *.livepatch").stdout
        return {name.removesuffix(".livepatch"):
                self.host.pull(f"{INSTALLED}/{build_id('xen')}/{name}")
                for name in names.split()}

    def install(self, *names, **how):
        return self.xl("install", *map(payload_path, names), **how)

    def status(self, expected):
        """What xl livepatch status tells, with that exit status."""
        result = self.host.run("xl livepatch status -j")
        self.assertEqual(result.status, expected, result)
        return Answer(result.status, document(result.stdout), result.stderr)

    # -- There and back ----------------------------------------------------

    def test_there_after_a_boot(self):
        self.install("hello", "bye", expect="done")
        both = {"hello": "applied", "bye": "applied"}
        self.assertEqual(self.state().payloads, both)
        self.assertEqual(self.installed(), {name: payload_file(name).read_bytes()
                                            for name in both})
        self.install("hello", "bye", expect="already")
        self.boot()
        missing = self.status(3)
        self.assertEqual([(each["name"], each.get("applied", False))
                          for each in missing.installed],
                         [("hello", False), ("bye", False)])
        self.xl("restore", expect="done")
        status = self.status(0)
        self.assertTrue(all(each["applied"] for each in status.installed), status.installed)
        self.assertFalse(status.lost_by_boot)
        self.assertEqual(self.state().payloads, both)
        self.xl("restore", expect="already")
        self.xl("restore", "--settled", expect="already")

        self.xl("uninstall", "hello", expect="failed", reason="in_use")
        self.xl("uninstall", "bye", expect="done")
        self.xl("uninstall", "hello", expect="done")
        self.assertEqual(self.state().payloads, {})
        self.assertEqual(self.installed(), {})
        self.xl("uninstall", "hello", expect="failed", reason="no_such_payload")

    def test_not_installed(self):
        self.xl("apply", payload_path("hello"), expect="done")
        status = self.status(0)
        self.assertEqual((status.installed, status.lost_by_boot), (None, ["hello"]))

    def test_another_of_its_name(self):
        """What is loaded under the name of an installed one is left alone."""
        self.xl("install", "--boot-only", "--name=bye", payload_path("replace"),
                expect="done")
        self.xl("apply", "--name=bye", payload_path("hello"), expect="done")
        answer = self.xl("uninstall", "bye", expect="done")
        self.assertIn("not the one that was installed", "\n".join(answer.warnings or []))
        self.assertEqual(self.state().payloads, {"bye": "applied"})
        self.assertEqual(self.installed(), {})

    def test_under_another_name(self):
        """What is loaded already keeps its name, and its file gets the one that was
        asked for."""
        self.xl("apply", "--name=foo", payload_path("hello"), expect="done")
        self.install("hello", expect="done")
        self.assertEqual(set(self.installed()), {"hello"})
        self.assertFalse(self.status(0).lost_by_boot)
        self.xl("uninstall", "hello", expect="done")
        self.assertEqual((self.state().payloads, self.installed()), ({}, {}))

    def test_what_boot_would_leave_out(self):
        """It is not installed."""
        self.install("hello", expect="done")
        copy = {"/tmp/copy.livepatch": payload_file("hello")}
        self.host.push(copy)
        self.xl("install", "--boot-only", "/tmp/copy.livepatch", expect="failed",
                reason="collision")
        self.xl("install", "--boot-only", payload_path("replace"), expect="failed",
                reason="collision")
        self.install("hello", "bye", expect="done")
        self.xl("install", "--boot-only", "--name=hello", payload_path("replace"),
                expect="failed", reason="in_use")
        self.xl("uninstall", "bye", expect="done")
        self.xl("uninstall", "hello", expect="done")
        self.xl("apply", payload_path("hello"), expect="done")
        self.install("bye", expect="failed", reason="dependency")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.install("hello", "bye", expect="done")

    def test_in_place_of_all(self):
        """A cumulative one, all or nothing; what another boot finds is that alone."""
        both = {"hello": "applied", "bye": "applied"}
        self.install("hello", "bye", expect="done")
        self.xl("install", "--replace", "--lose-fixes", payload_path("unknown_symbol"),
                expect="failed", reason="symbol")
        self.assertEqual((self.state().payloads, set(self.installed())), (both, set(both)))
        self.xl("install", "--replace", payload_path("hello"), payload_path("bye"),
                expect="failed", reason="usage")
        answer = self.xl("install", "--replace", payload_path("replace"), expect="done")
        self.assertEqual(sorted(answer.displaced), sorted(both))
        self.assertEqual(self.state().payloads, {"replace": "applied"})
        self.assertEqual(set(self.installed()), {"replace"})
        self.status(0)
        self.xl("install", "--replace", payload_path("replace"), expect="already")
        self.boot()
        self.xl("restore", expect="done")
        self.assertEqual(self.state().payloads, {"replace": "applied"})

    def test_in_place_of_all_cut_short(self):
        """The new one is there under the name of the one that it has replaced."""
        self.xl("install", "--boot-only", "--name=hello", payload_path("replace"),
                expect="done")
        self.boot()
        self.xl("restore", expect="done")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.xl("install", "--replace", payload_path("replace"), expect="done")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.assertEqual(set(self.installed()), {"replace"})
        self.status(0)
        self.boot()
        self.xl("restore", expect="done")
        self.assertEqual(self.state().payloads, {"replace": "applied"})

    def test_in_place_of_vendors(self):
        """Also where it is applied already; theirs are hidden, as uninstall does."""
        theirs = f"/usr/lib/xen/livepatch/{build_id('xen')}"
        self.host.push({f"{theirs}/{name}.livepatch": payload_file(name)
                        for name in ("hello", "bye")})
        self.xl("restore", expect="done")
        self.xl("replace", payload_path("replace"), expect="done")
        self.xl("install", "--replace", payload_path("replace"), expect="done")
        self.assertEqual({name: len(content) > 0 for name, content in self.installed().items()},
                         {"replace": True, "hello": False, "bye": False})
        self.boot()
        self.host.push({f"{theirs}/{name}.livepatch": payload_file(name)
                        for name in ("hello", "bye")})
        self.xl("restore", expect="done")
        self.assertEqual(self.state().payloads, {"replace": "applied"})

    def test_odd_files(self):
        """In the store, by hand or of a package."""
        theirs = f"/usr/lib/xen/livepatch/{build_id('xen')}"
        self.host.run(f"mkdir -p {self.path('hello')} {theirs}", check=True)
        self.install("hello", expect="failed", reason="store")
        self.assertEqual(self.state().payloads, {})
        self.host.run(f"rmdir {self.path('hello')}", check=True)

        # A pipe hides nothing, and nobody waits at its end.
        self.host.run(f"mkfifo {self.path('pipe')}; ln -s /nowhere {theirs}/gone.livepatch",
                      check=True)
        answer = self.xl("restore", expect="stranded", reason="left_out")
        self.assertEqual(len(answer.warnings), 2, answer)
        self.assertEqual({(one["name"], "left_out" in one) for one in self.status(3).installed},
                         {("pipe", True), ("gone", True)})
        for name in ("pipe", "gone"):
            self.xl("uninstall", f"--build-id={build_id('xen').upper()}", name, expect="done")
        self.assertFalse(self.status(0).installed)

    def test_odd_name(self):
        """It doesn't make what is noted of the others unreadable."""
        self.xl("install", "--name=caf\\xe9", payload_path("hello"), expect="done")
        shown = self.xl("show", "caf\\xe9")
        self.assertFalse(shown.warnings)
        self.assertIn("caf\\xe9.livepatch", shown.payloads[0]["file"])
        self.boot()
        self.xl("restore", expect="done")
        self.xl("uninstall", "caf\\xe9", expect="done")
        self.assertEqual(self.installed(), {})

    def test_not_applied_not_installed(self):
        self.install("apply_hook_fail", expect="failed", reason="hook")
        self.assertEqual(self.installed(), {})
        self.assert_as_before(self.first)

    def test_for_another_xen(self):
        data = payload_file("hello").read_bytes()
        other = data.replace(bytes.fromhex(build_id("xen")), bytes.fromhex(ANOTHER_XEN))
        self.host.push({"/tmp/hello.livepatch": other})
        answer = self.xl("install", "/tmp/hello.livepatch", expect="done")
        self.assertIn(ANOTHER_XEN, answer.message)
        self.assertEqual(self.host.pull(self.path("hello", ANOTHER_XEN)), other)
        self.assert_untouched(self.first)
        self.xl("restore", expect="already")
        self.assert_untouched(self.first)
        status = self.status(0)
        self.assertEqual((status.other_xens, status.installed), ([ANOTHER_XEN], None))
        # A package's is told of, too, each Xen once.
        for xen in (ANOTHER_XEN, "cd" * 20):
            self.host.push({f"/usr/lib/xen/livepatch/{xen}/hello.livepatch": other})
        self.assertEqual(self.status(0).other_xens, [ANOTHER_XEN, "cd" * 20])
        self.host.run("rm -r /usr/lib/xen/livepatch", check=True)
        self.xl("uninstall", f"--build-id={ANOTHER_XEN}", "hello", expect="done")
        self.assertIsNone(self.status(0).other_xens)

    # -- The Xens in /boot -------------------------------------------------

    MENU = """set default="${saved_entry}"
menuentry 'Debian' $menuentry_id_option 'plain' {
	linux /boot/vmlinuz
}
submenu 'Xen' $menuentry_id_option 'xen' {
	menuentry 'this' $menuentry_id_option 'this' {
		multiboot2 /boot/xen-this.gz placeholder
	}
	menuentry 'another' $menuentry_id_option 'another' {
		multiboot2 /boot/xen-another.gz placeholder
	}
}
"""

    def with_xens(self):
        """The Xen that runs, and another one like it, as GRUB has them."""
        this = engines.hypervisor().read_bytes()
        another = this.replace(bytes.fromhex(build_id("xen")), bytes.fromhex(ANOTHER_XEN))
        self.assertNotEqual(this, another)
        self.host.run("mkdir -p /boot/grub", check=True)
        self.host.push({"/boot/xen-this.gz": gzip.compress(this),
                        "/boot/xen-another.gz": gzip.compress(another),
                        "/boot/grub/grub.cfg": self.MENU.encode()})

    def starts_next(self, entry):
        """What status tells of the Xens, once that entry is GRUB's default."""
        self.host.push({"/boot/grub/grubenv": f"# GRUB Environment Block\n{entry}\n".encode()})
        status = self.status(0)
        self.assertTrue(status.next_known)
        shown = self.host.run("xl livepatch status").stdout
        return {xen["file"]: {**xen, "file": None} for xen in status.bootable}, shown

    def test_next_boot(self):
        self.with_xens()
        self.install("hello", expect="done")
        xens, shown = self.starts_next("saved_entry=xen>this")
        self.assertEqual(xens, {
            "/boot/xen-this.gz": {"file": None, "build_id": build_id("xen"), "running": True,
                                  "next": True, "num_installed": 1},
            "/boot/xen-another.gz": {"file": None, "build_id": ANOTHER_XEN}})
        self.assertNotIn("next boot", shown)
        xens, shown = self.starts_next("saved_entry=xen>this\nnext_entry=xen>another")
        self.assertNotIn("next boot", shown, "the menu asks for no next_entry")
        xens, shown = self.starts_next("saved_entry=xen>another")
        self.assertTrue(xens["/boot/xen-another.gz"]["next"])
        self.assertIn("The next boot starts another Xen, /boot/xen-another.gz, for which "
                      "payloads are installed: 0.\n", shown)
        xens, shown = self.starts_next("saved_entry=plain")
        self.assertIn("The next boot starts no Xen of those in /boot.\n", shown)

    def test_prune(self):
        other = payload_file("hello").read_bytes().replace(
            bytes.fromhex(build_id("xen")), bytes.fromhex(ANOTHER_XEN))
        self.host.push({"/tmp/hello.livepatch": other})
        self.xl("install", "/tmp/hello.livepatch", expect="done")
        self.install("hello", expect="done")
        self.xl("prune", expect="failed", reason="store")
        self.with_xens()
        self.xl("prune", expect="already")
        self.host.run("rm /boot/xen-another.gz", check=True)
        shown = self.host.run("xl livepatch status").stdout
        self.assertIn("xl livepatch prune removes", shown)
        self.assertEqual(self.xl("prune", "-n", expect="planned").pruned, [ANOTHER_XEN])
        self.assertEqual(self.host.pull(self.path("hello", ANOTHER_XEN)), other)
        self.assertEqual(self.xl("prune", expect="done").pruned, [ANOTHER_XEN])
        self.assertIsNone(self.status(0).other_xens)
        self.assertEqual(set(self.installed()), {"hello"})

    def test_metrics(self):
        """What the real status gives; tests/metrics has the rest."""
        before = self.status(0).totals or {}
        self.install("hello", expect="done")
        self.xl("apply", payload_path("bye"), expect="done")
        status = self.host.run("xl livepatch status -j", check=True).stdout
        done = subprocess.run([TOP / "contrib/prometheus/xen-livepatch-metrics", "--status", "-"],
                              input=status, capture_output=True, text=True, check=True)
        for line in ["up 1", "applied 2", "installed 1", "missing 0", "lost_by_boot 1",
                     "needs_attention 0", 'fix{id="XSA-182"} 1', 'fix{id="XSA-191"} 1',
                     f"calls_total {before.get('calls', 0) + 2}",
                     f"unsuccessful_calls_total {before.get('unsuccessful', 0)}",
                     f'payload{{name="hello",build_id="{build_id("hello")}"}} 1']:
            self.assertIn(f"xen_livepatch_{line}\n", done.stdout)
        self.assertRegex(done.stdout, r"\nxen_livepatch_longest_stall_seconds 0\.\d+\n")
        self.assertRegex(done.stdout, r"\nxen_livepatch_attempts_total [1-9]")

    # -- When something is wrong -------------------------------------------

    def test_host_went_down(self):
        """Nobody has said meanwhile that the host runs well."""
        self.install("hello", expect="done")
        self.boot()
        self.xl("restore", "--until-settled", expect="done")
        for words in ("--until-settled", "--replace"):
            self.boot()
            answer = self.xl("restore", words, expect="stranded", reason="left_out")
            self.assertIn("the host went down", "\n".join(answer.warnings or []))
            self.assertEqual(self.state().payloads, {})
        # Somebody has seen that it went well; and so has the unit, the next time.
        self.xl("restore", "--retry", expect="done")
        for _ in range(2):
            self.boot()
            self.xl("restore", "--until-settled", expect="done")
            self.xl("restore", "--settled", "--dry-run", expect="planned")
            self.xl("restore", "--settled", expect="done")

    def test_by_hand(self):
        """Who calls it has seen what came of it; no unit has to settle that."""
        self.install("hello", expect="done")
        for _ in range(2):
            self.boot()
            self.xl("restore", expect="done")
            self.xl("restore", "--settled", expect="already")

    def test_off(self):
        self.install("hello", expect="done")
        self.boot("xl.livepatch=off")
        answer = self.xl("restore", expect="already")
        self.assertIn("xl.livepatch=off", answer.message)
        self.assertEqual(self.state().payloads, {})

    def init_script(self, action):
        text = (TOP / "tools/xl/xen-livepatch.init").read_text()
        path = "/tmp/xen-livepatch"
        self.host.push({path: text.replace("/usr/sbin/xl", "/usr/local/sbin/xl").encode()})
        return self.host.run(f"sh {path} {action}", check=True).stdout

    def test_init_script(self):
        """Where systemd is not."""
        self.install("hello", expect="done")
        self.boot()
        self.init_script("start")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.init_script("stop")
        self.boot()
        self.init_script("start")
        self.assertIn("on top of it fixes for XSA-182", self.init_script("status"))

    def test_damaged(self):
        self.install("hello", "bye", expect="done")
        self.boot()
        self.host.run(f"truncate -s 1000 {self.path('bye')}", check=True)
        answer = self.xl("restore", expect="stranded", reason="left_out")
        self.assertIn("bye.livepatch is installed, but was left out",
                      "\n".join(answer.warnings or []))
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        status = self.status(3)
        self.assertEqual([(each["name"], "left_out" in each)
                          for each in status.installed],
                         [("hello", False), ("bye", True)])

    def test_read_only(self):
        """Nothing is done to a host that can't remember it; at boot all is, with
        a word."""
        self.install("hello", expect="done")
        self.boot()
        self.host.run(f"mount --bind {INSTALLED} {INSTALLED} && "
                      f"mount -o remount,ro,bind {INSTALLED}", check=True)
        answer = self.xl("restore", expect="done")
        self.assertIn("would not be recognised", "\n".join(answer.warnings or []))
        self.install("bye", expect="failed", reason="store")
        self.xl("uninstall", "hello", expect="failed", reason="store")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.host.run(f"umount {INSTALLED}", check=True)

    def test_unread(self):
        """What can't be read is not taken for nothing."""
        self.install("hello", expect="done")
        self.boot()
        trials = f"{INSTALLED}/{build_id('xen')}/.applying.livepatch"
        self.host.run(f"mkdir {trials}", check=True)
        self.xl("restore", "--until-settled", expect="failed", reason="store")
        self.assertEqual(self.state().payloads, {})
        self.host.run(f"rmdir {trials}", check=True)
        self.xl("restore", expect="done")
        self.host.run(f"mv {INSTALLED} {INSTALLED}.away && touch {INSTALLED}", check=True)
        self.assertIn("can't be read", self.status(3).message)
        self.host.run(f"rm {INSTALLED} && mv {INSTALLED}.away {INSTALLED}", check=True)
        self.host.run("cp /var/run/xen/livepatch.notes /tmp/notes && "
                      "echo x > /var/run/xen/livepatch.notes", check=True)
        self.assertIn("can't be read", self.status(3).message)
        self.host.run("cp /tmp/notes /var/run/xen/livepatch.notes", check=True)
        self.status(0)

    def test_not_settled(self):
        """Where that can't be noted, nobody says that it was."""
        self.install("hello", expect="done")
        self.boot()
        self.xl("restore", "--until-settled", expect="done")
        self.host.run(f"mount --bind {INSTALLED} {INSTALLED} && "
                      f"mount -o remount,ro,bind {INSTALLED}", check=True)
        self.xl("restore", "--settled", expect="failed", reason="store")
        self.host.run(f"umount {INSTALLED}", check=True)
        self.xl("restore", "--settled", expect="done")

    def test_vendors_file_is_empty(self):
        """It was not on the disk when power failed: nobody wants that."""
        theirs = f"/usr/lib/xen/livepatch/{build_id('xen')}/hello.livepatch"
        self.host.push({theirs: b""})
        self.xl("restore", expect="stranded", reason="left_out")
        self.assertEqual([each["name"] for each in self.status(3).installed], ["hello"])

    def test_vendors(self):
        """A package's file is hidden, and the host's own takes its place."""
        theirs = f"/usr/lib/xen/livepatch/{build_id('xen')}/hello.livepatch"
        self.host.push({theirs: payload_file("hello")})
        self.xl("restore", expect="done")
        answer = self.xl("uninstall", "hello", expect="done")
        self.assertIn("hidden", answer.message)
        self.assertEqual(self.host.pull(theirs), payload_file("hello").read_bytes())
        self.assertEqual(self.state().payloads, {})
        self.xl("restore", expect="already")
        self.install("hello", expect="done")


if __name__ == "__main__":
    unittest.main()
