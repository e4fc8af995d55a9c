"""A cert set is judged before it is kept: every problem at once, each with a sentence that helps."""

from binascii import b2a_base64

import paper
from paper import authority, certificate, text
from trust import contents, der, inspection, pem

NOW = "20261121120000"
CA = authority("Garage CA")
MIDDLE = authority("Garage Workshop", "Garage CA")
LEAF = certificate(
    "car 7", "Garage Workshop", paper.ec_spki(7), (paper.usage_extension(paper.CLIENT_AUTH),)
)
KEY = pem.encode("EC PRIVATE KEY", paper.sec1(7))
CHAIN = text(LEAF, MIDDLE)


def problems(ca=None, cert=None, key=None, now=NOW):
    """(field, code) of every problem; each has a sentence."""
    found = inspection.check(ca, cert, key, now)[1]
    for problem in found:
        assert sorted(problem) == ["code", "field", "message"]
        assert problem["message"].strip() and problem["message"][0].isupper(), problem
        assert len(problem["message"]) < 250, problem
    return [(problem["field"], problem["code"]) for problem in found]


def only(ca=None, cert=None, key=None, now=NOW):
    """The sentence of the only problem, after its field and code."""
    found = inspection.check(ca, cert, key, now)[1]
    assert len(found) == 1, found
    return found[0]["field"], found[0]["code"], found[0]["message"]


def facts(ca=None, cert=None, key=None, now=NOW):
    return inspection.check(ca, cert, key, now)[0]


def ca_problem(der_bytes, now=NOW):
    return only(ca=text(der_bytes), now=now)


def leaf(*extensions, **given):
    return certificate("car 7", "Garage Workshop", paper.ec_spki(7), extensions, **given)


# What is good


def test_a_whole_set_is_good():
    assert problems(text(CA), CHAIN, KEY) == []
    assert problems(text(CA)) == []
    assert problems(None, CHAIN, KEY) == []
    assert problems() == []


def test_every_form_of_a_file_is_good():
    for form in (CA, b2a_base64(CA), text(CA).replace(b"\n", b"\r\n"), b"Garage\n" + text(CA)):
        assert problems(form) == []
    for form in (
        paper.sec1(7),
        b2a_base64(paper.sec1(7)),
        b"-----BEGIN EC PARAMETERS-----\nBgA=\n",
    ):
        if form[:1] == b"-":
            form += b"-----END EC PARAMETERS-----\n" + KEY
        assert problems(None, LEAF, form) == []


def test_sixteen_authorities_and_a_chain_of_five_are_good():
    many = [authority("CA %d" % at) for at in range(16)]
    assert problems(text(*many)) == []
    chain = [leaf()] + [
        authority(name, issuer)
        for name, issuer in (("Garage Workshop", "a"), ("a", "b"), ("b", "c"), ("c", "c"))
    ]
    assert problems(None, text(*chain), KEY) == []


def test_a_self_signed_server_certificate_may_be_its_own_authority():
    assert problems(text(certificate("nas.example"))) == []


def test_a_key_that_cannot_be_compared_is_accepted():
    bare = pem.encode("EC PRIVATE KEY", paper.sec1(7, public=False))
    assert problems(None, CHAIN, bare) == []


# What is no certificate or key


def test_what_is_neither_pem_nor_der_is_named_in_its_field():
    told = inspection.check(b"hello", b"hello", b"hello", NOW)[1]
    assert [problem["field"] for problem in told] == ["ca", "cert", "key"]
    for problem in told:
        assert problem["code"] == "unreadable"
        assert problem["message"] == "This is neither PEM text nor DER."


