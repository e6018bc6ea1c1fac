"""Dtypes of NumPy and of the library."""

# The dtype of the library by type number of NumPy, ME_AUTO where there is none; and NumPy's by that of the library.
cdef me_dtype[32] CODES
cdef list DTYPES = [None] * (<int>ME_BYTES + 1)


cdef object fill_tables():
    memset(CODES, 0, sizeof(CODES))
    # Some C types have the same size: `long` and `long long` are two type numbers of one dtype.
    for character in "?bBhHiIlLqQfdFD":
        dtype = np.dtype(character)
        code = NUMBERS.index(dtype.name) + 1
        CODES[<int>dtype.num] = <me_dtype><int>code
        DTYPES[code] = np.dtype(dtype.name)
    CODES[<int>cnp.NPY_UNICODE] = ME_STRING
    CODES[<int>cnp.NPY_STRING] = ME_BYTES

fill_tables()


cdef inline me_dtype code_of(int number) noexcept:
    return CODES[number] if 0 <= number < 32 else ME_AUTO


cdef inline bint is_flexible(me_dtype code) noexcept:
    return code == ME_STRING or code == ME_BYTES


cdef object dtype_of(me_dtype code, size_t itemsize):
    """NumPy's dtype for one of the library."""
    if code == ME_STRING:
        return np.dtype(("U", itemsize // 4))
    if code == ME_BYTES:
        return np.dtype(("S", itemsize))
    return DTYPES[<int>code]
