"""The kinds of values, and the operations that there are for them."""

from __future__ import annotations

from typing import Any

import numpy as np

int_: type = np.int32
long_: type = np.int64
double: type = np.float64

# Kinds in the order in which they meet: the later one wins.
KINDS = ("bool", "int", "long", "float", "double", "complex")
RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
CODES = dict(zip((*KINDS, "bytes", "str", "none"), "bilfdcssn", strict=True))
DTYPES = {kind: np.dtype(code) for kind, code in zip(KINDS, "?iqfdD", strict=True)}

type_to_kind: dict[Any, str] = {
    bool: "bool",
    np.bool_: "bool",
    int_: "int",
    long_: "long",
    float: "float",
    np.float32: "float",
    double: "double",
    complex: "complex",
    np.complex128: "complex",
    bytes: "bytes",
    np.bytes_: "bytes",
    str: "str",
}
kind_to_type: dict[str, type] = {
    "bool": bool,
    "int": int_,
    "long": long_,
    "float": float,
    "double": double,
    "complex": complex,
    "bytes": bytes,
    "str": str,
}


def kind_of_dtype(dtype: np.dtype[Any]) -> str:
    """The kind in which an array of a dtype is taken.

    Raises
    ------
    ValueError
        If there is none.
    """
    kind, size = dtype.kind, dtype.itemsize
    if kind == "b":
        return "bool"
    if kind in "iu":
        return "long" if size > 4 or kind == "u" and size == 4 else "int"
    if kind == "f":
        return "double" if size > 4 else "float"
    if kind == "c":
        return "complex"
    if kind == "S":
        return "bytes"
    if kind == "U":
        raise ValueError("NumExpr 2 does not support Unicode as a dtype.")
    raise ValueError(f"unknown type {dtype.name}")


_REAL = "fff ddd"
_NUMBERS = f"iii lll {_REAL} ccc"
_ORDERED = "bbb bii bll bff bdd bss"
# The operations, by the codes of the kinds of result and operands.
SIGNATURES = {
    "add": f"bbb {_NUMBERS}",
    "sub": _NUMBERS,
    "mul": f"bbb {_NUMBERS}",
    "div": f"{_REAL} ccc",
    "floordiv": f"iii lll {_REAL}",
    "mod": f"iii lll {_REAL}",
    "pow": _NUMBERS,
    "lshift": "iii lll",
    "rshift": "iii lll",
    "and": "bbb iii lll",
    "or": "bbb iii lll",
    "xor": "bbb iii lll",
    "invert": "bb ii ll",
    "neg": "ii ll ff dd cc",
    "gt": _ORDERED,
    "ge": _ORDERED,
    "eq": f"{_ORDERED} bcc",
    "ne": f"{_ORDERED} bcc",
    "where": "bbbb ibii lbll fbff dbdd cbcc",
    "contains": "bss",
    "copy": "bb ii ll ff dd cc ss",
    "ones_like": "ii ll ff dd cc",
    "real": "dc dd",
    "imag": "dc dd",
    "complex": "cdd",
    "conj": "cc",
    "isnan": "bf bd bc bi bl bb",
    "isfinite": "bf bd bc bi bl bb",
    "isinf": "bf bd bc bi bl bb",
    "signbit": "bf bd bi bl bb",
    "round": "ii ll dd cc",
    "sign": "ii ll dd cc",
    "trunc": "dd",
    "ceil": "ff dd",
    "floor": "ff dd",
    "arctan2": _REAL,
    "fmod": _REAL,
    "maximum": "ddd",
    "minimum": "ddd",
    "hypot": "ddd",
    "nextafter": "ddd",
    "copysign": "ddd",
    "sum": "iin lln ffn ddn ccn",
    "prod": "iin lln ffn ddn ccn",
    "min": "iin lln ffn ddn",
    "max": "iin lln ffn ddn",
    "cast": "ib lb li fb fi fl db di dl df cb ci cl cf cd",
}
FLOAT_FUNCTIONS = (
    "abs arccos arccosh arcsin arcsinh arctan arctanh cos cosh exp expm1 log log10 log1p log2 sin sinh sqrt tan tanh"
).split()
SIGNATURES.update(dict.fromkeys(FLOAT_FUNCTIONS, "ff dd cc"))
_OPTIONS = {name: text.split() for name, text in SIGNATURES.items()}
_ORDER = {code: rank for rank, code in enumerate("bilfdc")}

# Every operation by its name, and the byte that stands for it in a program.
opcodes: dict[bytes, int] = {b"noop": 0}
for _name, _signatures in _OPTIONS.items():
    for _signature in _signatures:
        opcodes[f"{_name}_{_signature}".encode()] = len(opcodes)


def find_operation(name: str, result: str, operands: str) -> str:
    """The operands that an operation takes, where those at hand can be converted to them.

    Parameters
    ----------
    name : str
        The operation.
    result : str
        The code of the kind of its result.
    operands : str
        The codes of the kinds of its operands; ``n`` for what is no array.

    Raises
    ------
    NotImplementedError
        If there is no such operation.
    """

    def distance(wanted: str) -> int | None:
        steps = 0
        for have, want in zip(operands, wanted, strict=True):
            if have == want:
                continue
            if have not in _ORDER or want not in _ORDER or _ORDER[want] < _ORDER[have]:
                return None
            steps += _ORDER[want] - _ORDER[have]
        return steps

    best: tuple[int, str] | None = None
    for option in _OPTIONS.get(name, ()):
        if option[0] != result or len(option) != len(operands) + 1:
            continue
        steps = distance(option[1:])
        if steps is not None and (best is None or steps < best[0]):
            best = (steps, option[1:])
    if best is None:
        raise NotImplementedError(f"couldn't find matching opcode for '{name}_{result}{operands}'")
    return best[1]
