"""What the API tells of bridges, and their log as a document and as a file."""

import pytest
from page_server import ask, serving, told

BASE = "/api/v1/bridges"


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


def test_each_bridge_is_told_with_what_it_does(port):
    status, listed = told(port, BASE)
    assert status == 200
    assert listed == [
        {
            "name": "scada",
            "kind": "tls",
            "enabled": True,
            "listen_port": 8883,
            "host": "api.example.com",
            "port": 443,
            "listening": True,
            "sessions": 1,
            "served": 3,
            "bytes_in": 700,
            "bytes_out": 55,
        },
        {
            "name": "spare",
            "kind": "tls",
            "enabled": False,
            "listen_port": 1883,
            "host": "api.example.com",
            "port": 443,
            "listening": False,
            "sessions": 0,
            "served": 0,
            "bytes_in": 0,
            "bytes_out": 0,
        },
    ]


def test_the_log_is_a_list_of_what_went_wrong_the_oldest_first(port):
    status, log = told(port, BASE + "/log")
    assert status == 200
    assert [(one["bridge"], one["stage"], one["direction"]) for one in log] == [
        ("scada", "tls", "remote"),
        ("spare", "config", "local"),
    ]
    assert log[0]["message"] == 'The certificate is for "other".'
    assert (log[0]["errno"], log[1]["errno"]) == (-9984, None)


def test_the_log_can_be_loaded_as_a_file(port):
    response, body = ask(port, BASE + "/log.txt")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="bridges.txt"'
    first, second = body.decode().splitlines()
    assert first.startswith("2025-01-01T00:00:00Z scada tls remote (")
    assert first.endswith('error -9984): The certificate is for "other".')
    assert second.endswith("There is no cert set named spåre.")


@pytest.mark.parametrize("path", [BASE, BASE + "/log", BASE + "/log.txt"])
def test_nothing_is_told_without_the_password(port, path):
    response, body = ask(port, path, {})
    assert response.status == 401
    assert b"scada" not in body


@pytest.mark.parametrize("file", ["no_bridges", "no_trouble"])
def test_a_log_without_entries_is_empty(tmp_path, file):
    (tmp_path / file).touch()
    with serving(root=tmp_path) as port:
        assert told(port, BASE + "/log") == (200, [])
        response, body = ask(port, BASE + "/log.txt")
        assert (response.status, body) == (200, b"")


def test_a_device_without_bridges_lists_none(tmp_path):
    (tmp_path / "no_bridges").touch()
    with serving(root=tmp_path) as port:
        assert told(port, BASE) == (200, [])
