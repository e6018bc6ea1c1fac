"""Random expressions give what NumPy gives: dtype, values, and errors where it has errors.

`MINIEXPR_RANDOM_EXPRESSIONS` asks for so many, other ones each time.
"""

import os
import re

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import miniexpr as me

COUNT = os.environ.get("MINIEXPR_RANDOM_EXPRESSIONS")
SETTINGS = hypothesis.settings(
    max_examples=int(COUNT or 300), derandomize=COUNT is None, deadline=None, database=None, print_blob=False
)

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]
SPECIAL = {
    "b": [False, True],
    "i": [0, 1, -1, 2, 7, -100, np.iinfo, -np.iinfo(np.int8).max],
    "u": [0, 1, 2, 7, 100, np.iinfo],
    "f": [0.0, -0.0, 1.0, -1.5, 3e5, np.inf, -np.inf, np.nan, 1e-3],
    "c": [0, 1, -1.5, 2j, 0.5 - 3j, -2 + 1j, complex(np.inf, 1), complex(-np.inf, np.inf), complex(np.nan, 2)],
}


def values(dtype):
    """An array of values that are the likeliest to go wrong."""
    dtype = np.dtype(dtype)
    listed = [np.iinfo(dtype).max if value is np.iinfo else value for value in SPECIAL[dtype.kind]]
    return np.resize(np.array(listed, dtype), 9)


# An array of each dtype, and its items in another order.
ARRAYS = {("t" if dtype == "?" else dtype): values(dtype) for dtype in DTYPES}
ARRAYS |= {f"{name}r": array[::-1] for name, array in ARRAYS.items()}
NAMES = ["abs", "sign", "square", "floor", "isnan", "isfinite", "minimum", "maximum", "where", "real", "conj"]
FUNCTIONS = {name: getattr(np, name) for name in NAMES}

variables = st.sampled_from(sorted(ARRAYS))
literals = st.sampled_from(["0", "1", "-1", "2", "3", "127", "300", "0.5", "-2.0", "1e3", "2j", "True"])
operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^"])


def larger(expression):
    one = st.sampled_from(["(-{})", "(+{})", "(~{})", "abs({})", "sign({})", "square({})", "floor({})"])
    tests = st.sampled_from(["isnan({})", "isfinite({})", "real({})", "conj({})"])
    return st.one_of(
        st.builds("({} {} {})".format, expression, operators, expression),
        st.builds("({} {} {})".format, expression, operators, literals),
        st.builds("({} {} {})".format, literals, operators, expression),
        st.builds(lambda text, a: text.format(a), one | tests, expression),
        st.builds("{}({}, {})".format, st.sampled_from(["minimum", "maximum"]), expression, expression),
        st.builds("where({} > 0, {}, {})".format, expression, expression, expression | literals),
        st.builds("({}{})".format, expression, st.sampled_from([" ** 2", " << 3", " >> 1", " << 70", " >> 70"])),
    )


expressions = st.recursive(variables, larger, max_leaves=5)


COMPLEX = re.compile(r"c\d|j")


def close(result, expected, text):
    """Equal to the bit, unless complex numbers were involved, whose operations may round otherwise."""
    if not COMPLEX.search(text):
        return np.array_equal(result, expected, equal_nan=expected.dtype.kind in "fc")
    eps = 64 * np.finfo("f4" if re.search(r"c8|[fiu][124]", text) else "f8").eps

    def near(a, b):
        return np.isclose(a, b, rtol=eps, atol=eps, equal_nan=True)

    # By the modulus, or by both parts, of which one may be infinite.
    parts = near(result.real, expected.real) & near(result.imag, expected.imag)
    return np.all(parts | near(result, expected) & np.isfinite(expected))


@SETTINGS
@hypothesis.given(expressions)
def test_expressions(text):
    try:
        with np.errstate(all="ignore"):
            expected = np.asarray(eval(text, dict(FUNCTIONS), ARRAYS))
    except (TypeError, ValueError, OverflowError) as error:
        with pytest.raises(me.Error):
            me.evaluate(text, ARRAYS)
        hypothesis.note(f"NumPy: {error}")
        return
    result = np.asarray(me.evaluate(text, ARRAYS))
    if expected.dtype == np.float16:
        # There is no half precision here.
        expected = np.asarray(result)
    assert result.dtype == expected.dtype
    assert close(result, expected, text), f"{text}: {result} is not {expected}"
