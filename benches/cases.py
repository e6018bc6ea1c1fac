"""What is measured: each case is one computation, written for every engine."""

from dataclasses import dataclass

from kernels import KERNELS

REAL = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
INTEGERS = REAL[1:9]
FLOATS = REAL[9:]
COMPLEX = ["complex64", "complex128"]


@dataclass
class Case:
    """One computation over the columns a, b, c (and the bool column m)."""

    group: str
    name: str
    dtype: str
    """Dtype of the columns."""
    text: str
    """The expression or kernel for this library."""
    c: str
    """The C expression of one item; empty if C has no such function."""
    numpy: str
    """The NumPy statement, which writes to `out`; empty if NumPy has no such function."""
    numexpr: str = ""
    """The expression for numexpr; empty if numexpr has no such function or dtype."""
    output: str = ""
    """Dtype of the result; the dtype of the columns unless given."""
    versus: str = "c"
    """The engine that the target compares with: "c" or "numpy"."""
    target: float = 1.2
    """Largest ratio of this library's time to that engine's."""
    start: str = ""
    """First value of `s` in a reduction, of which `c` is the next value and `end` the result."""
    end: str = "s"
    dialect: str = "miniexpr"
    """The language of the text."""

    def __post_init__(self):
        self.output = self.output or self.dtype

    @property
    def columns(self):
        """Names of the columns that the expression uses, in declaration order."""
        words = "".join(ch if ch.isalnum() else " " for ch in self.text).split()
        return [name for name in ("m", "a", "b", "c") if name in words]


def arithmetic():
    for dtype in INTEGERS + FLOATS:
        numexpr = dtype in ("int32", "int64", "float32", "float64")
        for name, op in (("add", "+"), ("subtract", "-"), ("multiply", "*")):
            text = f"a {op} b"
            yield Case("arithmetic", name, dtype, text, text, f"np.{name}(a, b, out=out)", text if numexpr else "")
        yield Case("arithmetic", "divide", dtype, "a / b", "a / b", division(dtype), "a / b" if dtype in FLOATS else "")
        yield Case("arithmetic", "negate", dtype, "-a", "-a", "np.negative(a, out=out)", "-a" if numexpr else "")
        yield Case("arithmetic", "absolute", dtype, "abs(a)", absolute(dtype), "np.abs(a, out=out)")
    for dtype in INTEGERS:
        for name, op in (("and", "&"), ("left_shift", "<<")):
            function = "bitwise_and" if name == "and" else name
            yield Case("arithmetic", name, dtype, f"a {op} b", f"a {op} b", f"np.{function}(a, b, out=out)")


def division(dtype):
    return "np.divide(a, b, out=out)" if dtype in FLOATS else "np.floor_divide(a, b, out=out)"


def absolute(dtype):
    if dtype == "float64":
        return "fabs(a)"
    if dtype == "float32":
        return "fabsf(a)"
    return "a" if dtype.startswith("u") else "(a < 0 ? -a : a)"


def comparisons():
    for dtype in REAL:
        for name, op in (("less", "<"), ("equal", "==")):
            text = f"a {op} b"
            numexpr = text if dtype in ("int32", "int64", "float32", "float64") else ""
            yield Case("comparison", name, dtype, text, text, f"np.{name}(a, b, out=out)", numexpr, "bool")


def selections():
    for dtype in REAL:
        numexpr = "where(m, a, b)" if dtype in ("int32", "int64", "float32", "float64") else ""
        yield Case("where", "where", dtype, "where(m, a, b)", "m ? a : b", "out[...] = np.where(m, a, b)", numexpr)


def casts():
    pairs = [(source, "float64") for source in REAL if source != "float64"]
    pairs += [("float64", target) for target in REAL if target != "float64"]
    pairs += [("int32", "int64"), ("int64", "int32"), ("uint8", "int16"), ("int32", "float32"), ("float32", "int32")]
    for source, target in pairs:
        c = "a != 0" if target == "bool" else f"({C_TYPES[target]})a"
        statement = "np.copyto(out, a, casting='unsafe')"
        yield Case("cast", f"to {target}", source, "a", c, statement, output=target)


