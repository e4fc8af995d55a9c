"""What all that prepares a request may raise; apart from the rest, as settings are checked without it."""


class RouteError(Exception):
    """Why nothing can be sent with these settings.

    `str()` is one plain sentence; `advice` is another one that says what to do, or None.
    """

    def __init__(self, cause: str, advice: str | None = None) -> None:
        super().__init__(cause)
        self.advice = advice
