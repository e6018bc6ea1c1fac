"""Writes the files of this folder from the data sets that the package statsmodels ships.

All three are in the public domain: weekly CO2 at Mauna Loa 1958-2001 (Keeling and Whorf, Carbon
Dioxide Information Analysis Center), sea surface temperature of the eastern Pacific 1950-2010
(NOAA, ERSST.V3B, Nino 1+2), and outpatient visits and chronic diseases of the persons in the RAND
Health Insurance Experiment.
"""

import csv
import importlib.util
import pathlib
from datetime import date

import numpy as np

SOURCE = pathlib.Path(importlib.util.find_spec("statsmodels").submodule_search_locations[0]) / "datasets"
TARGET = pathlib.Path(__file__).parent


def rows(name):
    with open(SOURCE / name / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def decimal_year(text):
    day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    start = date(day.year, 1, 1)
    return day.year + (day - start).days / (date(day.year + 1, 1, 1) - start).days


def save(name, values, dtype):
    np.save(TARGET / f"{name}.npy", np.array(values, dtype=dtype))


co2 = rows("co2")
save("co2_year", [decimal_year(row["date"]) for row in co2], "<f8")
save("co2_ppm", [float(row["co2"] or "nan") for row in co2], "<f8")
save("sea_celsius", [[float(v) for k, v in row.items() if k != "YEAR"] for row in rows("elnino")], "<f8")
health = rows("randhie")
with open(TARGET / "sea.csv", "w", newline="") as table:
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["year", "january", "april", "july", "october"])
    for row in rows("elnino"):
        year, *months = row.values()
        writer.writerow([int(float(year)), *(float(months[month]) for month in (0, 3, 6, 9))])
save("visits", [int(row["mdvis"]) for row in health], "u1")
save("diseases", [float(row["disea"]) for row in health], "<f4")
