"""What the Host header may say, and who is led to the portal."""

from web.hosts import Hosts


def hosts(portal="", further=()):
    return Hosts(lambda: ("My-Car", "wican", "wican_30aea4"), lambda: further, lambda: portal)


def test_device_goes_by_its_names_and_addresses_with_any_port():
    for host in (
        "my-car",
        "MY-CAR.local",
        "my-car.local.",
        "wican.local",
        "wican_30aea4.local",
        "192.168.4.1",
        "127.0.0.1",
        "localhost",
        "[fe80::1]",
    ):
        assert hosts().accepts(host), host
        assert hosts().accepts(host + ":8080"), host


def test_no_other_name_is_accepted():
    for host in (
        "evil.example",
        "wican.local.evil.example",
        "evil.example:80",
        "my-car.example",
        "wican.localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4.nip.io",
        "0x7f.0.0.1",
        "evil.example:127.0.0.1",
        "127.0.0.1@evil.example",
        "local",
        ".local",
        "[evil.example]",
    ):
        assert not hosts().accepts(host), host


def test_further_names_are_accepted_as_they_are_written():
    named = hosts(further=("Car.Example.org",))
    assert named.accepts("car.example.org:81")
    assert not named.accepts("example.org") and not named.accepts("car.example.org.local")


def test_who_says_no_host_is_no_browser():
    assert hosts().accepts("")


def test_strange_names_and_probes_lead_to_the_portal_while_it_is_there():
    portal = "http://192.168.4.1/"
    for host, path in (
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("evil.example", "/"),
        ("192.168.4.1", "/generate_204"),
        ("192.168.4.1", "/connecttest.txt"),
    ):
        assert hosts(portal).leads_to(host, path) == portal, host
        assert hosts().leads_to(host, path) == "", host
    for path in ("/", "/api/v1/status", "/generate_204/x"):
        assert hosts(portal).leads_to("192.168.4.1", path) == "", path
