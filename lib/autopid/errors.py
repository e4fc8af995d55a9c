"""How an expression can be wrong."""


class ExpressionError(Exception):
    """The text of an expression is wrong.

    Attributes:
        message: what is wrong, without the place.
        position: index of the first wrong character, from 0; the length of the text if something
            is missing at its end.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at {position}")
        self.message = message
        self.position = position
