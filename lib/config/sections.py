"""Settings that are made of others: sections, lists, and the way through the tree they form.

    ADDRESS = Section("address", "Where to call.", (
        Text("host", "Name or IP address.", least=1, most=253),
        Integer("port", "TCP port.", 443, 1, 65535),
    ))
    reading = Reading()
    ADDRESS.read(reading, {"host": "", "prot": 1}, "address")   # {"host": "", "port": 443}

The reading then holds two problems: field_empty for address.host, and unknown_setting for
address.prot, which suggests "port".
"""

from config.fields import Field, Reading, join

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Section(Field):
    """Named fields. With `switch`, a problem in it makes its Flag `enabled` false.

    It then keeps what was refused, as far as its type is right, so that the user can correct it.
    `prepare(reading, data, path)` returns the object that is read in place of the one given.
    """

    type = "object"

    def __init__(
        self,
        name: str,
        help: str,
        fields: tuple[Field, ...],
        switch: bool = False,
        prepare: "Callable[[Reading, dict, str], dict] | None" = None,
    ) -> None:
        super().__init__(name, help, {})
        self.fields = fields
        self.switch = switch
        self.prepare = prepare

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> dict:
        if not isinstance(data, dict):
            reading.report(path, "type", "Must be an object.")
            settings = self.read(Reading(), {}, path, keep)
        else:
            count = len(reading.problems)
            if self.prepare:
                data = self.prepare(reading, data, path)
            self._unknown(reading, data, path)
            settings = self._members(reading, data, path, keep or self.switch)
            if len(reading.problems) == count:
                return settings
        if self.switch:
            settings["enabled"] = False
        return settings

    def _members(self, reading: Reading, data: dict, path: str, keep: bool) -> dict:
        settings = {}
        for field in self.fields:
            place = join(path, field.name)
            if field.secret:
                if field.name in data:
                    field.take(reading, data[field.name], place)
                continue
            value = data.get(field.name)
            settings[field.name] = field.read(
                reading, field.default if value is None else value, place, keep
            )
        return settings

    def _unknown(self, reading: Reading, data: dict, path: str) -> None:
        names = [field.name for field in self.fields]
        for name in data:
            if name not in names:
                near = nearest(name, names)
                hint = f"Did you mean {near}?" if near else f"Known here: {', '.join(names)}."
                reading.report(
                    join(path, name[:40]), "unknown_setting", "Unknown setting. " + hint
                )

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        for field in self.fields:
            if field.name == name:
                return field
        return None


class ListOf(Field):
    """At most `most` items, each read by the same field; further ones are refused with `code`."""

    type = "array"

    def __init__(
        self,
        name: str,
        help: str,
        item: Field,
        most: int,
        code: str = "too_many",
        default: "tuple[str, ...]" = (),
    ) -> None:
        super().__init__(name, help, default)
        self._default = default
        self.item = item
        self.most = most
        self.code = code

    def read(self, reading: Reading, data: object, path: str, keep: bool = False) -> list:
        if not isinstance(data, (list, tuple)):
            reading.report(path, "type", "Must be a list.")
            data = self._default
        if len(data) > self.most:
            reading.report(path, self.code, f"Must have at most {self.most} entries.")
        return [
            self.item.read(reading, data[index], f"{path}[{index}]", keep)
            for index in range(min(len(data), self.most))
        ]

    def limits(self) -> dict[str, object]:
        limits: dict[str, object] = {"maxItems": self.most}
        if not isinstance(self.item, Section):
            limits["items"] = dict(self.item.limits(), type=self.item.type)
        return limits


def walk(section: Section, path: str = "") -> "Iterator[tuple[str, Field]]":
    """Every field below a section with its path, as declared; a list's items read `name[]`."""
    todo = [(join(path, field.name), field) for field in reversed(section.fields)]
    while todo:
        path, field = todo.pop()
        yield path, field
        if isinstance(field, ListOf):
            path, field = path + "[]", field.item
        if isinstance(field, Section):
            todo.extend([(join(path, member.name), member) for member in reversed(field.fields)])


def nearest(name: str, known: "Iterable[str]") -> str | None:
    """The known name that is at most two typing errors away from `name`, or None."""
    best, found = 3, None
    for candidate in known:
        if abs(len(candidate) - len(name)) < best:
            distance = _distance(name, candidate)
            if distance < best and distance < len(candidate):
                best, found = distance, candidate
    return found


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(right) + 1))
    for index in range(len(left)):
        corner, row[0] = row[0], index + 1
        for at in range(len(right)):
            change = corner + (left[index] != right[at])
            corner = row[at + 1]
            row[at + 1] = min(change, corner + 1, row[at] + 1)
    return row[-1]
