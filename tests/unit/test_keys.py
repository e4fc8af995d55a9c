"""What is told of a private key: its kind, and whether a certificate's public key is its other half."""

import paper
from helper import raises
from trust import der, keys
from trust.keys import PrivateKey

PKCS8_EC = paper.pkcs8(paper.EC, der.tlv(6, paper.P256), paper.sec1(5, curve=None))
PKCS8_RSA = paper.pkcs8(paper.RSA, b"\5\0", paper.pkcs1(2048))
PKCS8_ED25519 = paper.pkcs8(paper.ED25519, b"", der.tlv(4, bytes(32)))


def test_every_container_is_read():
    found = [
        (key.kind, key.label)
        for key in [
            PrivateKey(each)
            for each in (
                paper.pkcs1(3072),
                paper.sec1(5),
                paper.sec1(5, curve=paper.P384),
                PKCS8_EC,
                PKCS8_RSA,
                PKCS8_ED25519,
            )
        ]
    ]
    assert found == [
        ("RSA 3072", "RSA PRIVATE KEY"),
        ("EC P-256", "EC PRIVATE KEY"),
        ("EC P-384", "EC PRIVATE KEY"),
        ("EC P-256", "PRIVATE KEY"),
        ("RSA 2048", "PRIVATE KEY"),
        ("Ed25519", "PRIVATE KEY"),
    ]


def test_the_size_of_an_rsa_key_is_counted_in_bits():
    for bits in (1023, 1024, 2047, 2048, 2049, 4096, 4097):
        assert keys.kind(paper.rsa_spki(bits)) == "RSA %d" % bits
        assert PrivateKey(paper.pkcs1(bits)).kind == "RSA %d" % bits


def test_a_key_of_half_bytes_or_of_no_bits_is_no_key():
    for bits in (b"\1\x80", b""):
        raises(ValueError, keys.kind, der.tlv(0x30, paper.algorithm(paper.RSA), der.tlv(3, bits)))
    nothing = der.tlv(0x30, der.tlv(2, b"\0"), der.tlv(2, b"\1"))
    spki = der.tlv(0x30, paper.algorithm(paper.RSA), der.tlv(3, b"\0", nothing))
    assert keys.kind(spki) == "RSA 0"


def test_public_keys_have_the_same_names():
    assert keys.kind(paper.ec_spki(1)) == "EC P-256"
    assert keys.kind(paper.ec_spki(1, b"\x2b\x81\x04\x00\x0a")) == "EC secp256k1"
    assert keys.kind(paper.ec_spki(1, b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07")) == "EC Brainpool"
    assert keys.kind(paper.ec_spki(1, b"\x2a\x03")) == "EC unknown"
    assert keys.kind(paper.ed25519_spki()) == "Ed25519"
    for last, name in ((0x6E, "X25519"), (0x71, "Ed448")):
        spki = der.tlv(0x30, paper.algorithm(b"\x2b\x65" + bytes((last,))), der.tlv(3, b"\0\1"))
        assert keys.kind(spki) == name
    pss = paper.algorithm(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
    assert keys.kind(der.tlv(0x30, pss, der.tlv(3, b"\0\1"))) == "RSA-PSS"
    strange = der.tlv(0x30, paper.algorithm(b"\x2a\x03"), der.tlv(3, b"\0\1"))
    assert keys.kind(strange) == "unknown"


def test_a_curve_that_is_described_instead_of_named_is_unknown():
    spki = der.tlv(
        0x30, paper.algorithm(paper.EC, der.tlv(0x30)), der.tlv(3, b"\0", paper.point(1))
    )
    assert keys.kind(spki) == "EC unknown"


def test_an_ec_key_belongs_to_its_point_only():
    for key in (PrivateKey(paper.sec1(5)), PrivateKey(PKCS8_EC)):
        assert key.matches(paper.ec_spki(5)) is True
        assert key.matches(paper.ec_spki(6)) is False
        assert key.matches(paper.ec_spki(5, paper.P384)) is False
        assert key.matches(paper.rsa_spki(2048)) is False


def test_an_rsa_key_belongs_to_its_modulus_only():
    for key in (PrivateKey(paper.pkcs1(2048)), PrivateKey(PKCS8_RSA)):
        assert key.matches(paper.rsa_spki(2048)) is True
        assert key.matches(paper.rsa_spki(2048, 2)) is False
        assert key.matches(paper.rsa_spki(4096)) is False
        assert key.matches(paper.ec_spki(5)) is False


def test_without_its_public_part_an_ec_key_cannot_be_told_from_others_on_its_curve():
    key = PrivateKey(paper.sec1(5, public=False))
    assert key.matches(paper.ec_spki(5)) is None
    assert key.matches(paper.ec_spki(5, paper.P384)) is False
    assert key.matches(paper.rsa_spki(2048)) is False


def test_a_compressed_point_tells_strangers_but_no_sign():
    bits = b"\0\2" + paper.point(5)[1:33]
    spki = der.tlv(0x30, paper.algorithm(paper.EC, der.tlv(6, paper.P256)), der.tlv(3, bits))
    assert PrivateKey(paper.sec1(5)).matches(spki) is None
    assert PrivateKey(paper.sec1(6)).matches(spki) is False


def test_an_encrypted_key_comes_with_the_command_that_decrypts_it():
    told = str(raises(ValueError, PrivateKey, paper.encrypted()))
    assert "encrypted" in told
    assert "openssl pkey -in key.pem -out decrypted.pem" in told


def test_no_cut_or_damaged_key_passes_for_another():
    for whole in (paper.pkcs1(2048), paper.sec1(5), PKCS8_EC, PKCS8_RSA, PKCS8_ED25519):
        for length in range(len(whole)):
            told = str(raises(ValueError, PrivateKey, whole[:length]))
            assert told == "The private key is damaged."
        raises(ValueError, PrivateKey, whole + b"\0")


def test_damage_is_a_value_error_at_worst():
    spki = paper.ec_spki(5)
    for whole in (paper.sec1(5), PKCS8_EC, PKCS8_RSA, paper.pkcs1(1024)):
        for at in range(len(whole)):
            for value in (0x00, 0x02, 0x30, 0x7F, 0x80, 0x83, 0xFF):
                damaged = bytearray(whole)
                damaged[at] = value
                try:
                    key = PrivateKey(bytes(damaged))
                    key.kind, key.matches(spki)
                except ValueError:
                    pass


def test_other_things_are_no_keys():
    for other in (b"", b"\x30\x00", b"\5\0", paper.certificate("x"), paper.ec_spki(1)):
        raises(ValueError, PrivateKey, other)
    for other in (b"", b"\x30\x00", paper.sec1(1), b"\5\0"):
        raises(ValueError, keys.kind, other)
