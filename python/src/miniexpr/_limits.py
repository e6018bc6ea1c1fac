"""What a text may be made of, and what an evaluation may take."""

from __future__ import annotations

import dataclasses
import operator
from typing import NamedTuple


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sandbox:
    """The profile for text from users: what ``sandbox=`` takes where True is not enough.

    Without arguments it is the profile that ``sandbox=True`` stands for. Whatever the arguments, no text chooses its
    compiler or how exact it is by a line ``# me:…``, prints, or has files written or loaded. A text that is too large
    is a :class:`LimitError`, one that is refused for another reason an :class:`Error`.

    Parameters
    ----------
    kernels : bool
        Whether texts may be kernels. By default they are expressions.
    max_text_bytes : int, optional
        How many bytes of UTF-8 a text may have; by default 8192.
    max_nodes : int, optional
        How many names, numbers, strings and operators a text may have; by default 1024.
    max_nesting : int, optional
        How many brackets and blocks may be inside one another; by default 64.
    max_constant_bytes : int, optional
        How many bytes of strings and numbers a text may have; by default 4096.
    max_passes : int, optional
        How many passes of loops an item may take in any evaluation; by default 1 000 000. An evaluation may ask for
        less, not for more.

    Examples
    --------
    >>> import numpy as np, miniexpr as me
    >>> profile = me.Sandbox(kernels=True, max_passes=100)
    >>> text = '''def halvings(x):
    ...     n = 0
    ...     y = x
    ...     while y > 1:
    ...         y = y / 2
    ...         n = n + 1
    ...     return n
    ... '''
    >>> me.evaluate(text, {"x": np.array([8.0, 1000.0])}, sandbox=profile)
    array([ 3, 10])
    """

    kernels: bool = False
    max_text_bytes: int | None = None
    max_nodes: int | None = None
    max_nesting: int | None = None
    max_constant_bytes: int | None = None
    max_passes: int | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name.startswith("max_"):
                limit(field.name, getattr(self, field.name))


# Why `evaluate` has nothing to look names up in.
NAMELESS = "with sandbox, local_dict says which names there are: the variables of the caller are not for the text"


class Limits(NamedTuple):
    """The limits of a text as the library has them, where 0 is what its profile says."""

    # Whether the profile is that for text from users.
    is_strict: bool = False
    kernels: bool = True
    max_text_bytes: int = 0
    max_nodes: int = 0
    max_nesting: int = 0
    max_constant_bytes: int = 0
    max_passes: int = 0


def limits_of(sandbox: bool | Sandbox, max_nodes: int | None) -> Limits | None:
    """The limits that options ask for, None if there are none."""
    most = limit("max_nodes", max_nodes)
    if sandbox is False:
        return Limits(max_nodes=most) if most else None
    if sandbox is True:
        return Limits(is_strict=True, kernels=False, max_nodes=most)
    if not isinstance(sandbox, Sandbox):
        raise TypeError(f"sandbox is of type {type(sandbox).__name__}, neither a bool nor a Sandbox")
    given = Limits(True, **{name: value or 0 for name, value in dataclasses.asdict(sandbox).items()})
    return given._replace(max_nodes=most) if most else given


def limit(name: str, most: int | None) -> int:
    """A limit as the library has it: 0 for none."""
    if most is None:
        return 0
    most = operator.index(most)
    if not 0 < most < 2**63:
        raise ValueError(f"{name} is {most!r}, not a number from 1 on")
    return most


def nanoseconds(timeout: float | None) -> int:
    """A limit of time as the library has it: 0 for none."""
    if timeout is None:
        return 0
    seconds = float(timeout)
    if not seconds >= 0:
        raise ValueError(f"timeout is {timeout!r}, not a number of seconds")
    return max(1, int(1e9 * min(seconds, 1e9)))
