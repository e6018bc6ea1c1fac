"""What python-blosc2 does with the library in Pyodide, told again: its loader, and its tests of kernels."""

import ctypes
import pathlib

from expressions import Variable

BOOL, INT64, FLOAT64, STRING = 1, 5, 11, 14
JIT_DEFAULT, JIT_ON = 0, 1
SHAPE, CHUNKS, BLOCKS = (8, 8), (4, 4), (2, 2)


def init_helpers(library, folder, registration):
    """Registers helpers as the client does when it is imported, and gives their table indices.

    `folder` has the glue script; `registration` is the script that makes the helpers.
    """
    import js
    import pyodide_js

    handles = (getattr(pyodide_js, name, None) for name in ("_module", "module", "Module"))
    js.globalThis.__blosc2_pyodide_module = next(handle for handle in handles if handle is not None)
    js.globalThis.__blosc2_pyodide_api = pyodide_js._api
    if not (hasattr(js.globalThis, "_meJitInstantiate") and hasattr(js.globalThis, "_meJitFreeFn")):
        js.eval(pathlib.Path(folder, "me_jit_glue.js").read_text(encoding="utf-8"))
    made = js.eval(registration)
    pointers = int(made.instantiatePtr), int(made.freePtr)
    if 0 in pointers:
        raise RuntimeError(made.error)
    library.me_register_wasm_jit_helpers.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.me_register_wasm_jit_helpers.restype = None
    library.me_register_wasm_jit_helpers(*pointers)
    return pointers


class Field:
    """An expression over an array of SHAPE, in CHUNKS and BLOCKS; to be freed by `close`."""

    def __init__(self, library, text, variables, dtype, jit_mode):
        """`variables` are tuples of name, dtype and bytes of an element."""
        self._library = library
        self._handle = ctypes.c_void_p()
        table = (Variable * len(variables))(
            *(Variable(name=name.encode(), dtype=kind, itemsize=size) for name, kind, size in variables)
        )
        shape = (ctypes.c_int64 * 2)(*SHAPE)
        chunks, blocks = ((ctypes.c_int32 * 2)(*extents) for extents in (CHUNKS, BLOCKS))
        status = library.me_compile_nd_jit(
            text.encode(), table, len(variables), dtype, 2, shape, chunks, blocks, jit_mode, None,
            ctypes.byref(self._handle),
        )  # fmt: skip
        if status != 0:
            raise RuntimeError(f"{text}: status {status}, {library.me_get_last_error_message().decode()}")

    def has_kernel(self):
        return self._library.me_expr_has_jit_kernel(self._handle)

    def evaluate(self, item_type, *arrays):
        """The values of all blocks, block by block; so are those of the arrays, of ctypes."""
        items = BLOCKS[0] * BLOCKS[1]
        out = (item_type * len(arrays[0]))()
        blocks_in_chunk = CHUNKS[0] * CHUNKS[1] // items
        for block in range(SHAPE[0] * SHAPE[1] // items):
            start = [ctypes.addressof(array) + block * items * ctypes.sizeof(array._type_) for array in arrays]
            status = self._library.me_eval_nd(
                self._handle,
                (ctypes.c_void_p * len(arrays))(*start),
                len(arrays),
                ctypes.byref(out, block * items * ctypes.sizeof(item_type)),
                items,
                ctypes.c_int64(block // blocks_in_chunk),
                ctypes.c_int64(block % blocks_in_chunk),
                None,
            )
            if status != 0:
                raise RuntimeError(f"evaluation ends with status {status}")
        return list(out)

    def close(self):
        self._library.me_free(self._handle)


def _strings(texts):
    """An array of <U8."""
    element = ctypes.c_uint32 * 8
    return (element * len(texts))(*(element(*map(ord, text)) for text in texts))


def run_kernels(library):
    """Runs the client's tests of kernels; tells which expressions were compiled."""
    count = SHAPE[0] * SHAPE[1]
    compiled = {}

    def check(text, inputs, dtype, item_type, expected, jit_mode=JIT_DEFAULT):
        variables = [(name, kind, ctypes.sizeof(array._type_)) for name, kind, array in inputs]
        field = Field(library, text, variables, dtype, jit_mode)
        values = field.evaluate(item_type, *(array for _, _, array in inputs))
        compiled[text] = field.has_kernel()
        field.close()
        assert values == expected, f"{text}: {values}, not {expected}"

    reals = [index / 7 for index in range(count)]
    x, y = (ctypes.c_double * count)(*reals), (ctypes.c_double * count)(*reversed(reals))
    floats = [("x", FLOAT64, x), ("y", FLOAT64, y)]
    body = "    return (x + y) * 1.5 - 0.25"
    expected = [(a + b) * 1.5 - 0.25 for a, b in zip(x, y)]
    check(f"# me:compiler=tcc\ndef kernel(x, y):\n{body}", floats, FLOAT64, ctypes.c_double, expected, JIT_ON)

    wholes = [(index - 9) * 10**12 for index in range(count)]
    m, n = (ctypes.c_int64 * count)(*wholes), (ctypes.c_int64 * count)(*reversed(wholes))
    integers = [("x", INT64, m), ("y", INT64, n)]
    body = "    return x*2 + y*3"
    expected = [a * 2 + b * 3 for a, b in zip(m, n)]
    check(f"def kernel(x, y):\n{body}", integers, INT64, ctypes.c_int64, expected)

    # A kernel without inputs gets one that it does not read.
    body = "    return _flat_idx - _flat_idx + 2"
    dummy = [("__me_dummy0", FLOAT64, x)]
    check(f"def kernel(__me_dummy0):\n{body}", dummy, INT64, ctypes.c_int64, [2] * count)

    texts = ["straße", "ab", "", "abçdefgh"] * (count // 4)
    a, pattern = _strings(texts), _strings(["ß", "b", "", "çd"] * (count // 4))
    column = [("a", STRING, a)]
    for text, inputs, expected in [
        ("contains(a, 'b')", column, ["b" in text for text in texts]),
        ("startswith(a, 'ab')", column, [text.startswith("ab") for text in texts]),
        ("endswith(a, 'ße')", column, [text.endswith("ße") for text in texts]),
        ("contains(a, pat)", [*column, ("pat", STRING, pattern)], [True] * count),
    ]:
        check(text, inputs, BOOL, ctypes.c_bool, expected)
    return compiled
