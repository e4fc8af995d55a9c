"""What dynamic fields stand for, by the settings."""

import rollout
from config import schema


class Store:
    def __init__(self, custom3, **ids):
        self.settings = schema.validate({"ids": ids})[0]
        self.custom3 = custom3

    def secret(self, key):
        return self.custom3 if key == "ids.custom3" else "wrong"


def test_every_field_has_its_text_the_secret_one_too():
    from delivery.identity import FIELDS

    found = rollout.ids(Store("hush", serial="A-7", custom1="bus"))
    assert sorted(found) == sorted(FIELDS)
    assert (found["SERIAL"], found["CUSTOM1"], found["CUSTOM3"]) == ("A-7", "bus", "hush")
    assert (found["IMEI"], rollout.ids(Store(None))["CUSTOM3"]) == ("", "")
