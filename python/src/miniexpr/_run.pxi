"""One run of an expression: what it tells, and what stops it."""

cdef enum:
    # So few items are computed in one call on the calling thread, which nothing interrupts.
    FEW_ITEMS = 16384
    # Of a kernel, whose loops may take long, so few are tried on the calling thread.
    FEW_ITEMS_OF_KERNEL = 4096

# How long the calling thread tries a kernel before it leaves it to another one, in nanoseconds.
cdef int64_t TRIAL = 20_000_000


cdef class Watch:
    """What an evaluation tells while it runs, and what stops it."""

    cdef int32_t cancel
    cdef double next_report
    cdef object report
    cdef BaseException error
    # Whether another thread evaluates, and the numbers that it tells.
    cdef bint is_apart
    cdef int64_t done
    cdef int64_t total

    def __cinit__(self, report):
        self.report = report

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
        self.error = error
        self.cancel = 1


cdef double monotonic() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec + 1e-9 * time.tv_nsec


cdef void on_progress(void *context, int64_t done, int64_t total) noexcept nogil:
    cdef double now
    cdef PyObject *watch = <PyObject *>context
    if (<Watch>watch).cancel != 0:
        return
    now = monotonic()
    if now < (<Watch>watch).next_report and done < total:
        return
    (<Watch>watch).next_report = now + 0.01
    with gil:
        (<Watch>watch).look(done, total)


cdef class Run:
    """An evaluation: of an expression over arrays that outlive it."""

    cdef const me_expr *expr
    cdef const me_array *inputs
    cdef int n_inputs
    cdef me_array *output
    cdef me_array_params params
    cdef Watch watch
    # What went wrong; None if nothing did.
    cdef BaseException error
    cdef object is_over

    cdef int evaluate(self) noexcept:
        cdef int status
        with nogil:
            status = me_eval_arrays(self.expr, self.inputs, self.n_inputs, self.output, &self.params)
        self.error = None
        if status == ME_EVAL_ERR_OOM:
            self.error = MemoryError()
        elif status == ME_EVAL_ERR_TIMEOUT:
            self.error = TimeoutError("the evaluation took too long")
        elif status != ME_EVAL_SUCCESS and status != ME_EVAL_ERR_CANCELLED:
            # The library keeps what went wrong for each thread.
            self.error = last_error(Error, None)
        return status

    def __call__(self):
        """In a thread of its own."""
        self.evaluate()
        self.is_over.set()

    cdef int apart(self) except -1:
        """Evaluates in another thread, so that this one, the main one, handles signals."""
        self.is_over = threading.Event()
        self.watch.is_apart = True
        thread = threading.Thread(target=self, name="miniexpr", daemon=True)
        thread.start()
        told = -1
        while thread.is_alive():
            try:
                if self.is_over.wait(0.01):
                    thread.join()
                if self.watch.report is not None and self.watch.error is None and told != self.watch.done:
                    told = self.watch.done
                    self.watch.report(told, self.watch.total)
            except BaseException as error:
                # Only then do the arrays outlive the evaluation.
                if self.watch.error is None:
                    self.watch.stop(error)
        return 0


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
