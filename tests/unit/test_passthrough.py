"""What goes past the connector: by protocol, address and port."""

from net.passthrough import LAN, covers, is_block, problems, route

SUBNET = [{"protocol": "tcp", "ip": "198.51.100.0/24", "port": 8080}]
HOST = [{"protocol": "tcp", "ip": "198.51.100.7"}]
DNS = [{"protocol": "udp", "port": 53}]

WAYS = (
    ([{"protocol": "icmp"}], "icmp", "8.8.8.8", 0, "passthrough"),
    (DNS, "udp", "1.1.1.1", 53, "passthrough"),
    (DNS, "udp", "1.1.1.1", 123, "connector"),
    (DNS, "tcp", "1.1.1.1", 53, "connector"),
    (HOST, "tcp", "198.51.100.7", 21, "passthrough"),
    (HOST, "tcp", "198.51.100.8", 21, "connector"),
    (SUBNET, "tcp", "198.51.100.9", 8080, "passthrough"),
    (SUBNET, "tcp", "198.51.100.9", 80, "connector"),
    ([], "tcp", "198.51.100.9", 80, "connector"),
    ([], "icmp", "198.51.100.9", 0, "connector"),
)


def test_every_packet_takes_its_way():
    for rules, protocol, ip, port, way in WAYS:
        assert route(rules, protocol, ip, port) == way, (rules, protocol, ip, port)


def test_one_rule_that_covers_it_is_enough():
    rules = DNS + HOST + SUBNET
    assert route(rules, "udp", "1.1.1.1", 53) == "passthrough"
    assert route(rules, "tcp", "198.51.100.200", 8080) == "passthrough"
    assert route(rules, "udp", "198.51.100.7", 8080) == "connector"


def test_empty_members_stand_for_any():
    rules = [{"protocol": "udp", "ip": "", "port": 0}]
    assert route(rules, "udp", "192.0.2.1", 9) == "passthrough"


def test_blocks_end_where_they_should():
    for block, inside, outside in (
        ("198.51.100.64/26", "198.51.100.127", "198.51.100.128"),
        ("198.51.100.65/26", "198.51.100.64", "198.51.100.63"),
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("128.0.0.0/1", "255.255.255.255", "127.255.255.255"),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.0"),
    ):
        assert covers(block, inside), (block, inside)
        assert not covers(block, outside), (block, outside)
    assert covers("0.0.0.0/0", "203.0.113.5")


def test_nothing_malformed_is_covered():
    for block, ip in (
        ("10.0.0.0/33", "10.0.0.1"),
        ("10.0.0.0/", "10.0.0.1"),
        ("10.0.0", "10.0.0.0"),
        ("10.0.0.0.0/8", "10.0.0.0"),
        ("10.0.0.0/-1", "10.0.0.0"),
        ("256.0.0.0/8", "256.0.0.1"),
        ("010.0.0.1", "8.0.0.1"),
        ("0.0.0.0/0", "::1"),
        ("0.0.0.0/0", ""),
        ("0.0.0.0/0", "1.2.3.4 "),
    ):
        assert not covers(block, ip), (block, ip)
        assert route([{"protocol": "tcp", "ip": block}], "tcp", ip, 1) == "connector"
    assert route([{"protocol": "tcp", "ip": 7}], "tcp", "1.2.3.4", 1) == "connector"


def test_what_is_a_block():
    for text in ("192.0.2.1", "0.0.0.0/0", "192.0.2.0/24") + LAN:
        assert is_block(text), text
    for text in ("", "example.com", "192.0.2.0/24/1", "fe80::1", None, 3):
        assert not is_block(text), text


def test_the_lan_is_what_is_private():
    for ip in ("192.168.4.2", "10.1.2.3", "172.31.0.1", "169.254.9.9"):
        assert any([covers(block, ip) for block in LAN]), ip
    for ip in ("8.8.8.8", "172.32.0.1", "100.64.0.1"):
        assert not any([covers(block, ip) for block in LAN]), ip


def codes(rule):
    return [(member, code) for member, code, _ in problems(rule)]


def test_good_rules_have_no_problems():
    for rule in (DNS[0], HOST[0], SUBNET[0], {"protocol": "icmp"}, {"protocol": "udp"}):
        assert codes(rule) == [], rule
    assert codes({"protocol": "tcp", "port": 21, "ip": ""}) == []
    assert codes({"protocol": "icmp", "port": 0}) == []


def test_every_problem_is_named():
    assert codes({"protocol": "icmp", "port": 7}) == [("port", "port_on_icmp")]
    for rule in (
        {"protocol": "tcp"},
        {"protocol": "tcp", "ip": "", "port": 0},
        {"protocol": "tcp", "ip": "0.0.0.0/0"},
    ):
        assert codes(rule) == [("protocol", "disables_connector")], rule
    assert codes({"protocol": "sctp", "ip": "300.1.1.1", "port": 65536}) == [
        ("protocol", "choice"),
        ("ip", "address"),
        ("port", "range"),
    ]
    assert codes({}) == [("protocol", "choice")]
    for port in (-1, True, "53"):
        assert codes({"protocol": "udp", "port": port}) == [("port", "range")]


def test_problems_are_sentences():
    [(_, _, message)] = problems({"protocol": "tcp"})
    assert message.startswith("This rule would let all of TCP past")


def test_a_rule_that_is_switched_off_lets_nothing_through():
    assert route([dict(DNS[0], enabled=False)], "udp", "1.1.1.1", 53) == "connector"
    assert route([dict(DNS[0], enabled=True)], "udp", "1.1.1.1", 53) == "passthrough"
