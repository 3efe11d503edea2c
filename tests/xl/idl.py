# SPDX-License-Identifier: GPL-2.0-or-later
"""The types in our libxl_types.idl, read with libxl's own meaning of them."""

from pathlib import Path

IDL = Path(__file__).resolve().parents[2] / "tools/libxl/libxl_types.idl"
HEAD = "livepatch_head"


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


def answers():
    """The types that begin with the head, and the head: what xl prints."""
    known = types()
    head = list(known[HEAD].fields)
    return [name for name, kind in known.items() if isinstance(kind, Struct)
            and list(kind.fields)[:len(head)] == head]


def own_fields(name):
    """The fields of a type without those of the head, unless it is that."""
    known = types()
    fields = known[name].fields
    if name == HEAD or name not in answers():
        return dict(fields)
    return {field: kind for field, kind in fields.items()
            if field not in known[HEAD].fields}


def reachable():
    """The types that answers consist of."""
    known, todo, found = types(), answers(), {}
    while todo:
        one = known[todo.pop(0)]
        if one.name in found:
            continue
        found[one.name] = one
        if isinstance(one, Struct):
            for field in one.fields.values():
                element = field.element if isinstance(field, Array) else field
                if not isinstance(element, str):
                    todo.append(element.name)
    return found
