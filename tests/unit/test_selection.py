"""Which parameters a destination delivers."""

from autopid.parameter import Parameter
from delivery.selection import Selection, fits
from samples import group_of

NAMES = ("SOC", "SOC_D", "BATT_TEMP", "BATT_V", "soc")


def selected(include, exclude=()):
    group = group_of(*[(name, None) for name in NAMES])
    return [p.name for p in Selection(list(include), list(exclude)).of(group)]


def test_patterns():
    for pattern, name, expected in (
        ("SOC", "SOC", True),
        ("SOC", "SOC_D", False),
        ("SOC", "soc", False),
        ("*", "", True),
        ("*", "SOC", True),
        ("", "", True),
        ("", "A", False),
        ("?", "", False),
        ("?", "A", True),
        ("S?C", "SOC", True),
        ("S*", "SOC", True),
        ("*C", "SOC", True),
        ("*C", "SOC_D", False),
        ("S**C", "SC", True),
        ("*T_*_?", "BATT_T_MAX_1", True),
        ("*T_*_?", "BATT_T_MAX_12", False),
        ("*_MAX", "T_MAX_MAX", True),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXbYbZ", False),
        ("Ö?", "Öl", True),
        ("[SO]C", "SC", False),
        ("S.C", "SOC", False),
    ):
        assert fits(pattern, name) == expected, (pattern, name)


def test_stars_do_not_multiply_the_work():
    assert not fits("*a" * 30 + "b", "a" * 64)


def test_nothing_included_is_everything():
    assert selected(()) == list(NAMES)


def test_included_and_excluded():
    assert selected(("SOC*", "BATT_V")) == ["SOC", "SOC_D", "BATT_V"]
    assert selected((), ("*_*",)) == ["SOC", "soc"]
    assert selected(("SOC*",), ("*_D",)) == ["SOC"]
    assert selected(("X*",)) == []


def test_it_follows_the_group():
    group = group_of(*[(name, None) for name in NAMES])
    selection = Selection(["SOC*"], [])
    chosen = selection.of(group)
    group.update(group.get("SOC"), "5")
    assert selection.of(group) is chosen, "nothing to look for: the names are the same"
    group.configure([Parameter("A", None), Parameter("SOC_2", None)])
    assert [p.name for p in selection.of(group)] == ["SOC_2"]


def test_it_tells_groups_apart():
    selection = Selection([], [])
    first, second = group_of(("A", None)), group_of(("B", None))
    assert [p.name for p in selection.of(first)] == ["A"]
    assert [p.name for p in selection.of(second)] == ["B"]
