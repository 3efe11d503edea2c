# SPDX-License-Identifier: GPL-2.0-or-later
"""Putting this repository's files into a Xen source tree, and taking them out."""


class IntegrationError(Exception):
    """A reason, for people, why a tree was left as it was."""
