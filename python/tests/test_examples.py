"""The examples run, and draw what they say."""

import pathlib
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "python"


def test_seasons(tmp_path):
    plot = tmp_path / "plot.png"
    result = subprocess.run(
        [sys.executable, EXAMPLES / "seasons.py", plot], capture_output=True, text=True, check=True, timeout=120
    )
    assert "the rise in 2000: 1.80 ppm a year\nhighest in month 5, lowest in month 10\n" in result.stdout
    assert "18.5 hours" in result.stdout
    assert "in 5 and 20 pieces on Dask: the same" in result.stdout
    image = plot.read_bytes()
    assert image.startswith(b"\x89PNG") and len(image) > 50_000
