"""Text from users: what it may be made of, what it may take, and what is told of it."""

import copy
import pickle

import numpy as np
import pytest

import miniexpr as me

# Ten passes of loops for an item.
TEN = "def ten(x):\n    y = x\n    for i in range(10):\n        y = y * 0.5 + i\n    return y\n"
X = np.linspace(0, 1, 5)
KERNELS = me.Sandbox(kernels=True)


@me.kernel
def ten(x):
    y = x
    for i in range(10):
        y = y * 0.5 + i
    return y


@pytest.mark.parametrize("count", [3, 100_000])
def test_max_passes(count):
    x = np.linspace(0, 1, count)
    f = me.compile(TEN, x="f8")
    calls = [
        lambda **most: me.evaluate(TEN, {"x": x}, **most),
        lambda **most: f(x, **most),
        lambda **most: ten(x, **most),
    ]
    for call in calls:
        wanted = call()
        with pytest.raises(me.LimitError, match="passes"):
            call(max_passes=5)
        np.testing.assert_array_equal(call(max_passes=10), wanted)
        with pytest.raises(me.LimitError):
            call(max_passes=5, out=np.empty(count), progress=lambda done, total: None)


@pytest.mark.parametrize("most", [0, -1, 2**63])
@pytest.mark.parametrize("name", ["max_nodes", "max_passes"])
def test_limits_that_are_none(name, most):
    with pytest.raises(ValueError, match=name):
        me.evaluate("X", **{name: most})
    with pytest.raises(ValueError, match=name):
        me.Sandbox(**{name: most})
    with pytest.raises(TypeError):
        me.evaluate("X", **{name: 1.5})


