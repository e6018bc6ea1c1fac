"""The report: a Markdown table of every figure, and a chart of ratios."""

import pathlib
import platform

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numexpr
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "report"
GROUPS = ["arithmetic", "comparison", "where", "cast", "compound", "function", "reduction", "kernel", "numpy"]
ENGINES = {"c": "C loop", "numpy": "NumPy", "numexpr": "numexpr"}
# Distinguishable with any colour vision; the marks differ in shape as well.
COLORS = {"c": "#0072B2", "numpy": "#D55E00", "numexpr": "#009E73"}
MARKS = {"c": "o", "numpy": "s", "numexpr": "^"}


def ratio(case, times):
    """Time of this library over that of the engine of the target."""
    return times["miniexpr"] / times[case.versus]


def missed(results):
    return [(case, times) for case, times in results if ratio(case, times) > case.target]


def summary(results, calls):
    """A page for the terminal: what misses its target, and the short calls."""
    lines = [f"{len(results)} computations, {len(missed(results))} over their target"]
    for case, times in missed(results):
        lines.append(f"  {case.group:<10} {case.name:<16} {case.dtype:<8} {ratio(case, times):5.2f} x {case.versus}"
                     f" (target {case.target:.2f})  {times['miniexpr'] * 1e9:.3f} ns/item")
    for what, seconds, target in calls:
        lines.append(f"  {what}: {seconds * 1e9:.0f} ns (target {target * 1e9:.0f})")
    return "\n".join(lines)


def machine():
    with open("/proc/cpuinfo") as lines:
        cpu = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return (f"{cpu}, one core; Linux, Python {platform.python_version()}, NumPy {np.__version__}, "
            f"numexpr {numexpr.__version__} with one thread, C loops by `cc -O3 -march=native`.")


def table(results, group):
    lines = [
        "| computation | dtype | miniexpr | C loop | NumPy | numexpr | ratio | target |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for case, times in results:
        if case.group != group:
            continue
        cells = [f"{times[engine] * 1e9:.3f}" if engine in times else "" for engine in ("miniexpr", *ENGINES)]
        verdict = "" if ratio(case, times) <= case.target else " **missed**"
        name = case.name if case.group in ("cast", "kernel") else f"`{case.text}`"
        result = f"{ratio(case, times):.2f} x {ENGINES[case.versus]} | ≤ {case.target:.2f}{verdict}"
        lines.append(f"| {name} | {case.dtype} | {' | '.join(cells)} | {result} |")
    return "\n".join(lines)


def write(results, calls):
    """Writes `report.md` and the charts beside it."""
    FOLDER.mkdir(exist_ok=True)
    chart_by_dtype(results)
    chart_of_functions(results)
    titles = {"numpy": "What the NumPy dialect adds"}
    sections = [f"## {titles.get(group, group.capitalize())}\n\n{table(results, group)}\n" for group in GROUPS]
    short = "\n".join(f"| {what} | {time * 1e9:.0f} ns | ≤ {target * 1e9:.0f} ns |" for what, time, target in calls)
    (FOLDER / "report.md").write_text(
        "# Speed\n\n"
        f"{machine()}\n\n"
        "Blocks of 8192 items in cache, nanoseconds per item, best of several rounds in which the engines took turns.\n"
        f"{len(results) - len(missed(results))} of {len(results)} computations meet their target.\n\n"
        "![Ratios of operators by dtype](operators.svg)\n\n"
        "![Ratios of functions](functions.svg)\n\n"
        f"## Calls\n\n| call | time | target |\n|---|---:|---|\n{short}\n\n" + "\n".join(sections))


def chart_by_dtype(results):
    """One row an operator, one mark a dtype: time relative to a C loop."""
    rows = {}
    for case, times in results:
        if case.group in ("arithmetic", "comparison", "where", "cast", "compound"):
            label = {"cast": "cast", "where": "where"}.get(case.group, case.name)
            rows.setdefault(label, []).append((case, times))
    figure, axes = plt.subplots(figsize=(9, 0.34 * len(rows) + 1.4))
    for y, measured in enumerate(rows.values()):
        for engine in ("numpy", "numexpr"):
            values = [times[engine] / times["c"] for _, times in measured if engine in times]
            axes.plot(values, [y] * len(values), MARKS[engine], color=COLORS[engine], ms=4, alpha=0.45, mew=0)
        values = [times["miniexpr"] / times["c"] for _, times in measured]
        axes.plot(values, [y] * len(values), "o", color="black", ms=5, alpha=0.8, mew=0)
    finish(figure, axes, list(rows), "time relative to a C loop (left is faster), one mark a dtype",
           {"miniexpr": ("o", "black"), **{ENGINES[e]: (MARKS[e], COLORS[e]) for e in ("numpy", "numexpr")}},
           FOLDER / "operators.svg")


def chart_of_functions(results):
    """One row a function: time of this library relative to each other engine."""
    measured = [(case, times) for case, times in results if case.group == "function"]
    labels = [f"{case.name}  {case.dtype}" for case, _ in measured]
    figure, axes = plt.subplots(figsize=(9, 0.24 * len(labels) + 1.4))
    for engine in ENGINES:
        points = [(times["miniexpr"] / times[engine], y) for y, (_, times) in enumerate(measured) if engine in times]
        axes.plot(*zip(*points), MARKS[engine], color=COLORS[engine], ms=5, mew=0)
    legend = {ENGINES[engine]: (MARKS[engine], COLORS[engine]) for engine in ENGINES}
    finish(figure, axes, labels, "time of miniexpr relative to the other engine (left of 1 is faster)", legend,
           FOLDER / "functions.svg")


def finish(figure, axes, labels, caption, legend, path):
    axes.set_xscale("log")
    axes.axvline(1, color="black", lw=0.8)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlabel(caption, fontsize=9)
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    ticks = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    axes.grid(axis="x", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    handles = [plt.Line2D([], [], marker=mark, color=color, ls="", ms=5, label=name)
               for name, (mark, color) in legend.items()]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles), frameon=False,
                fontsize=9, borderaxespad=-2)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