POLYNOMIAL = "((a+b)*(a-b)+c)*((b+c)*(b-c)+a)-(a*b*c)"
TRANSCENDENTAL = "log(exp(a)+tanh(a)+log1p(abs(a))+sqrt(abs(a))+expm1(a))"


def compounds():
    for dtype in FLOATS:
        literal = "2.5" if dtype == "float64" else "2.5f"
        yield Case("compound", "a*b+c-2.5", dtype, "a*b+c-2.5", f"a*b+c-{literal}", "out[...] = a*b+c-2.5",
                   "a*b+c-2.5", target=2.0)
        yield Case("compound", "polynomial", dtype, POLYNOMIAL, POLYNOMIAL, f"out[...] = {POLYNOMIAL}",
                   POLYNOMIAL, target=2.0)
    c = TRANSCENDENTAL.replace("abs", "fabs")
    numpy = TRANSCENDENTAL
    for name in ("log1p", "expm1", "log(", "exp(", "tanh", "sqrt", "abs"):
        numpy = numpy.replace(name, "np." + name)
    numpy = numpy.replace("np.np.", "np.")
    yield Case("compound", "transcendental", "float64", TRANSCENDENTAL, c, f"out[...] = {numpy}", TRANSCENDENTAL,
               versus="numpy", target=1.0)


# name: C function, NumPy function (None: it has none), numexpr function, target against, largest ratio
FUNCTIONS = {
    "exp": ("exp", "exp", "exp", "numpy", 1.0),
    "exp2": ("exp2", "exp2", None, "numpy", 1.0),
    "expm1": ("expm1", "expm1", "expm1", "numpy", 1.0),
    "log": ("log", "log", "log", "numpy", 1.0),
    "log2": ("log2", "log2", "log2", "numpy", 1.0),
    "log10": ("log10", "log10", "log10", "numpy", 1.0),
    "log1p": ("log1p", "log1p", "log1p", "numpy", 1.0),
    "sin": ("sin", "sin", "sin", "numpy", 1.0),
    "cos": ("cos", "cos", "cos", "numpy", 1.0),
    "tan": ("tan", "tan", "tan", "numpy", 1.0),
    "asin": ("asin", "arcsin", "arcsin", "numpy", 1.0),
    "acos": ("acos", "arccos", "arccos", "numpy", 1.0),
    "atan": ("atan", "arctan", "arctan", "numpy", 1.0),
    "sinh": ("sinh", "sinh", "sinh", "numpy", 1.0),
    "cosh": ("cosh", "cosh", "cosh", "numpy", 1.0),
    "tanh": ("tanh", "tanh", "tanh", "numpy", 1.0),
    "cbrt": ("cbrt", "cbrt", None, "numpy", 1.0),
    "sqrt": ("sqrt", "sqrt", "sqrt", "numpy", 1.0),
    "erf": ("erf", None, None, "c", 1 / 3),
    "atan2": ("atan2", "arctan2", "arctan2", "numpy", 1.0),
    "pow": ("pow", "power", None, "numpy", 1.0),
    "hypot": ("hypot", "hypot", None, "c", 1 / 3),
}
TWO_ARGUMENTS = ("atan2", "pow", "hypot")


def functions():
    for dtype in FLOATS:
        suffix = "f" if dtype == "float32" else ""
        for name, (c, numpy, numexpr, versus, target) in FUNCTIONS.items():
            arguments = "a, b" if name in TWO_ARGUMENTS else "a"
            yield Case("function", name, dtype, f"{name}({arguments})", f"{c}{suffix}({arguments})",
                       f"np.{numpy}({arguments}, out=out)" if numpy else "",
                       f"{numexpr}({arguments})" if numexpr else "", versus=versus, target=target)


def kernels():
    for dtype in FLOATS:
        for name, (text, c) in KERNELS.items():
            c_type = C_TYPES[dtype]
            yield Case("kernel", name, dtype, text, c.replace("T ", c_type + " ").replace("(T)", f"({c_type})"), "")


