"""Stands before numexpr on the path, and puts the replacement in its place."""

import sys

del sys.modules["numexpr"]

import miniexpr.numexpr  # noqa: E402

miniexpr.numexpr.install()
