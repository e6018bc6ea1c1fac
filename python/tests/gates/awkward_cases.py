"""Awkward arrays in expressions."""

import awkward as ak
import numpy as np


def test_ragged() -> None:
    a = ak.Array([[1.1, 2.2, 3.3], [], [4.4, 5.5]])
    b = ak.Array([100, 200, 300])
    assert ak.numexpr.evaluate("a + b").to_list() == [[101.1, 102.2, 103.3], [], [304.4, 305.5]]


def test_again() -> None:
    a = ak.Array([[1, 2], [3]])
    assert ak.numexpr.evaluate("2*a").to_list() == [[2, 4], [6]]
    a = ak.Array([[5], [6, 7]])
    import numexpr

    assert np.array_equal(numexpr.evaluate("3*x", {"x": np.arange(3)}), [0, 3, 6])


def test_dictionaries() -> None:
    a = ak.Array([[1.5], [], [2.5, 3.5]])
    result = ak.numexpr.evaluate("where(x > 2, x, 0)", {"x": a})
    assert result.to_list() == [[0.0], [], [2.5, 3.5]]


def test_options() -> None:
    a = ak.Array([[1.5, None], [], [2.5]])
    assert ak.numexpr.evaluate("a**2").to_list() == [[2.25, None], [], [6.25]]


def test_unknown_name() -> None:
    try:
        ak.numexpr.evaluate("no_such_name + 1")
    except KeyError:
        pass
    else:
        raise AssertionError("this name has no value")