# text, C: first and next value of s, result; NumPy; dtype of the result ("": that of the columns);
# largest ratio to NumPy's time
REDUCTIONS = {
    "sum": ("sum(a)", "0", "s + a", "s", "np.sum(a)", "total", 1.0),
    "max": ("max(a)", "as[0]", "a > s ? a : s", "s", "np.max(a)", "", 1.0),
    "any": ("any(a > 100)", "0", "s | (a > 100)", "s", "np.any(a > 100)", "bool", 1.0),
    "mean": ("mean(a)", "0", "s + a", "s / n", "np.mean(a)", "float64", 1.0),
    "sum of predicate": ("sum(a > b)", "0", "s + (a > b)", "s", "np.sum(a > b)", "int64", 0.5),
    "sum of product": ("sum(a*b)", "0", "s + a * b", "s", "np.sum(a*b)", "total", 0.5),
}


def reductions():
    for dtype in ("int32", "float32", "float64"):
        total = "int64" if dtype == "int32" else dtype
        for name, (text, start, c, end, numpy, output, target) in REDUCTIONS.items():
            yield Case("reduction", name, dtype, text, c, f"out[0] = {numpy}", output=output.replace("total", total),
                       versus="numpy", target=target, start=start, end=end)


# C functions that do what NumPy's operations do, for every dtype.
HELPERS = """
#define FLOAT_HELPERS(T, S) \\
    static inline T floor_mod##S(T a, T b) { \\
        T rest = fmod##S(a, b); \\
        return rest == 0 ? copysign##S(0, b) : (b < 0) != (rest < 0) ? rest + b : rest; \\
    } \\
    static inline T floor_div##S(T a, T b) { \\
        T rest = fmod##S(a, b), quotient = (a - rest) / b; \\
        if (rest != 0 && (b < 0) != (rest < 0)) \\
            quotient -= 1; \\
        T below = floor##S(quotient); \\
        return quotient == 0 ? copysign##S(0, a / b) : quotient - below > (T)0.5 ? below + 1 : below; \\
    }
FLOAT_HELPERS(float, f)
FLOAT_HELPERS(double, )
static inline uint64_t gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
"""


def of_numpy(name, dtype, text, c, numpy, **rest):
    """A computation in the NumPy dialect, and the call of NumPy."""
    return Case("numpy", name, dtype, text, c, f"np.{numpy[:-1]}, out=out)", dialect="numpy", **rest)


def operations_of_numpy():
    """What the reference's dialect has not."""
    for dtype in INTEGERS:
        is_signed = not dtype.startswith("u")
        quotient = "b == 0 ? 0 : b == -1 ? -a : a / b - (a % b != 0 && (a ^ b) < 0)" if is_signed else "b ? a / b : 0"
        rest = "b == 0 || b == -1 ? 0 : a % b + (a % b != 0 && (a ^ b) < 0 ? b : 0)" if is_signed else "b ? a % b : 0"
        yield of_numpy("floor_divide", dtype, "a // b", quotient, "floor_divide(a, b)")
        yield of_numpy("remainder", dtype, "a % b", rest, "remainder(a, b)")
    for dtype in ("int32", "int64", "uint8"):
        yield of_numpy("gcd", dtype, "gcd(a, b)", "gcd(a, b)", "gcd(a, b)")
        yield of_numpy("lcm", dtype, "lcm(a, b)", "a / gcd(a, b) * b", "lcm(a, b)")
        yield of_numpy("bitwise_count", dtype, "bitwise_count(a)", "__builtin_popcountll(a)", "bitwise_count(a)",
                       output="uint8")
        yield of_numpy("minimum", dtype, "minimum(a, b)", "a < b ? a : b", "minimum(a, b)")
    for dtype in FLOATS:
        f = "f" if dtype == "float32" else ""
        yield of_numpy("floor_divide", dtype, "a // b", f"floor_div{f}(a, b)", "floor_divide(a, b)")
        yield of_numpy("remainder", dtype, "a % b", f"floor_mod{f}(a, b)", "remainder(a, b)")
        yield of_numpy("minimum", dtype, "minimum(a, b)", "a < b || a != a ? a : b", "minimum(a, b)")
        yield of_numpy("maximum", dtype, "maximum(a, b)", "a > b || a != a ? a : b", "maximum(a, b)")
        yield of_numpy("fmin", dtype, "fmin(a, b)", "a < b || b != b ? a : b", "fmin(a, b)")
        yield of_numpy("rint", dtype, "rint(a)", f"rint{f}(a)", "rint(a)")
        yield of_numpy("reciprocal", dtype, "reciprocal(a)", "1 / a", "reciprocal(a)")
        yield of_numpy("clip", dtype, "clip(a, 2, 3)", "a < 2 ? 2 : a > 3 ? 3 : a", "clip(a, 2, 3)")
        yield of_numpy("degrees", dtype, "degrees(a)", f"a * 57.29577951308232{f}", "degrees(a)")
        for name, c in {"isnan": "a != a", "isinf": f"fabs{f}(a) == INFINITY", "isfinite": f"fabs{f}(a) < INFINITY",
                        "signbit": "signbit(a)"}.items():
            yield of_numpy(name, dtype, f"{name}(a)", c, f"{name}(a)", output="bool")
        yield of_numpy("heaviside", dtype, "heaviside(a, b)", "a < 0 ? 0 : a > 0 ? 1 : a == 0 ? b : a",
                       "heaviside(a, b)")
        yield of_numpy("logaddexp2", dtype, "logaddexp2(a, b)", f"log2{f}(exp2{f}(a) + exp2{f}(b))",
                       "logaddexp2(a, b)", versus="numpy", target=1.0)
        yield Case("numpy", "sinc", dtype, "sinc(a)", "", "out[...] = np.sinc(a)", versus="numpy", target=1.0,
                   dialect="numpy")
        yield of_numpy("whole power", dtype, "a ** 3", "a * a * a", "power(a, 3)", versus="numpy", target=1.0)


