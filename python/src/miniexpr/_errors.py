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
    hint : str, optional
        What to write instead.

    Attributes
    ----------
    message, text, span, hint
        As above, None where not known.
    start, end : int or None
        The two parts of `span`.
    line, column : int or None
        Where `start` is, both counted from 1.

    Examples
    --------
    >>> import miniexpr as me
    >>> try:
    ...     me.compile("2 * (a + c)", a="float64")
    ... except me.Error as error:
    ...     print(error)
    ...     print(error.start, error.end, error.line, error.column)
    unknown name 'c'
      | 2 * (a + c)
      |          ^
    9 10 1 10
    """

    def __init__(
        self, message: str, text: str | None = None, span: tuple[int, int] | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, text, span, hint)
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint

    @property
    def start(self) -> int | None:
        return None if self.span is None else self.span[0]

    @property
    def end(self) -> int | None:
        return None if self.span is None else self.span[1]

    @property
    def line(self) -> int | None:
        if self.text is None or self.span is None:
            return None
        return 1 + self.text.count("\n", 0, self.span[0])

    @property
    def column(self) -> int | None:
        if self.text is None or self.span is None:
            return None
        return self.span[0] - self.text.rfind("\n", 0, self.span[0])

    def __str__(self) -> str:
        # Some messages end with their hint.
        if self.hint is None or self.message.endswith(self.hint):
            return self._with_place()
        return f"{self._with_place()}\n  = {self.hint}"

    def _with_place(self) -> str:
        if self.text is None or self.span is None:
            return self.message
        start, end = self.span
        first = self.text.rfind("\n", 0, start) + 1
        line = self.text[first:].split("\n", 1)[0]
        indent = "".join("\t" if character == "\t" else " " for character in self.text[first:start])
        carets = "^" * max(1, min(end - start, first + len(line) - start))
        return f"{self.message}\n  | {line}\n  | {indent}{carets}"


class LimitError(Error):
    """A text that is larger than its limits allow, or an evaluation that takes more passes of loops.

    Examples
    --------
    >>> import miniexpr as me
    >>> try:
    ...     me.compile("a + a + a", a="float64", max_nodes=3)
    ... except me.LimitError as error:
    ...     print(error.message)
    there are more than 3 names, numbers, strings and operators
    """


class DTypeError(Error, TypeError):
    """A dtype that is not supported, or that an operation is not defined for."""


# By these names tracebacks show them.
for _error in (Error, LimitError, DTypeError):
    _error.__module__ = "miniexpr"
