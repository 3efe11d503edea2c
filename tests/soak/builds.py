#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Other builds of Xen, proved and patched; some payloads on each, booted.

    builds.py [BUILD...]

A build is a compiler, by which Debian's Xen is built then, or a hypervisor that
is built already, such as own-4.22.  Default: each gcc-N and clang-N that is here.

Prints a row of a table in docs/building.md for each.  Patches that don't fit
another release are left out.  What a compiler makes of a patch differs, and so
may what becomes of it: a refusal is told, a payload without its effect is a
failure.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/system"), str(TOP / "tests/builder")]

import corpus  # noqa: E402
import engines  # noqa: E402
import test_builder  # noqa: E402
from host import Host  # noqa: E402

PATCHES = ["function-body", "new-string", "const-table", "exception-table", "bug-lines",
           "hypercall-sched-op", "new-static-function", "static-local-renumbered",
           "switch-table", "transform-data", "inline-few", "emulator"]
BUSY = 2


class Wrong(Exception):
    """A build, or a payload for it, isn't what it must be."""


def installed():
    names = {path.name for folder in os.get_exec_path() for path in Path(folder).glob("*-*")
             if re.fullmatch(r"(gcc|clang)-\d+", path.name)}
    return sorted(names, key=lambda name: (name.split("-")[0], int(name.split("-")[1])))


def is_compiler(build):
    return build.startswith(("gcc", "clang"))


def build_xen(compiler):
    """The name of the hypervisor."""
    subprocess.run([TOP / "scripts/build-hypervisor", "upstream"], check=True,
                   env={**os.environ, "COMPILER": compiler})
    return f"upstream-{compiler.replace('-', '')}"


def fits(patch):
    tree = TOP / f"build/hypervisor-{engines.current()}"
    return not subprocess.run(["patch", "-sp1", "-F0", "--dry-run", "-i", patch.path],
                              cwd=tree, stdout=subprocess.DEVNULL, check=False).returncode


def build_payloads():
    """name -> what became of it; a Xen that isn't what runs ends it all."""
    built = {}
    for name in PATCHES:
        patch = corpus.find(name)
        if not fits(patch):
            continue
        built[name] = corpus.build(patch)
        if built[name].status not in (0, corpus.REFUSED):
            raise Wrong(f"{name}: exit status {built[name].status}\n{built[name].errors[-3000:]}")
    return built


def xl(host, words):
    for _ in range(10):
        result = host.run(f"xl livepatch {words}")
        if result.status != BUSY:
            break
    if result.status:
        raise Wrong(f"xl livepatch {words}: {result.stdout}{result.stderr}")


def must_see(host, patch, wanted):
    command, pattern = patch.effect
    result = host.run(command, test_builder.EFFECT_SECONDS)
    if bool(pattern.search(result.stdout)) != wanted:
        raise Wrong(f"{patch.name}, effect {'not ' if wanted else ''}seen: {command}\n"
                    f"{result.stdout}{result.stderr}")


def try_payloads(built):
    with Host.booted(toolstack=engines.toolstack()) as host:
        host.push({"/usr/local/bin/effect": test_builder.probe(),
                   "/usr/local/bin/keys": test_builder.BUILDER_TESTS / "keys"})
        for name in built:
            patch, path = corpus.find(name), f"/tmp/{name}.livepatch"
            host.push({path: built[name].payload})
            must_see(host, patch, False)
            xl(host, f"apply {path}")
            must_see(host, patch, True)
            xl(host, f"revert --unload {name}")
            must_see(host, patch, False)


def version_of(build):
    if not is_compiler(build):
        return build
    told = subprocess.run([build, "--version"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return f"{build} ({re.search(r'[0-9]+[.][0-9.]+', told)[0]})"


def try_build(build):
    os.environ["LIVEPATCH_ENGINE"] = build_xen(build) if is_compiler(build) else build
    corpus.inputs.cache_clear()
    built = build_payloads()
    made = {name: each for name, each in built.items() if not each.status}
    try_payloads(made)
    refused = [f"{name}: " + ", ".join(sorted({refusal["reason"] for refusal
                                               in each.report["refusals"]}))
               for name, each in built.items() if each.status]
    return f"| {version_of(build)} | {len(made)} of {len(built)} | {'; '.join(refused)} |"


def main():
    rows, failed = [], False
    for build in sys.argv[1:] or installed():
        if is_compiler(build) and not shutil.which(build):
            sys.exit(f"builds: {build} is not installed")
        try:
            rows.append(try_build(build))
        except (Wrong, subprocess.CalledProcessError) as error:
            rows.append(f"| {build} | FAILED: {str(error).splitlines()[0]} | |")
            print(error, flush=True)
            failed = True
        print(rows[-1], flush=True)
    print("\n".join(["", "| build | payloads with their effect, on a booted Xen | refused |",
                     "| --- | --- | --- |", *rows]))
    sys.exit(failed or not rows)


if __name__ == "__main__":
    main()
