# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be done to a tree."""

from dataclasses import dataclass, field

from . import IntegrationError


@dataclass(frozen=True)
class Plan:
    copies: dict        # path in the tree -> file of ours
    insertions: list
    # Xen's own files that go: some of them because ours has the same name.
    displaced: list = field(default_factory=list)

    def __add__(self, other):
        return Plan(self.copies | other.copies,
                    self.insertions + other.insertions,
                    self.displaced + other.displaced)


def demand(repository, names):
    """Refuse a repository that lacks one of the files."""
    for name in names:
        if not (repository / name).is_file():
            raise IntegrationError(f"{repository / name} is missing; this "
                                   "repository's checkout is incomplete")


def lines_of(path):
    return tuple(path.read_text().splitlines())