REFUSED = {
    "kernel": TEN,
    "bytes": "x" + " " * 8192,
    "nodes": "x" + " + x" * 512,
    "nesting": "(" * 65 + "x" + ")" * 65,
    "constants": f"x == {'9' * 4097}",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_strict_profile(text):
    kind = me.Error if text is TEN else me.LimitError
    for call in (
        lambda: me.evaluate(text, {"x": X}, sandbox=True),
        lambda: me.compile(text, x="f8", sandbox=True),
    ):
        with pytest.raises(me.Error) as caught:
            call()
        assert type(caught.value) is kind


def test_texts_within_the_strict_profile():
    for text in ("x" + " " * 8191, "x" + " + x" * 511, "(" * 60 + "x" + ")" * 60):
        np.testing.assert_array_equal(me.evaluate(text, {"x": X}, sandbox=True), me.evaluate(text, {"x": X}))
        np.testing.assert_array_equal(me.compile(text, x="f8", sandbox=True)(X), me.evaluate(text, {"x": X}))


@pytest.mark.parametrize("name", ["bytes", "nodes", "nesting"])
def test_nothing_is_limited_by_default(name):
    assert me.evaluate(REFUSED[name], {"x": X}, sandbox=False).shape == X.shape
    assert me.compile(REFUSED[name], x="f8").dtype == np.float64


def test_a_text_from_a_user_does_not_see_the_caller():
    secret = np.ones(3)
    assert me.evaluate("secret").sum() == 3
    with pytest.raises(TypeError, match="local_dict"):
        me.evaluate("secret", sandbox=True)
    with pytest.raises(me.Error, match="secret"):
        me.evaluate("secret", {"x": X}, sandbox=True)


@pytest.mark.parametrize(
    "profile, text",
    [
        (me.Sandbox(max_nodes=3), "x + x + x"),
        (me.Sandbox(max_text_bytes=3), "x + x"),
        (me.Sandbox(max_text_bytes=3), "éé"),
        (me.Sandbox(max_nesting=3), "((((x))))"),
        (me.Sandbox(max_constant_bytes=3), "x + 12345"),
    ],
)
def test_other_profiles(profile, text):
    with pytest.raises(me.LimitError):
        me.evaluate(text, {"x": X}, sandbox=profile)
    with pytest.raises(me.LimitError):
        me.compile(text, x="f8", sandbox=profile)


def test_larger_profiles():
    profile = me.Sandbox(max_text_bytes=100_000, max_nodes=5000, max_nesting=100, max_constant_bytes=10_000)
    for name in ("bytes", "nodes", "nesting"):
        assert me.evaluate(REFUSED[name], {"x": X}, sandbox=profile).shape == X.shape
    with pytest.raises(me.LimitError, match="more than 2"):
        me.evaluate("x + x", {"x": X}, sandbox=profile, max_nodes=2)
    assert me.evaluate(REFUSED["nodes"], {"x": X}, sandbox=True, max_nodes=2000).shape == X.shape
    with pytest.raises(TypeError, match="sandbox"):
        me.compile("x", x="f8", sandbox="strict")


def test_kernels_under_a_profile():
    np.testing.assert_array_equal(me.evaluate(TEN, {"x": X}, sandbox=KERNELS), me.evaluate(TEN, {"x": X}))
    printing = 'def f(x):\n    print("{}", x)\n    return x\n'
    with pytest.raises(me.Error, match="print"):
        me.evaluate(printing, {"x": X}, sandbox=KERNELS, dialect="miniexpr")
    few = me.Sandbox(kernels=True, max_passes=5)
    with pytest.raises(me.LimitError, match="passes"):
        me.evaluate(TEN, {"x": X}, sandbox=few)
    with pytest.raises(me.LimitError, match="passes"):
        me.evaluate(TEN, {"x": X}, sandbox=few, max_passes=100)
    with pytest.raises(me.LimitError, match="passes"):
        me.evaluate(TEN, {"x": X}, sandbox=KERNELS, max_passes=5)


def count_up(x):
    y = x
    for i in range(10):
        y = y * 0.5 + i
    return y


@pytest.mark.parametrize("profile", [True, KERNELS, me.Sandbox(kernels=True, max_passes=10)])
def test_functions_within_a_profile(profile):
    np.testing.assert_array_equal(me.kernel(sandbox=profile)(count_up)(X), ten(X))
    np.testing.assert_array_equal(me.kernel(count_up, sandbox=profile)(X), ten(X))


@pytest.mark.parametrize(
    "profile, kind, what",
    [
        (me.Sandbox(kernels=True, max_passes=9), me.LimitError, "passes"),
        (me.Sandbox(kernels=True, max_nodes=3), me.LimitError, "more than 3"),
        (me.Sandbox(kernels=True, max_text_bytes=20), me.LimitError, "bytes"),
        (me.Sandbox(), me.Error, "kernel"),
    ],
)
def test_functions_beyond_a_profile(profile, kind, what):
    f = me.kernel(sandbox=profile)(count_up)
    # What was pickled where its module is not keeps the profile too.
    twin = pickle.loads(pickle.dumps(f))
    assert twin is not f
    for kernel in (f, twin):
        with pytest.raises(me.Error, match=what) as caught:
            kernel(X)
        assert type(caught.value) is kind
    with pytest.raises(me.LimitError, match="passes"):
        me.kernel(sandbox=KERNELS)(count_up)(X, max_passes=5)
    with pytest.raises(TypeError, match="sandbox"):
        me.kernel(sandbox="strict")(count_up)


def test_expressions_keep_their_profile():
    f = me.compile(TEN, x="f8", sandbox=me.Sandbox(kernels=True, max_passes=5))
    free = me.compile(TEN, x="f8")
    for twin in (f, copy.copy(f), pickle.loads(pickle.dumps(f))):
        with pytest.raises(me.LimitError):
            twin(X)
        with pytest.raises(me.LimitError):
            twin(X, out=np.empty(5, "c16"))
    assert pickle.loads(pickle.dumps(free))(X).shape == X.shape


def test_details_of_errors():
    text = "(('é' == 'é') +\n  x + coss(x))"
    for call in (
        lambda: me.compile(text, x="f8"),
        lambda: me.evaluate(text, {"x": X}),
        lambda: me.evaluate(text, {"x": 2.5}),
    ):
        with pytest.raises(me.Error) as caught:
            call()
        error = caught.value
        assert text[error.start : error.end] == "coss"
        assert (error.start, error.end) == error.span
        assert (error.line, error.column) == (2, 7)
        assert error.hint == "did you mean 'cos' or 'cosh'?"
        assert str(error).count(error.hint) == 1
        again = pickle.loads(pickle.dumps(error))
        assert (again.span, again.hint, str(again)) == (error.span, error.hint, str(error))


def test_errors_without_a_place():
    with pytest.raises(me.Error) as caught:
        me.evaluate("a + b", {"a": np.ones(2), "b": np.ones(3)})
    error = caught.value
    assert (error.span, error.start, error.end, error.line, error.column, error.hint) == (None,) * 6
