"""PEM as people paste and save it, and what is not PEM."""

from binascii import b2a_base64

from helper import raises
from test_x509 import SELF_SIGNED, SIGNED
from trust import pem

TEXT = pem.encode("CERTIFICATE", SIGNED)
TWO = TEXT + pem.encode("CERTIFICATE", SELF_SIGNED)


def sentence(data):
    return str(raises(ValueError, pem.blocks, data))


def test_a_block_has_lines_of_64_characters():
    lines = TEXT.decode().split("\n")
    assert lines[0] == "-----BEGIN CERTIFICATE-----"
    assert lines[-2:] == ["-----END CERTIFICATE-----", ""]
    assert [len(line) for line in lines[1:-3]] == [64] * (len(lines) - 4)
    assert 0 < len(lines[-3]) <= 64


def test_the_size_of_the_text_is_known_before_it_is_made():
    for size in list(range(1, 150)) + [1000]:
        assert pem.encoded_size("X Y", size) == len(pem.encode("X Y", bytes(size)))


def test_all_blocks_are_found_in_their_order():
    assert pem.blocks(TWO) == [("CERTIFICATE", SIGNED), ("CERTIFICATE", SELF_SIGNED)]


def test_comments_between_blocks_do_not_matter():
    data = b"# Garage: the CA\n" + TEXT + b"\nsubject=/CN=x\n-- \n" + TEXT + b"bye"
    assert pem.blocks(data) == [("CERTIFICATE", SIGNED)] * 2


def test_line_ends_and_indentation_do_not_matter():
    for data in (
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.rstrip(b"\n"),
        TEXT.replace(b"\n", b"\n   "),
        TEXT.replace(b"\n", b" "),
        b"\xef\xbb\xbf" + TEXT,
    ):
        assert pem.blocks(data) == [("CERTIFICATE", SIGNED)]


def test_labels_are_told():
    found = pem.blocks(
        pem.encode("EC PARAMETERS", b"\x06\x00") + pem.encode("EC PRIVATE KEY", b"\x30\x00")
    )
    assert found == [("EC PARAMETERS", b"\x06\x00"), ("EC PRIVATE KEY", b"\x30\x00")]


def test_a_key_with_encryption_headers_is_marked():
    for end in (b"\n", b"\r\n"):
        lines = [b"-----BEGIN RSA PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"]
        lines += [b"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF", b"", b"AAECAwQFBgc="]
        lines += [b"-----END RSA PRIVATE KEY-----", b""]
        assert pem.blocks(end.join(lines)) == [(pem.ENCRYPTED, bytes(range(8)))]


def test_other_headers_are_skipped():
    data = b"-----BEGIN X-----\nComment: none\n\nMAA=\n-----END X-----\n"
    assert pem.blocks(data) == [("X", b"\x30\x00")]


def test_plain_der_has_no_label():
    assert pem.blocks(SIGNED) == [("", SIGNED)]
    assert pem.blocks(SIGNED + b"\n") == [("", SIGNED)]


def test_several_der_items_are_told_apart():
    assert pem.blocks(SIGNED + SELF_SIGNED) == [("", SIGNED), ("", SELF_SIGNED)]


def test_bare_base64_is_der():
    assert pem.blocks(b2a_base64(SIGNED)) == [("", SIGNED)]
    lines = b"\r\n".join(TEXT.split(b"\n")[1:-2])
    assert pem.blocks(b" " + lines + b"\r\n") == [("", SIGNED)]


def test_an_empty_file_is_called_empty():
    for data in (b"", b" \r\n", b"\xef\xbb\xbf\n"):
        assert sentence(data) == "The file is empty."


def test_other_things_are_neither_pem_nor_der():
    for data in (
        b"hello",
        b"<html>",
        b"\x89PNG\r\n",
        b"QUJD",
        b"MAA",
        b"MA-A=",
        b"\0" * 40,
        b"{}",
    ):
        assert sentence(data) == "This is neither PEM text nor DER."


def test_cut_der_is_called_so():
    for data in (SIGNED[:-1], SIGNED + SIGNED[:40], b"0" + b"x" * 300, SIGNED + b"0"):
        assert sentence(data) == "The DER is cut or damaged."


def test_text_in_utf_16_is_called_so():
    for mark, form in ((b"\xff\xfe", "%s\0"), (b"\xfe\xff", "\0%s")):
        data = mark + "".join([form % char for char in TEXT.decode()]).encode()
        assert sentence(data) == "The text is UTF-16; save it as UTF-8 or plain ASCII."


def test_a_block_without_end_is_damaged():
    for data in (TEXT[:-10], TWO[:-40], TEXT.replace(b"END CERT", b"END X CERT")):
        assert "no END line" in sentence(data)


def test_a_damaged_begin_line_is_told():
    for line in (
        b"-----BEGIN CERTIFICATE----\n",
        b"-----BEGIN " + b"A" * 60,
        b"-----BEGIN \xff-----",
    ):
        assert "damaged BEGIN line" in sentence(TEXT.replace(b"-----BEGIN CERTIFICATE-----", line))


def test_what_is_not_base64_is_told_with_its_label():
    for damage in (b"*", b"MI\xe4", b"=MII", b"MIIB-_"):
        told = sentence(TEXT.replace(b"MII", damage, 1))
        assert told == "The PEM block CERTIFICATE is damaged: it is not base64."


def test_cut_text_never_gives_a_cut_certificate():
    found = []
    for length in range(len(TEXT), len(TWO) - 1):
        try:
            found.append(pem.blocks(TWO[:length]))
        except ValueError:
            pass
    assert found == [[("CERTIFICATE", SIGNED)]] * len(b"-----BEGIN ")
    for length in range(len(TEXT) - 1):
        raises(ValueError, pem.blocks, TEXT[:length])
