#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON Schema says the same as the IDL, member by member."""

import sys
import unittest

sys.dont_write_bytecode = True

import idl  # noqa: E402
import jsonschema  # noqa: E402
from xl_under_test import SCHEMA  # noqa: E402

UINT32 = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
HEX = {"$ref": "#/definitions/hex"}
STRINGS = {"type": "array", "items": {"type": "string"}}
BASIC = {
    "bool": [{"type": "boolean"}],
    "integer": [{"type": "integer"}],
    "uint32": [UINT32],
    "uint64": [{"type": "integer", "minimum": 0}],
    "libxl_domid": [{"type": "integer", "minimum": 0, "maximum": 2**16 - 1}],
    "libxl_uuid": [{"$ref": "#/definitions/uuid"}],
    "libxl_string_list": [STRINGS],
    # Some strings have a form of their own.
    "string": [{"type": "string"}, HEX,
               {"type": "string", "pattern": "^[0-9a-f]{64}$"},
               {"type": "string", "pattern": "^0x[0-9a-f]+$"}],
}


def definition(name):
    return SCHEMA["definitions"][name.removeprefix("livepatch_")]


def allowed(field):
    """The schemas that do justice to a field of the IDL."""
    if isinstance(field, idl.Array):
        return [{"type": "array", "items": one}
                for one in allowed(field.element)]
    if isinstance(field, str):
        return BASIC[field]
    return [{"$ref": "#/definitions/" + field.name.removeprefix("livepatch_")}]


class Schema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_types(self):
        names = {name.removeprefix("livepatch_") for name in idl.reachable()}
        self.assertEqual(set(SCHEMA["definitions"]) - {"hex", "uuid"}, names)

    def test_each_answer_is_a_document(self):
        self.assertEqual(SCHEMA["anyOf"], [
            {"$ref": "#/definitions/" + name.removeprefix("livepatch_")}
            for name in idl.answers()])

    def test_members(self):
        for name, kind in idl.reachable().items():
            if isinstance(kind, idl.Enumeration):
                continue
            schema = definition(name)
            with self.subTest(name):
                self.assertEqual(schema["type"], "object")
                self.assertIs(schema["additionalProperties"], False)
                self.assertEqual(list(schema["properties"]), list(kind.fields))
            for member, field in kind.fields.items():
                with self.subTest(name, member=member):
                    self.assertIn(schema["properties"][member], allowed(field))

    def test_enumerations(self):
        for name, kind in idl.reachable().items():
            if isinstance(kind, idl.Enumeration):
                with self.subTest(name):
                    self.assertEqual(definition(name)["enum"], kind.values)

    def test_only_what_never_has_its_default_is_required(self):
        for name, kind in idl.reachable().items():
            wanted = ["outcome"] if name in idl.answers() else None
            with self.subTest(name):
                self.assertEqual(definition(name).get("required"), wanted)


if __name__ == "__main__":
    unittest.main()
