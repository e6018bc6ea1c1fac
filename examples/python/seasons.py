"""Carbon dioxide breathes with the daylight of the north: expressions and a kernel over arrays, on Dask, and a plot.

Usage: python examples/python/seasons.py [PLOT.png]
"""

import math
import pathlib
import sys

import dask.array as da
import matplotlib
import miniexpr as me
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

DATA = pathlib.Path(__file__).parents[1] / "data"
ECCENTRICITY = 0.0167
TILT = math.radians(23.44)
PERIHELION = 0.0085  # in years: the third of January
SPRING = math.radians(282.9)  # from the spring equinox to the perihelion


@me.kernel
def daylight(year, latitude):
    """Hours from sunrise to sunset."""
    # Where the Earth is on its orbit: Kepler's equation, by Newton's method.
    mean = 2 * math.pi * (year - PERIHELION)
    anomaly = mean
    for _ in range(10):
        step = (anomaly - ECCENTRICITY * math.sin(anomaly) - mean) / (1 - ECCENTRICITY * math.cos(anomaly))
        anomaly -= step
        if abs(step) < 1e-12:
            break
    ratio = math.sqrt((1 + ECCENTRICITY) / (1 - ECCENTRICITY))
    place = 2 * math.atan2(ratio * math.sin(anomaly / 2), math.cos(anomaly / 2))
    declination = math.asin(math.sin(TILT) * math.sin(place + SPRING))
    cosine = -math.tan(math.radians(latitude)) * math.tan(declination)
    if cosine >= 1:
        return 0.0
    if cosine <= -1:
        return 24.0
    return 24 / math.pi * math.acos(cosine)


# Weekly means at Mauna Loa, in parts per million; NaN where there is none. A parabola is the rise over the years.
year, ppm = np.load(DATA / "co2_year.npy"), np.load(DATA / "co2_ppm.npy")
measured = me.evaluate("isfinite(ppm)")
c2, c1, c0 = np.polyfit(year[measured] - 1980, ppm[measured], 2)
TREND = "ppm - (c2*(year - 1980)**2 + c1*(year - 1980) + c0)"
season = me.evaluate(TREND)
months = [np.nanmean(season[me.evaluate("year % 1 * 12 // 1 == month")]) for month in range(12)]
print(f"the rise in 2000: {me.evaluate('2*c2*(2000 - 1980) + c1'):.2f} ppm a year")
print(f"highest in month {np.argmax(months) + 1}, lowest in month {np.argmin(months) + 1}")

# Each latitude with each day of a year, by broadcasting.
days, latitudes = np.linspace(0, 1, 366), np.linspace(-90, 90, 361)[:, None]
hours = daylight(days, latitudes)
print(f"the longest day in Oslo: {daylight(days, 59.9).max():.1f} hours")

# The same on Dask, in pieces that other processes or machines can compute.
pieces = {"year": da.from_array(year, chunks=500), "ppm": da.from_array(ppm, chunks=500), "c2": c2, "c1": c1, "c0": c0}
lazy_season = me.dask.evaluate(TREND, pieces)
lazy_hours = da.map_blocks(daylight, da.from_array(days, chunks=100), da.from_array(latitudes, chunks=(90, 1)))
assert np.array_equal(lazy_season.compute(), season, equal_nan=True)
assert np.array_equal(lazy_hours.compute(), hours)
swing = me.dask.evaluate("std(where(isfinite(season), season, 0))", {"season": lazy_season})
print(f"in {lazy_season.npartitions} and {lazy_hours.npartitions} pieces on Dask: the same")
print(f"the seasons move it by {swing.compute():.2f} ppm")

figure, (above, below) = plt.subplots(2, 1, figsize=(8, 7), sharex=True, layout="constrained")
image = above.imshow(hours, extent=(0, 12, 90, -90), aspect="auto", cmap="cividis")
above.invert_yaxis()
above.set_ylabel("latitude")
figure.colorbar(image, ax=above, label="hours of daylight")
below.plot(me.evaluate("year % 1 * 12"), season, ".", markersize=2, color="tab:gray")
below.plot(np.arange(12) + 0.5, months, "o-", color="tab:red")
below.set(xlabel="month", ylabel="CO₂ beside its trend, ppm", xlim=(0, 12))
plot = sys.argv[1] if len(sys.argv) > 1 else "seasons.png"
figure.savefig(plot, dpi=100)
print(f"wrote {plot}")
