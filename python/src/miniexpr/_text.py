"""The names in texts, and numbers put in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Names, and what looks like names but is not: strings, comments, numbers, attributes. A name before a parenthesis is
# that of a function, one before a single `=` that of a keyword. Texts may be hostile: each character is looked at a few
# times at most, so a string that does not end goes to the end of its line.
_WORDS = re.compile(
    r"""
    "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? | \#.*
    | (?: \d | \.\d ) (?: [\w.] | (?<=[eE])[-+] )*
    | \.\s* [^\W\d]\w*
    | ( [^\W\d]\w* ) (?! \w | \s*\( | \s*=(?!=) )
    | [^\W\d]\w*
    """,
    re.VERBOSE,
)
_KERNEL = re.compile(r"(?:\s|\#.*\n)*+def\s+\w+\s*\(([^()]*)\)\s*:")
_RESERVED = frozenset(["and", "or", "not", "if", "else", "True", "False"])

# What was put into a text: its span there, and the span of what it replaces.
Replaced = list[tuple[tuple[int, int], tuple[int, int]]]


def is_kernel(text: str) -> bool:
    """Whether a text is a kernel, not an expression."""
    return _KERNEL.match(text) is not None


def names_of(text: str) -> tuple[str, ...]:
    """Names that may be inputs of a text, each once: all that are no functions, or the parameters of a kernel."""
    kernel = _KERNEL.match(text)
    if kernel:
        return tuple(name.strip() for name in kernel[1].split(",") if name.strip())
    names = dict.fromkeys(match[1] for match in _WORDS.finditer(text) if match[1])
    return tuple(name for name in names if name not in _RESERVED)


def literal(number: int | float | complex) -> str:
    """A number as an operand of an expression."""
    if isinstance(number, complex):
        return f"({literal(number.real)} + {literal(number.imag)}*1j)"
    if number != number:
        return "(1e999 - 1e999)"
    return f"({number!r})".replace("inf", "1e999")


def with_numbers(text: str, numbers: Mapping[str, int | float | complex]) -> tuple[str, Replaced]:
    """The text with numbers in the place of names: how an expression sees numbers of Python.

    Returns
    -------
    tuple
        The text, and what is new in it.
    """
    pieces: list[str] = []
    replaced: Replaced = []
    written = end = 0

    def put(start: int, stop: int, new: str) -> None:
        nonlocal written, end
        pieces.extend((text[end:start], new))
        written += start - end
        replaced.append(((written, written + len(new)), (start, stop)))
        written += len(new)
        end = stop

    start = 0
    kernel = _KERNEL.match(text)
    if kernel:
        put(*kernel.span(1), ", ".join(name for name in names_of(text) if name not in numbers))
        start = kernel.end()
    for match in _WORDS.finditer(text, start):
        if match[1] in numbers:
            put(*match.span(), literal(numbers[match[1]]))
    pieces.append(text[end:])
    return "".join(pieces), replaced


def span_before(span: tuple[int, int], replaced: Replaced) -> tuple[int, int]:
    """Where the part of a text with numbers is in the text as it was."""
    return _place_before(span[0], replaced, 0), _place_before(span[1], replaced, 1)


def _place_before(place: int, replaced: Replaced, side: int) -> int:
    shift = 0
    for new, old in replaced:
        if place < new[0] + side:
            break
        if place < new[1] + side:
            return old[side]
        shift = old[1] - new[1]
    return place + shift
