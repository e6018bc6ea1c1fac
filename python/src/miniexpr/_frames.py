"""Expressions over the columns of data frames."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from miniexpr._binding import evaluate as _evaluate
from miniexpr._errors import DTypeError, Error
from miniexpr._reductions import check_pieces, take_reductions
from miniexpr._text import names_of


class Statement(NamedTuple):
    """An expression, and the column that its value is assigned to, None if it is not."""

    target: str | None
    text: str


def statements_of(text: str) -> list[Statement]:
    """The statements of a text.

    Raises
    ------
    Error
        If one is no assignment and there are others, or assigns to something other than a name.
    """
    try:
        body = ast.parse(text.strip()).body
    except SyntaxError:
        # The library says what is wrong.
        return [Statement(None, text.strip())]
    found = [_statement(node, text.strip()) for node in body]
    if not found:
        raise Error("the text is empty")
    if len(found) > 1 and any(statement.target is None for statement in found):
        raise Error("of several statements each must be an assignment", text)
    return found


def _statement(node: ast.stmt, text: str) -> Statement:
    value = getattr(node, "value", None)
    if isinstance(node, ast.Expr):
        return Statement(None, ast.get_source_segment(text, node.value) or text)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return Statement(node.targets[0].id, ast.get_source_segment(text, value) or text)
    raise Error(f"a statement must assign to one column: {ast.get_source_segment(text, node)}")


def evaluate(df: Any, text: str, scalars: dict[str, Any], threads: int, reduce: Callable[..., Any]) -> Any:
    """Evaluate statements over a data frame of pandas, or over the partitions of one of Dask.

    `reduce` evaluates reductions over the columns of all partitions.
    """
    for statement in statements_of(text):
        check_pieces(statement.text, "numpy")
        if isinstance(df, pd.DataFrame):
            df = apply(df, statement, scalars, threads)
        elif hasattr(df, "map_partitions"):
            df = _over_partitions(df, statement, scalars, threads, reduce)
        else:
            raise TypeError(f"df is of type {type(df).__name__}, not a data frame of Dask or pandas")
    return df


def _over_partitions(df: Any, statement: Statement, scalars: dict[str, Any], threads: int, reduce: Any) -> Any:
    # The names of the text itself: what is wrong is told at once, and where.
    like = apply(_example(df), statement, scalars, threads)
    rest, reductions = take_reductions(statement.text)
    known = dict(scalars)
    for reduction in reductions:
        names = [name for name in names_of(reduction.operand) if name in df.columns or name in known]
        operands = {name: _column(df, name) if name in df.columns else known[name] for name in names}
        value = reduce(reduction.text, operands)
        if value.ndim:
            raise Error(f"{reduction.text} is no scalar: columns have one axis", statement.text)
        known[reduction.name] = value
    lazy = {name: value for name, value in known.items() if hasattr(value, "to_delayed")}
    return df.map_partitions(
        apply,
        Statement(statement.target, rest),
        {name: value for name, value in known.items() if name not in lazy},
        threads,
        tuple(lazy),
        *(value.to_delayed().item() for value in lazy.values()),
        meta=like.iloc[:0],
    )


def _example(df: Any) -> pd.DataFrame:
    """A data frame with one row and the columns of another one."""
    columns = {}
    for name, dtype in df.dtypes.items():
        value = "" if pd.api.types.is_string_dtype(dtype) else 1 if pd.api.types.is_numeric_dtype(dtype) else None
        columns[name] = pd.Series([value], dtype=dtype)
    return pd.DataFrame(columns)


def _column(df: Any, name: str) -> Any:
    """A column as an array of Dask of the dtype that expressions see."""
    dtype = _values(_example(df)[name], name).dtype
    return df[name].map_partitions(_values, name, meta=np.empty(0, dtype))


def apply(
    df: pd.DataFrame,
    statement: Statement,
    scalars: Mapping[str, Any],
    threads: int,
    late: tuple[str, ...] = (),
    *values: Any,
) -> Any:
    """Evaluate one statement over a data frame of pandas; names in `late` have the values that follow."""
    variables = dict(scalars) | {name: np.asarray(value)[()] for name, value in zip(late, values, strict=True)}
    for name in names_of(statement.text):
        if name in df.columns:
            variables[name] = _values(df[name], name)
    result = np.asarray(_evaluate(statement.text, variables, threads=threads))
    if result.ndim == 0:
        result = np.repeat(result, len(df))
    if result.shape != (len(df),):
        raise Error(f"the value has the shape {result.shape}, not one item a row", statement.text)
    column = pd.Series(result, index=df.index, name=statement.target)
    return column if statement.target is None else df.assign(**{statement.target: column})


def _values(column: pd.Series, name: str) -> np.ndarray:
    """The items of a column as expressions take them."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind != "O":
        return column.to_numpy()
    if column.isna().any():
        raise DTypeError(f"the column '{name}' has missing values, which expressions do not have")
    if pd.api.types.is_string_dtype(column.dtype):
        return column.to_numpy(dtype=np.str_)
    if isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        numpy_dtype = getattr(column.dtype, "numpy_dtype", None)
        if numpy_dtype is not None and numpy_dtype.kind != "O":
            return column.to_numpy(dtype=numpy_dtype)
    raise DTypeError(f"the column '{name}' is of {column.dtype}, which expressions cannot compute with")
