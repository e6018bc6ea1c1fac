"""What goes wrong."""

from __future__ import annotations


class Error(ValueError):
    """A text that is refused, or an evaluation that fails.

    Parameters
    ----------
    message : str
        What is wrong, in a sentence.
    text : str, optional
        The text that was compiled.
    span : tuple of int, optional
        Where in the text: the first character that is to blame, and the first one after.

    Examples
    --------
    >>> import miniexpr as me
    >>> try:
    ...     me.compile("2 * (a + c)", a="float64")
    ... except me.Error as error:
    ...     print(error)
    unknown name 'c'
      | 2 * (a + c)
      |          ^
    """

    def __init__(self, message: str, text: str | None = None, span: tuple[int, int] | None = None) -> None:
        super().__init__(message, text, span)
        self.message = message
        self.text = text
        self.span = span

    def __str__(self) -> str:
        if self.text is None or self.span is None:
            return self.message
        start, end = self.span
        first = self.text.rfind("\n", 0, start) + 1
        line = self.text[first:].split("\n", 1)[0]
        indent = "".join("\t" if character == "\t" else " " for character in self.text[first:start])
        carets = "^" * max(1, min(end - start, first + len(line) - start))
        return f"{self.message}\n  | {line}\n  | {indent}{carets}"


class DTypeError(Error, TypeError):
    """A dtype that is not supported, or that an operation is not defined for."""
