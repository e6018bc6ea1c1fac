"""What parts of an array contribute to a reduction, and how contributions are merged.

Sums, products and tests are reductions of their parts. Means and deviations have the number of items, their mean and
the sum of their squared distances from it; extremes a value and its place. These are fields of structured arrays, in
which reduced axes have an extent of 1 for each part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from miniexpr._binding import compile_once
from miniexpr._errors import Error

Inputs = tuple[tuple[str, str], ...]
# By which reduction the parts of one are merged.
MERGED_BY = {"sum": "sum", "prod": "prod", "any": "any", "all": "all", "count_nonzero": "sum"}
MOMENTS = frozenset(["mean", "std", "var"])
EXTREMES = frozenset(["min", "max", "argmin", "argmax"])


def compiled(text: str, inputs: Inputs, dtype: str | None = None, dialect: str = "numpy") -> Any:
    """The expression for inputs of these names and dtypes; compiled once a process."""
    return compile_once(text, tuple(name for name, _ in inputs), tuple(kind for _, kind in inputs), dtype, dialect)


@dataclass(frozen=True)
class Part:
    """Computes what one part of an array contributes.

    Attributes
    ----------
    function, operand : str
        The reduction, and the text of what it reduces.
    inputs : tuple
        The names and dtypes of the variables of the text.
    ndim : int
        Dimensions of what is reduced.
    axes : tuple of int
        Those that are reduced, in ascending order, none negative.
    dtype : str
        The dtype of the values.
    extents : tuple of int
        The whole shape, for positions.
    """

    function: str
    operand: str
    inputs: Inputs
    ndim: int
    axes: tuple[int, ...]
    dtype: str
    extents: tuple[int, ...] = ()

    @property
    def fields(self) -> np.dtype[Any]:
        """The dtype of a contribution."""
        if self.function in MOMENTS:
            return np.dtype([("count", "i8"), ("mean", self.dtype), ("spread", "f8")])
        return np.dtype([("any", "?"), ("value", self.dtype), ("index", "i8")])

    def __call__(self, *blocks: Any, threads: int | None = None) -> np.ndarray:
        inputs, starts = blocks[: len(self.inputs)], blocks[len(self.inputs) :]
        shape = np.broadcast_shapes((1,) * self.ndim, *(np.shape(block) for block in inputs))
        kept = tuple(1 if axis in self.axes else extent for axis, extent in enumerate(shape))
        state = np.zeros(kept, self.fields)
        count = math.prod(shape[axis] for axis in self.axes)
        if count == 0 or 0 in kept:
            return state
        if self.function in MOMENTS:
            state["count"] = count
            self.moments(state, inputs, threads)
        else:
            state["any"] = True
            self.extremes(state, inputs, threads)
            if self.function.startswith("arg"):
                self.positions(state["index"], shape, starts)
        return state

    def reduce(self, function: str, operand: str, options: str, inputs: Inputs, blocks: Any, threads: Any) -> Any:
        text = f"{function}({operand}, axis={self.axes}, keepdims=True{options})"
        value = compiled(text, inputs)(*blocks, threads=threads)
        return np.reshape(value, (1,) * (self.ndim - np.ndim(value)) + np.shape(value))

    def moments(self, state: np.ndarray, inputs: Any, threads: int | None) -> None:
        mean = self.reduce("mean", self.operand, f", dtype={np.dtype(self.dtype)}", self.inputs, inputs, threads)
        state["mean"] = mean
        if self.function != "mean":
            name = "center"
            while any(name == other for other, _ in self.inputs):
                name += "_"
            distance = f"({self.operand}) - {name}"
            if np.dtype(self.dtype).kind == "c":
                distance = f"abs({distance})"
            known = (*self.inputs, (name, mean.dtype.str))
            state["spread"] = self.reduce("sum", f"square({distance})", "", known, (*inputs, mean), threads)

    def extremes(self, state: np.ndarray, inputs: Any, threads: int | None) -> None:
        if not self.function.startswith("arg"):
            state["value"] = self.reduce(self.function, self.operand, "", self.inputs, inputs, threads)
            return
        # The library tells the place within the part; the value is the extreme itself.
        state["value"] = self.reduce(self.function[3:], self.operand, "", self.inputs, inputs, threads)
        one = None if len(self.axes) == self.ndim != 1 else self.axes[0]
        text = f"{self.function}({self.operand}, axis={one}, keepdims=True)"
        index = compiled(text, self.inputs)(*inputs, threads=threads)
        state["index"] = np.reshape(index, state.shape)

    def positions(self, index: np.ndarray, shape: tuple[int, ...], starts: Any) -> None:
        """Turns places within the part into places within the whole."""
        first = [int(np.reshape(start, -1)[0]) for start in starts]
        if len(self.axes) == 1:
            index += first[self.axes[0]]
            return
        places = np.unravel_index(index, shape)
        moved = [place + start for place, start in zip(places, first, strict=True)]
        index[...] = np.ravel_multi_index(moved, self.extents)


@dataclass(frozen=True)
class Merge:
    """Merges contributions along axes; the function of a tree of them.

    Attributes
    ----------
    function : str
        The reduction.
    dtype : str
        The dtype of the result, for the last step; empty for those before it.
    ddof : float
        Of deviations.
    """

    function: str
    dtype: str = ""
    ddof: float = 0

    def __call__(self, parts: Any, axis: Any = None, keepdims: bool = True, **_: Any) -> Any:
        axes = tuple(range(parts.ndim)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
        merged = self.moments(parts, axes) if self.function in MOMENTS else self.extremes(parts, axes)
        if not self.dtype:
            return merged
        result = self.finished(merged).astype(self.dtype, copy=False)
        return result if keepdims else result.reshape([n for axis, n in enumerate(result.shape) if axis not in axes])

    def moments(self, parts: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        count = parts["count"].sum(axis=axes, keepdims=True)
        merged = np.zeros(count.shape, parts.dtype)
        merged["count"] = count
        there = parts["count"] > 0
        with np.errstate(all="ignore"):
            # Distances from a mean near the result lose less than sums of large numbers.
            near = parts["mean"].sum(axis=axes, keepdims=True, where=there)
            near /= np.maximum(there.sum(axis=axes, keepdims=True), 1)
            away = np.where(there, parts["count"] * (parts["mean"] - near), 0)
            shift = away.sum(axis=axes, keepdims=True) / np.maximum(count, 1)
            mean = np.where(np.isfinite(near), near + shift, near)
            merged["mean"] = np.where(count > 0, mean, 0)
            gaps = np.where(there, parts["count"] * np.square(np.abs(parts["mean"] - mean)), 0)
            merged["spread"] = (parts["spread"] + gaps).sum(axis=axes, keepdims=True)
        return merged

    def extremes(self, parts: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(parts.shape))
        lines = np.moveaxis(parts, axes, range(len(axes)))
        lines = lines.reshape((math.prod(parts.shape[axis] for axis in axes), *lines.shape[len(axes) :]))
        merged = np.zeros(lines.shape[1:], parts.dtype)
        for line in lines:
            merged = np.where(self.is_ahead(line, merged), line, merged)
        return merged.reshape(kept)

    def is_ahead(self, one: np.ndarray, other: np.ndarray) -> Any:
        """Where the first is the extreme of the two: NaN comes before all, and the first of equal values."""
        a, b = one["value"], other["value"]
        ahead = (a > b) if self.function.endswith("max") else (a < b)
        if a.dtype.kind in "fc":
            ahead = np.where(np.isnan(a) | np.isnan(b), np.isnan(a) & ~np.isnan(b), ahead)
            same = (a == b) | (np.isnan(a) & np.isnan(b))
        else:
            same = a == b
        return one["any"] & (~other["any"] | ahead | (same & (one["index"] < other["index"])))

    def finished(self, merged: np.ndarray) -> Any:
        if self.function in EXTREMES:
            if not merged["any"].all():
                raise Error(f"there is no {self.function} of no items")
            return merged["index" if self.function.startswith("arg") else "value"]
        with np.errstate(all="ignore"):
            if self.function == "mean":
                return np.where(merged["count"] > 0, merged["mean"], np.nan)
            variance = merged["spread"] / np.maximum(merged["count"] - self.ddof, 0)
            return np.sqrt(variance) if self.function == "std" else variance


@dataclass(frozen=True)
class MergeTotals:
    """Merges sums, products and tests along axes by reducing them once more."""

    function: str
    dtype: str

    def __call__(self, parts: Any, axis: Any = None, keepdims: bool = True, **_: Any) -> Any:
        axes = None if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
        parts = np.asarray(parts)
        option = f", dtype={np.dtype(self.dtype)}" if self.function in ("sum", "prod") else ""
        text = f"{self.function}(parts, axis={axes}, keepdims={bool(keepdims)}{option})"
        return compiled(text, (("parts", parts.dtype.str),))(parts, threads=1)
