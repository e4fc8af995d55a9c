"""What a script can do with cert sets, the default bundle and the clock; and that no key ever comes back.

A real server under the Unix port of MicroPython, and certificates that are made when the tests run.
"""

import base64
import json
import shutil
import subprocess
import time

import pki
import pytest
import roots
from cert_requests import BASE, CLOCK, GARAGE, VAN, form, head, send, send_number, wait_for
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from page_server import BASIC, HOST, PASSWORD, answer, ask, connect, serving, told


@pytest.fixture(scope="module")
def pair(authority):
    return authority.client("van")


def files(root, name="van"):
    """What is kept of a set."""
    folder = root / "certs" / name
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def codes(problems):
    return sorted((problem["field"], problem["code"]) for problem in problems)


def log_of(port):
    return json.loads(ask(port, "/api/v1/status")[1])["log"]


def fingerprint(certificate):
    digest = certificate.fingerprint(SHA256()).hex()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


# Storing and showing


def test_a_device_without_certificates_says_so(port):
    status, listed = told(port, BASE)
    error = "The default bundle of public authorities is not installed."
    assert (status, listed) == (200, {"default": {"error": error}, "sets": []})
    assert told(port, BASE + "/default") == (200, {"error": error})


def test_a_set_is_stored_and_shown_with_all_that_tells_certificates_apart(
    port, root, authority, pair
):
    status, stored = send(port, GARAGE, ca=authority.pem, cert=pair.cert_pem, key=pair.key_pem)
    assert status == 200, stored
    assert told(port, GARAGE) == (200, stored)
    assert told(port, BASE)[1]["sets"] == [stored]
    [root_shown], [leaf_shown] = stored["ca"], stored["client"]
    assert (root_shown["subject"], leaf_shown["subject"]) == ("Garage CA", "van")
    assert leaf_shown["issuer"] == "Garage CA"
    leaf = pair.certificates[0]
    assert leaf_shown["fingerprint"] == fingerprint(leaf)
    assert int(leaf_shown["serial"].replace(":", ""), 16) == leaf.serial_number
    assert leaf_shown["not_after"] == leaf.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert 395 <= leaf_shown["days_left"] <= 397 and leaf_shown["warning"] is None
    assert (stored["name"], stored["has_key"], stored["pending"]) == ("garage", True, False)
    assert (stored["problem"], stored["warnings"]) == (None, [])
    used_by = [{"id": 2, "name": "Fleet <portal>"}, {"id": 3, "name": "Spare"}]
    assert stored["used_by"] == used_by
    kept = files(root, "garage")
    assert kept.keys() == {"ca.pem", "client.crt", "client.key"}
    assert kept["ca.pem"] == authority.pem and kept["client.crt"] == pair.cert_pem
    assert pki.read_key(kept["client.key"]) is not None


def test_what_changed_is_told_to_those_who_use_it(port, authority):
    send(port, VAN, ca=authority.pem)
    assert any(line.endswith("change 1 of cert set van") for line in log_of(port))
    assert send(port, VAN, ca="nonsense")[0] == 400
    told(port, VAN, "DELETE")
    changes = [line.partition("page")[2].strip() for line in log_of(port) if "change" in line]
    assert changes == ["change 1 of cert set van", "change 2 of cert set van"]


def test_members_that_are_not_sent_stay_and_null_removes(port, root, authority, pair):
    send(port, VAN, ca=authority.pem, cert=pair.cert_pem, key=pair.key_pem)
    before = files(root)
    other = pki.Authority("Second CA")
    status, changed = send(port, VAN, ca=authority.pem + other.pem)
    assert (status, len(changed["ca"]), changed["has_key"]) == (200, 2, True)
    assert files(root) == {**before, "ca.pem": authority.pem + other.pem}
    status, changed = send(port, VAN, cert=None, key=None)
    assert (status, changed["client"], changed["has_key"]) == (200, None, False)
    assert files(root).keys() == {"ca.pem"}


