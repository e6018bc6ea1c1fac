"""Compiled expressions."""

import copy
import pickle

import numpy as np
import pytest

import miniexpr as me


def test_attributes():
    f = me.compile("where(a > b, a, 2*b)", a="float32", b=">f4")
    assert (f.text, f.dialect, f.dtype) == ("where(a > b, a, 2*b)", "numpy", np.float32)
    assert list(f.inputs.items()) == [("a", np.dtype("f4")), ("b", np.dtype("f4"))]
    assert repr(f) == "compile('where(a > b, a, 2*b)', a='float32', b='float32')"
    assert repr(me.compile("1")) == "compile('1')"
    with pytest.raises(AttributeError):
        f.text = ""
    with pytest.raises(TypeError):
        me.Expression()


def test_arguments_by_position_and_by_name():
    f = me.compile("a - b", a="i4", b="i4")
    a, b = np.int32([5, 6]), np.int32([1, 2])
    for result in (f(a, b), f(a, b=b), f(b=b, a=a)):
        assert result.tolist() == [4, 4]
    for args, names in [((a,), {}), ((a, b, b), {}), ((a, b), {"b": b}), ((a,), {"c": b}), ((), {"b": b})]:
        with pytest.raises(TypeError, match="input"):
            f(*args, **names)


def test_inputs_that_the_expression_does_not_use():
    f = me.compile("b + 1", a="f8", b="f8", c="S3")
    assert f(np.ones(3), np.zeros(2), np.array([b"x"])).tolist() == [1, 1]


def test_safe_conversions_of_inputs():
    f = me.compile("a * 2", a="f8")
    assert f(np.int8([1, 2])).tolist() == [2, 4]
    assert f(np.array([1.5], ">f4")).tolist() == [3]
    assert f([1.5, 2]).tolist() == [3, 4]
    g = me.compile("a * 2", a="f4")
    with pytest.raises(me.DTypeError, match="float64"):
        g(np.ones(2))
    names = me.compile("s == t", s="U3", t="U2")
    with pytest.raises(me.DTypeError):
        names(np.array(["long name"]), np.array(["x"]))


def test_numbers_of_python_take_the_dtype_of_the_input():
    f = me.compile("a * b", a="f4", b="f4")
    assert f(np.float32([1, 2]), 2).dtype == np.float32
    assert type(f(2.5, True)) is np.float32
    whole = me.compile("a", a="i1")
    assert whole(7) == 7
    for wrong in (1.5, 1j):
        with pytest.raises(me.DTypeError):
            whole(wrong)
    with pytest.raises(OverflowError):
        whole(300)
    assert me.compile("a", a="?")(True)
    with pytest.raises(me.DTypeError):
        me.compile("a", a="?")(1)


def test_dtype_of_the_result():
    f = me.compile("a / 3", a="f8", dtype="f4")
    assert f.dtype == np.float32
    assert f(np.array([1.0])).dtype == np.float32
    out = np.empty(1, "c16")
    assert f(np.array([3.0]), out=out) is out
    assert out[0] == 1


def test_copies_and_pickles():
    f = me.compile("a / 3", a="i8", dtype="f4")
    for twin in (copy.copy(f), copy.deepcopy(f), pickle.loads(pickle.dumps(f))):
        assert (twin.text, twin.dtype, twin.inputs) == (f.text, f.dtype, f.inputs)
        assert (twin(np.arange(3)) == f(np.arange(3))).all()


def test_dialects():
    old = me.compile("x / 2", x="i4", dialect="miniexpr")
    assert old(np.int32([7])).tolist() == [3]
    assert me.compile("x / 2", x="i4")(np.int32([7])).tolist() == [3.5]


def test_what_cannot_be_compiled():
    with pytest.raises(me.Error) as caught:
        me.compile("2 * (a + c)", a="f8")
    assert caught.value.span == (9, 10)
    for dtype in ("O", "M8[s]", "f2", "g"):
        with pytest.raises(me.DTypeError):
            me.compile("a", a=dtype)
    with pytest.raises(TypeError):
        me.compile("a", a="no dtype")
    with pytest.raises(me.Error):
        me.compile("a0", **{f"a{i}": "f8" for i in range(129)})
    assert me.compile("a0 + a127", **{f"a{i}": "f8" for i in range(128)})(*range(128)) == 127


def test_disassemble():
    f = me.compile("where(a > b, a, 2*b)", a="f4", b="f4")
    texts = {what: f.disassemble(what) for what in ("ir", "tree", "lanes", "c", "wasm")}
    assert f.disassemble() == texts["ir"]
    assert all(texts.values())
    assert len(set(texts.values())) == len(texts)
    with pytest.raises(ValueError, match="none of"):
        f.disassemble("poetry")
