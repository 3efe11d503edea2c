#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes which live patches Xen has."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: livepatch
short_description: Live patches of the Xen hypervisor
description:
  - Applies, replaces, reverts, installs and uninstalls live patches by C(xl livepatch),
    each task as a whole or not at all.
  - Files and names are those on the host.
author:
  - Xen live patching (!UNKNOWN)
options:
  state:
    description:
      - C(installed), applied now and after every boot.
      - C(uninstalled), neither, nor by any other Xen that may be booted; what isn't installed
        is left alone.  With C(--build-id) in I(options) it is of that Xen alone.
      - C(applied), applied now.
      - C(replaced), applied now in place of all that is.
      - C(reverted), not in the hypervisor, until a boot if it is installed.
      - C(restored), all that is installed is applied, as after a boot; for what a package
        has installed on a busy host.
    type: str
    choices: [installed, uninstalled, applied, replaced, reverted, restored]
    default: installed
  files:
    description:
      - Payload files, of C(installed), C(applied) and C(replaced).
      - They are put in the order in which they depend on each other.
    type: list
    elements: path
  name:
    description:
      - Name of a payload, of C(uninstalled) and C(reverted).
    type: str
  deadline:
    description:
      - For how long a busy host is tried again, with longer and longer waits, such as
        C(30s) or C(10m).
      - A host that is busy still makes the task fail, with I(rc=2).
    type: str
    default: 5m
  options:
    description:
      - Further options of the verb, such as C(--pause=never); see xl-livepatch(1).
    type: list
    elements: str
    default: []
  command:
    description:
      - What is called; C(xl-livepatch) with the Debian package xen-livepatch-tools.
    type: str
    default: xl livepatch
attributes:
  check_mode:
    description: Asks for a dry run, which judges the payloads as well.
    support: full
  diff_mode:
    description: Names of what is applied, from the bottom of the stack, and of what is installed.
    support: full
"""

EXAMPLES = r"""
- name: Fix XSA-182 now and after every boot
  xen.livepatch.livepatch:
    files: [/root/xsa182.livepatch]

- name: Try a payload, without pausing guests
  xen.livepatch.livepatch:
    state: applied
    files: [/root/trial.livepatch]
    options: [--pause=never]

- name: Take it out again
  xen.livepatch.livepatch:
    state: reverted
    name: trial

- name: Apply what a package has installed
  xen.livepatch.livepatch:
    state: restored
    options: [--replace]
"""

RETURN = r"""
rc:
  description: Exit status of the command. 1 is a failure, 2 a busy host, 3 one to be looked at.
  returned: always
  type: int
livepatch:
  description:
    - The document that the verb prints, see docs/json.md.
    - Of C(uninstalled) it is the one of the running Xen, unless only another Xen had the payload,
      or it could not be taken from that.
  returned: when there is one
  type: dict
  sample:
    operation: install
    outcome: done
    message: xsa182 is applied and installed
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xen.livepatch.plugins.module_utils import xl

VERBS = {"installed": "install", "uninstalled": "uninstall", "applied": "apply",
         "replaced": "replace", "reverted": "revert", "restored": "restore"}
TAKE_FILES = ("installed", "applied", "replaced")
TAKE_NAME = ("uninstalled", "reverted")


def condition(status):
    """What a diff shows."""
    applied = [each for each in status["payloads"] if each["state"] == "applied"]
    applied.sort(key=lambda each: each.get("position", 0))
    return {"applied": [each["name"] for each in applied],
            "installed": [each["name"] for each in status["installed"]]}


def in_order(judged):
    """As they depend on each other; a dry run judges them as they were given."""
    ordered, rest = [], list(judged)
    while rest:
        ids = [each.get("build_id") for each in rest]
        lowest = next((each for each in rest if each.get("depends") not in ids), rest[0])
        rest.remove(lowest)
        ordered.append(lowest)
    return ordered


def displaces(applied, names, params):
    """Whether what is installed goes in place of what is applied, and not on top."""
    return params["state"] == "restored" and "--replace" in params["options"] \
        and not set(names) & set(applied)


def prediction(before, params, document):
    """What a dry run that has found nothing amiss would make of it."""
    if document["outcome"] != "planned":
        return before
    applied, installed = before["applied"], before["installed"]
    # Those for a Xen that is to be booted change nothing of this one.
    names = [each["name"] for each in in_order(document.get("judgements", []))
             if each.get("xen_build_id") == document.get("xen_build_id")]
    state = params["state"]
    if state in TAKE_NAME:
        applied = [name for name in applied if name != params["name"]]
    elif state == "replaced" or displaces(applied, names, params):
        applied = names
    elif "--boot-only" not in params["options"]:
        applied = applied + [name for name in names if name not in applied]
    if state == "installed":
        installed = installed + [name for name in names if name not in installed]
    elif state == "uninstalled":
        installed = [name for name in installed if name != params["name"]]
    return {"applied": applied, "installed": installed}


def for_others(params, other_xens):
    """The options of each further call, by which other Xens lose the payload, too: a boot
    of one would bring it back."""
    named = any(word.startswith("--build-id") for word in params["options"])
    if params["state"] != "uninstalled" or named:
        return []
    return [["--build-id=" + each] for each in other_xens]


def change(module, *more):
    params = module.params
    words = ["--deadline=" + params["deadline"]] + list(more)
    if params["state"] == "reverted":
        words.append("--unload")
    if module.check_mode:
        words.append("--dry-run")
    words += params["options"] + ["--"]
    if params["state"] in TAKE_FILES:
        words += params["files"]
    elif params["state"] in TAKE_NAME:
        words.append(params["name"])
    return xl.call(module, VERBS[params["state"]], *words)


def has_changed(document):
    return document["outcome"] in ("done", "planned")


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", default="installed", choices=list(VERBS)),
            files=dict(type="list", elements="path"),
            name=dict(type="str"),
            deadline=dict(type="str", default="5m"),
            options=dict(type="list", elements="str", default=[]),
            command=dict(type="str", default="xl livepatch"),
        ),
        mutually_exclusive=[("files", "name")],
        required_if=[("state", state, ["files"]) for state in TAKE_FILES]
        + [("state", state, ["name"]) for state in TAKE_NAME],
        supports_check_mode=True,
    )
    if module.params["state"] == "restored" and (module.params["files"] or module.params["name"]):
        module.fail_json(msg="restored is of all that is installed: neither files nor name")
    status = xl.status(module)
    before, documents = condition(status), []
    for words in [[]] + for_others(module.params, status["other_xens"]):
        document, code = change(module, *words)
        for warning in document.get("warnings", []):
            module.warn(warning)
        gone = document.get("reason") == "no_such_payload" and module.params["name"]
        if code and not gone:
            # Only what is stranded is another host than before.
            xl.fail(module, document, code, *words, changed=any(map(has_changed, documents))
                    or document["outcome"] == "stranded")
        documents.append(document)
    after = (prediction(before, module.params, documents[0]) if module.check_mode
             else condition(xl.status(module)))
    done = [each for each in documents if has_changed(each)]
    telling = (done or documents)[0]
    module.exit_json(changed=bool(done), rc=0, msg=xl.words_of(telling), livepatch=telling,
                     diff=dict(before=before, after=after))


if __name__ == "__main__":
    main()
