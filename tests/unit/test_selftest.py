"""The device's self-test: every vector holds, and a formula that is wrong is found out."""

from delivery import selftest
from delivery.vectors import VECTORS


def test_every_vector_holds():
    found = list(selftest.rows())
    assert [row for row in found if row != (row[0], True, "")] == []
    assert [row[0] for row in found] == [vector[0] for vector in VECTORS] and len(found) == 40


def test_every_vector_tests_something():
    for name, kind, inputs, expected in VECTORS:
        if kind != "must_not_equal":
            row = selftest.row(name, kind, inputs, expected[:-1] + "~")
            assert row[:2] == (name, False) and row[2].startswith("It gave "), name


def test_a_known_mistake_is_told():
    right = [vector[3] for vector in VECTORS if vector[0] == "kpn_1"][0]
    row = selftest.row("kpn_neg_1", "must_not_equal", ("kpn_1", "why"), right)
    assert row == ("kpn_neg_1", False, "It makes the mistake.")


def test_a_body_that_differs_is_told():
    for name, kind, inputs, expected in VECTORS:
        if kind == "body_sha256":
            assert not selftest.row(name, kind, (inputs[0] + " ",), expected)[1], name


def test_a_formula_that_breaks_fails_alone():
    found = selftest.row("az_3", "azure_sas", ("too", "few"), "x")
    assert found[:2] == ("az_3", False) and found[2].startswith("It broke: "), found
