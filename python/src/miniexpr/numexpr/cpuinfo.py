"""What is known of the processor."""

from __future__ import annotations

import platform


class CPUInfo:
    """A description of the processors: a dictionary for each, by the names of numexpr's print-outs."""

    @property
    def info(self) -> list[dict[str, str]]:
        return [{"VendorIdentifier": platform.machine(), "ProcessorNameString": platform.processor(), "~MHz": ""}]


cpu = CPUInfo()
is_cpu_amd_intel = False
