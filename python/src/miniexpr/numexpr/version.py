"""The version of numexpr whose place this package takes."""

from __future__ import annotations

import platform

import numpy

version = "2.14.2"
__version__ = version
numpy_build_version = numpy.__version__
platform_machine = platform.machine()