def test_a_private_key_is_sent_to_where_it_belongs():
    sentence = "This is a private key; it belongs into key."
    for form in (KEY, paper.sec1(7), paper.pkcs1(2048), pem.encode("PRIVATE KEY", b"\x30\0")):
        assert only(ca=form) == ("ca", "private_key", sentence)
        assert problems(cert=form, key=KEY) == [("cert", "private_key")]
    assert only(ca=pem.encode(pem.ENCRYPTED, paper.encrypted()))[1] == "private_key"
    assert only(ca=paper.encrypted())[1] == "private_key"


def test_a_private_key_among_certificates_is_found():
    field, code, sentence = only(ca=text(CA) + KEY)
    assert (field, code) == ("ca", "private_key")
    assert "among the certificates" in sentence and "belongs into key" in sentence
    assert problems(cert=CHAIN + KEY, key=KEY) == [("cert", "private_key")]


def test_a_certificate_in_the_place_of_the_key_is_sent_to_where_it_belongs():
    sentence = "This is a certificate; it belongs into cert."
    for form in (text(LEAF), LEAF):
        assert only(cert=CHAIN, key=form) == ("key", "certificate", sentence)
    assert "next to the private key" in only(cert=CHAIN, key=KEY + CHAIN)[2]


def test_an_encrypted_key_comes_with_the_command_to_decrypt_it():
    old = b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----"
    for form in (paper.encrypted(), pem.encode(pem.ENCRYPTED, paper.encrypted()), old):
        field, code, sentence = only(cert=CHAIN, key=form)
        assert (field, code) == ("key", "encrypted_key")
        assert "openssl pkey -in key.pem -out decrypted.pem" in sentence


