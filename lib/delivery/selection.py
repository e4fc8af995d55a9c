"""Which parameters a destination delivers: names by pattern."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.group import Group
    from autopid.parameter import Parameter


class Selection:
    """The parameters whose names fit one of `include` (all if there is none) and none of `exclude`; see `fits`."""

    def __init__(self, include: "list[str]", exclude: "list[str]") -> None:
        self._include = include
        self._exclude = exclude
        self._group: Group | None = None
        self._layout = -1
        self._chosen: list[Parameter] = []

    def of(self, group: "Group") -> "list[Parameter]":
        """The selected ones in the group's order; to be read only. Looked for when the group's set has changed."""
        if self._layout != group.layout or self._group is not group:
            self._chosen = [p for p in group if self._selects(p.name)]
            self._group, self._layout = group, group.layout
        return self._chosen

    def _selects(self, name: str) -> bool:
        if self._include and not _fits_any(self._include, name):
            return False
        return not _fits_any(self._exclude, name)


def fits(pattern: str, name: str) -> bool:
    """Whether the whole name fits: `*` stands for any characters or none, `?` for one; case matters."""
    at = index = 0
    star, resume = -1, 0  # the latest star, and where the name goes on after what it swallowed
    while index < len(name):
        wanted = pattern[at : at + 1]
        if wanted == "*":
            star, resume = at, index
            at += 1
        elif wanted in ("?", name[index]):
            at += 1
            index += 1
        elif star >= 0:  # the star swallows one more
            resume += 1
            at, index = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def _fits_any(patterns: "list[str]", name: str) -> bool:
    return any([fits(pattern, name) for pattern in patterns])
