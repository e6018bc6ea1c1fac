"""One run of an expression: what it tells, and what stops it."""

cdef extern from "<time.h>" nogil:
    struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_MONOTONIC
    int clock_gettime(int clock, timespec *time)

cdef enum:
    # So few items are computed in one call on the calling thread, which nothing interrupts.
    FEW_ITEMS = 16384
    # Of a kernel, whose loops may take long, so few are tried on the calling thread.
    FEW_ITEMS_OF_KERNEL = 4096

# How long the calling thread tries a kernel before it leaves it to another one, in nanoseconds.
cdef int64_t TRIAL = 20_000_000


cdef object evaluation_error(int status, timeout):
    """The error for the status of an evaluation of this thread."""
    if status == ME_EVAL_ERR_OOM:
        return MemoryError()
    if status == ME_EVAL_ERR_TIMEOUT:
        return TimeoutError(f"the evaluation took longer than {timeout} s")
    return last_error(LimitError if status == ME_EVAL_ERR_PASSES else Error, None)


cdef class Run:
    """An evaluation of an expression over arrays, which are there until it is over."""

    cdef const me_expr *expr
    cdef const me_array *inputs
    cdef int n_inputs
    cdef me_array *output
    cdef me_array_params *params
    cdef object report
    cdef object timeout
    # What stops it, and why; or what went wrong.
    cdef int32_t cancel
    cdef BaseException error
    cdef double next_report
    # Whether another thread evaluates, and the numbers that it tells.
    cdef bint is_apart
    cdef int64_t done
    cdef int64_t total
    cdef object is_over

    def __cinit__(self, report, timeout):
        self.report = report
        self.timeout = timeout

    cdef int evaluate(self) except -100:
        cdef int status
        self.params.cancel = &self.cancel
        self.params.progress = on_progress
        self.params.context = <void *>self
        with nogil:
            status = me_eval_arrays(self.expr, self.inputs, self.n_inputs, self.output, self.params)
        if status != ME_EVAL_SUCCESS and self.error is None:
            self.error = evaluation_error(status, self.timeout)
        return status

    cdef int loop(self, bint at_once) except -1:
        """Evaluates a kernel, whose loops may go on while nothing is told; `at_once` says not to try it here."""
        cdef int64_t limit = self.params.timeout_ns
        if not at_once:
            if limit == 0 or limit > TRIAL:
                self.params.timeout_ns = TRIAL
            if self.evaluate() != ME_EVAL_ERR_TIMEOUT or 0 < limit <= TRIAL:
                return 0
            self.params.timeout_ns = limit - TRIAL if limit > 0 else 0
            self.error = None
        self.is_over = threading.Event()
        self.is_apart = True
        thread = threading.Thread(target=self, name="miniexpr", daemon=True)
        thread.start()
        told = 0
        while True:
            # The arrays must be there until the thread is done, whatever happens here.
            try:
                if self.is_over.wait(0.01):
                    thread.join()
                is_alive = thread.is_alive()
                # What it counted last is told after its end.
                if told != self.done and self.report is not None and self.cancel == 0:
                    told = self.done
                    self.report(told, self.total)
                if not is_alive:
                    return 0
            except BaseException as error:
                self.stop(error)

    def __call__(self):
        """What the other thread does."""
        try:
            self.evaluate()
        finally:
            self.is_over.set()

    cdef void look(self, int64_t done, int64_t total) noexcept:
        """Runs the handlers of signals, and tells how far the evaluation is."""
        if self.is_apart:
            self.done, self.total = done, total
            return
        try:
            PyErr_CheckSignals()
            if self.report is not None:
                self.report(done, total)
        except BaseException as error:
            self.stop(error)

    cdef void stop(self, BaseException error) noexcept:
        if self.cancel == 0:
            self.error = error
            self.cancel = 1


cdef double monotonic() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec + 1e-9 * time.tv_nsec


cdef void on_progress(void *context, int64_t done, int64_t total) noexcept nogil:
    cdef double now
    cdef PyObject *run = <PyObject *>context
    if (<Run>run).cancel != 0:
        return
    now = monotonic()
    if now < (<Run>run).next_report and done < total:
        return
    (<Run>run).next_report = now + 0.01
    with gil:
        (<Run>run).look(done, total)


cdef int64_t most_items(const me_array *arrays, int count) noexcept:
    """The number of items of the largest array."""
    cdef int64_t most = 0, items
    cdef int i, axis
    for i in range(count):
        items = 1
        for axis in range(arrays[i].ndim):
            items *= arrays[i].shape[axis]
        most = max(most, items)
    return most
