# SPDX-License-Identifier: GPL-2.0-or-later
"""Ansible's output as a line of JSON for each host: all that a module says, of
which the callbacks that Debian has leave out the diff."""

import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: answers
type: stdout
short_description: What a module says, as JSON
description: [See above.]
"""


class CallbackModule(CallbackBase):
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "answers"

    def v2_runner_on_ok(self, result, **more):
        print(json.dumps({"host": result._host.name, "answer": {**result._result, **more}}))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        # Ansible has taken that out, as the call says so.
        self.v2_runner_on_ok(result, failed=True)

    def v2_runner_on_unreachable(self, result):
        self.v2_runner_on_ok(result, failed=True)
