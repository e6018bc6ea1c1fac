"""Random expressions give what NumPy gives: dtype, shape, values, and errors where it has errors.

`MINIEXPR_RANDOM_EXPRESSIONS` asks for so many, other ones each time.
"""

import os
import re
import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes_of

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


def unaligned(array):
    return np.frombuffer(b"x" + array.tobytes(), "u1")[1:].view(array.dtype).reshape(array.shape)


LAYOUTS = {
    "as it is": lambda array: array,
    "transposed": np.asfortranarray,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1] if array.ndim else array,
    "steps": lambda array: np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array,
    "repeated": lambda array: np.broadcast_to(array[:1], array.shape) if len(array.shape) and len(array) else array,
    "other byte order": lambda array: array.astype(array.dtype.newbyteorder()),
    "unaligned": unaligned,
}


@st.composite
def arrays(draw, shape):
    """An array of small whole numbers, whose sums have no rounding."""
    dtype = draw(st.sampled_from(["i1", "i4", "u2", "i8", "f4", "f8"]))
    numbers = draw(st.permutations(range(1, 8)))
    array = np.resize(np.array(numbers, dtype), shape)
    return LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))](array)


# Most pairs of shapes fit together, some do not.
pairs = st.one_of(
    shapes_of.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=4, max_dims=3).map(
        lambda found: found.input_shapes
    ),
    st.tuples(shapes_of.array_shapes(max_dims=3, max_side=3), shapes_of.array_shapes(max_dims=3, max_side=3)),
)
REDUCTIONS = "sum prod min max mean std var any all count_nonzero argmin argmax".split()
axes = st.one_of(st.none(), st.integers(-4, 3))


@st.composite
def cases_of_shapes(draw):
    """A text, and the arrays that are its variables."""
    names = dict(zip("xy", [draw(arrays(shape)) for shape in draw(pairs)], strict=True))
    text = draw(st.sampled_from(["x + y", "x * 2 - y", "where(x > y, x, y)", "+x"]))
    if draw(st.booleans()):
        name, axis, keepdims = draw(st.sampled_from(REDUCTIONS)), draw(axes), draw(st.booleans())
        # Where there is no dimension, there is no axis; NumPy takes 0 and -1 nevertheless.
        hypothesis.assume(axis not in (0, -1) or any(names[name].ndim for name in names if name in text))
        text = f"{name}({text}, axis={axis}, keepdims={keepdims})"
        if draw(st.booleans()):
            text = f"y - {text}"
    return text, names


@SETTINGS
@hypothesis.given(cases_of_shapes())
def test_shapes(case):
    text, names = case
    functions = {name: getattr(np, name) for name in [*REDUCTIONS, "where"]}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            expected = np.asarray(eval(text, functions, names))
    except (TypeError, ValueError) as error:
        with pytest.raises(me.Error):
            me.evaluate(text, names)
        hypothesis.note(f"NumPy: {error}")
        return
    result = me.evaluate(text, names)
    assert isinstance(result, np.ndarray if expected.ndim else np.generic)
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    is_rounded = re.search("mean|std|var", text)
    np.testing.assert_allclose(result, expected, rtol=4 * np.finfo("f4").eps if is_rounded else 0)
    out = np.empty(expected.shape + (2,), expected.dtype)[..., 0]
    assert me.evaluate(text, names, out=out) is out
    np.testing.assert_array_equal(out, result)
