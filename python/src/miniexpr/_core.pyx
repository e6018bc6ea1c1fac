# cython: language_level=3, freethreading_compatible=True
"""The extension module: from NumPy arrays to the C interface and back."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.complex cimport PyComplex_CheckExact
from cpython.dict cimport PyDict_CheckExact, PyDict_GetItemWithError
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.ref cimport PyObject
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

cimport numpy as cnp

from miniexpr._c cimport *

import sys
import threading
from types import ModuleType

import numpy as np

from miniexpr._errors import DTypeError, Error, LimitError
from miniexpr._limits import NAMELESS, Limits, limit, limits_of, nanoseconds
from miniexpr._progress import Bar
from miniexpr._text import is_kernel, literal, names_of, span_before, with_numbers
from miniexpr._values import MAX_TEXTS, NUMBERS, check_casting, no_cast, refused_dtype, refused_value, to_array, weak

cnp.import_array()

cdef extern from "Python.h":
    ctypedef struct PyFrameObject:
        pass
    PyFrameObject *PyEval_GetFrame()

cdef extern from *:
    """
    _Static_assert(sizeof(npy_intp) == sizeof(int64_t), "shapes and strides of NumPy are those of the library");
    """

cdef enum:
    # Dimensions of an array, see me_array.
    MAX_NDIM = 32
    # Inputs of an expression, see ME_MAX_VARS.
    MAX_INPUTS = 128

# For how many kinds of values a text is remembered.
cdef Py_ssize_t MAX_PLANS = 64

cdef dict DIALECTS = {"miniexpr": ME_DIALECT_MINIEXPR, "numpy": ME_DIALECT_NUMPY, "numexpr": ME_DIALECT_NUMEXPR}
cdef str NUMPY = "numpy"
cdef dict DUMPS = {
    "ir": ME_DUMP_IR, "tree": ME_DUMP_TREE, "lanes": ME_DUMP_LANES, "c": ME_DUMP_C, "wasm": ME_DUMP_WASM,
}

include "_dtypes.pxi"


# Whether the program has said how many threads evaluations may use.
cdef bint chosen_threads = False


def default_threads():
    """The number of threads of a call that does not say it, as me_array_params has it.

    A worker of Dask has a thread for each task already.
    """
    if not chosen_threads:
        worker = sys.modules.get("distributed.worker")
        if worker is not None:
            try:
                worker.get_worker()
                return 1
            except ValueError:
                pass
    return -1


def version():
    """Version of the library."""
    return me_version().decode()


def set_num_threads(int threads):
    """Set how many threads an evaluation may use unless it says so itself.

    Parameters
    ----------
    threads : int
        The number; 0 sets the default: that of the environment variable ``ME_NUM_THREADS`` as the first expression
        was compiled, else the number of processors that the process may use.

    Returns
    -------
    int
        The number before.

    Examples
    --------
    >>> import miniexpr as me
    >>> before = me.set_num_threads(2)
    >>> me.get_num_threads()
    2
    >>> me.set_num_threads(before)
    2
    """
    global chosen_threads
    before = me_get_num_threads()
    me_set_num_threads(threads)
    chosen_threads = threads > 0
    return before


def get_num_threads():
    """How many threads an evaluation may use unless it says so itself."""
    return me_get_num_threads()


cdef object last_error(kind, str text):
    """The error that the library tells of the last call of this thread."""
    cdef me_error error
    error.struct_size = sizeof(error)
    me_get_last_error(&error)
    words = (<bytes>error.message).decode("utf-8", "replace") or "the library failed"
    hint = (<bytes>error.hint).decode("utf-8", "replace") if error.hint != NULL else None
    if text is None or error.start < 0:
        return kind(words, text, None, hint)
    encoded = text.encode()
    first = len(encoded[:error.start].decode("utf-8", "replace"))
    return kind(words, text, (first, first + len(encoded[error.start:error.end].decode("utf-8", "replace"))), hint)


cdef inline bint is_number(value) noexcept:
    """Whether a value is a number of Python, which takes the dtype of what it meets."""
    return PyFloat_CheckExact(value) or PyLong_CheckExact(value) or PyComplex_CheckExact(value)


cdef cnp.ndarray as_array(value, str name):
    """The value as an array of a dtype of the library in the byte order of the machine; a copy where it must be."""
    cdef cnp.ndarray array = to_array(value, name)
    if code_of(cnp.PyArray_TYPE(array)) == ME_AUTO:
        raise refused_value(name, value, array)
    if not cnp.PyArray_ISNOTSWAPPED(array):
        return array.astype(array.dtype.newbyteorder("="))
    return array


cdef inline bint is_plain(value) noexcept:
    """Whether a value is an array that the library reads as it is."""
    return (
        cnp.PyArray_CheckExact(value)
        and cnp.PyArray_ISNOTSWAPPED(<cnp.ndarray>value)
        and code_of(cnp.PyArray_TYPE(<cnp.ndarray>value)) != ME_AUTO
    )


cdef inline bint has_dtype(cnp.ndarray array, cnp.dtype dtype):
    """Whether items are of a dtype, which is in the byte order of the machine, as they are."""
    cdef int number = cnp.PyArray_TYPE(array)
    if code_of(number) != code_of(dtype.type_num):
        return False
    return not is_flexible(code_of(number)) or cnp.PyArray_ITEMSIZE(array) == dtype.itemsize


cdef inline void describe(cnp.ndarray array, me_array *into) noexcept:
    into.data = cnp.PyArray_DATA(array)
    into.dtype = code_of(cnp.PyArray_TYPE(array))
    into.itemsize = cnp.PyArray_ITEMSIZE(array)
    into.ndim = cnp.PyArray_NDIM(array)
    into.shape = <const int64_t *>cnp.PyArray_DIMS(array)
    into.strides = <const int64_t *>cnp.PyArray_STRIDES(array)


include "_run.pxi"


cdef class Expression:
    """An expression that is compiled for the dtypes of its inputs; made by :func:`compile`.

    Call it with one array for each input, by position or by name. It is immutable, and any number of threads may
    call it at a time.

    Attributes
    ----------
    text : str
        What was compiled.
    dialect : str
        The language of the text.
    inputs : dict of str to numpy.dtype
        The inputs in the order of arguments.
    dtype : numpy.dtype
        The dtype of the result.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> f = me.compile("a + b / 2", a="int32", b="int32")
    >>> f(np.int32([1, 2]), np.int32(3))
    array([2.5, 3.5])
    >>> f(b=4, a=1)
    np.float64(3.0)
    """

    cdef me_expr *expr
    cdef readonly str text
    cdef readonly str dialect
    cdef readonly object dtype
    cdef tuple names
    cdef tuple dtypes
    # Of these inputs, those that an evaluation takes, in its order.
    cdef int[MAX_INPUTS] slots
    cdef int n_slots
    # Expressions of the same text and inputs with results of other dtypes.
    cdef dict variants
    # The dtype of the result as it was asked for, or None.
    cdef object wanted
    # What the text may be made of, or None.
    cdef object limits
    cdef bint is_kernel
    # Whether results of vectors of one length are such vectors.
    cdef bint keeps_vectors
    # Type number of the result.
    cdef int number

    def __cinit__(self):
        self.expr = NULL

    def __init__(self):
        raise TypeError("expressions are made by miniexpr.compile")

    def __dealloc__(self):
        me_free(self.expr)

    @property
    def inputs(self):
        return dict(zip(self.names, self.dtypes))

    @property
    def __name__(self):
        """What programs that name tasks by their functions show."""
        return "miniexpr"

    def __repr__(self):
        inputs = ", ".join(f"{name}={str(dtype)!r}" for name, dtype in self.inputs.items())
        return f"compile({self.text!r}{', ' if inputs else ''}{inputs})"

    def disassemble(self, what="ir"):
        """What the library makes of the expression, as a text to read.

        Parameters
        ----------
        what : {'ir', 'tree', 'lanes', 'c', 'wasm'}
            The typed program that the engines run, its operations as a tree, or what an engine makes of it: the vector
            program of machine code, C, WebAssembly.

        Returns
        -------
        str
            The text. It begins with ``;`` where the engine does not take the expression, and says why.
        """
        if what not in DUMPS:
            raise ValueError(f"{what!r} is none of {', '.join(DUMPS)}")
        cdef me_dump_kind kind = <me_dump_kind><int>DUMPS[what]
        cdef size_t size = me_dump(self.expr, kind, NULL, 0)
        buffer = bytearray(size + 1)
        me_dump(self.expr, kind, buffer, size + 1)
        return bytes(buffer[:size]).decode()

    def __reduce__(self):
        return compile_once, self.identity()

    def __dask_tokenize__(self):
        return ("miniexpr", version(), *self.identity())

    cdef tuple identity(self):
        """What the expression is made of, as texts."""
        dtypes = tuple([dtype.str for dtype in self.dtypes])
        wanted = None if self.wanted is None else self.wanted.str
        limits = None if self.limits is None else tuple(self.limits)
        return self.text, self.names, dtypes, wanted, self.dialect, limits

    def __call__(self, *args, out=None, casting="same_kind", threads=None, progress=None, timeout=None,
                 max_passes=None, **kwargs):
        cdef Py_ssize_t i, count = len(self.names)
        cdef list arrays = []
        if kwargs:
            args = self.ordered(args, kwargs)
        if len(args) != count:
            raise TypeError(f"the expression takes {count} inputs, but {len(args)} were given")
        for i in range(count):
            arrays.append(self.converted(args[i], i))
        return self.evaluate(arrays, out, casting, threads, progress, timeout, max_passes)

    cdef tuple ordered(self, tuple args, dict kwargs):
        """The arguments of a call in the order of the inputs."""
        given = dict(zip(self.names, args))
        for name, value in kwargs.items():
            if name not in self.names:
                raise TypeError(f"the expression has no input '{name}'")
            if name in given:
                raise TypeError(f"the input '{name}' is given twice")
            given[name] = value
        missing = [name for name in self.names if name not in given]
        if missing or len(args) > len(self.names):
            raise TypeError(f"the expression takes the inputs {', '.join(self.names)}")
        return tuple([given[name] for name in self.names])

    cdef object converted(self, value, Py_ssize_t index):
        """The array for an input, of its dtype."""
        wanted = <cnp.dtype>self.dtypes[index]
        if is_plain(value) and has_dtype(<cnp.ndarray>value, wanted):
            return value
        name = self.names[index]
        if type(value) in (bool, int, float, complex):
            return weak(value, wanted, name)
        array = as_array(value, name)
        if not np.can_cast(array.dtype, wanted, "safe"):
            raise DTypeError(f"'{name}' is {wanted}, and an array of {array.dtype} does not safely convert to it")
        return array.astype(wanted, copy=False)

    cdef object evaluate(self, list arrays, out, casting, threads, progress, timeout, max_passes):
        """Runs over arrays of the dtypes of the inputs."""
        cdef cnp.ndarray result
        if casting != "same_kind":
            check_casting(casting)
        if progress is False:
            progress = None
        elif progress is True:
            with Bar() as bar:
                return self.evaluate(arrays, out, casting, threads, bar, timeout, max_passes)
        result = self.compute(arrays, out, casting, threads, progress, timeout, max_passes)
        if out is None and cnp.PyArray_NDIM(result) == 0:
            return cnp.PyArray_ToScalar(cnp.PyArray_DATA(result), result)
        return result

    cpdef cnp.ndarray compute(self, list arrays, out=None, casting="same_kind", threads=None, progress=None,
                              timeout=None, max_passes=None):
        """The result for an array of exactly its dtype for each input, in their order, always as an array."""
        cdef me_array[MAX_INPUTS] inputs
        cdef cnp.ndarray result
        cdef int i
        if arrays is None or len(arrays) != len(self.names):
            raise TypeError(f"the expression takes {len(self.names)} arrays")
        for i in range(self.n_slots):
            describe(arrays[self.slots[i]], &inputs[i])
        if out is None:
            result = self.room(arrays, inputs)
            self.run(None, inputs, result, threads, progress, timeout, max_passes)
            return result
        if not isinstance(out, np.ndarray):
            raise TypeError(f"out is of type {type(out).__name__}, not a NumPy array")
        result = out
        if not cnp.PyArray_ISWRITEABLE(result):
            raise Error("out is read-only")
        if is_plain(result) and has_dtype(result, self.dtype):
            self.run(arrays, inputs, result, threads, progress, timeout, max_passes)
            return out
        if not np.can_cast(self.dtype, out.dtype, casting):
            raise no_cast(self.dtype, out.dtype, casting)
        if is_plain(result) and not is_flexible(code_of(cnp.PyArray_TYPE(result))):
            self.giving(out.dtype).run(arrays, inputs, result, threads, progress, timeout, max_passes)
        else:
            result = self.room(arrays, inputs)
            self.run(None, inputs, result, threads, progress, timeout, max_passes)
            np.copyto(out, result, casting=casting)
        return out

    cdef Expression giving(self, dtype):
        """The same expression with a result of another dtype."""
        if dtype == self.dtype:
            return self
        variant = self.variants.get(dtype)
        if variant is None:
            variant = compile_for(self.text, self.names, self.dtypes, dtype, self.dialect, self.limits)
            self.variants[dtype] = variant
        return variant

    cdef cnp.ndarray room(self, list arrays, me_array *inputs):
        """An array for the result."""
        cdef int64_t[MAX_NDIM] shape
        cdef int ndim = 0
        cdef cnp.ndarray array
        if not self.shape_of_vectors(inputs, &ndim, shape):
            if me_result_shape(self.expr, inputs, self.n_slots, &ndim, shape) != ME_EVAL_SUCCESS:
                raise last_error(Error, None)
        # Results lie in memory as the inputs do, if one has their shape.
        if ndim > 1:
            for array in arrays:
                if cnp.PyArray_NDIM(array) != ndim or cnp.PyArray_IS_C_CONTIGUOUS(array):
                    continue
                if all([cnp.PyArray_DIM(array, axis) == shape[axis] for axis in range(ndim)]):
                    return np.empty_like(array, self.dtype, subok=False)
        if is_flexible(me_get_dtype(self.expr)):
            return np.empty([shape[axis] for axis in range(ndim)], self.dtype)
        return cnp.PyArray_EMPTY(ndim, <cnp.npy_intp *>shape, self.number, 0)

    cdef bint shape_of_vectors(self, const me_array *inputs, int *ndim, int64_t *shape) noexcept:
        """Tells the shape of the result where all inputs are vectors of one length, and so is the result."""
        cdef int i
        if not self.keeps_vectors:
            return False
        for i in range(self.n_slots):
            if inputs[i].ndim != 1 or inputs[i].shape[0] != inputs[0].shape[0]:
                return False
        ndim[0], shape[0] = 1, inputs[0].shape[0]
        return True

    cdef bint gives_vectors(self) noexcept:
        """Whether the result of vectors of one length is one as well: there is no reduction that changes the shape."""
        cdef me_array[MAX_INPUTS] inputs
        cdef int64_t[MAX_NDIM] shape
        cdef int64_t length = 3
        cdef int i, ndim = 0
        memset(inputs, 0, sizeof(inputs))
        for i in range(self.n_slots):
            dtype = <cnp.dtype>self.dtypes[self.slots[i]]
            inputs[i].dtype = code_of(dtype.type_num)
            inputs[i].itemsize = dtype.itemsize
            inputs[i].ndim = 1
            inputs[i].shape = &length
        if me_result_shape(self.expr, inputs, self.n_slots, &ndim, shape) != ME_EVAL_SUCCESS:
            return False
        return ndim == 1 and shape[0] == length

    cdef int run(self, list arrays, const me_array *inputs, cnp.ndarray out, threads, progress, timeout,
                 max_passes) except -1:
        """Evaluates into an array, which overlaps no input if `arrays` is None."""
        cdef me_array output
        cdef me_array_params params
        cdef int n_threads = 0 if threads is None else limit("threads", threads)
        cdef int64_t items = max(<int64_t>cnp.PyArray_SIZE(out), most_items(inputs, self.n_slots))
        cdef int status
        describe(out, &output)
        memset(&params, 0, sizeof(params))
        params.struct_size = sizeof(params)
        if timeout is not None:
            params.timeout_ns = nanoseconds(timeout)
        if max_passes is not None:
            params.max_passes = limit("max_passes", max_passes)
        if progress is None and not self.is_kernel and items <= FEW_ITEMS:
            with nogil:
                status = me_eval_arrays(self.expr, inputs, self.n_slots, &output, &params)
            if status != ME_EVAL_SUCCESS:
                raise evaluation_error(status, timeout)
            return 0
        params.n_threads = n_threads or default_threads()
        run = Run(progress, timeout)
        run.expr, run.inputs, run.n_inputs, run.output, run.params = self.expr, inputs, self.n_slots, &output, &params
        if self.is_kernel and threading.current_thread() is threading.main_thread():
            run.loop(items > FEW_ITEMS_OF_KERNEL or self.may_overlap(arrays, out))
        else:
            run.evaluate()
        if run.error is not None:
            raise run.error
        return 0

    cdef bint may_overlap(self, list arrays, cnp.ndarray out) except -1:
        if arrays is not None:
            for array in arrays:
                if np.may_share_memory(array, out):
                    return True
        return False


def compile_for(str text not None, tuple names, tuple dtypes, wanted, str dialect, limits=None):
    """Compiles for inputs of these names and dtypes, and for a result of the dtype `wanted` unless it is None."""
    cdef me_variable[MAX_INPUTS] table
    cdef me_compile_params params
    cdef me_dtype output = ME_AUTO
    cdef int status, position = 0
    cdef Py_ssize_t i, count = len(names)
    cdef Expression result = Expression.__new__(Expression)
    if count > MAX_INPUTS:
        raise Error(f"{count} inputs are more than {MAX_INPUTS}", text)
    if "\0" in text:
        raise Error("the text has a NUL", text, (text.index("\0"), text.index("\0") + 1))
    if dialect not in DIALECTS:
        raise ValueError(f"the dialect {dialect!r} is none of {', '.join(DIALECTS)}")
    encoded = [name.encode() for name in names]
    memset(table, 0, sizeof(table))
    for i in range(count):
        dtype = dtypes[i]
        if code_of(dtype.num) == ME_AUTO:
            raise refused_dtype(names[i], dtype)
        table[i].name = <const char *><bytes>encoded[i]
        table[i].dtype = code_of(dtype.num)
        table[i].itemsize = dtype.itemsize
    params = params_of(limits)
    params.dialect = <me_dialect><int>DIALECTS[dialect]
    if wanted is not None:
        output = code_of(wanted.num)
    source = text.encode()
    status = me_compile_with(source, table, <int>count, output, &params, &position, &result.expr)
    if status == ME_COMPILE_ERR_OOM:
        raise MemoryError()
    if status != ME_COMPILE_SUCCESS:
        raise last_error(compile_error(status), text)
    result.text = text
    result.dialect = dialect
    result.names = names
    result.dtypes = dtypes
    result.wanted = wanted
    result.limits = limits
    result.variants = {}
    result.n_slots = me_expr_variable_count(result.expr)
    for i in range(result.n_slots):
        result.slots[i] = me_expr_variable(result.expr, <int>i)
    result.keeps_vectors = result.gives_vectors()
    result.is_kernel = is_kernel(text)
    result.dtype = dtype_of(me_get_dtype(result.expr), me_get_itemsize(result.expr))
    result.number = result.dtype.num
    return result


cdef object compile_error(int status):
    """The class of the error for the status of a call that compiles."""
    if status == ME_COMPILE_ERR_INVALID_ARG_TYPE:
        return DTypeError
    return LimitError if status == ME_COMPILE_ERR_LIMIT else Error


cdef me_compile_params params_of(limits):
    """The options for limits, of the default dialect."""
    cdef me_compile_params params
    if limits is not None and limits.is_strict:
        params = me_sandbox_params()
    else:
        memset(&params, 0, sizeof(params))
        params.struct_size = sizeof(params)
    if limits is not None:
        params.expressions_only = not limits.kernels
        params.max_text_bytes = limits.max_text_bytes or params.max_text_bytes
        params.max_nodes = limits.max_nodes or params.max_nodes
        params.max_nesting = limits.max_nesting or params.max_nesting
        params.max_constant_bytes = limits.max_constant_bytes or params.max_constant_bytes
        params.max_passes = limits.max_passes or params.max_passes
    return params


def compile(text, /, *, dtype=None, dialect=None, max_nodes=None, sandbox=False, **dtypes):
    """Compile an expression, or a kernel, for inputs of certain dtypes.

    Parameters
    ----------
    text : str
        The expression.
    dtype : dtype, optional
        The dtype of the result; without it, it follows from the expression.
    dialect : {'numpy', 'numexpr', 'miniexpr'}, optional
        The language of the text.
    max_nodes : int, optional
        How many operations and operands the text may have.
    sandbox : bool or Sandbox
        Whether the text comes from a user who is not trusted; the strict profile or another one, see :class:`Sandbox`.
    **dtypes : dtype
        The inputs: their names and dtypes.

    Returns
    -------
    Expression
        A function of arrays in the order of the dtypes.

    Raises
    ------
    Error
        If the text is refused.
    LimitError
        If the text is larger than `max_nodes` or `sandbox` allows.
    DTypeError
        If a dtype is not supported, or an operation is not defined for it.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> larger = me.compile("where(a > b, a, 2*b)", a="float32", b="float32")
    >>> larger(np.float32([1, 5]), np.float32([2, 4]))
    array([4., 5.], dtype=float32)
    >>> larger.dtype
    dtype('float32')
    >>> larger.inputs
    {'a': dtype('float32'), 'b': dtype('float32')}
    """
    names = tuple(dtypes)
    types = tuple([native(given) for given in dtypes.values()])
    wanted = None if dtype is None else native(dtype)
    return compile_for(text, names, types, wanted, dialect or NUMPY, limits_of(sandbox, max_nodes))


# Expressions by what they are made of, for `compile_once`.
cdef dict expressions = {}


def compile_once(str text not None, tuple names not None, tuple dtypes not None, dtype, str dialect not None, limits=None):
    """As `compile`, once a process for the same arguments: how expressions are pickled.

    Parameters
    ----------
    text : str
        The expression.
    names : tuple of str
        The inputs.
    dtypes : tuple of str
        Their dtypes.
    dtype : str or None
        The dtype of the result, None for that which follows from the expression.
    dialect : str
        The language of the text.
    limits : tuple, optional
        What the text may be made of.
    """
    key = (text, names, dtypes, dtype, dialect, limits)
    found = expressions.get(key)
    if found is None:
        types = tuple([native(given) for given in dtypes])
        wanted = None if dtype is None else native(dtype)
        found = compile_for(text, names, types, wanted, dialect, None if limits is None else Limits(*limits))
        remember(expressions, key, found, MAX_TEXTS)
    return found


cdef object native(dtype):
    """A dtype as expressions compute with it: in the byte order of the machine."""
    dtype = np.dtype(dtype)
    code = code_of(dtype.num)
    if code == ME_AUTO:
        raise DTypeError(f"expressions cannot compute with {dtype}")
    return dtype.newbyteorder("=") if is_flexible(code) else DTYPES[<int>code]


cdef class Text:
    """A text, its names, and what was compiled for their values.

    Parameters
    ----------
    text : str
        An expression, or a kernel.
    names : tuple of str
        What may be inputs of it.
    dialect : str
        Its language.
    """

    cdef readonly str text
    cdef readonly tuple names
    cdef readonly str dialect
    cdef bint is_kernel
    # What it may be made of, or None.
    cdef object limits
    # By what is known of the values at compile time.
    cdef dict plans

    def __init__(self, str text not None, tuple names not None, str dialect not None, limits=None):
        if len(names) > MAX_INPUTS:
            raise Error(f"{len(names)} names are more than {MAX_INPUTS}", text)
        self.text = text
        self.names = names
        self.dialect = dialect
        self.limits = limits
        self.is_kernel = is_kernel(text)
        self.plans = {}

    cpdef object run(self, list values, out, dtype, casting, threads, progress, timeout=None, max_passes=None):
        """Evaluates for a value for each name; `MISSING` stands for none."""
        cdef int32_t[2 * MAX_INPUTS + 2] key
        cdef Py_ssize_t i, count = len(values)
        cdef me_dtype code
        cdef cnp.ndarray array
        cdef list arrays = [], described = []
        cdef dict numbers = None, refused = None
        cdef Expression plan
        for i in range(count):
            value = values[i]
            key[2 * i] = key[2 * i + 1] = 0
            described.append(None)
            if not is_plain(value):
                # The functions of modules have bare names here, as the library says.
                if value is MISSING or isinstance(value, ModuleType):
                    continue
                if is_number(value) and self.dialect == NUMPY:
                    numbers = {} if numbers is None else numbers
                    numbers[self.names[i]] = value
                    key[2 * i] = -1
                    continue
                try:
                    value = as_array(value, self.names[i])
                except (TypeError, ValueError) as error:
                    if self.is_kernel:
                        raise
                    refused = {} if refused is None else refused
                    refused[self.names[i]] = error
                    continue
            array = value
            code = code_of(cnp.PyArray_TYPE(array))
            key[2 * i] = code
            if is_flexible(code):
                key[2 * i + 1] = <int32_t>cnp.PyArray_ITEMSIZE(array)
            arrays.append(array)
            described[i] = array
        signature = PyBytes_FromStringAndSize(<char *>key, 2 * count * sizeof(int32_t))
        if numbers is not None:
            signature += "".join([literal(number) for number in numbers.values()]).encode()
        plan = self.plans.get(signature)
        if plan is None:
            plan = self.plan(described, numbers, refused)
            remember(self.plans, signature, plan, MAX_PLANS)
        if dtype is not None:
            dtype = native(dtype)
            if not np.can_cast(plan.dtype, dtype, casting):
                raise no_cast(plan.dtype, dtype, casting)
            plan = plan.giving(dtype)
        return plan.evaluate(arrays, out, casting, threads, progress, timeout, max_passes)

    cdef Expression plan(self, list arrays, dict numbers, dict refused):
        """Compiles for arrays of these dtypes, None for names that are no inputs."""
        names, dtypes = [], []
        for name, array in zip(self.names, arrays):
            if array is not None:
                names.append(name)
                dtypes.append(native(array.dtype))
        text, replaced = self.text, None
        if numbers:
            text, replaced = with_numbers(text, numbers)
        try:
            return compile_for(text, tuple(names), tuple(dtypes), None, self.dialect, self.limits)
        except Error as error:
            span = error.span
            if span is not None and replaced is not None:
                span = span_before(span, replaced)
            # The name is known after all, but has a value that cannot be an input.
            name = self.text[slice(*span)] if span is not None else None
            if refused is not None and name in refused:
                raise refused[name] from None
            raise type(error)(error.message, self.text, span, error.hint) from None


# Texts by themselves, the name of their dialect and their limits. Entries are added under the lock, and taken out in the
# order of their age; reading needs no lock.
cdef dict texts = {}
cdef object texts_lock = threading.Lock()


cdef object remember(dict memory, key, value, Py_ssize_t most):
    with texts_lock:
        while len(memory) >= most:
            del memory[next(iter(memory))]
        memory[key] = value


cdef Text text_of(str text, str dialect, limits):
    cdef Text found
    key = (text, dialect, limits)
    found = texts.get(key)
    if found is None:
        if limits is not None and limits.is_strict and len(text) > params_of(limits).max_text_bytes:
            # Refused, before its names are looked for.
            compile_for(text, (), (), None, dialect, limits)
        found = Text(text, names_of(text), dialect, limits)
        remember(texts, key, found, MAX_TEXTS)
    return found


# What stands for the value of a name that has none.
cdef object MISSING = object()


cdef object look_up(str name, local_names, global_names):
    """The value of a name, or `look_up` itself if there is none."""
    cdef PyObject *found
    for names in (local_names, global_names):
        if names is None:
            continue
        if PyDict_CheckExact(names):
            found = PyDict_GetItemWithError(names, name)
            if found != NULL:
                return <object>found
        else:
            if not hasattr(names, "__getitem__"):
                raise TypeError(f"names are looked up in a mapping, not in an object of type {type(names).__name__}")
            try:
                return names[name]
            except KeyError:
                pass
    return MISSING


def evaluate(text not None, local_dict=None, global_dict=None, *, out=None, dtype=None, casting="same_kind",
             threads=None, progress=None, dialect=None, max_nodes=None, max_passes=None, timeout=None, sandbox=False):
    """Evaluate an expression, or a kernel, over arrays.

    Parameters
    ----------
    text : str
        The expression.
    local_dict, global_dict : mapping, optional
        Where its names are looked up, one after the other. Without the first, names are the variables of the caller.
        With it, nothing but these is looked at; with `sandbox` it must be given.
    out : numpy.ndarray, optional
        The array for the result, of its shape. It may overlap inputs.
    dtype : dtype, optional
        The dtype of the result; without it, it follows from the expression.
    casting : {'same_kind', 'no', 'equiv', 'safe', 'unsafe'}
        How the result may be converted to the dtype of `out` or to `dtype`.
    threads : int, optional
        The number of threads that may work at once; by default :func:`get_num_threads`. Small arrays use one.
    progress : bool or callable, optional
        True for a bar, or a function that is called now and then with the numbers of items done and of all items.
    dialect : {'numpy', 'numexpr', 'miniexpr'}, optional
        The language of the text.
    max_nodes : int, optional
        How many operations and operands the text may have.
    max_passes : int, optional
        How many passes of its loops, in all, a kernel may take for an item.
    timeout : float, optional
        The number of seconds that the evaluation may take.
    sandbox : bool or Sandbox
        Whether the text comes from a user who is not trusted; the strict profile or another one, see :class:`Sandbox`.

    Returns
    -------
    numpy.ndarray or scalar
        `out` if it is given; a scalar if the result has no dimensions.

    Raises
    ------
    Error
        If the text is refused, or the shapes do not go together.
    LimitError
        If the text is larger than `max_nodes` or `sandbox` allows, or an item takes more passes than `max_passes`, or
        `sandbox`, allows. What `out` then holds is unspecified.
    DTypeError
        If an input has a dtype that expressions do not know, or an operation does not know its dtype.
    TimeoutError
        If the evaluation takes longer than `timeout`. What `out` then holds is unspecified.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> a, b = np.array([3.0, 5.0]), np.array([4.0, 12.0])
    >>> me.evaluate("sqrt(a*a + b*b)")
    array([ 5., 13.])
    >>> me.evaluate("sum(x > 1)", {"x": np.arange(5)})
    np.int64(3)
    """
    cdef Text known
    if local_dict is None:
        if sandbox:
            raise TypeError(NAMELESS)
        frame = <object>PyEval_GetFrame()
        local_dict = frame.f_locals
        if global_dict is None:
            global_dict = frame.f_globals
    limits = None if sandbox is False and max_nodes is None else limits_of(sandbox, max_nodes)
    known = text_of(text, NUMPY if dialect is None else dialect, limits)
    values = [look_up(name, local_dict, global_dict) for name in known.names]
    return known.run(values, out, dtype, casting, threads, progress, timeout, max_passes)
