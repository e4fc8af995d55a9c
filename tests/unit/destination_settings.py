"""Settings of a destination as the parts that use them get them: valid and complete."""

from config import schema


class _AnySecret(dict):
    """Secrets that are set, whatever is asked for; the values are none of the settings' business here."""

    def get(self, key, default=None):
        return ""


def destination(**changes):
    """A destination with the defaults but for the changes; fails if they are not valid settings.

    destination(cycle_ms=0, auth={"type": "bearer"})
    destination(**{"auth.type": "bearer", "queue.mode": "ram"})
    """
    document = {"id": 1, "name": "Cloud", "url": "https://a.example/in"}
    for path, value in changes.items():
        *sections, name = path.split(".")
        place = document
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    settings, problems = schema.validate({"destinations": [document]}, _AnySecret())
    assert problems == [], problems
    return settings["destinations"][0]
