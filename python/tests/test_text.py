"""Names and numbers in texts."""

import math
import time

import pytest

from miniexpr._text import is_kernel, literal, names_of, span_before, with_numbers


@pytest.mark.parametrize(
    "text, names",
    [
        ("a + b*a", "a b"),
        ("sum(x, axis=0) == y", "x y"),
        ("sqrt (x) + sin", "x sin"),
        ("a.real + b .conj() + 1.e5 + 2.5e-3j + 0x1F + 1_000", "a b"),
        ("'it''s' + \"b \\\" c\" + d # e", "d"),
        ("x if not y else True and z", "x y z"),
        ("größe + _x", "größe _x"),
        ("k<=l and m!=n", "k l m n"),
        ("def f(x, y):\n    z = x\n    return z", "x y"),
        ("# def g(a):\n\ndef f(): return 1", ""),
        ("  def f( x ,y ) : return x", "x y"),
        ("default + y", "default y"),
        ("x + 'y z", "x"),
        ("# def g(a):", ""),
    ],
)
def test_names(text, names):
    assert names_of(text) == tuple(names.split())
    assert is_kernel(text) == ("def f" in text)


@pytest.mark.parametrize(
    "text",
    ["#" * 200_000, "# " * 100_000, " \n" * 100_000, '"' + '\\"' * 100_000, "'" + "\\'" * 100_000, "a " * 100_000],
)
def test_hostile_texts_take_linear_time(text):
    start = time.monotonic()
    assert not is_kernel(text)
    assert names_of(text) == tuple("a" if "a" in text else "")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("number", [0, -3, 2**80, 0.1, -0.0, 1e300, math.inf, -math.inf, 1j, -0.5 - 2j])
def test_literals(number):
    assert eval(literal(number)) == number
    assert math.copysign(1, eval(literal(-0.0))) == -1
    assert math.isnan(eval(literal(math.nan)))


def test_numbers_in_a_text():
    text = "x + n*long + y.n + f(n=n) - 'n'"
    changed, replaced = with_numbers(text, {"n": -300, "long": 2.5})
    assert changed == "x + (-300)*(2.5) + y.n + f(n=(-300)) - 'n'"
    for part, before in [("-300", "n"), ("(-300)", "n"), ("x", "x"), ("2.5", "long"), ("y.n", "y.n")]:
        start = changed.index(part)
        first, end = span_before((start, start + len(part)), replaced)
        assert text[first:end] == before
    assert span_before((len(changed),) * 2, replaced) == (len(text),) * 2


def test_numbers_in_a_kernel():
    text = "def f(x, n):  # n\n    return x*n\n"
    changed, replaced = with_numbers(text, {"n": 3})
    assert changed == "def f(x):  # n\n    return x*(3)\n"
    start = changed.index("x*")
    first, end = span_before((start, start + 5), replaced)
    assert text[first:end] == "x*n"
