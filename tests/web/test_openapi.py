"""docs/openapi.yaml is true: it describes every route there is, and every answer is as it says, whatever is sent."""

import re

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from page_server import BASIC, HOST, ROOT, ask, serving, told
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

DOCUMENT = ROOT / "docs" / "openapi.yaml"
TESTS_ONLY = {"/broken", "/slow", "/stuck", "/endless", "/routes", "/ticks"}
# They end the device, or do not end themselves.
APART = ["reboot", "forgetEverything", "followStatus"]
# They make keys of passphrases, or of nothing.
SLOW = ["makeKey", "loadBackupWithSecrets", "restore", "runSelftest"]
# Who guesses has to wait, and then all that is asked for is refused.
GUESSES = ["logIn", "logInByForm", "changePassword"]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

described = schemathesis.openapi.from_path(DOCUMENT)
briefly = schemathesis.openapi.from_path(DOCUMENT)
briefly.config.phases.update(phases=["examples", "fuzzing"])


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


@pytest.fixture(scope="module")
def guessed_port():
    with serving() as port:
        yield port


def operations():
    """(method, path, what is said of it) of everything described."""
    paths = yaml.safe_load(DOCUMENT.read_text("utf-8"))["paths"]
    return [
        (method.upper(), path, about)
        for path, methods in paths.items()
        for method, about in methods.items()
        if method != "parameters"
    ]


def test_every_route_is_described_and_no_other(port):
    routes = {
        (method, path) for method, path in told(port, "/routes")[1] if path not in TESTS_ONLY
    }
    assert len(routes) > 50
    said = {(method, re.sub(r"{(\w+)}", r"<\1>", path)) for method, path, _ in operations()}
    assert said == routes


def test_what_needs_a_login_is_told(port):
    for method, path, about in operations():
        response, _ = ask(port, re.sub(r"{\w+}", "1", path), {}, method)
        needs = "security" not in about
        if about["operationId"] == "receiveDownlink" or "Home Assistant" in about["tags"]:
            continue  # that depends on settings
        if path != "/":
            assert (response.status == 401) == needs or "login" in about["tags"], (method, path)


def few(count):
    """Always the same examples, so that a test that passes passes again."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def answered(case, port):
    address = f"http://{HOST}:{port}"
    return case.call_and_validate(base_url=address, headers=BASIC, checks=CHECKS, timeout=20)


@described.exclude(operation_id=APART + SLOW + GUESSES).parametrize()
@few(5)
def test_answers_are_as_described(case, port):
    assert answered(case, port).status_code not in (401, 429)


@briefly.include(operation_id=SLOW).parametrize()
@few(3)
def test_answers_that_take_long_are_as_described(case, port):
    assert answered(case, port).status_code not in (401, 429)


@described.include(operation_id=GUESSES).parametrize()
@few(5)
def test_answers_to_guesses_are_as_described(case, guessed_port):
    answered(case, guessed_port)
