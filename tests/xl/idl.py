# SPDX-License-Identifier: GPL-2.0-or-later
"""The types in our libxl_types.idl, read with libxl's own meaning of them."""

from pathlib import Path

IDL = Path(__file__).resolve().parents[2] / "tools/libxl/libxl_types.idl"
RESULT = "livepatch_result"


class Enumeration:
    def __init__(self, name, values):
        self.name = name
        self.values = [word.lower() for _, word in values]


class Struct:
    def __init__(self, name, fields, dir=None):  # pylint: disable=redefined-builtin
        self.name = name
        # A field may carry a third element, of no concern here.
        self.fields = {field[0]: field[1] for field in fields}


class Array:
    def __init__(self, element, _length):
        self.element = element


# The basic types that the IDL uses; their names stand for themselves.
BASIC = ("string", "bool", "integer", "uint32", "uint64", "libxl_string_list",
         "libxl_domid", "libxl_uuid")


def types():
    """Name -> Enumeration or Struct, in the file's order."""
    scope = {name: name for name in BASIC}
    scope |= {"Enumeration": Enumeration, "Struct": Struct, "Array": Array,
              "DIR_IN": None, "DIR_OUT": None}
    exec(compile(IDL.read_text(), str(IDL), "exec"), scope)  # pylint: disable=exec-used
    return {value.name: value for value in scope.values()
            if isinstance(value, (Enumeration, Struct))}


def reachable():
    """The types that a result consists of."""
    known, todo, found = types(), [RESULT], {}
    while todo:
        one = known[todo.pop()]
        if one.name in found:
            continue
        found[one.name] = one
        if isinstance(one, Struct):
            for field in one.fields.values():
                element = field.element if isinstance(field, Array) else field
                if not isinstance(element, str):
                    todo.append(element.name)
    return found