def test_the_default_bundle_is_used_only_if_that_is_said(port, root, authority, pair):
    status, problems = send(port, VAN, cert=pair.cert_pem, key=pair.key_pem)
    assert (status, codes(problems)) == (400, [("ca", "field_empty")])
    status, stored = send(port, VAN, ca="default", cert=pair.cert_pem, key=pair.key_pem)
    assert (status, stored["ca"]) == (200, "default")
    assert "not installed" in stored["problem"]
    assert files(root).keys() == {"ca.default", "client.crt", "client.key"}
    status, stored = send(port, VAN, ca=authority.pem)
    assert (status, stored["ca"][0]["subject"]) == (200, "Garage CA")
    assert files(root).keys() == {"ca.pem", "client.crt", "client.key"}
    status, problems = send(port, VAN, ca=None)
    assert (status, codes(problems)) == (400, [("ca", "field_empty")])


def test_every_form_of_file_ends_up_as_plain_pem(port, root, authority, pair):
    key_der = pair.key_file("sec1", "der")
    comments = b"subject=van\r\n" + pair.cert_pem.replace(b"\n", b"\r\n").rstrip()
    expected = {"ca.pem": authority.pem, "client.crt": pair.cert_pem}
    fields = {"ca": base64.b64encode(authority.der), "cert": comments}
    fields["key"] = base64.encodebytes(key_der)
    parts = {"ca": ("ca.der", authority.der), "cert": ("c", comments), "key": ("k", key_der)}
    for upload in (lambda: send(port, VAN, **fields), lambda: form(port, VAN, parts)):
        assert upload()[0] == 200
        kept = files(root)
        key = kept.pop("client.key")
        assert kept == expected
        assert key.startswith(b"-----BEGIN EC PRIVATE KEY-----\n")
        assert pki.read_key(key).private_numbers() == pki.read_key(pair.key_pem).private_numbers()
        told(port, VAN, "DELETE")


def test_a_form_need_not_send_everything(port, root, authority, pair):
    status, _ = form(port, VAN, {"ca": (None, b"default")})
    assert status == 200 and files(root) == {"ca.default": b""}
    fields = {"cert": ("c", pair.cert_pem), "key": ("k", pair.key_pem)}
    assert form(port, VAN, fields, boundary="x")[0] == 200
    assert files(root).keys() == {"ca.default", "client.crt", "client.key"}


