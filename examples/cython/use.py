"""Uses the extension on the columns of a CSV file."""

import csv
import sys
from array import array

from formula import Formula

with open(sys.argv[1], newline="") as file:
    names, *rows = csv.reader(file)
columns = [array("d", map(float, column)) for column in zip(*rows, strict=True)]

difference = Formula("mean(january - july)", names)
print(f"{difference(*columns)[0]:.6g}")
try:
    Formula("january - march", names)
except ValueError as error:
    print(error)
