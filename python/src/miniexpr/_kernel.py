"""Kernels from Python functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

import numpy.typing as npt

from miniexpr._binding import Text
from miniexpr._errors import Error
from miniexpr._limits import Limits, Sandbox, limits_of
from miniexpr._translate import Translation, translate


class Kernel:
    """A Python function that is compiled, and computes for each item of arrays; made by :func:`kernel`.

    Attributes
    ----------
    py_func : callable or None
        The function itself, for debugging. None in a kernel that was pickled where its module is not.
    text : str
        The function in the language of kernels.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> @me.kernel
    ... def clamp(x, low, high):
    ...     if x < low:
    ...         return low
    ...     return min(x, high)
    >>> clamp(np.array([-1.5, 0.5, 2.5]), 0, 1)
    array([0. , 0.5, 1. ])
    >>> print(clamp.text)
    def clamp(x, low, high):
        if (x < low):
            return low
        return where(high < x, high, x)
    <BLANKLINE>
    """

    py_func: Callable[..., Any] | None

    def __init__(self, function: Callable[..., Any], sandbox: bool | Sandbox = False) -> None:
        # What is decorated is a kernel: that kernels are allowed goes without saying.
        limits = limits_of(Sandbox(kernels=True) if sandbox is True else sandbox, None)
        self.__setstate__((translate(function), limits))
        self.py_func = function
        functools.update_wrapper(self, function)

    def __setstate__(self, state: tuple[Translation, Limits | None]) -> None:
        self._translation, self._limits = state
        self._compiled = Text(self._translation.text, self._translation.names, "numpy", self._limits)
        self.py_func = None

    @property
    def text(self) -> str:
        return self._translation.text

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A function is pickled by its name where that leads back to it; else as what was made of it.
        module = getattr(self, "__module__", None)
        name = getattr(self, "__qualname__", "")
        if module != "__main__" and _find(module, name) is self:
            return name
        return Kernel.__new__, (Kernel,), (self._translation, self._limits)

    def __dask_tokenize__(self) -> tuple[str, str]:
        return "miniexpr.kernel", self.text

    def __repr__(self) -> str:
        return f"<kernel {self._translation.name}({', '.join(self._translation.parameters)})>"

    def __get__(self, instance: object, owner: type | None = None) -> Kernel:
        return self

    def __call__(
        self,
        *args: Any,
        out: npt.NDArray[Any] | None = None,
        dtype: npt.DTypeLike = None,
        casting: str = "same_kind",
        threads: int | None = None,
        progress: bool | Callable[[int, int], object] | None = None,
        timeout: float | None = None,
        max_passes: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Compute the function for each item of the arguments, which broadcast; the options are those of `evaluate`."""
        values = list(args) if not kwargs else self._ordered(args, kwargs)
        if len(values) != len(self._translation.parameters):
            wanted = len(self._translation.parameters)
            raise TypeError(f"{self._translation.name} takes {wanted} arguments, but {len(values)} were given")
        try:
            return self._compiled.run(values, out, dtype, casting, threads, progress, timeout, max_passes)
        except Error as error:
            if error.text is None:
                raise
            raise self._translation.error(error) from None

    def _ordered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The arguments in the order of the parameters."""
        given = dict(zip(self._translation.parameters, args, strict=False))
        for name, value in kwargs.items():
            if name not in self._translation.parameters:
                raise TypeError(f"{self._translation.name} has no parameter '{name}'")
            if name in given:
                raise TypeError(f"{self._translation.name} is given '{name}' twice")
            given[name] = value
        return [given[name] for name in self._translation.parameters if name in given]


def _find(module: str | None, name: str) -> object:
    """What a name in a module stands for, None if nothing."""
    import sys

    found: object = sys.modules.get(module or "")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


@overload
def kernel(function: Callable[..., Any], /, *, sandbox: bool | Sandbox = False) -> Kernel: ...
@overload
def kernel(*, sandbox: bool | Sandbox = False) -> Callable[[Callable[..., Any]], Kernel]: ...
def kernel(function: Callable[..., Any] | None = None, /, *, sandbox: bool | Sandbox = False) -> Any:
    """Compile a Python function to be called for each item of arrays.

    The function takes numbers and returns one. It may have loops over ranges, ``while``, branches, early returns,
    local variables, tuple assignments, the operators of numbers, and functions of `math`, `cmath` and `numpy`.
    Numbers from outside are read once, when the function is compiled.

    Parameters
    ----------
    function : callable
        The function, whose source must be available. Without it, as in ``@kernel(sandbox=True)``, the result is a
        decorator.
    sandbox : bool or Sandbox
        Whether the function comes from a user who is not trusted; the strict profile or another one, see
        :class:`Sandbox`. True allows kernels here. Every call is held to it. That Python itself runs the module of the
        function is not its business.

    Returns
    -------
    Kernel
        A function of arrays, compiled for their dtypes when it is first called with them.

    Raises
    ------
    Error
        If the function has what kernels cannot have; it tells the line. What `sandbox` refuses is refused by the first
        call, what is too large for it with a :class:`LimitError`.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> @me.kernel
    ... def collatz(n):
    ...     steps = 0
    ...     while n > 1:
    ...         n = n // 2 if n % 2 == 0 else 3 * n + 1
    ...         steps += 1
    ...     return steps
    >>> collatz(np.arange(1, 8))
    array([ 0,  1,  7,  2,  5,  8, 16])
    >>> collatz.py_func(7)
    16
    """
    if function is None:
        return functools.partial(Kernel, sandbox=sandbox)
    return Kernel(function, sandbox)