def test_a_file_field_where_nothing_was_chosen_changes_nothing(port, root, authority):
    send(port, VAN, ca=authority.pem)
    body = b'--b\r\nContent-Disposition: form-data; name="ca"; filename=""\r\n\r\n\r\n--b--\r\n'
    headers = {"Content-Type": 'multipart/form-data; boundary="b"'}
    assert told(port, VAN, "PUT", headers, body)[0] == 200
    assert files(root) == {"ca.pem": authority.pem}


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_uploads_a_set(port, root, tmp_path, authority, pair):
    pair.write(tmp_path / "in", "client.crt", "client.key")
    (tmp_path / "in" / "ca.der").write_bytes(authority.der)
    fields = ("ca=@ca.der", "cert=@client.crt", "key=@client.key")
    command = ["curl", "-s", "--max-time", "20", "-u", f"admin:{PASSWORD}", "-X", "PUT"]
    command += [part for field in fields for part in ("-F", field)]
    result = subprocess.run(
        [*command, f"http://{HOST}:{port}{VAN}"], cwd=tmp_path / "in", capture_output=True
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["name"] == "van", result.stdout
    assert files(root)["ca.pem"] == authority.pem


def test_the_largest_set_there_can_be_is_taken(port, root, pair):
    many = [pki.Authority(f"Authority number {number}", kind="rsa") for number in range(16)]
    ca = b"# a comment\n" * 600 + b"".join(one.pem for one in many)
    assert 24_000 < len(ca) < 32_768
    status, stored = send(port, VAN, ca=ca, cert=pair.cert_pem, key=pair.key_pem)
    assert (status, len(stored["ca"])) == (200, 16)


# Refusing


def test_every_problem_is_told_at_once_and_nothing_is_stored(port, root, authority, pair):
    other = authority.client("other")
    expired = pki.Authority("Old CA", not_before=pki.days(-9), not_after=pki.days(-2))
    status, problems = send(port, VAN, ca=expired.pem, cert=pair.cert_pem, key=other.key_pem)
    assert (status, codes(problems)) == (400, [("ca", "expired"), ("key", "key_mismatch")])
    assert all(problem["message"].endswith(".") for problem in problems)
    assert files(root) == {} and told(port, BASE)[1]["sets"] == []
    send(port, VAN, ca=authority.pem)
    before = files(root)
    status, problems = send(port, VAN, ca="-----BEGIN", cert=pair.cert_pem)
    assert status == 400 and {problem["field"] for problem in problems} == {"ca", "key"}
    assert files(root) == before


def test_dates_are_not_judged_by_a_clock_that_is_not_set(root):
    expired = pki.Authority("Old CA", not_before=pki.days(-900), not_after=pki.days(-800))
    (root / "no_time").touch()
    with serving(root=root) as port:
        assert told(port, CLOCK) == (200, {"state": "no_time", "source": "", "unix_s": 0})
        assert send(port, VAN, ca=expired.pem)[0] == 200
        shown = told(port, VAN)[1]
        assert (shown["problem"], shown["ca"][0]["days_left"]) == (None, None)
        assert send_number(port, int(time.time()))[1]["state"] == "set"
        assert "expired" in told(port, VAN)[1]["problem"]
        assert codes(send(port, VAN, ca=expired.pem)[1]) == [("ca", "expired")]


@pytest.mark.parametrize(
    "body, found",
    [
        (b"", [("ca", "field_empty")]),
        (b"[]", [("", "type")]),
        (b"null", [("", "type")]),
        (b'{"ca":', [("", "type")]),
        (b'{"ca":"\xff\xfe"}', [("", "type")]),
        (b'{"ca":7,"cert":["x"],"key":{}}', [("ca", "type"), ("cert", "type"), ("key", "type")]),
        (b'{"ca":"default","certificate":"x","b":1}', [("b",), ("certificate",)]),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_what_is_wrong(port, root, body, found):
    headers = {"Content-Type": "application/json"}
    status, problems = told(port, VAN, "PUT", headers, body)
    assert status == 400
    assert codes(problems) == [
        one if len(one) == 2 else (*one, "unknown_setting") for one in found
    ]
    assert files(root) == {}


PART = b'--b\r\nContent-Disposition: form-data; name="ca"\r\n\r\ndefault\r\n'


@pytest.mark.parametrize(
    "content_type, body, code",
    [
        ("multipart/form-data", PART + b"--b--\r\n", "form"),
        ("multipart/form-data; boundary=b", PART, "form"),
        ("multipart/form-data; boundary=b", b"", "form"),
        ("multipart/form-data; boundary=c", PART + b"--b--\r\n", "form"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\ndefault\r\n--b--\r\n", "form"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: \xff\r\n\r\nx\r\n--b--", "form"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", "field_empty"),
        (
            "multipart/form-data; boundary=b",
            PART.replace(b'"ca"', b'"csr"') + b"--b--",
            "unknown_setting",
        ),
    ],
)
def test_a_damaged_form_is_refused(port, root, content_type, body, code):
    status, [problem] = told(port, VAN, "PUT", {"Content-Type": content_type}, body)
    assert (status, problem["code"]) == (400, code)
    assert files(root) == {}


@pytest.mark.parametrize("name", ["a" * 25, "a.b", "%2e%2e", "..", "a%20b", "ca.pem", "a+b"])
def test_a_set_cannot_have_just_any_name(port, root, name):
    for method, path in (("PUT", "/" + name), ("DELETE", "/" + name), ("POST", f"/{name}/key")):
        status, [problem] = send(port, BASE + path, method)
        assert (status, problem["field"], problem["code"]) == (400, "name", "characters")
    assert not (root / "certs").exists()


def test_the_name_of_the_default_bundle_is_kept_for_it(port, root, authority):
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/key")):
        status, [problem] = send(port, BASE + "/default" + path, method)
        assert (status, problem["code"]) == (400, "reserved")
    status, [problem] = form(port, BASE + "/default", {"ca": ("ca", authority.pem)})
    assert (status, problem["code"]) == (400, "reserved")
    assert not (root / "certs").exists()


def test_ten_sets_are_the_limit(port, authority):
    for number in range(10):
        assert send(port, f"{BASE}/s{number}", ca=authority.pem)[0] == 200
    for method, path in (("PUT", VAN), ("POST", VAN + "/key")):
        status, [problem] = send(port, path, method, **({"ca": "default"} if path == VAN else {}))
        assert (status, problem["code"]) == (409, "too_many")
    assert send(port, f"{BASE}/s3", ca="default")[0] == 200
    assert told(port, BASE + "/s9", "DELETE")[0] == 200
    assert send(port, VAN, ca="default")[0] == 200


def test_a_set_in_use_cannot_be_deleted(port, root, authority):
    send(port, GARAGE, ca=authority.pem)
    send(port, BASE + "/spare", ca=authority.pem)
    send(port, VAN, ca=authority.pem)
    status, [problem] = told(port, GARAGE, "DELETE")
    assert (status, problem["code"]) == (409, "in_use")
    assert "It is used by Fleet <portal> and Spare:" in problem["message"]
    status, [problem] = told(port, BASE + "/spare", "DELETE")
    assert status == 409 and "used by Yard:" in problem["message"], "switched off or not"
    gate = send(port, BASE + "/gate", ca=authority.pem)[1]
    assert gate["used_by"] == [{"bridge": "scada"}]
    status, [problem] = told(port, BASE + "/gate", "DELETE")
    assert status == 409 and "used by scada:" in problem["message"], "bridges count as well"
    status, left = told(port, VAN, "DELETE")
    assert (status, [one["name"] for one in left["sets"]]) == (200, ["garage", "gate", "spare"])
    assert sorted(path.name for path in (root / "certs").iterdir()) == ["garage", "gate", "spare"]


def test_what_is_not_there_cannot_be_shown_or_deleted(port):
    for method in ("GET", "DELETE"):
        status, [problem] = told(port, VAN, method)
        assert (status, problem["code"]) == (404, "unknown")
    assert ask(port, VAN, method="PATCH")[0].status == 405


def test_a_full_medium_is_told_and_leaves_the_set(port, root, authority):
    send(port, VAN, ca=authority.pem)
    (root / "certs" / "van.new").write_bytes(b"a file where a folder is wanted")
    status, [problem] = send(port, VAN, ca="default")
    assert (status, problem["code"]) == (500, "storage")
    assert files(root) == {"ca.pem": authority.pem}


def test_a_broken_set_does_not_hide_the_others(port, root, authority, pair):
    send(port, VAN, ca=authority.pem)
    for name, content in (
        ("a_key_only", {"client.key": pair.key_pem}),
        ("b_garbage", {"ca.pem": b"\x30\x82\xff", "client.crt": b"-----BEGIN CERTIFICATE-----"}),
        ("c_huge", {"ca.pem": authority.pem * 99}),
        ("d_empty", {}),
        ("e_mixed", {"ca.pem": authority.pem, "client.crt": authority.client("other").cert_pem}),
        ("e_mixed", {"client.key": pair.key_pem}),
    ):
        (root / "certs" / name).mkdir(exist_ok=True)
        for file, data in content.items():
            (root / "certs" / name / file).write_bytes(data)
    sets = {one["name"]: one for one in told(port, BASE)[1]["sets"]}
    assert sorted(sets) == ["a_key_only", "b_garbage", "c_huge", "d_empty", "e_mixed", "van"]
    problems = {name: one["problem"] for name, one in sets.items()}
    assert problems.pop("van") is None and None not in problems.values()
    assert problems["a_key_only"] == "The cert set a_key_only has no CA certificate."
    assert "larger than 32 KiB" in problems["c_huge"]
    assert "does not belong to its client certificate" in problems["e_mixed"]
    assert sets["a_key_only"]["has_key"] is True and sets["e_mixed"]["client"] is not None


def test_certificates_that_expire_soon_are_warned_about(port):
    authority = pki.Authority("Garage CA", not_after=pki.days(12.5))
    pair = authority.client("van", not_after=pki.days(300))
    send(port, VAN, ca=authority.pem, cert=pair.cert_pem, key=pair.key_pem)
    shown = told(port, VAN)[1]
    assert shown["warnings"] == ["Garage CA: Expires in 12 days."] and shown["problem"] is None
    assert shown["ca"][0]["warning"] == "Expires in 12 days."


# Keys made on the device


def make_key(port, path=VAN, **fields):
    status, made = send(port, path + "/key", "POST", **fields)
    assert status == 200, made
    return made["csr"].encode()


def test_a_key_made_on_the_device_becomes_the_sets_when_its_certificate_comes(
    port, root, authority
):
    status, made = told(port, VAN + "/key", "POST")
    assert status == 200
    request = made["csr"].encode()
    asked = x509.load_pem_x509_csr(request)
    assert asked.is_signature_valid
    assert asked.subject.rfc4514_string() == "CN=30aea4000001", "the device's id"
    waiting = told(port, VAN)[1]
    assert (waiting["pending"], waiting["has_key"]) == (True, False)
    assert waiting["problem"] == "The cert set van has no CA certificate."
    key = files(root)["pending.key"]
    status, stored = send(port, VAN, ca=authority.pem, cert=authority.answer(request))
    assert (status, stored["problem"]) == (200, None), stored
    assert (stored["pending"], stored["has_key"]) == (False, True)
    assert stored["client"][0]["subject"] == "30aea4000001"
    assert files(root).keys() == {"ca.pem", "client.crt", "client.key"}
    assert files(root)["client.key"] == key


def test_a_request_carries_the_names_that_are_asked_for(port):
    names = ["van.example", "192.168.4.1"]
    asked = x509.load_pem_x509_csr(make_key(port, common_name="Van 7", names=names))
    assert asked.subject.rfc4514_string() == "CN=Van 7"
    found = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == names[:1]
    assert [str(one) for one in found.get_values_for_type(x509.IPAddress)] == names[1:]


def test_a_new_key_leaves_the_pair_in_use_until_its_certificate_comes(port, root, authority, pair):
    send(port, VAN, ca=authority.pem, cert=pair.cert_pem, key=pair.key_pem)
    before = files(root)
    request = make_key(port)
    assert {name: files(root)[name] for name in before} == before
    assert told(port, VAN)[1]["pending"] is True and told(port, VAN)[1]["problem"] is None
    renewed = authority.answer(request)
    assert send(port, VAN, cert=renewed)[0] == 200
    assert files(root)["client.crt"] == renewed and "pending.key" not in files(root)
    assert files(root)["client.key"] != before["client.key"]


def test_a_renewed_certificate_of_the_key_in_use_leaves_the_one_that_waits(port, root, authority):
    send(port, VAN, ca=authority.pem, cert=authority.answer(first := make_key(port)))
    key = files(root)["client.key"]
    make_key(port)
    assert send(port, VAN, cert=authority.answer(first))[0] == 200
    assert files(root)["client.key"] == key and "pending.key" in files(root)
    assert send(port, VAN, cert=None, key=None)[0] == 200
    assert files(root).keys() == {"ca.pem"}, "null removes the waiting one, too"


def test_a_certificate_of_another_key_is_refused_while_one_waits(port, root, authority, pair):
    make_key(port)
    before = files(root)
    status, problems = send(port, VAN, ca=authority.pem, cert=pair.cert_pem)
    assert (status, codes(problems)) == (400, [("key", "key_mismatch")])
    assert files(root) == before


@pytest.mark.parametrize(
    "fields, found",
    [
        ({"common_name": ""}, ("common_name", "characters")),
        ({"common_name": "x" * 65}, ("common_name", "characters")),
        ({"common_name": 7}, ("common_name", "type")),
        ({"names": "van.example"}, ("names", "type")),
        ({"names": [7]}, ("names", "type")),
        ({"names": ["a b"]}, ("names", "characters")),
        ({"names": ["x.example"] * 9}, ("names", "characters")),
        ({"kind": "rsa"}, ("kind", "unknown_setting")),
    ],
)
def test_a_key_is_not_made_for_nonsense(port, root, fields, found):
    status, problems = told(port, VAN + "/key", "POST", {}, json.dumps(fields).encode())
    assert (status, codes(problems)) == (400, [found])
    assert files(root) == {}


# The default bundle


def upload(port, data, headers=None):
    content_type = {"Content-Type": "application/octet-stream"}
    return told(port, BASE + "/default", "PUT", {**content_type, **(headers or {})}, data)


def test_the_default_bundle_can_be_replaced_alone(port, root, bundle, authority):
    assert upload(port, bundle) == (200, {"date": "2026-08-01", "count": 2})
    assert (root / "certs/default/roots.bin").read_bytes() == bundle
    assert told(port, BASE)[1] == {"default": {"date": "2026-08-01", "count": 2}, "sets": []}
    assert told(port, BASE + "/default")[1] == {"date": "2026-08-01", "count": 2}
    smaller = roots.bundle(authority.pem, "20260901")
    assert upload(port, smaller) == (200, {"date": "2026-09-01", "count": 1})
    assert any("change 2 of cert set default" in line for line in log_of(port))
    assert send(port, VAN, ca="default")[1]["problem"] is None


def test_a_bundle_that_is_damaged_leaves_the_one_before(port, root, bundle):
    upload(port, bundle)
    flipped = bytearray(bundle)
    flipped[len(bundle) // 2] ^= 1
    for wrong in (b"", b"ROOTS1\n\0", bundle[:-1], bytes(flipped), b"\0" * 300_000):
        status, [problem] = upload(port, wrong)
        assert (status, problem["code"]) == (400, "bundle")
    assert [path.name for path in (root / "certs/default").iterdir()] == ["roots.bin"]
    assert (root / "certs/default/roots.bin").read_bytes() == bundle


def test_a_bundle_whose_sender_leaves_does_no_harm(port, root, bundle):
    upload(port, bundle)
    with connect(port) as client:
        client.sendall(head("PUT", BASE + "/default", len(bundle)) + bundle[:-100])
        wait_for(lambda: len(list((root / "certs/default").iterdir())) == 2)
    wait_for(lambda: len(list((root / "certs/default").iterdir())) == 1)
    assert (root / "certs/default/roots.bin").read_bytes() == bundle


def test_only_one_client_at_a_time_sends_a_bundle(port, bundle):
    with connect(port) as client:
        client.sendall(head("PUT", BASE + "/default", len(bundle)) + bundle[:1])
        wait_for(lambda: upload(port, bundle)[0] == 503)
        client.sendall(bundle[1:])
        assert answer(client).endswith(b'{"date":"2026-08-01","count":2}')
    assert upload(port, bundle)[0] == 200


# The clock


def test_the_clock_can_be_set_by_hand(port):
    status, shown = told(port, CLOCK)
    assert (status, shown["state"], shown["source"]) == (200, "set", "system")
    assert abs(shown["unix_s"] - time.time()) < 60
    status, shown = send_number(port, 1_893_456_000)
    assert (status, shown["source"]) == (200, "user")
    assert 0 <= told(port, CLOCK)[1]["unix_s"] - 1_893_456_000 < 60


@pytest.mark.parametrize("value", [0, -1, 1_700_000_000, 10**30])
def test_a_time_before_this_firmware_was_made_is_refused(port, value):
    status, [problem] = send_number(port, value)
    assert (status, problem["field"], problem["code"]) == (400, "unix_s", "refused")
    assert told(port, CLOCK)[1]["source"] == "system"


@pytest.mark.parametrize("value", [None, True, "1893456000", 1893456000.5, []])
def test_a_time_is_a_whole_number(port, value):
    status, [problem] = send_number(port, value)
    assert (status, problem["code"]) == (400, "type")


def test_the_age_of_certificates_goes_by_the_devices_clock(port, authority):
    later = int(pki.days(380).timestamp())
    assert send_number(port, later)[0] == 200
    assert send(port, VAN, ca=authority.pem)[1]["warnings"] != []
    assert send_number(port, int(pki.days(500).timestamp()))[0] == 200
    assert "expired" in told(port, VAN)[1]["problem"]


# Keys stay where they are


def fragments(key_pem):
    """Twelve bytes each of a key's secret numbers as they would look in any file or text."""
    numbers = pki.read_key(key_pem).private_numbers()
    secrets = [
        getattr(numbers, name)
        for name in ("private_value", "d", "p", "q")
        if hasattr(numbers, name)
    ]
    found = []
    for secret in secrets:
        raw = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
        pieces = [raw[at : at + 12] for at in range(len(raw) - 11)]
        assert any(base64.b64encode(piece) in key_pem for piece in pieces)
        found += [form(piece) for piece in pieces for form in FORMS]
    return found


FORMS = (
    bytes,
    base64.b64encode,
    lambda raw: raw.hex().encode(),
    lambda raw: raw.hex(":").upper().encode(),
)


def test_no_answer_and_no_line_of_the_log_ever_holds_a_key(port, root, authority):
    pairs = [authority.client("van"), authority.client("van", kind="rsa"), authority.client("x")]
    said = []

    def say(path, method="PUT", body=b"", content_type="application/json"):
        headers = {**BASIC, "Content-Type": content_type}
        response, answered = ask(port, path, headers, method, body)
        said.append(str(response.headers).encode() + answered)

    for index, pair in enumerate(pairs):
        key = pair.key_pem.decode()
        good = {"ca": authority.pem.decode(), "cert": pair.cert_pem.decode(), "key": key}
        wrong = pairs[index - 1].key_pem.decode()
        for fields in (
            good,
            {**good, "key": wrong},
            {**good, "cert": key},
            {**good, "ca": key},
            {**good, "key": key[:-40]},
            {**good, "key": key.replace("PRIVATE KEY", "PUBLIC KEY")},
            {**good, "key": [key]},
            {**good, "ca": {"x": key}},
            {"key": key, "ca": "default"},
        ):
            say(VAN, body=json.dumps(fields).encode())
            say(VAN, "GET")
            say(BASE, "GET")
        say(VAN, body=pair.key_pem)
        say(VAN, body=pair.key_pem, content_type="multipart/form-data; boundary=-----BEGIN")
        say(BASE + "/default", body=pair.key_pem, content_type="application/octet-stream")
        say(VAN + "/key", "POST", json.dumps({"common_name": key, "names": [key]}).encode())
        say(VAN + "/key", "POST", json.dumps({"names": [key]}).encode())
        say(CLOCK, "POST", json.dumps({"unix_s": key}).encode())
        say(VAN + "/key", "POST")
        made = files(root)["pending.key"]
        say(VAN, "GET")
        for file in ("client.key", "pending.key", "key"):
            say(f"{VAN}/{file}", "GET")
            say(f"/certs/van/{file}", "GET")
        say("/api/v1/status", "GET")
        everything = b" ".join(said)
        for secret in (*fragments(pair.key_pem), *fragments(made)):
            assert secret not in everything
    assert sum(b'"has_key":true' in one for one in said) > 9


def test_a_device_that_was_cut_off_while_storing_shows_the_whole_set(root, authority, pair):
    folder = root / "certs"
    pair.write(folder / "van.new", "client.crt", "client.key")
    (folder / "van.new" / "ca.pem").write_bytes(authority.pem)
    (folder / "van.old").mkdir()
    (folder / "van.old" / "ca.pem").write_bytes(b"old")
    with serving(root=root) as port:
        [shown] = told(port, BASE)[1]["sets"]
        assert (shown["name"], shown["problem"], shown["has_key"]) == ("van", None, True)
    assert [path.name for path in folder.iterdir()] == ["van"]


def test_a_page_that_is_only_looked_at_writes_nothing(port, root):
    for path in (BASE, GARAGE, BASE + "/default", CLOCK):
        assert ask(port, path)[0].status == (404 if path == GARAGE else 200)
    assert not (root / "certs").exists()
