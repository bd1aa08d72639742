"""The error that is shown to people: what is wrong, and what to do next."""


class NetbootError(Exception):
    """Something a person can put right.

    `message` says what is wrong in one sentence; `hint` says what to do next.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message
