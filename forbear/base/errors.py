"""The one error people see: a sentence that says what to do, and the exit code it ends a command with."""


class ForbearError(Exception):
    """Bad input, a missing part or a refused request, told in one sentence."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
