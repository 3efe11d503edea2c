#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/integrate does to a tree, and what it refuses."""

import re
import shutil
import subprocess
import unittest

from trees import TOP, TreeTest, contents, engine, golang, identities, insertions, plan

TYPES = "tools/libs/light/libxl_types.idl"
MAKEFILE = "tools/libs/light/Makefile"


class Integrating(TreeTest):
    def test_copies_every_source(self):
        self.integrate_well(self.tree)
        for source in [*TOP.glob("tools/libxc/*.c"),
                       *TOP.glob("tools/libxenlivepatch/*.c"),
                       *TOP.glob("tools/libxl/libxl_livepatch*.[ch]"),
                       *TOP.glob("tools/xl/xl_livepatch*.[ch]")]:
            copies = [path for path in self.tree.rglob(source.name)]
            self.assertEqual(len(copies), 1, source.name)
            self.assertEqual(copies[0].read_bytes(), source.read_bytes())

    def test_every_c_file_is_built(self):
        self.integrate_well(self.tree)
        made = (self.tree / MAKEFILE).read_text()
        made += (self.tree / "tools/xl/Makefile").read_text()
        made += (self.tree / "tools/libs/ctrl/Makefile.common").read_text()
        made += (self.tree / "tools/libs/livepatch/Makefile").read_text()
        for source in TOP.glob("tools/*/*.c"):
            if source.parent.name in ("livepatch-build", "livepatch-sign"):
                continue        # has a makefile of its own
            if source.stem.endswith(".livepatch"):
                continue        # goes into a file of Xen's
            self.assertRegex(made, rf"(?m)^\S+ \+= .*\b{source.stem}\.o\b")

    def test_only_adds_lines(self):
        other = self.make_tree("other")
        self.integrate_well(self.tree)
        for path in self.pristine:
            before = (other / path).read_bytes()
            after = iter((self.tree / path).read_bytes().splitlines())
            for line in before.splitlines():
                self.assertIn(line, after, path)    # consumes: order counts

    def test_second_run_touches_nothing(self):
        self.integrate_well(self.tree)
        before = identities(self.tree)
        self.assertIn("no files changed", self.integrate_well(self.tree))
        self.assertEqual(identities(self.tree), before)

    def test_remove_restores_every_byte(self):
        self.integrate_well(self.tree)
        self.assertNotEqual(contents(self.tree), self.pristine)
        self.integrate_well("--remove", self.tree)
        self.assert_pristine()

    def test_remove_from_a_tree_without_anything(self):
        before = identities(self.tree)
        self.integrate_well("--remove", self.tree)
        self.assertEqual(identities(self.tree), before)

    def test_remove_keeps_others_edits(self):
        edited = self.tree / TYPES
        before = edited.read_text()
        self.integrate_well(self.tree)
        edited.write_text("# somebody else's\n" + edited.read_text())
        self.integrate_well("--remove", self.tree)
        self.assertEqual(edited.read_text(), "# somebody else's\n" + before)


class Golang(TreeTest):
    """The Go bindings that are checked in."""

    def types(self):
        return [(self.tree / name).read_text() for name in golang.GENERATED]

    def test_has_our_types(self):
        self.integrate_well(self.tree)
        ours = re.findall(r'(?m)^libxl_(livepatch\w+) = Struct\(',
                          (TOP / "tools/libxl/libxl_types.idl").read_text())
        self.assertGreater(len(ours), 5)
        for text in self.types():
            for name in ours:
                words = "".join(word.capitalize() for word in name.split("_"))
                self.assertRegex(text, rf"\b{words}\b")

    def test_changed_types(self):
        ours = self.make_repository()
        self.integrate_well(self.tree, repository=ours)
        source = ours / "tools/libxl/libxl_types.idl"
        source.write_text('libxl_livepatch_new = Struct("livepatch_new", '
                          '[("one", integer)])\n' + source.read_text())
        self.integrate_well(self.tree, repository=ours)
        for text in self.types():
            self.assertIn("LivepatchNew", text)
        self.integrate_well("--remove", self.tree)
        self.assert_pristine()

    def test_generator_that_fails(self):
        (self.tree / golang.GENERATOR).write_text("raise SystemExit('no')\n")
        before = contents(self.tree)
        self.assert_refused(self.integrate(self.tree), golang.GENERATOR, "not changed", "no")
        self.assertEqual(contents(self.tree), before)


