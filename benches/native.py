"""Builds the C side of the benchmark and calls it: this library, and a C loop for each case."""

import ctypes
import hashlib
import pathlib
import subprocess

from cases import C_TYPES, HELPERS

BENCHES = pathlib.Path(__file__).parent
ROOT = BENCHES.parent
DTYPE_CODES = {name: code for code, name in enumerate(C_TYPES, start=1)}
STRING_CODES = {"U": 14, "S": 15}


class Variable(ctypes.Structure):
    """`me_variable`."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_uint),
        ("address", ctypes.c_void_p),
        ("type", ctypes.c_int),
        ("context", ctypes.c_void_p),
        ("itemsize", ctypes.c_size_t),
    ]


def loop_source(index, case):
    """A C function that computes `case` for n items; m is a column of bool bytes in the place of c."""
    column, result = C_TYPES[case.dtype], C_TYPES[case.output]
    third = "uint8_t" if "m" in case.columns else column
    third_name = "m" if "m" in case.columns else "c"
    before, store, after = "", f"out[i] = {case.c};", ""
    if case.start:
        before, store, after = f"{result} s = {case.start};", f"s = {case.c};", f"out[0] = {case.end};"
    return f"""
void loop_{index}(
    void *restrict out_, const void *restrict a_, const void *restrict b_, const void *restrict c_, int n
) {{
    {result} *out = out_;
    const {column} *as = a_, *bs = b_;
    const {third} *cs = c_;
    {before}
    for (int i = 0; i < n; i++) {{
        {column} a = as[i], b = bs[i];
        {third} {third_name} = cs[i];
        (void)b, (void){third_name};
        {store}
    }}
    {after}
}}
"""


def build(cases, archive=None):
    """Compiles the loops and the timing functions, with the library's archive, to a shared object.

    Without an archive it is that of the tree, built first.
    """
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    loops = folder / "loops.c"
    source = "".join(loop_source(index, case) for index, case in enumerate(cases) if case.c)
    loops.write_text("#include <complex.h>\n#include <math.h>\n#include <stdint.h>\n" + HELPERS + source)
    shared = folder / "bench.so"
    if archive is None:
        build = [ROOT / "scripts" / "build.sh", "native", "miniexpr_static"]
        subprocess.run(build, stdout=subprocess.DEVNULL, check=True)
        archive = ROOT / "build" / "native" / "libminiexpr.a"
    else:
        digest = hashlib.sha256(pathlib.Path(archive).read_bytes()).hexdigest()
        shared = folder / f"bench-{digest[:12]}.so"
    flags = ["-std=c11", "-O3", "-march=native", "-fPIC", "-shared", "-I", ROOT / "include"]
    subprocess.run(["cc", *flags, "-o", shared, loops, BENCHES / "timing.c", archive, "-lm", "-lpthread", "-ldl"],
                   check=True)
    return Native(ctypes.CDLL(str(shared)))


class Native:
    """The C functions, with Python arguments."""

    def __init__(self, library):
        self.library = library
        for name in ("time_eval", "time_eval_nd", "time_loop", "time_compile"):
            getattr(library, name).restype = ctypes.c_double

    def compile(self, text, columns, output=None, dialect="miniexpr"):
        """A compiled expression over `columns`, pairs of name and dtype: a name, or NumPy's for strings."""
        handle, position = ctypes.c_void_p(), ctypes.c_int()
        compile = self.library.compile_numpy if dialect == "numpy" else self.library.me_compile
        status = compile(text.encode(), self.table(columns), len(columns), DTYPE_CODES.get(output, 0),
                         ctypes.byref(position), ctypes.byref(handle))
        if status:
            raise ValueError(f"{text}: status {status} at {position.value}")
        return handle

    def compile_nd(self, text, columns, shape, blockshape):
        """An expression compiled for arrays of `shape` that are one chunk of one block."""
        extents = (ctypes.c_int64 * len(shape))(*shape)
        block = (ctypes.c_int32 * len(shape))(*blockshape)
        handle, position = ctypes.c_void_p(), ctypes.c_int()
        status = self.library.me_compile_nd(text.encode(), self.table(columns), len(columns), 0, len(shape), extents,
                                            block, block, ctypes.byref(position), ctypes.byref(handle))
        if status:
            raise ValueError(f"{text}: status {status} at {position.value}")
        return handle

    def has_kernel(self, handle):
        """Whether compiled code is bound to an expression."""
        self.library.me_expr_has_jit_kernel.restype = ctypes.c_bool
        return self.library.me_expr_has_jit_kernel(handle)

    @staticmethod
    def table(columns):
        return (Variable * max(1, len(columns)))(
            *(Native.variable(name, dtype) for name, dtype in columns))

    @staticmethod
    def variable(name, dtype):
        if dtype in DTYPE_CODES:
            return Variable(name.encode(), DTYPE_CODES[dtype])
        return Variable(name.encode(), STRING_CODES[dtype.kind], itemsize=dtype.itemsize)

    @staticmethod
    def pointers(arrays):
        return (ctypes.c_void_p * max(1, len(arrays)))(*(array.ctypes.data for array in arrays))

    def evaluate(self, handle, arrays, out):
        """Evaluates once; raises if that fails."""
        status = self.library.me_eval(handle, self.pointers(arrays), len(arrays),
                                      ctypes.c_void_p(out.ctypes.data), len(out), None)
        if status:
            raise ValueError(f"evaluation: status {status}")

    def time_eval(self, handle, arrays, out, n, calls):
        return self.library.time_eval(handle, self.pointers(arrays), len(arrays),
                                      ctypes.c_void_p(out.ctypes.data), n, ctypes.c_long(calls))

    def time_eval_nd(self, handle, arrays, out, n, calls):
        return self.library.time_eval_nd(handle, self.pointers(arrays), len(arrays),
                                         ctypes.c_void_p(out.ctypes.data), n, ctypes.c_long(calls))

    def time_loop(self, index, arrays, out, n, calls):
        loop = ctypes.cast(getattr(self.library, f"loop_{index}"), ctypes.c_void_p)
        return self.library.time_loop(loop, ctypes.c_void_p(out.ctypes.data), self.pointers(arrays), n,
                                      ctypes.c_long(calls))

    def time_compile(self, text, columns, calls):
        return self.library.time_compile(text.encode(), self.table(columns), len(columns), ctypes.c_long(calls))
