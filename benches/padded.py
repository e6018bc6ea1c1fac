"""Times evaluations of padded blocks beside those of full ones, and writes report/padded.md.

Blocks of some 7400 valid items, the last tenth of each row padding; the full block has the same rows
without padding. Both take turns, in one run.
"""

import re
from dataclasses import dataclass

import native
import numpy as np
import report
from run import place, seconds_per_call

ROWS = {922: (8, 1024), 230: (32, 256), 58: (128, 64)}
"""Valid items of a row: rows and items of a row of the padded block."""
DTYPES = ["int32", "float32", "float64"]
EXPRESSIONS = ["sum(a)", "max(a)", "min(a)", "any(a > 100)", "mean(a)", "prod(a)", "sum(a*b)", "sum(a > b)", "a + b",
               "sqrt(a*a + b*b)"]
ROUNDS = 15
TARGET = 1.3
"""Largest ratio of the time of a padded block to that of a full one."""


@dataclass
class Result:
    """Best seconds per call of one expression."""

    text: str
    dtype: str
    row: int
    """Valid items of a row."""
    padded: float
    full: float

    @property
    def ratio(self):
        return self.padded / self.full


def block(values, shape, row):
    """The values as the valid items of a block, with padding that would change every result."""
    padding = np.nan if values.dtype.kind == "f" else 120
    block = np.full(shape, padding, values.dtype)
    block[:, :row] = values.reshape(-1, row)
    return block.reshape(-1)


def timers(library, text, dtype, row):
    """For the padded and for the full block, the rate of a call."""
    rows, stride = ROWS[row]
    random = np.random.default_rng(7)
    values = [random.uniform(1, 5, rows * row).astype(dtype) for _ in "ab"]
    names = [name for name in "ab" if re.search(rf"\b{name}\b", text)]
    out = np.empty(rows * stride)
    result = {}
    for name, shape in {"padded": (rows, stride), "full": (rows, row)}.items():
        handle = library.compile_nd(text, [(column, dtype) for column in names], (rows, row), shape)
        inputs = [place(block(column, shape, row), slot) for slot, column in enumerate(values, start=1)][: len(names)]
        result[name] = seconds_per_call(
            lambda calls, handle=handle, inputs=inputs, items=shape[0] * shape[1]:
            library.time_eval_nd(handle, inputs, out, items, calls))
    return result


def measure(library, text, dtype, row):
    """The best of the rounds, in which both blocks take turns."""
    engines = timers(library, text, dtype, row)
    rounds = [{name: timer() for name, timer in engines.items()} for _ in range(ROUNDS)]
    return Result(text, dtype, row, **{name: min(times[name] for times in rounds) for name in engines})


def table(results):
    lines = ["| expression | dtype | items of a row | padded | full | ratio |", "|---|---|---:|---:|---:|---:|"]
    for result in results:
        verdict = "" if result.ratio <= TARGET else " **missed**"
        lines.append(f"| `{result.text}` | {result.dtype} | {result.row} | {result.padded * 1e9:.0f}"
                     f" | {result.full * 1e9:.0f} | {result.ratio:.2f}{verdict} |")
    return "\n".join(lines)


def main():
    library = native.build([])
    results = [measure(library, text, dtype, row) for text in EXPRESSIONS for dtype in DTYPES for row in ROWS]
    met = sum(result.ratio <= TARGET for result in results)
    (report.FOLDER / "padded.md").write_text(
        "# Padded blocks\n\n"
        f"{report.machine()}\n\n"
        "Nanoseconds per block of some 7400 valid items; a tenth of each row of the padded block is padding. Best of "
        f"several rounds in which the blocks took turns.\n{met} of {len(results)} cost at most {TARGET} times the full "
        f"block.\n\n{table(results)}\n")
    print(table(results))


if __name__ == "__main__":
    main()
