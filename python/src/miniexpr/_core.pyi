from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from miniexpr._limits import Limits, Sandbox

_Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]
_Dialect = Literal["numpy", "numexpr", "miniexpr"]
_Progress = bool | Callable[[int, int], object] | None

class Expression:
    text: Final[str]
    dialect: Final[_Dialect]
    dtype: Final[np.dtype[Any]]
    @property
    def inputs(self) -> dict[str, np.dtype[Any]]: ...
    def __call__(
        self,
        *args: npt.ArrayLike,
        out: npt.NDArray[Any] | None = None,
        casting: _Casting = "same_kind",
        threads: int | None = None,
        progress: _Progress = None,
        timeout: float | None = None,
        max_passes: int | None = None,
        **kwargs: npt.ArrayLike,
    ) -> Any: ...
    def compute(
        self,
        arrays: list[npt.NDArray[Any]],
        out: npt.NDArray[Any] | None = None,
        casting: str = "same_kind",
        threads: int | None = None,
        progress: _Progress = None,
        timeout: float | None = None,
        max_passes: int | None = None,
    ) -> npt.NDArray[Any]: ...
    def disassemble(self, what: Literal["ir", "tree", "lanes", "c", "wasm"] = "ir") -> str: ...

class Text:
    text: Final[str]
    names: Final[tuple[str, ...]]
    dialect: Final[_Dialect]
    def __init__(self, text: str, names: tuple[str, ...], dialect: str, limits: Limits | None = None) -> None: ...
    def run(
        self,
        values: list[Any],
        out: npt.NDArray[Any] | None,
        dtype: npt.DTypeLike,
        casting: str,
        threads: int | None,
        progress: _Progress,
        timeout: float | None = None,
        max_passes: int | None = None,
    ) -> Any: ...

def compile(
    text: str,
    /,
    *,
    dtype: npt.DTypeLike = None,
    dialect: _Dialect | None = None,
    max_nodes: int | None = None,
    sandbox: bool | Sandbox = False,
    **dtypes: npt.DTypeLike,
) -> Expression: ...
def compile_for(
    text: str,
    names: tuple[str, ...],
    dtypes: tuple[np.dtype[Any], ...],
    wanted: np.dtype[Any] | None,
    dialect: str,
    limits: Limits | None = None,
) -> Expression: ...
def compile_once(
    text: str,
    names: tuple[str, ...],
    dtypes: tuple[str, ...],
    dtype: str | None,
    dialect: str,
    limits: tuple[Any, ...] | None = None,
) -> Expression: ...
def default_threads() -> int: ...
def evaluate(
    text: str,
    local_dict: Mapping[str, Any] | None = None,
    global_dict: Mapping[str, Any] | None = None,
    *,
    out: npt.NDArray[Any] | None = None,
    dtype: npt.DTypeLike = None,
    casting: _Casting = "same_kind",
    threads: int | None = None,
    progress: _Progress = None,
    dialect: _Dialect | None = None,
    max_nodes: int | None = None,
    max_passes: int | None = None,
    timeout: float | None = None,
    sandbox: bool | Sandbox = False,
) -> Any: ...
def get_num_threads() -> int: ...
def set_num_threads(threads: int) -> int: ...
def version() -> str: ...
