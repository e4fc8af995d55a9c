"""Modules that are given back."""

import sys

import transient

FOUND = ("made", "made.up", "made.upper", "made_else", "other")


class Module:
    """In place of a module."""


def after(names, on_device=True):
    """The modules of FOUND that are still known after these names were given back, and what `made` still has."""
    for name in FOUND:
        sys.modules[name] = Module()
    made = sys.modules["made"]
    made.up = made.upper = 1
    kept, transient.ON_DEVICE = transient.ON_DEVICE, on_device
    try:
        transient.release(names)
        left = [name for name in FOUND if name in sys.modules]
        return left, [name for name in ("up", "upper") if hasattr(made, name)]
    finally:
        transient.ON_DEVICE = kept
        for name in FOUND:
            sys.modules.pop(name, None)


def test_modules_are_given_back_by_the_beginnings_of_their_names():
    assert after("made.upper") == (["made", "made.up", "made_else", "other"], ["up"])
    assert after("made. other ") == (["made", "made_else"], [])
    assert after("") == (list(FOUND), ["up", "upper"])


def test_one_that_is_not_there_is_no_trouble():
    assert after("unmade. other") == (
        ["made", "made.up", "made.upper", "made_else"],
        ["up", "upper"],
    )


def test_on_a_computer_modules_stay():
    assert after("made.", on_device=False) == (list(FOUND), ["up", "upper"])
