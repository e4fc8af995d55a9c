"""Which settings of bridges and of what passes by them are accepted, and what is said about the others."""

import json

from config import schema


def bridge(**changes):
    return dict({"name": "scada", "listen_port": 8883, "host": "api.example.com"}, **changes)


def plain(**changes):
    """A bridge in the clear."""
    given = {"kind": "tcp", "host": "198.51.100.7", "port": 21}
    given.update(changes)
    return bridge(**given)


FTP = {"protocol": "tcp", "ip": "198.51.100.0/24", "port": 21}


def read(bridges=(), passthrough=(), **more):
    document = dict({"bridges": list(bridges), "passthrough": list(passthrough)}, **more)
    return schema.validate(document)


def found(*bridges, **more):
    """The problems as (field, code) pairs."""
    _, problems = read(bridges, **more)
    assert all([problem["message"][-1] == "." for problem in problems]), problems
    return [(problem["field"], problem["code"]) for problem in problems]


def test_there_are_none_unless_somebody_wants_them():
    settings, problems = schema.validate({})
    assert (settings["bridges"], settings["passthrough"], problems) == ([], [], [])


def test_what_is_left_out_has_its_default():
    settings, problems = read([bridge()], [{"protocol": "udp"}])
    assert problems == []
    assert settings["bridges"] == [
        {
            "name": "scada",
            "enabled": True,
            "kind": "tls",
            "listen_port": 8883,
            "host": "api.example.com",
            "port": 443,
            "server_name": "",
            "cert_set": "default",
            "clients": [],
            "idle_s": 60,
            "uplink": False,
        }
    ]
    assert settings["passthrough"] == [{"enabled": True, "protocol": "udp", "ip": "", "port": 0}]


def test_valid_settings_are_left_exactly_as_they_are():
    bridges = [
        bridge(clients=["192.168.4.2", "10.0.0.0/8"], server_name="other.example.com"),
        plain(name="ftp", listen_port=21),
        plain(name="dns", listen_port=21, kind="udp", port=53, enabled=False),
    ]
    settings, problems = read(bridges, [FTP, {"protocol": "udp", "port": 53}])
    assert problems == []
    again, problems = schema.validate(json.loads(json.dumps(settings)))
    assert (again, problems) == (settings, [])


def test_each_limit_is_named_by_its_field_and_code():
    for changes, name, code in (
        ({"name": ""}, "name", "field_empty"),
        ({"name": "ab"}, "name", "too_short"),
        ({"name": "x" * 32}, "name", "too_long"),
        ({"name": "my bridge"}, "name", "characters"),
        ({"kind": "http"}, "kind", "choice"),
        ({"listen_port": None}, "listen_port", "range"),
        ({"listen_port": 65536}, "listen_port", "range"),
        ({"host": ""}, "host", "field_empty"),
        ({"host": "https://api.example.com"}, "host", "host"),
        ({"host": "api.example.com:443"}, "host", None),  # an address of IPv6 may look like that
        ({"port": 0}, "port", "range"),
        ({"server_name": "a/b"}, "server_name", "host"),
        ({"cert_set": "../x"}, "cert_set", "characters"),
        ({"clients": ["192.168.4.0/33"]}, "clients[0]", "address"),
        ({"clients": ["garage.local"]}, "clients[0]", "address"),
        ({"clients": ["10.0.0.1"] * 9}, "clients", "too_many"),
        ({"idle_s": 9}, "idle_s", "range"),
        ({"idle_s": 3601}, "idle_s", "range"),
        ({"uplink": "yes"}, "uplink", "type"),
    ):
        expected = [("bridges[0]." + name, code)] if code else []
        assert found(bridge(**changes)) == expected, changes


def test_three_bridges_and_sixteen_rules_are_the_most():
    four = [bridge(name="bridge%d" % number, listen_port=number) for number in range(1, 5)]
    assert found(*four[:3]) == []
    assert found(*four) == [("bridges", "too_many")]
    assert found(passthrough=[FTP] * 16) == []
    assert found(passthrough=[FTP] * 17) == [("passthrough", "too_many")]


def test_names_are_unique():
    assert found(bridge(), bridge(listen_port=1)) == [("bridges[1].name", "name_duplicate")]


def test_ports_are_unique_by_transport():
    taken = [("bridges[1].listen_port", "port_taken")]
    rules = [FTP, {"protocol": "udp"}]
    assert found(bridge(), bridge(name="other")) == taken
    assert found(bridge(), plain(name="ftp"), passthrough=rules) == taken
    assert found(bridge(), plain(name="dns", kind="udp"), passthrough=rules) == []


def test_the_pages_port_is_taken():
    taken = [("bridges[0].listen_port", "port_taken")]
    assert found(bridge(listen_port=80)) == taken
    assert found(bridge(listen_port=8080), web={"port": 8080}) == taken
    assert found(bridge(listen_port=80), web={"port": 8080}) == []
    udp = plain(kind="udp", listen_port=80)
    assert found(udp, passthrough=[{"protocol": "udp"}]) == []


def test_nothing_goes_in_the_clear_without_a_rule_that_covers_the_server():
    refused = [("bridges[0].kind", "plaintext_not_allowed")]
    assert found(plain()) == refused
    assert found(plain(), passthrough=[FTP]) == []
    for rule in (
        dict(FTP, port=22),
        dict(FTP, ip="198.51.101.0/24"),
        dict(FTP, protocol="udp"),
        dict(FTP, enabled=False),
        {"protocol": "icmp"},
    ):
        assert found(plain(), passthrough=[rule]) == refused, rule
    assert found(plain(kind="udp"), passthrough=[FTP]) == refused
    assert found(bridge()) == []


def test_a_server_in_the_clear_is_one_address():
    for host in ("ftp.example.com", "2001:db8::1", "198.51.100"):
        assert found(plain(host=host), passthrough=[FTP]) == [("bridges[0].host", "address")], host
    settings, _ = read([plain(host="198.51.100.7/32")], [FTP])
    assert settings["bridges"][0]["enabled"] is False


def test_a_rule_has_to_mean_something():
    for rule, name, code in (
        ({"protocol": "icmp", "port": 7}, "port", "port_on_icmp"),
        ({"protocol": "tcp"}, "protocol", "disables_connector"),
        ({"protocol": "sctp", "port": 1}, "protocol", "choice"),
        ({"protocol": "udp", "ip": "example.com"}, "ip", "address"),
        ({"protocol": "udp", "port": 65536}, "port", "range"),
    ):
        assert found(passthrough=[rule]) == [("passthrough[0]." + name, code)], rule


def test_a_rule_that_is_refused_lets_nothing_through():
    """A device starts with whatever is wrong in its file; a rule must not become wider by that."""
    settings, problems = read([plain()], [dict(FTP, ip="198.51.100.*")])
    assert settings["passthrough"][0]["enabled"] is False
    assert settings["bridges"][0]["enabled"] is False
    assert sorted([problem["code"] for problem in problems]) == [
        "address",
        "plaintext_not_allowed",
    ]


def test_a_problem_switches_off_only_the_bridge_it_is_in():
    settings, _ = read([bridge(idle_s=1), bridge(name="other", listen_port=1)])
    assert [each["enabled"] for each in settings["bridges"]] == [False, True]
    assert settings["bridges"][0]["idle_s"] == 1, "to be corrected"
