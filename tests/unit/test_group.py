"""The group: latest values, their age, and when there is something worth sending."""

from autopid.group import Group
from autopid.parameter import Parameter
from car_fakes import Clock


def made(*names):
    clock = Clock()
    group = Group(clock)
    group.configure([Parameter(name, None) for name in names])
    return clock, group


def test_the_age_of_a_value_counts_from_its_reading():
    clock, group = made("A", "B")
    group.update(group.get("A"), "5")
    clock.now += 700
    assert group.get("A").age_ms(clock.now) == 700
    assert group.get("B").age_ms(clock.now) is None


def test_the_version_counts_changes_only():
    _, group = made("A")
    parameter = group.get("A")
    group.update(parameter, "5")
    version = group.version
    group.update(parameter, "5")
    assert group.version == version and group.updates == 2
    group.update(parameter, "6")
    group.fail(parameter, "no answer")
    group.fail(parameter, "no answer")
    assert group.version == version + 2
    assert (parameter.text, parameter.error) == ("6", "no answer")


def test_it_is_ready_after_the_first_round():
    clock, group = made("A", "B", "C")
    assert not group.ready()
    group.fail(group.get("A"), "no answer")
    group.update(group.get("B"), "1")
    assert not group.ready()
    group.update(group.get("C"), "1")
    assert group.ready()


def test_a_slow_first_round_is_not_waited_for():
    clock, group = made("A", "B")
    clock.now += 60_000
    assert not group.ready()
    group.update(group.get("A"), "1")
    clock.now += 3000
    assert group.ready()


def test_errors_alone_are_not_worth_sending():
    clock, group = made("A")
    group.fail(group.get("A"), "no answer")
    clock.now += 60_000
    assert not group.ready()


def test_values_survive_a_change_of_the_settings():
    clock, group = made("A", "B")
    group.update(group.get("A"), "5")
    clock.now += 100
    group.configure([Parameter("C", None), Parameter("A", None)])
    assert [(p.name, p.text, p.age_ms(clock.now)) for p in group] == [
        ("C", None, None),
        ("A", "5", 100),
    ]
    group.configure([Parameter("A", None, binary=True)])
    assert group.get("A").text is None, "a number is no on/off value"


def test_the_layout_counts_new_sets_of_parameters():
    _, group = made("A", "B")
    layout = group.layout
    group.update(group.get("A"), "5")
    assert group.layout == layout
    group.configure([Parameter("A", None)])
    assert group.layout == layout + 1


def test_names_that_javascript_takes_for_array_indexes_come_first():
    _, group = made("b", "10", "09", "9", "a", "4294967295", "0")
    assert [p.name for p in group] == ["0", "9", "10", "b", "09", "a", "4294967295"]


def test_a_parameter_is_found_by_any_name():
    names = ['q"uote', "back\\slash", "tab\there", "Köln", "🚗", "", "10", "a,b:c", "\ud83d"]
    _, group = made(*names)
    for name in names:
        assert group.get(name).name == name
    assert group.get("q") is None


def test_a_value_is_kept_as_text_and_as_json():
    _, group = made("A", "B")
    for name, text, literal in (("A", "-1.5", "-1.5"), ("B", "on", '"on"'), ("B", "off", '"off"')):
        group.update(group.get(name), text)
        assert (group.get(name).text, group.get(name).literal) == (text, literal)
    group.configure([Parameter("A", None)])
    assert group.get("A").literal == "-1.5"


def test_values_of_before_come_back_with_their_age_unless_there_is_a_newer_one():
    clock, group = made("A", "B", "C")
    group.update(group.get("B"), "7")
    group.restore("A", "1.5", 60_000)
    group.restore("B", '"on"', 60_000)
    group.restore("X", "1", 60_000)
    now = group.get("B").updated_ms
    assert group.get("A").text == "1.5" and group.get("A").age_ms(now) == 60_000
    assert group.get("B").text == "7" and group.get("C").text is None
    _, group = made("A")
    group.restore("A", "1.5", 60_000)
    group.fail(group.get("A"), "asleep")
    assert group.ready(), "a document can be made of it"
