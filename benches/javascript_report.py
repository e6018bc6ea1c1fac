"""The report on the JavaScript package: a table and a chart, from what benches/javascript/run.mjs prints."""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from report import FOLDER, finish

LOOP = "loop"
# Distinguishable with any colour vision; the marks differ in shape as well.
STYLES = {
    "native": ("native", "o", "black"),
    "native, 2 threads": ("native, 2 threads", "D", "black"),
    "wasm": ("WebAssembly", "o", "#0072B2"),
    "wasm, 2 threads": ("WebAssembly, 2 threads", "D", "#0072B2"),
    "mathjs": ("mathjs", "s", "#D55E00"),
    "numjs": ("numjs", "^", "#009E73"),
    "stdlib": ("@stdlib", "v", "#CC79A7"),
    "tensorflow": ("TensorFlow.js, float32", "P", "#E69F00"),
}


def chart(results, path):
    """One row a computation, one mark an engine: time relative to a plain loop."""
    figure, axes = plt.subplots(figsize=(9, 0.6 * len(results) + 1.4))
    for y, result in enumerate(results):
        seconds = result["seconds"]
        for engine, (_, mark, color) in STYLES.items():
            if engine in seconds:
                axes.plot([seconds[engine] / seconds[LOOP]], [y], mark, color=color, ms=7, mew=0, alpha=0.85)
    legend = {label: (mark, color) for label, mark, color in STYLES.values()}
    finish(figure, axes, [result["name"] for result in results],
           "time relative to a loop in JavaScript (left is faster)", legend, path)


def table(results):
    engines = [LOOP, *STYLES, "wasm, alloc"]
    lines = ["| computation | " + " | ".join(engines) + " |", "|---|" + "---:|" * len(engines)]
    for result in results:
        cells = [f"{result['seconds'][engine] * 1e3:.2f}" if engine in result["seconds"] else "" for engine in engines]
        lines.append(f"| {result['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def factors(results):
    """By how much each engine of the package is ahead of the others."""
    others = [LOOP, "mathjs", "numjs", "stdlib", "tensorflow"]
    lines = ["| computation | engine | " + " | ".join(others) + " |", "|---|---|" + "---:|" * len(others)]
    for result in results:
        seconds = result["seconds"]
        for engine in ["native", "native, 2 threads", "wasm", "wasm, alloc", "wasm, 2 threads"]:
            cells = [f"{seconds[other] / seconds[engine]:.1f}" if other in seconds else "" for other in others]
            lines.append(f"| {result['name']} | {engine} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def calls(measured):
    lines = ["| call of 16 items | " + " | ".join(measured) + " |", "|---|" + "---:|" * len(measured)]
    for what in next(iter(measured.values())):
        cells = [f"{times[what] * 1e6:.2f} µs" for times in measured.values()]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(path):
    report = json.loads(pathlib.Path(path).read_text())
    results = report["results"]
    chart(results, FOLDER / "javascript.svg")
    (FOLDER / "javascript.md").write_text(
        "# Speed of the JavaScript package\n\n"
        f"{report['cpu']}; Node {report['node']}. Arrays of {report['items']:,} float64, results into "
        "arrays of the caller, best of several rounds in which the engines took turns. TensorFlow.js has no float64: "
        f"float32, with its backend {report['tfBackend']}, one thread. numjs is its successor `@d4c/numjs`. "
        "With `alloc`, and with 2 threads, the arrays lie in the engine's memory.\n\n"
        "![Time relative to a loop](javascript.svg)\n\n"
        f"## Milliseconds\n\n{table(results)}\n\n"
        f"## How many times faster\n\n{factors(results)}\n\n"
        f"## Calls\n\n{calls(report['calls'])}\n")


if __name__ == "__main__":
    main(sys.argv[1])