class Configure(TreeTest):
    """What is put into tools/configure.ac, as configure carries it out."""

    def setUp(self):
        super().setUp()
        self.integrate_well(self.tree)
        text = (self.tree / "tools/configure.ac").read_text()
        ours = re.findall("(?s)# xl-livepatch: begin\n(.*?)# xl-livepatch: end\n", text)
        self.assertEqual(len(ours), 1)
        (self.scratch / "configure.ac").write_text(
            f"AC_INIT([ours], [1])\nAC_PROG_CC\n{ours[0]}AC_OUTPUT\n")
        subprocess.run(["autoconf"], cwd=self.scratch, check=True)

    def configure(self, *missing):
        return subprocess.run(["./configure", *(f"ac_cv_{one}=no" for one in missing)],
                              cwd=self.scratch, capture_output=True, text=True)

    def test_all_is_there(self):
        self.assertEqual(self.configure().returncode, 0)

    def test_names_the_package(self):
        for missing, package in [
                (["lib_elf_elf_memory"], "libelf-dev"),
                (["search_SHA256Init", "search_SHA256_Init"], "libmd-dev")]:
            done = self.configure(*missing)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"install {package}", done.stderr)


class OwnEngine(TreeTest):
    """ENGINE=own: the hypervisor's part as well."""

    def assert_same_as(self, *engines):
        """The tree is as a fresh one after these runs."""
        other = self.make_tree("other")
        for engine in engines:
            self.integrate_well(other, engine)
        self.assertEqual(contents(self.tree), contents(other))
        shutil.rmtree(other)

    def test_copies_every_source(self):
        self.integrate_well(self.tree, "own")
        for pattern in ("common/livepatch/*", "arch/x86/livepatch/*",
                        "arch/x86/include/asm/*.h", "include/xen/*.h"):
            for source in TOP.glob(f"xen/{pattern}"):
                copy = self.tree / source.relative_to(TOP)
                self.assertEqual(copy.read_bytes(), source.read_bytes())

    def test_every_c_file_is_built(self):
        for folder in ("xen/common/livepatch", "xen/arch/x86/livepatch"):
            made = (TOP / folder / "Makefile").read_text().splitlines()
            for source in (TOP / folder).glob("*.c"):
                self.assertIn(f"obj-y += {source.stem}.o", made)

    def test_xens_engine_is_not_built(self):
        self.integrate_well(self.tree, "own")
        for folder in ("common", "arch/x86"):
            makefile = (self.tree / "xen" / folder / "Makefile").read_text()
            self.assertEqual(re.findall(r"(?m)^[^#\n]*\blivepatch\b.*", makefile),
                             ["obj-$(CONFIG_LIVEPATCH) += livepatch/"])
        for path in plan().displaced:
            if path not in plan().copies:
                self.assertFalse((self.tree / path).exists(), path)

    def test_what_else_the_line_names_is_built(self):
        makefile = self.tree / "xen/arch/x86/Makefile"
        made = "obj-$(CONFIG_LIVEPATCH) += "
        before = makefile.read_text().replace(made, made + "alternative.o ")
        makefile.write_text(before)
        self.integrate_well(self.tree, "own")
        self.assertIn(f"\n{made}alternative.o livepatch/\n", makefile.read_text())
        self.integrate_well("--remove", self.tree)
        self.assertEqual(makefile.read_text(), before)

    def test_both_engines_have_the_toolstack(self):
        self.integrate_well(self.tree, "stock")
        stock = contents(self.tree)
        self.integrate_well(self.tree, "own")
        own = contents(self.tree)
        different = {path for path in stock if own.get(path) != stock[path]}
        self.assertEqual({path for path in different if path.startswith("tools")}, set())
        self.assertIn("xen_sysctl_livepatch_report report;",
                      (self.tree / "xen/include/public/sysctl.h").read_text())

    def test_second_run_touches_nothing(self):
        self.integrate_well(self.tree, "own")
        before = identities(self.tree)
        self.assertIn("no files changed", self.integrate_well(self.tree, "own"))
        self.assertEqual(identities(self.tree), before)

    def test_remove_restores_every_byte_and_mode(self):
        for path, mode in zip(plan().displaced, (0o600, 0o755, 0o640)):
            (self.tree / path).chmod(mode)
        before = contents(self.tree)
        folders = {path for path in self.tree.rglob("*") if path.is_dir()}
        self.integrate_well(self.tree, "own")
        self.integrate_well(self.tree, "own")
        self.integrate_well("--remove", self.tree)
        self.assertEqual(contents(self.tree), before)
        self.assertEqual({path for path in self.tree.rglob("*") if path.is_dir()}, folders)

    def test_switching(self):
        self.integrate_well(self.tree, "own")
        self.integrate_well(self.tree, "stock")
        self.assert_same_as("stock")
        self.integrate_well(self.tree, "own")
        self.assert_same_as("own")

    def test_changed_header(self):
        ours = self.make_repository()
        self.integrate_well(self.tree, "own", repository=ours)
        header = ours / "xen/include/xen/livepatch.h"
        header.write_text(header.read_text() + "/* changed */\n")
        before = identities(self.tree)
        self.integrate_well(self.tree, "own", repository=ours)
        changed = {path for path, one in identities(self.tree).items() if before[path] != one}
        self.assertEqual(changed, {"xen/include/xen/livepatch.h"})
        self.integrate_well("--remove", self.tree)
        self.assert_pristine()

    def test_file_of_xens_that_is_missing(self):
        (self.tree / "xen/common/livepatch_elf.c").unlink()
        before = contents(self.tree)
        self.assert_refused(self.integrate(self.tree, "own"),
                            "xen/common/livepatch_elf.c: no such file")
        self.assertEqual(contents(self.tree), before)

    def test_original_that_is_lost(self):
        self.integrate_well(self.tree, "own")
        (self.tree / ".xl-livepatch.originals/xen/common/livepatch.c").unlink()
        before = contents(self.tree)
        for args in ((self.tree, "stock"), ("--remove", self.tree)):
            self.assert_refused(self.integrate(*args), "cannot be put back",
                                "xen/common/livepatch.c")
        self.assertEqual(contents(self.tree), before)

    def test_object_without_a_source(self):
        ours = self.make_repository()
        (ours / "xen/common/livepatch/elf.c").unlink()
        self.assert_refused(self.integrate(self.tree, "own", repository=ours),
                            "xen/common/livepatch/elf.c", "incomplete")
        self.assert_pristine()


