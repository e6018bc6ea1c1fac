"""The examples of the docs."""

import doctest
import pathlib

import pytest

import miniexpr as me

README = pathlib.Path(__file__).parents[1] / "README.md"


def run(text, name):
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples or name.endswith("get_num_threads")
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.failed == 0


def test_readme():
    run(README.read_text(), "README.md")


@pytest.mark.parametrize("name", [name for name in me.__all__ if name != "DTypeError"])
def test_docstring(name):
    run(getattr(me, name).__doc__, name)