def test_containers_come_with_the_command_to_open_them():
    inner = der.tlv(0x30, der.tlv(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"))
    pkcs12 = der.tlv(0x30, der.tlv(2, b"\3"), inner, der.tlv(0x30))
    assert only(ca=der.tlv(0x30, der.tlv(2, b"\3"), inner))[1] == "pkcs12"
    pkcs7 = der.tlv(0x30, der.tlv(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), der.tlv(0xA0))
    assert "openssl pkcs12 -nokeys" in only(ca=pkcs12)[2]
    assert "openssl pkcs12 -nocerts" in only(cert=CHAIN, key=pkcs12)[2]
    for form in (pkcs7, pem.encode("PKCS7", pkcs7)):
        assert "openssl pkcs7 -print_certs" in only(ca=form)[2]
    openssh = pem.encode("OPENSSH PRIVATE KEY", b"openssh-key-v1\0")
    assert only(cert=CHAIN, key=openssh)[1] == "openssh_key"
    assert only(ca=openssh)[1] == "private_key"


def test_requests_and_public_keys_are_called_by_their_names():
    for form in (paper.request(), pem.encode("CERTIFICATE REQUEST", paper.request())):
        assert only(ca=form)[1] == "request"
    pkcs1 = der.tlv(0x30, der.tlv(2, b"\7"), der.tlv(2, b"\3"))
    for form in (paper.ec_spki(1), pem.encode("PUBLIC KEY", paper.ec_spki(1)), pkcs1):
        assert only(ca=form)[1] == "public_key"
        assert only(cert=CHAIN, key=form)[1] == "public_key"


def test_files_without_what_is_wanted_are_refused():
    crl = pem.encode("X509 CRL", b"\x30\0")
    assert only(ca=crl) == ("ca", "no_certificate", "There is no certificate in it.")
    assert only(cert=CHAIN, key=crl) == ("key", "no_key", "There is no private key in it.")
    assert only(ca=b"\x30\x00")[1] == "no_certificate"


def test_damaged_certificates_and_keys_are_told():
    broken = pem.encode("CERTIFICATE", CA[:-9])
    assert only(ca=text(CA) + broken) == ("ca", "damaged", "Certificate number 2 is damaged.")
    assert problems(ca=broken + text(CA) + broken + KEY) == [
        ("ca", "damaged"),
        ("ca", "damaged"),
        ("ca", "private_key"),
    ]
    field, code, sentence = only(cert=CHAIN, key=pem.encode("PRIVATE KEY", b"\x30\0"))
    assert (field, code, sentence) == ("key", "damaged", "The private key is damaged.")


# How much


def test_large_files_are_refused_before_they_are_read():
    for field, limit in (("ca", 32768), ("cert", 16384), ("key", 8192)):
        whole = {"cert": CHAIN, "key": KEY} if field != "ca" else {}
        whole[field] = b" " * (limit + 1)
        found = only(**whole)
        assert found[:2] == (field, "too_large")
        assert str(limit) in found[2]
        whole[field] = b" " * limit
        assert only(**whole)[1] == "unreadable"


def test_what_would_not_fit_as_pem_text_is_refused():
    big = [authority("%d" % at + "x" * 1200) for at in range(12)]
    assert len(b"".join(big)) < 32768
    assert only(ca=b"".join(big))[1] == "too_large"


def test_too_many_certificates_are_refused():
    many = [authority("CA %d" % at) for at in range(17)]
    assert only(ca=text(*many)) == (
        "ca",
        "too_many",
        "There are 17 certificates in it; at most 16 can be used.",
    )
    links = [authority("%d" % at, "%d" % (at + 1)) for at in range(5)]
    chain = text(certificate("car 7", "0", paper.ec_spki(7)), *links)
    assert problems(cert=chain, key=KEY) == [("cert", "too_many")]
    assert only(cert=CHAIN, key=KEY + KEY)[:2] == ("key", "too_many")


def test_duplicates_are_refused_by_name():
    field, code, sentence = only(ca=text(CA, MIDDLE, CA))
    assert (field, code) == ("ca", "duplicate")
    assert sentence == "The certificate of Garage CA is in it twice; once is enough."
    assert problems(cert=text(LEAF, LEAF, MIDDLE), key=KEY) == [("cert", "duplicate")]


# What the device can use


def test_weak_and_large_rsa_keys_are_refused():
    assert problems(text(authority("x", spki=paper.rsa_spki(2048)))) == []
    assert problems(text(authority("x", spki=paper.rsa_spki(4096)))) == []
    for bits, code in ((1024, "weak_key"), (2047, "weak_key"), (4097, "large_key")):
        found = ca_problem(authority("Old CA", spki=paper.rsa_spki(bits)))
        assert found[1] == code
        assert found[2].startswith("The certificate of Old CA has an RSA key of %d bits" % bits)
        cert = text(certificate("car 7", "x", paper.rsa_spki(bits)))
        key = pem.encode("RSA PRIVATE KEY", paper.pkcs1(bits))
        assert problems(cert=cert, key=key) == [("cert", code), ("key", code)]


def test_keys_of_other_kinds_are_refused():
    assert problems(text(authority("x", spki=paper.ec_spki(1, paper.P384)))) == []
    k1 = paper.ec_spki(1, b"\x2b\x81\x04\x00\x0a")
    for spki, kind in ((k1, "EC secp256k1"), (paper.ed25519_spki(), "Ed25519")):
        found = ca_problem(authority("x", spki=spki))
        assert found[1] == "unsupported_key"
        assert kind in found[2] and "P-256" in found[2]


def test_outdated_signatures_are_refused_but_of_roots():
    for oid in (paper.SHA1_WITH_RSA, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"):
        assert problems(text(authority("Root", signature=oid))) == []
        assert ca_problem(authority("Middle", "Root", signature=oid))[1] == "weak_signature"
    sha1 = b"\x2a\x86\x48\xce\x3d\x04\x01"
    assert ca_problem(authority("Middle", "Root", signature=sha1))[1] == "weak_signature"
    old = text(leaf(signature=paper.SHA1_WITH_RSA))
    assert problems(cert=old, key=KEY) == [("cert", "weak_signature")]


def test_unknown_signatures_are_refused_even_of_roots():
    found = ca_problem(authority("Root", signature=paper.ED25519))
    assert found[1] == "unsupported_signature"


def with_extension(*parts):
    return certificate("x", extensions=(paper.authority_extension(), paper.extension(*parts)))


def test_critical_extensions_that_tls_does_not_know_are_refused_by_name():
    for last, name in ((30, "name constraints"), (36, "policy constraints"), (9, "2.5.29.9")):
        oid = b"\x55\x1d" + bytes((last,))
        found = ca_problem(with_extension(oid, b"\x30\0", True))
        assert found[1] == "unsupported_extension"
        assert "(%s)" % name in found[2]
        assert problems(text(with_extension(oid, b"\x30\0"))) == []
    for oid, shown in (
        (b"\x2b\6\1\4\1\x82\x37", "(1.3.6.1.4.1.311)"),
        (b"\x81\x34\x81\x80\0", "(2.100.16384)"),
        (b"\x09", "(0.9)"),
        (b"", "(0.0)"),
    ):
        assert shown in ca_problem(with_extension(oid, b"", True))[2]


def test_of_critical_policies_only_the_one_for_all_is_known():
    oid = b"\x55\x1d\x20"
    for policy, good in ((b"\x55\x1d\x20\x00", True), (b"\x2a\x03", False)):
        value = der.tlv(0x30, der.tlv(0x30, der.tlv(6, policy)))
        found = problems(text(with_extension(oid, value, True)))
        assert found == ([] if good else [("ca", "unsupported_extension")])
        assert problems(text(with_extension(oid, value))) == []
    assert ca_problem(with_extension(oid, b"\x30\x09", True))[1] == "unsupported_extension"


# Authorities


def test_what_is_no_authority_is_refused_with_the_name_of_its_authority():
    field, code, sentence = ca_problem(certificate("nas.example", "Garage CA"))
    assert (field, code) == ("ca", "not_authority")
    assert "nas.example" in sentence and "Garage CA" in sentence


def test_a_damaged_key_usage_allows_nothing():
    for value in (b"", b"\3\2\0", b"\4\2\0\xff"):
        extensions = (paper.authority_extension(), paper.extension(b"\x55\x1d\x0f", value))
        found = problems(text(certificate("Middle", "Root", extensions=extensions)))
        assert found == [("ca", "not_authority")]


def test_an_authority_must_be_allowed_to_sign():
    for bits, good in ((0x04, True), (0x80, False)):
        extensions = (paper.authority_extension(), paper.key_usage_extension(bits))
        found = problems(text(certificate("Middle", "Root", extensions=extensions)))
        assert found == ([] if good else [("ca", "not_authority")])


def test_an_expired_authority_is_a_problem_only_when_no_other_is_left():
    old = authority("Old CA", start="20200101000000", stop="20261121115959")
    field, code, sentence = ca_problem(old)
    assert (field, code) == ("ca", "expired")
    assert sentence == "The certificate of Old CA expired on 2026-11-21; upload its successor."
    assert problems(text(old, CA)) == []
    assert facts(text(old, CA))["ca"][0]["warning"] == "Expired on 2026-11-21."
    older = authority("Older CA", start="20200101000000", stop="20210101000000")
    assert problems(text(old, older)) == [("ca", "expired")] * 2


def test_an_authority_of_the_future_says_what_the_clock_says():
    new = authority("New CA", start="20270101000000")
    assert ca_problem(new)[1:] == (
        "not_yet_valid",
        "The certificate of New CA is not valid before 2027-01-01; the device's clock says 2026-11-21.",
    )
    assert facts(text(new, CA))["ca"][0]["warning"] == "Not valid before 2027-01-01."


def test_without_a_clock_no_date_is_judged():
    old = authority("Old CA", start="20200101000000", stop="20210101000000")
    assert problems(text(old), now=None) == []
    expired = leaf(start="20200101000000", stop="20210101000000")
    assert problems(cert=text(expired), key=KEY, now=None) == []
    shown = facts(text(old), now=None)["ca"][0]
    assert shown["days_left"] is None and shown["warning"] is None


def test_the_first_and_the_last_second_count():
    one = authority("x", start="20261121120000", stop="20261121120000")
    assert problems(text(one)) == []
    assert ca_problem(one, "20261121115959")[1] == "not_yet_valid"
    assert ca_problem(one, "20261121120001")[1] == "expired"


# Client certificates


def test_one_without_the_other_is_told_in_the_empty_field():
    assert only(cert=CHAIN)[:2] == ("key", "field_empty")
    assert only(key=KEY)[:2] == ("cert", "field_empty")


def test_a_key_of_another_certificate_is_refused():
    other, of_issuer = [pem.encode("EC PRIVATE KEY", paper.sec1(seed)) for seed in (8, 1)]
    for key in (other, of_issuer, pem.encode("RSA PRIVATE KEY", paper.pkcs1(2048))):
        field, code, sentence = only(cert=CHAIN, key=key)
        assert (field, code) == ("key", "key_mismatch")
        assert sentence == "The private key does not belong to the certificate of car 7."


def test_no_key_belongs_to_a_certificate_whose_key_is_damaged():
    broken = der.tlv(0x30, paper.algorithm(paper.EC), der.tlv(3, b"\0"))
    found = problems(cert=text(certificate("car 7", "Garage CA", broken)), key=KEY)
    assert found == [("cert", "unsupported_key"), ("key", "key_mismatch")]


def test_the_wrong_order_is_told_with_the_right_one():
    for order in ((MIDDLE, LEAF, CA), (CA, MIDDLE, LEAF), (LEAF, CA, MIDDLE)):
        field, code, sentence = only(cert=text(*order), key=KEY)
        assert (field, code) == ("cert", "chain_order")
        assert sentence.endswith("it must be: car 7, then Garage Workshop, then Garage CA.")
    assert problems(cert=text(LEAF, MIDDLE, CA), key=KEY) == []


def test_strangers_in_the_chain_are_told():
    for chain in ((LEAF, CA), (LEAF, authority("Other")), (LEAF, MIDDLE, authority("Other"))):
        found = only(cert=text(*chain), key=KEY)
        assert found[:2] == ("cert", "broken_chain")
        follower = "Other" if len(chain) == 3 or chain[1] != CA else "Garage CA"
        one = "Garage Workshop" if len(chain) == 3 else "car 7"
        start = "The certificate of %s was not issued by the one that follows it (%s)"
        assert found[2].startswith(start % (one, follower))
    circle = authority("a", "b"), authority("b", "a")
    assert problems(cert=text(*circle), key=KEY) == [
        ("cert", "broken_chain"),
        ("key", "key_mismatch"),
    ]


def test_an_authority_is_no_client():
    cert = text(authority("Garage CA", spki=paper.ec_spki(7)))
    field, code, sentence = only(cert=cert, key=KEY)
    assert (field, code) == ("cert", "authority")
    assert "Garage CA" in sentence


def test_a_client_certificate_must_be_made_for_clients():
    for extension, good in (
        (paper.usage_extension(paper.SERVER_AUTH), False),
        (paper.usage_extension(paper.SERVER_AUTH, paper.CLIENT_AUTH), True),
        (paper.usage_extension(b"\x55\x1d\x25\x00"), True),
        (paper.key_usage_extension(0x80), True),
        (paper.key_usage_extension(0x20), False),
    ):
        found = problems(cert=text(leaf(extension)), key=KEY)
        assert found == ([] if good else [("cert", "not_for_clients")])


def test_the_dates_of_the_whole_chain_count():
    expired = leaf(start="20200101000000", stop="20210101000000")
    assert problems(cert=text(expired, MIDDLE), key=KEY) == [("cert", "expired")]
    old = authority("Garage Workshop", "Garage CA", start="20200101000000", stop="20210101000000")
    assert problems(cert=text(LEAF, old), key=KEY) == [("cert", "expired")]
    assert problems(cert=text(leaf(start="20280101000000")), key=KEY) == [
        ("cert", "not_yet_valid")
    ]


def test_all_problems_come_at_once():
    weak = authority("Weak", spki=paper.rsa_spki(1024))
    server = leaf(paper.usage_extension(paper.SERVER_AUTH), stop="20260201000000")
    ca = text(weak, certificate("nas.example", "Garage CA"), CA, CA) + KEY
    assert problems(ca, text(MIDDLE, server), pem.encode("EC PRIVATE KEY", paper.sec1(9))) == [
        ("ca", "private_key"),
        ("ca", "duplicate"),
        ("ca", "weak_key"),
        ("ca", "not_authority"),
        ("cert", "expired"),
        ("cert", "chain_order"),
        ("cert", "not_for_clients"),
        ("key", "key_mismatch"),
    ]


# Facts


def test_the_facts_of_a_certificate():
    shown = facts(text(CA), CHAIN, KEY)
    fingerprint = shown["cert"][0].pop("fingerprint")
    assert len(fingerprint) == 95 and fingerprint == fingerprint.lower()
    assert shown["cert"][0] == {
        "subject": "car 7",
        "issuer": "Garage Workshop",
        "names": [],
        "serial": "0A:1B",
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2046-01-01T00:00:00Z",
        "days_left": 6980,
        "warning": None,
        "key": "EC P-256",
    }
    assert [one["subject"] for one in shown["cert"]] == ["car 7", "Garage Workshop"]
    assert [one["subject"] for one in shown["ca"]] == ["Garage CA"]
    assert shown["key"] == "EC P-256"


def test_no_files_no_facts():
    assert facts() == {"ca": [], "cert": [], "key": None}


def test_the_warning_comes_thirty_days_ahead():
    for stop, days, warning in (
        ("20261222115959", 30, "Expires in 30 days."),
        ("20261222120000", 31, None),
        ("20261203120000", 12, "Expires in 12 days."),
        ("20261123115959", 1, "Expires in 1 day."),
        ("20261122115959", 0, "Expires in less than a day."),
        ("20261121115959", -1, "Expired on 2026-11-21."),
    ):
        shown = facts(text(authority("x", stop=stop)))["ca"][0]
        assert (shown["days_left"], shown["warning"]) == (days, warning), stop


def test_what_can_be_read_is_shown_even_when_there_are_problems():
    shown = facts(text(authority("Weak", spki=paper.rsa_spki(1024))) + KEY, b"hello", b"hello")
    assert [one["key"] for one in shown["ca"]] == ["RSA 1024"]
    assert (shown["cert"], shown["key"]) == ([], None)


# What is kept


def test_what_is_kept_is_pem_text_and_nothing_else():
    for form in (
        CA + MIDDLE,
        b2a_base64(CA + MIDDLE),
        b"# x\n" + text(CA) + b"y\r\n" + text(MIDDLE),
    ):
        assert contents.tidy_certificates(form) == text(CA, MIDDLE)


def test_the_key_that_is_kept_has_its_own_label():
    pkcs8 = paper.pkcs8(paper.EC, der.tlv(6, paper.P256), paper.sec1(7, curve=None))
    parameters = pem.encode("EC PARAMETERS", b"\6\0")
    for form, label, body in (
        (paper.sec1(7), "EC PRIVATE KEY", paper.sec1(7)),
        (b2a_base64(pkcs8), "PRIVATE KEY", pkcs8),
        (parameters + KEY, "EC PRIVATE KEY", paper.sec1(7)),
        (paper.pkcs1(2048), "RSA PRIVATE KEY", paper.pkcs1(2048)),
    ):
        assert contents.tidy_key(form) == pem.encode(label, body)