class Updating(TreeTest):
    """A second integration after our own files have changed."""

    def setUp(self):
        super().setUp()
        self.ours = self.make_repository()
        self.integrate_well(self.tree, repository=self.ours)

    def test_changed_source(self):
        source = self.ours / "tools/libxl/libxl_livepatch.h"
        source.write_text(source.read_text() + "/* changed */\n")
        before = identities(self.tree)
        self.integrate_well(self.tree, repository=self.ours)
        changed = {path for path, one in identities(self.tree).items()
                   if before[path] != one}
        self.assertEqual(changed, {"tools/include/libxl_livepatch.h"})

    def test_changed_types(self):
        source = self.ours / "tools/libxl/libxl_types.idl"
        before = source.read_text()
        source.write_text("# put in front\n" + before)
        self.integrate_well(self.tree, repository=self.ours)
        self.assertIn("# put in front\n" + before, (self.tree / TYPES).read_text())
        source.write_text(before)
        self.integrate_well(self.tree, repository=self.ours)
        self.assertNotIn("# put in front", (self.tree / TYPES).read_text())

    def test_added_and_removed_source(self):
        added = self.ours / "tools/libxl/libxl_livepatch_added.c"
        added.write_text("/* added */\n")
        self.integrate_well(self.tree, repository=self.ours)
        copy = self.tree / "tools/libs/light/libxl_livepatch_added.c"
        self.assertTrue(copy.exists())
        self.assertIn("libxl_livepatch_added.o",
                      (self.tree / MAKEFILE).read_text())
        added.unlink()
        self.integrate_well(self.tree, repository=self.ours)
        self.assertFalse(copy.exists())
        self.assertNotIn("libxl_livepatch_added.o",
                         (self.tree / MAKEFILE).read_text())

    def test_incomplete_repository(self):
        before = contents(self.tree)
        (self.ours / "tools/xl/xl_livepatch.c").unlink()
        self.assert_refused(self.integrate(self.tree, repository=self.ours),
                            "xl_livepatch.c", "incomplete")
        self.assertEqual(contents(self.tree), before)


