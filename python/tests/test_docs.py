"""The examples of the docs."""

import doctest
import pathlib

import pytest

import miniexpr as me
import miniexpr.dask
import miniexpr.xarray

ROOT = pathlib.Path(__file__).parents[2]


def run(text, name):
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples or name.endswith("get_num_threads")
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.failed == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", ["python/README.md", "docs/python.md"])
def test_pages(page):
    run((ROOT / page).read_text(), page)


@pytest.mark.parametrize("name", [name for name in me.__all__ if name != "DTypeError"])
def test_docstring(name):
    run(getattr(me, name).__doc__, name)


@pytest.mark.parametrize("function", [me.dask.evaluate, me.dask.eval, me.xarray.evaluate])
def test_docstring_of_other_modules(function):
    run(function.__doc__, function.__module__)
