"""Signatures against published vectors and those of the receivers that check them."""

import binascii

from delivery import signing
from helper import raises

BODY = b'{"autopid_data":{"ENGINE_RPM":4147,"SPEED":0}}'
FIRST = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SECOND = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
ID = "a1b2c3d4e5f6-3-17"

KPN_SECRET = "C03fajLBWj$nbvOnQlV9N49zVFEobV#"
KPN_BODY = (
    '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000,"n":"ENGINE_RPM","u":"1/min",'
    '"v":4147},{"n":"SPEED","u":"km/h","v":0},{"n":"COOLANT_TMP","u":"Cel","v":155},'
    '{"n":"FUEL","u":"/100","v":62.35}]'
)
KPN_SPLIT = KPN_BODY.replace('1730000000,"n":"ENGINE', '1730000000},{"n":"ENGINE')
KPN_NAME = (
    '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000,"n":"device_name",'
    '"vs":"Bus 12 – Köln"}]'
)
KPN_LORA = (
    '[{"bn":"urn:dev:DEVEUI:0018B21000008CF4:","bt":1652972601},{"n":"payload","vs":"6a20"},'
    '{"n":"port","v":1}]'
)
KPN_IP = (
    '[{"bn":"urn:dev:DVNUUID:fbc063cb-4dd4-41b3-917a-e2d1ea907f75:","bt":1730000000,'
    '"n":"speed","u":"km/h","v":0}]'
)

AS_KEY = "00112233445566778899aabbccddeeff"
UPLINK = ("100000001", "A1B2C3FFFED4E5F6", "2", "17")
PAYLOAD = "7b22454e47494e455f52504d223a343134372c225350454544223a307d"
QUERY = (
    "LrnDevEui=A1B2C3FFFED4E5F6&LrnFPort=2&LrnInfos=WICAN-1&AS_ID=wican.as"
    "&Time=2024-10-27T03:33:20.000+00:00"
)
DOWN = "DevEUI=A1B2C3FFFED4E5F6&FPort=2&Payload=0a0b"
DOWN_END = "&AS_ID=wican.as&Time=2024-10-27T03:33:20.000+00:00"


def hmac_hex(key, message):
    return binascii.hexlify(signing.hmac_sha256(key, message)).decode()


def test_hmac_sha256_agrees_with_rfc_4231():
    for key, message, expected in (
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ):
        assert hmac_hex(key, message) == expected, message


