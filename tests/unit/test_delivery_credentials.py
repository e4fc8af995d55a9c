"""What an authentication adds to a request, and what is kept from being shown."""

from delivery.credentials import Credentials
from delivery.errors import RouteError
from helper import raises


def credentials(kind, token=None, login=None, **changes):
    auth = {"type": kind, "user": "", "header": "x-api-key", "place": "header", "prefix": ""}
    auth.update(changes)
    secrets = {"auth.token": token, "auth.login": login}
    return Credentials(auth, secrets.get)


def test_without_authentication_nothing_is_added():
    found = credentials("none", "s3cret")
    assert (found.fields, found.pairs, found.secrets) == ([], [], [])


def test_the_scheme_word_is_written_once_however_the_token_was_pasted():
    for typed in ("abc", " abc\n", "Bearer abc", "bearer  abc ", "BEARER abc"):
        assert credentials("bearer", typed).fields == [("Authorization", "Bearer abc")], typed
    assert credentials("bearer", "Bearerabc").fields == [("Authorization", "Bearer Bearerabc")]


def test_basic_is_the_base64_of_user_and_password():
    for user, password, expected in (
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ("fleet", "s3cret", "Basic ZmxlZXQ6czNjcmV0"),
        ("key", None, "Basic a2V5Og=="),
        ("", "a:b", "Basic OmE6Yg=="),
        ("u" * 60, "p" * 60, "Basic " + "dXV1" * 20 + "OnBw" + "cHBw" * 19 + "cA=="),
    ):
        found = credentials("basic", password, user=user)
        assert found.fields == [("Authorization", expected)], user


def test_a_key_stands_in_its_header_or_in_the_query():
    assert credentials("api_key", " k1 ").fields == [("x-api-key", "k1")]
    found = credentials("api_key", "k1", header="Authorization", prefix="Token ")
    assert found.fields == [("Authorization", "Token k1")]
    found = credentials("api_key", "k/1", header="api_key", place="query")
    assert (found.fields, found.pairs) == ([], [("api_key", "k/1")])


def test_a_login_of_the_address_goes_before_every_other_authorization():
    expected = [("Authorization", "Basic ZmxlZXQ6czNjcmV0")]
    for kind, changes in (
        ("none", {}),
        ("bearer", {}),
        ("basic", {"user": "me"}),
        ("api_key", {"header": "authorization", "prefix": "Token "}),
    ):
        for token in ("abc", None):
            found = credentials(kind, token, "fleet:s3cret", **changes)
            assert found.fields == expected, kind
    found = credentials("api_key", "k1", "fleet:s3cret")
    assert found.fields == [("x-api-key", "k1")] + expected


def test_azures_tokens_are_made_for_each_attempt_unless_the_address_holds_a_login():
    hub = {"hub": "hub.azure-devices.net", "device_id": "a b", "life_s": 300}
    found = credentials("azure_sas", "a2V5", **hub)
    assert (found.fields, found.pairs, found.secrets) == ([], [], ["a2V5"])
    header = found.tokens.header(1_730_000_000)
    assert header.startswith(
        "SharedAccessSignature sr=hub.azure-devices.net%2Fdevices%2Fa%20b&sig="
    )
    assert header.endswith("&se=1730000300")
    found = credentials("azure_sas", "a2V5", "fleet:s3cret", **hub)
    assert found.tokens is None and len(found.fields) == 1
    assert credentials("bearer", "abc").tokens is None


def test_what_is_missing_or_impossible_is_told():
    for expected, kind, token, changes in (
        ("no token", "bearer", None, {}),
        ("no token", "bearer", " ", {}),
        ("no token", "bearer", "Bearer ", {}),
        ("neither user nor password", "basic", None, {}),
        ("colon", "basic", "secret", {"user": "a:b"}),
        ("there is none", "api_key", "", {}),
        ("there is no key", "azure_sas", None, {}),
        ("blanks", "api_key", "k", {"header": "x key"}),
        ("name is missing", "api_key", "k", {"header": ""}),
        ("Host itself", "api_key", "k", {"header": "Host"}),
    ):
        error = raises(RouteError, lambda: credentials(kind, token, **changes))  # noqa: B023
        assert expected in str(error) and error.advice, (kind, changes, str(error))


def test_every_form_of_a_secret_is_known_for_masking():
    for found, texts in (
        (credentials("bearer", "Bearer abc"), ["abc"]),
        (credentials("basic", "p1", user="me"), ["p1", "bWU6cDE="]),
        (credentials("none", None, "me:p1"), ["p1", "bWU6cDE="]),
        (credentials("api_key", "k/1", place="query"), ["k/1", "k%2F1"]),
    ):
        for text in texts:
            assert text in found.secrets, text
