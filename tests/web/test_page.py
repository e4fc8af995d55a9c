"""The page's files as a browser gets them from a real server."""

import base64
import gzip
import hashlib
import re

import pytest
from page_server import BASIC, ROOT, ask, serving

BUILT = ROOT / "build/packages/page"
SCRIPTS = ("app.js", "more.js")


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


def shell(port, headers=BASIC):
    """The response and the page's text."""
    response, body = ask(port, "/", headers)
    assert response.headers["Content-Encoding"] == "gzip"
    return response, gzip.decompress(body).decode()


def address(page, name):
    """Where the page says that a script is."""
    return re.search(rf"/static/{name}\?v=\w+", page)[0]


def test_page_arrives_as_it_was_built(port):
    response, page = shell(port)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert page == gzip.decompress((BUILT / "index.html.gz").read_bytes()).decode()
    assert "{{" not in page


def test_strangers_get_the_login_form_and_no_data(port):
    response, page = shell(port, {})
    assert response.status == 401
    assert "WWW-Authenticate" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert re.search(r'<form id="?login"? method="?post"? action="?/login"?>', page)
    assert "made-up" not in page and "wican &lt;one&gt;" not in page


def test_page_obeys_its_own_policy(port):
    response, page = shell(port)
    policy = response.headers["Content-Security-Policy"]
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"\sstyle=|\son\w+=|<script>", page)


def test_other_answers_allow_no_style_at_all_of_the_page(port):
    policy = ask(port, "/static/app.js")[0].headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sha256" not in policy


def test_page_asks_no_other_host(port):
    page = shell(port)[1]
    sources = re.findall(r'(?:src|href|data-more|action)="([^"]*)"', page)
    assert sorted(source.partition("?")[0] for source in sources) == [
        "#main",
        "/login",
        "/static/app.js",
        "/static/more.js",
        "data:,",
    ]


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_arrive_whole_and_are_kept_for_good(port, name):
    response, body = ask(port, address(shell(port)[1], name))
    assert body == (BUILT / f"{name}.gz").read_bytes()
    assert response.headers["Content-Type"] == "text/javascript; charset=UTF-8"
    assert response.headers["Content-Encoding"] == "gzip"
    assert int(response.headers["Content-Length"]) == len(body)
    assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/static/more.js?v=old"])
def test_what_a_browser_has_already_is_not_sent_again(port, path):
    first, _ = ask(port, path)
    assert first.headers["Cache-Control"] == "no-cache"
    again, nothing = ask(port, path, {**BASIC, "If-None-Match": first.headers["ETag"]})
    assert (again.status, nothing) == (304, b"")
    other, body = ask(port, path, {**BASIC, "If-None-Match": '"other"'})
    assert other.status == 200 and body


@pytest.mark.parametrize(
    "path",
    [
        "/static/index.html",
        "/static/csp",
        "/static/versions",
        "/static/app.js.gz",
        "/static/../auth.py",
        "/static/..%2fauth.py",
        "/static/..%2fversions",
        "/static//etc/passwd",
    ],
)
def test_no_other_file_can_be_fetched(port, path):
    assert ask(port, path)[0].status == 404


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_behind_the_login(port, name):
    response, body = ask(port, f"/static/{name}", {})
    assert response.status == 401
    assert (
        "WWW-Authenticate" not in response.headers
    )  # the browser would ask in a window of its own
    assert body[:2] != b"\x1f\x8b"
