#!/usr/bin/env python3
"""Write src/kernel/string/case_table.rs: the Unicode 15.0 case mappings as ranges.

The data are those of the Python that runs the script, which must carry Unicode 14.0 or 15.0 (their case
mappings are the same): Python 3.11 or 3.12. The checksums below, of all mappings, guard against any other.
"""

import hashlib
import pathlib

OUTPUT = pathlib.Path(__file__).parent.parent / "src/kernel/string/case_table.rs"
SHA256 = {
    "lower": "0c0eca889b2782f134b91d67a8dc325ab3058a1cbff89bb7d0bc8675b9886e3d",
    "upper": "7f4991f58297ac2963e75b9bac7c4e67f7a7b1391376fcbc6d699c5be252309b",
}
HEADER = '''\
//! Unicode 15.0 case mappings. Written by `scripts/case_table.py`: do not edit.

use super::case_range::CaseRange;
'''


def mappings(method):
    """The images, as lists of code points, of all code points that `method` changes."""
    images = {}
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        image = [ord(char) for char in method(chr(code))]
        if image != [code]:
            images[code] = image
    return images


def checksum(images):
    lines = (f"{code:X}:{','.join(f'{unit:X}' for unit in image)}\n" for code, image in images.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def ranges(images):
    """Runs (first, last, step, delta) of one-to-one mappings at a distance of 1 or 2 that move equally far."""
    runs = []
    for code, image in images.items():
        if len(image) > 1:
            continue
        delta = image[0] - code
        if runs:
            first, last, step, run_delta = runs[-1]
            if delta == run_delta and code - last in ((1, 2) if first == last else (step,)):
                runs[-1] = (first, code, code - last, delta)
                continue
        runs.append((code, code, 1, delta))
    return runs


def table(name, images):
    runs = ranges(images)
    yield f"pub(super) static {name.upper()}: [CaseRange; {len(runs)}] = ["
    for first, last, step, delta in runs:
        yield f"    CaseRange::new(0x{first:X}, 0x{last:X}, {step}, {delta}),"
    yield "];\n"
    expansions = {code: image for code, image in images.items() if len(image) > 1}
    yield f"pub(super) static {name.upper()}_EXPANSIONS: [(u32, [u32; 3]); {len(expansions)}] = ["
    for code, image in expansions.items():
        units = ", ".join(f"0x{unit:X}" if unit else "0" for unit in (image + [0, 0])[:3])
        yield f"    (0x{code:X}, [{units}]),"
    yield "];\n"


def main():
    lines = [HEADER]
    for name, method in (("lower", str.lower), ("upper", str.upper)):
        images = mappings(method)
        if checksum(images) != SHA256[name]:
            raise SystemExit(f"this Python's {name}-case mappings are not those of Unicode 15.0")
        lines += table(name, images)
    OUTPUT.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
