"""What tests of the page about certificates share."""

import pki
import pytest
import roots
from page_server import serving


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("Garage CA")


@pytest.fixture(scope="module")
def bundle(authority):
    return roots.bundle(authority.pem + pki.Authority("Other CA").pem, "20260801")


@pytest.fixture
def root(tmp_path):
    return tmp_path


@pytest.fixture
def port(root):
    """A page for each test: they change it."""
    with serving(root=root) as port:
        yield port
