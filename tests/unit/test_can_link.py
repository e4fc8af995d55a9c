"""Link settings of an ELM327, as a CAN controller needs them."""

from helper import raises
from obd.at import Link
from obd.can_bus import ALL_BITS, EXTENDED
from obd.can_link import Route, bitrate


def route(init="", protocol="6"):
    return Route(Link.parse(init), protocol)


def takes(init, identifier, protocol="6"):
    """Whether an answer may come with this identifier."""
    made = route(init, protocol)
    key = identifier | (EXTENDED if protocol in "79" else 0)
    return key & made.mask == made.value


def test_protocols_have_their_bit_rate():
    assert [bitrate(number) for number in "6789"] == [500_000, 500_000, 250_000, 250_000]
    assert [bitrate(number) for number in "0135AB"] == [0] * 6
    assert route(protocol="8").bitrate == 250_000
    assert "ELM327" in str(raises(ValueError, route, "", "3"))


def test_without_settings_all_ecus_are_asked():
    made = route()
    assert made.key == 0x7DF and made.functional and not made.sole
    wide = route(protocol="7")
    assert wide.key == EXTENDED | 0x18DB33F1 and wide.functional and not wide.sole


def test_headers_take_their_priority_bits():
    assert route("ATSHFC007B;ATCP17", "7").key == EXTENDED | 0x17FC007B
    assert route("ATSH17FC007B", "7").key == EXTENDED | 0x17FC007B
    assert route("ATSHDA10F1", "7").key == EXTENDED | 0x18DA10F1
    assert route("ATSH7E4").key == 0x7E4 and route("ATSH0007E4").key == 0x7E4


def test_answers_are_looked_for_where_the_standard_puts_them():
    for init in ("", "ATSH7E4"):
        assert takes(init, 0x7E8) and takes(init, 0x7EF)
        assert not takes(init, 0x7E0) and not takes(init, 0x7F0)
    assert takes("", 0x18DAF110, "7") and not takes("", 0x18DAF210, "7")
    assert takes("ATSHDA10F1", 0x18DAF110, "7") and not takes("ATSHDA10F1", 0x18DB33F1, "7")
    assert takes("ATSHCE10F1", 0x18CEF110, "7") and not takes("ATSHCE10F1", 0x18DAF110, "7")
    assert not takes("", 0x7E8, "7")


def test_makers_identifiers_are_not_guessed():
    """VW answers 714 with 77E, Renault 79B with 7BB: what the answer says decides."""
    for identifier in (0x77E, 0x7BB, 0x123):
        assert takes("ATSH714", identifier)
    assert takes("ATSHFC007B;ATCP17", 0x17FE007B, "7")


def test_receive_filters():
    assert takes("ATCRA7EC", 0x7EC) and not takes("ATCRA7EC", 0x7ED)
    assert route("ATCRA7EC").sole and route("ATCRA7EC").mask == ALL_BITS
    assert takes("ATCRA7EX", 0x7E1) and not takes("ATCRA7EX", 0x7F1)
    assert not route("ATCRA7EX").sole
    assert takes("ATCRA17FE0X7X", 0x17FE0173, "7") and not takes("ATCRA17FE0X7X", 0x17FE1173, "7")
    assert takes("ATCF7B0;ATCM7F0", 0x7BF) and not takes("ATCF7B0;ATCM7F0", 0x7CF)


def test_flow_control_goes_to_one_ecu():
    assert route().flow_control_key(0x7EA) == 0x7E2
    assert route(protocol="7").flow_control_key(EXTENDED | 0x18DAF110) == EXTENDED | 0x18DA10F1
    assert route("ATSH714").flow_control_key(0x77E) == 0x714
    assert route("ATSH7DF;ATCRA7E8").flow_control_key(0x7E8) == 0x7E0


def test_flow_control_as_the_user_wants_it():
    own = "ATSH7B1;ATFCSH7B3;ATFCSD300805;ATFCSM"
    assert route(own + "1").flow_control_key(0x7B9) == 0x7B3
    assert route(own + "1").grant == b"\x30\x08\x05"
    assert route(own + "2").flow_control_key(0x7B9) == 0x7B1
    assert route(own + "2").grant == b"\x30\x08\x05"
    assert route(own + "0").grant == b"\x30\x00\x00"
    assert route("ATCFC0").grant is None
    assert route("STCAFCP7E4,7EC").flow_control_key(0x7EC) == 0x7E4
    pair = route("ATSHDA10F1;STCAFCP18DA22F1,18DAF122", "7")
    assert pair.flow_control_key(EXTENDED | 0x18DAF122) == EXTENDED | 0x18DA22F1


def test_flow_control_data_may_carry_the_address_byte():
    init = "ATSH6F1;ATCEA07;ATFCSH6F1;ATFCSM1;ATFCSD"
    assert route(init + "07300800").grant == route(init + "300800").grant == b"\x30\x08\x00"
    assert "no flow control" in str(raises(ValueError, route, init + "210000"))
    assert raises(ValueError, route, "ATFCSM1;ATFCSD30")
    assert raises(ValueError, route, "ATSHXYZ")


def test_addresses():
    assert route().address is None and route().accepted == ()
    assert route("ATCEA07").address == 7 and route("ATCEA07").accepted == (0xF1, 7)
    assert route("ATCEA07;ATTAF2").accepted == (0xF2, 7)
    assert route("ATCEA07;ATCERF3").accepted == (0xF3,)


def test_padding_and_time_out():
    assert route().padded and not route("ATV1").padded and route("ATV0").padded
    assert route("ATST96").timeout_ms == 614
