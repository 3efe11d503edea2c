#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts about Xen's live patches."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: livepatch_facts
short_description: Facts about live patches of the Xen hypervisor
description:
  - What C(xl livepatch status -j) tells, as the fact C(xen_livepatch).
author:
  - Xen live patching (!UNKNOWN)
options:
  command:
    description:
      - What is called; C(xl-livepatch) with the Debian package xen-livepatch-tools.
    type: str
    default: xl livepatch
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  facts:
    description: Returns facts.
    support: full
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: Ask for live patches
  xen.livepatch.livepatch_facts:

- name: Look for a fix
  ansible.builtin.assert:
    that: "'XSA-182' in xen_livepatch.fixes"
"""

RETURN = r"""
ansible_facts:
  description: Facts to be added.
  returned: success
  type: dict
  contains:
    xen_livepatch:
      description:
        - The document of C(xl livepatch status -j), see docs/json.md.
        - Lists that it leaves out as they are empty are there.
      returned: success
      type: dict
      sample:
        outcome: done
        xen_version: 4.17.5
        fixes: [XSA-182]
        payloads: []
        installed: []
        deviations: []
        lost_by_boot: []
        other_xens: []
        bootable: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xen.livepatch.plugins.module_utils import xl


def main():
    module = AnsibleModule(argument_spec=dict(command=dict(type="str", default="xl livepatch")),
                           supports_check_mode=True)
    module.exit_json(changed=False, ansible_facts=dict(xen_livepatch=xl.status(module)))


if __name__ == "__main__":
    main()