def test_hmac_sha256_takes_keys_of_one_block_and_just_around_it():
    for length, expected in (
        (0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        (63, "a73e4ae46b2a9f2402fff056e156c0a25551e3db5097f9367522239bfbc2d02e"),
        (64, "83026a325aaee70e36cfe607536aa1054104ad1077c36134810d4ccded1ccd3b"),
        (65, "41f1c4cc3107cd5b8d92460f61032902bfdb06484eef17e861b83a5012d3b7f3"),
    ):
        assert hmac_hex(b"k" * length, b"") == expected, length


def test_hmac_sha256_signs_the_base_of_rfc_9421():
    key = (
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    )
    base = (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n'
        '"content-type": application/json\n'
        '"@signature-params": ("date" "@authority" "content-type");created=1618884473;'
        'keyid="test-shared-secret"'
    )
    ours = (
        '"@method": POST\n"@target-uri": https://example.com/ingest?v=1\n'
        '"content-digest": sha-256=:szR2A/n5S/Ewwoc39LW1wK8teEcpTBHmTTd3sUhq3tI=:\n'
        '"content-type": application/json\n"@signature-params": ("@method" "@target-uri" '
        '"content-digest" "content-type");created=1730000000;keyid="wican";alg="hmac-sha256"'
    )
    for secret, text, expected in (
        (key, base, b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="),
        (FIRST[6:], ours, b"zeHRKu3foSoJOfxs6YrOS+cUX925tzSFsEum0I0nyLU="),
    ):
        found = signing.hmac_sha256(binascii.a2b_base64(secret), text.encode())
        assert binascii.b2a_base64(found).strip() == expected, text


def test_github_signs_the_body():
    for secret, body, expected in (
        (
            "It's a Secret to Everybody",
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "wican-secret",
            BODY,
            "ec3c4a545dfaf61de66e8300d0965f8e22c5c3e7cd47beb2472e5e161660ac62",
        ),
    ):
        assert signing.github(secret, body) == "sha256=" + expected


def test_stripe_signs_time_and_body():
    signature = "9b1ffa663a3642559cd6a8745a4abf255e2eb93e3f511d81d456d1f5e87f4869"
    assert signing.stripe("wican-secret", 1730000000, BODY) == "t=1730000000,v1=" + signature
    both = signing.stripe("new", 1730000000, BODY, "wican-secret")
    other = hmac_hex(b"new", b"1730000000." + BODY)
    assert both == "t=1730000000,v1=%s,v1=%s" % (other, signature)


def test_standard_webhooks_signs_id_time_and_body_with_every_secret():
    assert signing.standard_webhooks([FIRST, SECOND], ID, 1730000000, BODY) == (
        "v1,xAiwxNBPw/i8aWCt/iX09Epk9WXadTGW6jwCe2mIxqQ= "
        "v1,tN9NEWpb7YKaG8Vhd4Zy7fZIFZNuSFXBVMfQKpCV2+M="
    )
    expected = "v1,D/EySUc/prQAK1i1ouvNfK7yu/vRvJH9/sRxRkm9z70="
    assert signing.standard_webhooks([FIRST], ID, 1730000005, BODY) == expected
    assert signing.standard_webhooks([FIRST[6:]], ID, 1730000005, BODY) == expected


def test_a_webhook_secret_that_is_no_base64_never_signs():
    for secret in ("", "whsec_", "secret!", "whsec_MDEy MzQ1", "MDEyMzQ", "MDEyMzQ1Njc-"):
        raises(ValueError, signing.standard_webhooks, [secret], ID, 1730000000, BODY)


def test_content_digest_agrees_with_rfc_9530():
    for body, expected in (
        (b'{"hello": "world"}', "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
        (BODY, "sha-256=:szR2A/n5S/Ewwoc39LW1wK8teEcpTBHmTTd3sUhq3tI=:"),
    ):
        assert signing.content_digest(body) == expected


def test_kpn_hashes_the_body_and_then_the_secret():
    for body, secret, expected in (
        (
            KPN_BODY,
            KPN_SECRET,
            "5798467352bb2f102373a4dc415b3d01a7fd53e50770ac0a241062d4c801c331",
        ),
        (
            KPN_BODY,
            KPN_SECRET + "x",
            "908ec715bc3a8679c1b0d0f7899400691e4c500f44bc92fd210ed6d2cde99ef5",
        ),
        (
            KPN_SPLIT,
            KPN_SECRET,
            "ba436423ef028a555094d41997c12a502af8fe3facd72e129d1603a55ee45e1e",
        ),
        (
            KPN_LORA,
            KPN_SECRET,
            "0e6acbf9a2172b699460da6e8e3647223aa7d69635634a99322254abe79667ed",
        ),
        (
            KPN_NAME,
            KPN_SECRET,
            "23d282712ac1a251dfdfbdf754a7cb605ddb61733bfedc495c870ad7ac12b8db",
        ),
        ("", KPN_SECRET, "10d71db59aebe39fb8ea8971382167e92b698d3b1392558fb6db8f35e44c5691"),
        (
            KPN_IP,
            "0123456789abcdefghijABCDEFGHIJ",
            "5ea87b2524d7f42c1403c24eebd6e82d631c3003529fc0ccd6897a21e052f25d",
        ),
    ):
        assert signing.kpn_token(body.encode(), secret) == expected, body


def test_thingpark_hashes_elements_query_and_key():
    published = (
        "LrnDevEui=0059AC000010020D&LrnFPort=2&LrnInfos=TWA_100006246.167.AS-1-1361149"
        "&AS_ID=hookbin&Time=2016-07-05T08:58:26.911+02:00"
    )
    port_0 = QUERY.replace("LrnFPort=2", "LrnFPort=0")
    for elements, query, expected in (
        (
            ("100006246", "0059AC000010020D", "2", "3", "00277c0878fd9b2e000000000000ffff"),
            published,
            "18f44bb294f9dd33b5168eeb92a0c7f9fa807914097dc9bb2ed5a789a65fad33",
        ),
        (
            UPLINK + (PAYLOAD,),
            QUERY,
            "4c7393a323ef69389211f4e053fc0c59cfd1ce0278d3c9b4e0d1a8c0ae0996a7",
        ),
        (
            UPLINK[:2] + ("0", "18", ""),
            port_0,
            "cdfcf95f27bb32f6cf9e3f5ded323752f09d8362f4be8e9488af37aee2ff2155",
        ),
        (
            UPLINK[:3] + ("5",),
            QUERY,
            "b86dd8a813db37bc6da14366f7a0fb24501e6a2f5225cdf353352bfd51ae46c0",
        ),
        (UPLINK[:2], port_0, "44dbb227dc772a694ad636a9e1f6b646ed0378ddc5c78542a382e2edcc66193b"),
        (
            UPLINK[:2],
            QUERY.replace("LrnFPort=2&", ""),
            "3264918150acf68ca872d370d271ec6bb09a1d535c04dd303a660053eda4eb68",
        ),
        ((), DOWN + DOWN_END, "8ba3d845456124002e5071f2f498e72bd862ec8ba3be00d3438c332b4bf1dabd"),
        (
            (),
            DOWN + "&Confirmed=1" + DOWN_END + "&CorrelationID=00000000deadbeef",
            "c391f10aa634917b80aa490925b3d1f2cbba0f61e31d8bc551727af8b2dd2603",
        ),
    ):
        assert signing.thingpark_token(list(elements), query, AS_KEY) == expected, query


def test_azure_signs_the_resource_as_it_is_written():
    resource = "wicanhub.azure-devices.net%2Fdevices%2Fwican-a1b2c3d4e5f6"
    assert signing.azure_sas(resource, FIRST[6:], 1730003600) == (
        "SharedAccessSignature sr=wicanhub.azure-devices.net%2Fdevices%2Fwican-a1b2c3d4e5f6"
        "&sig=FeeQ7QKlSiAFE%2Fk9OAvuNK6tLyf3auLSugSqSl1h6pI%3D&se=1730003600"
    )