# Functions of complex numbers that are to take a fifth of NumPy's time.
QUICK = ("exp", "log", "sqrt", "sin")
COMPLEX_FUNCTIONS = {
    "sqrt": "csqrt", "exp": "cexp", "exp2": "", "expm1": "", "log": "clog", "log2": "", "log10": "", "log1p": "",
    "sin": "csin", "cos": "ccos", "tan": "ctan", "arcsin": "casin", "arccos": "cacos", "arctan": "catan",
    "sinh": "csinh", "cosh": "ccosh", "tanh": "ctanh", "arcsinh": "casinh", "arccosh": "cacosh", "arctanh": "catanh",
    "reciprocal": "1 /", "square": "a *", "conjugate": "conj", "sign": "",
}


def complex_operations():
    for dtype in COMPLEX:
        f, part = ("f", "float32") if dtype == "complex64" else ("", "float64")
        for name, op in (("add", "+"), ("multiply", "*"), ("divide", "/")):
            yield of_numpy(name, dtype, f"a {op} b", f"a {op} b", f"{name}(a, b)", versus="numpy", target=1.0)
        yield of_numpy("power", dtype, "a ** b", f"cpow{f}(a, b)", "power(a, b)", versus="numpy", target=1.0)
        yield of_numpy("absolute", dtype, "abs(a)", f"cabs{f}(a)", "absolute(a)", versus="numpy", target=1.0,
                       output=part)
        yield of_numpy("maximum", dtype, "maximum(a, b)", "", "maximum(a, b)", versus="numpy", target=1.0)
        for name, c in COMPLEX_FUNCTIONS.items():
            c = f"{c}{'' if c[-2:] in (' /', ' *') else f}(a)" if c else ""
            yield of_numpy(name, dtype, f"{name}(a)", c, f"{name}(a)", versus="numpy",
                           target=0.2 if name in QUICK else 1.0)


def reductions_of_numpy():
    for dtype in ("int32", "float32", "float64", "complex128"):
        spread = "float64" if dtype in ("int32", "complex128") else dtype
        for name, output in (("std", spread), ("var", spread), ("argmin", "int64"), ("argmax", "int64"),
                             ("count_nonzero", "int64"), ("prod", "int64" if dtype == "int32" else dtype)):
            yield Case("numpy", name, dtype, f"{name}(a)", "", f"out[0] = np.{name}(a)", output=output,
                       versus="numpy", target=1.0, dialect="numpy")


C_TYPES = {
    "bool": "_Bool", "int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t",
    "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t", "uint64": "uint64_t",
    "float32": "float", "float64": "double", "complex64": "float _Complex", "complex128": "double _Complex",
}

CASES = [
    *arithmetic(), *comparisons(), *selections(), *casts(), *compounds(), *functions(), *reductions(), *kernels(),
    *operations_of_numpy(), *complex_operations(), *reductions_of_numpy(),
]
