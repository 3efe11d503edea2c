# SPDX-License-Identifier: GPL-2.0-or-later
"""xl livepatch, as modules call it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import shlex

# The library leaves out of a document what has its default.
LISTS = ("payloads", "installed", "fixes", "deviations", "lost_by_boot", "other_xens",
         "bootable")


def call(module, verb, *words):
    """The document that a verb prints, and its exit status."""
    command = shlex.split(module.params["command"]) + [verb, "-j"] + list(words)
    status, out, err = module.run_command(command)
    try:
        return json.loads(out), status
    except ValueError:
        module.fail_json(
            msg="%s printed no JSON document: is this the right command? %s"
                % (" ".join(command), err.strip()),
            rc=status, stdout=out, stderr=err)


def status(module):
    """What the host's live patches are like, with all lists there."""
    document, code = call(module, "status")
    if document["outcome"] == "failed":
        fail(module, document, code)
    return dict({name: [] for name in LISTS}, **document)


def words_of(document):
    return ". ".join(document[name] for name in ("message", "advice") if name in document)


def fail(module, document, code, *words, **more):
    """words are what the call had more than others of the task."""
    told = " ".join(words) + ": " if words else ""
    module.fail_json(msg=told + words_of(document), rc=code, livepatch=document, **more)
