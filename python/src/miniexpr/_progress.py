"""A bar that shows how far an evaluation is."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """Draws a bar to stderr: that of tqdm where it is installed."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> Bar:
        return self

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                self.bar = _Line()
            else:
                self.bar = tqdm(total=total, unit=" items", unit_scale=True)
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()


class _Line:
    """As much of a tqdm bar as is needed."""

    n = 0
    total = 0

    def update(self, items: int) -> None:
        self.n += items
        share = self.n / self.total if self.total else 1.0
        sys.stderr.write(f"\r{share:4.0%} |{'#' * round(40 * share):<40}|")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")
