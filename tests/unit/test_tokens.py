"""API tokens: told once, kept as digests, eight at most."""

import json

from helper import raises
from vault import Vault
from web import tokens
from web.problem import Problem


def made(vault, name):
    return json.loads(tokens.make(vault, name))


def test_token_is_told_once_and_kept_as_its_digest():
    vault = Vault()
    token = made(vault, "Grafana é")
    assert (token["id"], token["name"]) == (1, "Grafana é")
    assert len(token["token"]) >= 40
    assert token["token"] not in vault.secrets["web.tokens"]
    [row] = tokens.rows(vault)
    assert (row["id"], row["name"]) == (1, "Grafana é")
    assert tokens.fits(vault, token["token"])


def test_deleted_token_fits_no_more_and_its_number_is_free():
    vault = Vault()
    first, second = made(vault, "a"), made(vault, "b")
    tokens.delete(vault, "1")
    assert not tokens.fits(vault, first["token"]) and tokens.fits(vault, second["token"])
    assert made(vault, "c")["id"] == 1
    tokens.delete(vault, "1")
    tokens.delete(vault, "2")
    assert vault.secrets == {}
    for unknown in ("1", "", "x"):
        raises(Problem, tokens.delete, vault, unknown)


def test_ninth_token_is_refused():
    vault = Vault()
    for _ in range(8):
        made(vault, "n" * 32)
    assert len(vault.secrets["web.tokens"]) <= 2048, "the setting's limit"
    assert "8 tokens" in str(raises(Problem, tokens.make, vault, "one more"))


def test_token_needs_a_name():
    vault = Vault()
    for name in (None, "", 7, "n" * 33, "a\nb", ["x"]):
        raises(Problem, tokens.make, vault, name)
    assert vault.secrets == {}


def test_what_cannot_be_read_counts_as_no_token():
    for text in ("", "{", "7", "[7]", "{}", '[{"id":1}]', '[{"id":1,"name":"a","sha256":""}]'):
        vault = Vault(tokens=text)
        assert tokens.rows(vault) == [] and not tokens.fits(vault, ""), text


def test_token_that_cannot_be_stored_is_an_error():
    vault = Vault()
    vault.full = True
    assert "(28)" in str(raises(Problem, tokens.make, vault, "a"))
