"""python3 -m unittest discover -s conformance/oracle"""

import io
import json
import os
import unittest
from unittest import mock

import oracle

HERE = os.path.dirname(os.path.abspath(__file__))


class Oracle(unittest.TestCase):
    def setUp(self):
        self.language = oracle.read_language(os.path.join(HERE, "..", "scenario"))

    def test_bad_programs(self):
        """What is wrong with a program is said as the Go side says it."""
        with open(os.path.join(HERE, "..", "testdata", "bad.jsonl")) as f:
            for line in f:
                bad = json.loads(line)
                with self.subTest(bad["error"]):
                    with self.assertRaises(oracle.Bad) as raised:
                        oracle.answer(self.language, json.dumps(bad["program"]))
                    self.assertEqual(str(raised.exception), bad["error"])

    def test_every_operation(self):
        """The interpreter has what the language has, and waits where it says so."""
        self.assertEqual(set(oracle.WAITING) | set(oracle.PLAIN), set(self.language["ops"]))
        blocks = {"try", "repeat"}  # they wait if what is in them does
        waits = {name for name, spec in self.language["ops"].items() if spec.get("waits")}
        self.assertEqual(set(oracle.WAITING) - blocks, waits)

    def test_too_old(self):
        """A CPython that behaves otherwise says so, instead of a trace that differs."""
        group = {"main": [{"op": "group", "group": "g", "do": []}]}
        plain = {"main": [{"op": "sleep", "for": 1}, {"op": "create", "task": "a", "do": [], "eager": False}]}
        with mock.patch("sys.version_info", (3, 11, 7)):
            self.assertRegex(oracle.too_old(self.language, group), r"^group needs CPython 3\.13 \(")
            self.assertIsNone(oracle.too_old(self.language, plain))
        with mock.patch("sys.version_info", (3, 13, 0)):
            self.assertIsNone(oracle.too_old(self.language, group))

    def test_serve(self):
        out = io.StringIO()
        with mock.patch("sys.stdin", io.StringIO('{"main": []}\n{"main": 1}\n')), mock.patch("sys.stdout", out):
            self.assertEqual(oracle.main(["--serve"]), 0)
        version, trace, error = map(json.loads, out.getvalue().splitlines())
        self.assertIn("version", version)
        self.assertEqual(trace, {"trace": ["0 main start", "0 main end = none", "0 - run = none"]})
        self.assertEqual(error, {"error": "main: want a list of operations"})


if __name__ == "__main__":
    unittest.main()
