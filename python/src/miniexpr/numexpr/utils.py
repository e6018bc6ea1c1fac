"""Threads, caches, and the functions of a math library that is never used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

use_vml = False

# Threads that are used at most unless the environment says so, and of so many processors at most by default.
_MOST_THREADS = 64
_MOST_BY_DEFAULT = 16


class CacheDict(dict[Any, Any]):
    """A dictionary that drops its oldest entry before it grows beyond a size.

    Parameters
    ----------
    maxentries : int
        The size.

    Examples
    --------
    >>> cache = CacheDict(2)
    >>> cache["a"] = cache["b"] = cache["c"] = 1
    >>> list(cache)
    ['b', 'c']
    """

    def __init__(self, maxentries: int) -> None:
        super().__init__()
        self.maxentries = maxentries

    def __setitem__(self, key: Any, value: Any) -> None:
        while len(self) >= self.maxentries and key not in self:
            # Another thread may have dropped the same one.
            self.pop(next(iter(self), None), None)
        super().__setitem__(key, value)


class ContextDict:
    """A dictionary with contents of its own in each thread and asynchronous task."""

    def __init__(self) -> None:
        self._contents: ContextVar[dict[str, Any] | None] = ContextVar("contents", default=None)

    def set(self, key: str | None = None, value: Any = None, **entries: Any) -> None:
        """Replace or add entries; each by its keyword, or one by its name."""
        if key is not None:
            entries = {key: value, **entries}
        self._contents.set({**self.all(), **entries})

    def get(self, key: str, default: Any = None) -> Any:
        return self.all().get(key, default)

    def delete(self, key: str) -> None:
        self._contents.set({name: value for name, value in self.all().items() if name != key})

    def clear(self) -> None:
        self._contents.set({})

    def all(self) -> dict[str, Any]:
        """All entries."""
        return self._contents.get() or {}

    def update(self, *mappings: Any, **entries: Any) -> None:
        self._contents.set({**self.all(), **dict(*mappings, **entries)})

    def keys(self) -> Any:
        return self.all().keys()

    def values(self) -> Any:
        return self.all().values()

    def items(self) -> Any:
        return self.all().items()

    def __getitem__(self, key: str) -> Any:
        return self.all()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        del self.all()[key]
        self.delete(key)

    def __contains__(self, key: str) -> bool:
        return key in self.all()

    def __len__(self) -> int:
        return len(self.all())

    def __iter__(self) -> Iterator[str]:
        return iter(self.all())


def detect_number_of_cores() -> int:
    """How many processors the process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _from_environment(name: str) -> int | None:
    """The number that a variable of the environment holds; `None` if there is none."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"the environment variable {name} is not an integer: {text!r}") from None
    if number < 1:
        raise ValueError(f"the environment variable {name} is not positive: {text!r}")
    return number


MAX_THREADS = _from_environment("NUMEXPR_MAX_THREADS") or _MOST_THREADS
_nthreads = 1


def _init_num_threads() -> int:
    """Set the number of threads that the environment asks for.

    ``NUMEXPR_NUM_THREADS`` goes before ``OMP_NUM_THREADS``; without both it is the number of processors, up to
    ``NUMEXPR_MAX_THREADS``, or 16.

    Returns
    -------
    int
        The number.
    """
    most = _from_environment("NUMEXPR_MAX_THREADS")
    asked = _from_environment("NUMEXPR_NUM_THREADS") or _from_environment("OMP_NUM_THREADS")
    if asked is None:
        asked = min(detect_number_of_cores(), most or _MOST_BY_DEFAULT)
    set_num_threads(min(asked, MAX_THREADS))
    return _nthreads


def detect_number_of_threads() -> int:
    """The same as `_init_num_threads`, under an older name."""
    return _init_num_threads()


def set_num_threads(nthreads: int) -> int:
    """Set how many threads an evaluation may use.

    Parameters
    ----------
    nthreads : int
        The number, from 1 to `MAX_THREADS`. Another number changes nothing, and is told on stderr.

    Returns
    -------
    int
        The number before, or -1 if nothing changed.

    Examples
    --------
    >>> before = set_num_threads(2)
    >>> set_num_threads(before)
    2
    """
    global _nthreads
    before, number = _nthreads, nthreads.__index__()
    if number < 1:
        print("Error.  nthreads must be a positive integer", file=sys.stderr)
        return -1
    if number > MAX_THREADS:
        message = f'Error.  nthreads cannot be larger than environment variable "NUMEXPR_MAX_THREADS" ({MAX_THREADS})'
        print(message, file=sys.stderr)
        return -1
    _nthreads = number
    return before


def get_num_threads() -> int:
    """How many threads an evaluation may use."""
    return _nthreads


_set_num_threads = set_num_threads
_get_num_threads = get_num_threads


def get_vml_version() -> None:
    """The version of Intel's math library: there is none."""


def set_vml_accuracy_mode(mode: str | None) -> None:
    """Check the name of an accuracy mode of Intel's math library, which is not used.

    Parameters
    ----------
    mode : {'low', 'high', 'fast', None}
    """
    if mode not in (None, "low", "high", "fast"):
        raise ValueError("mode argument must be one of: None, 'high', 'low', 'fast'")


def set_vml_num_threads(nthreads: int) -> None:
    """Do nothing: Intel's math library is not used."""


def get_vml_num_threads() -> None:
    """Nothing: Intel's math library is not used."""