class Refusing(TreeTest):
    def test_every_anchor_missing(self):
        for one in insertions():
            if not one.anchor:
                continue
            with self.subTest(path=one.path, anchor=one.anchor):
                self.check_anchor_missing(one)

    def check_anchor_missing(self, one):
        file = self.tree / one.path
        text = file.read_text()
        file.write_text(re.sub(f"(?m)^{one.anchor}$", "/* gone */", text))
        before = contents(self.tree)
        self.assert_refused(self.integrate(self.tree, "own"), one.path,
                            one.anchor, "was not changed")
        self.assertEqual(contents(self.tree), before)
        file.write_text(text)

    def test_ambiguous_anchor(self):
        header = self.tree / "tools/include/libxl.h"
        header.write_text(header.read_text() + "#include <libxl_event.h>\n")
        self.assert_refused(self.integrate(self.tree), "libxl.h", "2 lines")

    def test_missing_file(self):
        (self.tree / "tools/xl/xl.h").unlink()
        before = contents(self.tree)
        self.assert_refused(self.integrate(self.tree), "tools/xl/xl.h")
        self.assertEqual(contents(self.tree), before)

    def test_a_file_of_the_same_name(self):
        stranger = self.tree / "tools/libs/light/libxl_livepatch_internal.h"
        stranger.write_text("not ours\n")
        self.assert_refused(self.integrate(self.tree), str(stranger))
        self.assertEqual(stranger.read_text(), "not ours\n")

    def test_broken_markers(self):
        self.integrate_well(self.tree)
        makefile = self.tree / MAKEFILE
        makefile.write_text(makefile.read_text().replace(
            "# xl-livepatch: end\n", "", 1))
        before = contents(self.tree)
        for args in ((), ("--remove",)):
            self.assert_refused(self.integrate(*args, self.tree),
                                MAKEFILE, "xl-livepatch: begin")
        self.assertEqual(contents(self.tree), before)

    def test_no_directory(self):
        self.assert_refused(self.integrate(self.scratch / "none"),
                            "no such directory")

    def test_not_a_xen_tree(self):
        self.assert_refused(self.integrate(self.tree / "tools"),
                            "not a Xen source tree")

    def test_old_release(self):
        makefile = self.tree / "xen/Makefile"
        text = makefile.read_text()
        makefile.write_text(re.sub(r"(XEN_SUBVERSION *=) *\d+", r"\1 16", text))
        self.assert_refused(self.integrate(self.tree), "4.16", "4.17")

    def test_old_point_release(self):
        """4.18.1 has every anchor, but the engine would not build."""
        header = self.tree / engine.REGIONS
        text = header.read_text()
        header.write_text(text.replace("text_start", "start").replace("text_end", "end"))
        before = contents(self.tree)
        self.assert_refused(self.integrate(self.tree, "own"), engine.REGIONS,
                            "no text_start", "4.17.4", "4.18.2")
        self.assertEqual(contents(self.tree), before)
        self.integrate_well(self.tree)
        header.unlink()
        self.assert_refused(self.integrate(self.tree, "own"), engine.REGIONS)

    def test_no_libxl(self):
        shutil.rmtree(self.tree / "tools/libs/light")
        self.assert_refused(self.integrate(self.tree), "tools/libs/light")

    def test_unknown_engine(self):
        self.assertEqual(self.integrate(self.tree, "other").returncode, 2)
        self.assert_pristine()


if __name__ == "__main__":
    unittest.main()
