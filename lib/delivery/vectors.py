"""Known inputs and outputs of every formula and format that others check: the self-test and the unit tests use them.

Published by others: tp_up_1, hmac_rfc4231_2, gh_1, cd_1, sig_1, basic_1 and basic_2. The others were computed with
CPython's hashlib and hmac from the documented formulas. The keys are for tests; none of them is in use.
"""

# Kinds and their inputs: see the functions of these names in module `selftest`.
_CAR = (
    '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000,"n":"ENGINE_RPM",'
    '"u":"1/min","v":4147},{"n":"SPEED","u":"km/h","v":0},{"n":"COOLANT_TMP",'
    '"u":"Cel","v":155},{"n":"FUEL","u":"/100","v":62.35}]'
)
_SECRET_31 = "C03fajLBWj$nbvOnQlV9N49zVFEobV#"
_AS_KEY = "00112233445566778899aabbccddeeff"
_UPLINK_QUERY = (
    "LrnDevEui=A1B2C3FFFED4E5F6&LrnFPort=2&LrnInfos=WICAN-1&AS_ID=wican.as&Ti"
    "me=2024-10-27T03:33:20.000+00:00"
)
_PORT_0_QUERY = (
    "LrnDevEui=A1B2C3FFFED4E5F6&LrnFPort=0&LrnInfos=WICAN-1&AS_ID=wican.as&Ti"
    "me=2024-10-27T03:33:20.000+00:00"
)
_PAYLOAD = "7b22454e47494e455f52504d223a343134372c225350454544223a307d"
_VALUES = '{"autopid_data":{"ENGINE_RPM":4147,"SPEED":0}}'
_KEY_64 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

# (id, kind, inputs, output)
VECTORS = (
    (
        "kpn_1",
        "kpn_sha256",
        (_CAR, _SECRET_31),
        "5798467352bb2f102373a4dc415b3d01a7fd53e50770ac0a241062d4c801c331",
    ),
    (
        "kpn_1b",
        "kpn_sha256",
        (_CAR, "C03fajLBWj$nbvOnQlV9N49zVFEobV#x"),
        "908ec715bc3a8679c1b0d0f7899400691e4c500f44bc92fd210ed6d2cde99ef5",
    ),
    (
        "kpn_2",
        "kpn_sha256",
        (
            (
                '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000},{"n":"ENGINE_RPM'
                '","u":"1/min","v":4147},{"n":"SPEED","u":"km/h","v":0},{"n":"COOLANT_TMP'
                '","u":"Cel","v":155},{"n":"FUEL","u":"/100","v":62.35}]'
            ),
            _SECRET_31,
        ),
        "ba436423ef028a555094d41997c12a502af8fe3facd72e129d1603a55ee45e1e",
    ),
    (
        "kpn_3",
        "kpn_sha256",
        (
            (
                '[{"bn":"urn:dev:DEVEUI:0018B21000008CF4:","bt":1652972601},{"n":"payload'
                '","vs":"6a20"},{"n":"port","v":1}]'
            ),
            _SECRET_31,
        ),
        "0e6acbf9a2172b699460da6e8e3647223aa7d69635634a99322254abe79667ed",
    ),
    (
        "kpn_4",
        "kpn_sha256",
        (
            (
                '[{"bn":"urn:dev:mac:a1b2c3fffed4e5f6:","bt":1730000000,"n":"device_name"'
                ',"vs":"Bus 12 – Köln"}]'
            ),
            _SECRET_31,
        ),
        "23d282712ac1a251dfdfbdf754a7cb605ddb61733bfedc495c870ad7ac12b8db",
    ),
    (
        "kpn_5",
        "kpn_sha256",
        ("", _SECRET_31),
        "10d71db59aebe39fb8ea8971382167e92b698d3b1392558fb6db8f35e44c5691",
    ),
    (
        "kpn_ip",
        "kpn_sha256",
        (
            (
                '[{"bn":"urn:dev:DVNUUID:fbc063cb-4dd4-41b3-917a-e2d1ea907f75:","bt":1730'
                '000000,"n":"speed","u":"km/h","v":0}]'
            ),
            "0123456789abcdefghijABCDEFGHIJ",
        ),
        "5ea87b2524d7f42c1403c24eebd6e82d631c3003529fc0ccd6897a21e052f25d",
    ),
    (
        "kpn_neg_1",
        "must_not_equal",
        ("kpn_1", "secret before body"),
        "798f866049c3597e4ac75388901c4103b14437c4cae0ceacb5a9943fdb9d3c0d",
    ),
    (
        "kpn_neg_2",
        "must_not_equal",
        ("kpn_1", "HMAC"),
        "59a522e0415f92d9e472bb37b9c3748ffb4ca4a29ee350736f328a7da2c10024",
    ),
    (
        "tp_up_1",
        "tp_up",
        (
            _AS_KEY,
            ("100006246", "0059AC000010020D", "2", "3", "00277c0878fd9b2e000000000000ffff"),
            (
                "LrnDevEui=0059AC000010020D&LrnFPort=2&LrnInfos=TWA_100006246.167.AS-1-13"
                "61149&AS_ID=hookbin&Time=2016-07-05T08:58:26.911+02:00"
            ),
        ),
        "18f44bb294f9dd33b5168eeb92a0c7f9fa807914097dc9bb2ed5a789a65fad33",
    ),
    (
        "tp_up_s1",
        "tp_up",
        (_AS_KEY, ("100000001", "A1B2C3FFFED4E5F6", "2", "17", _PAYLOAD), _UPLINK_QUERY),
        "4c7393a323ef69389211f4e053fc0c59cfd1ce0278d3c9b4e0d1a8c0ae0996a7",
    ),
    (
        "tp_up_s2",
        "tp_up",
        (_AS_KEY, ("100000001", "A1B2C3FFFED4E5F6", "0", "18", ""), _PORT_0_QUERY),
        "cdfcf95f27bb32f6cf9e3f5ded323752f09d8362f4be8e9488af37aee2ff2155",
    ),
    (
        "tp_sent_s",
        "tp_up",
        (_AS_KEY, ("100000001", "A1B2C3FFFED4E5F6", "2", "5"), _UPLINK_QUERY),
        "b86dd8a813db37bc6da14366f7a0fb24501e6a2f5225cdf353352bfd51ae46c0",
    ),
    (
        "tp_note_s",
        "tp_up",
        (_AS_KEY, ("100000001", "A1B2C3FFFED4E5F6"), _PORT_0_QUERY),
        "44dbb227dc772a694ad636a9e1f6b646ed0378ddc5c78542a382e2edcc66193b",
    ),
    (
        "tp_note_s2",
        "tp_up",
        (
            _AS_KEY,
            ("100000001", "A1B2C3FFFED4E5F6"),
            (
                "LrnDevEui=A1B2C3FFFED4E5F6&LrnInfos=WICAN-1&AS_ID=wican.as&Time=2024-10-"
                "27T03:33:20.000+00:00"
            ),
        ),
        "3264918150acf68ca872d370d271ec6bb09a1d535c04dd303a660053eda4eb68",
    ),
    (
        "tp_wire_s1",
        "tp_query_wire",
        ("tp_up_s1",),
        (
            "LrnDevEui=A1B2C3FFFED4E5F6&LrnFPort=2&LrnInfos=WICAN-1&AS_ID=wican.as&Ti"
            "me=2024-10-27T03%3A33%3A20.000%2B00%3A00&Token=4c7393a323ef69389211f4e05"
            "3fc0c59cfd1ce0278d3c9b4e0d1a8c0ae0996a7"
        ),
    ),
    (
        "tp_up_neg",
        "must_not_equal",
        ("tp_up_s1", "query hashed in percent-encoded form"),
        "e3385947cb4b6ad158e29c703b14655a6f55158ae491f7b9e1a053bc089868c0",
    ),
    (
        "tp_down_s1",
        "tp_down",
        (
            _AS_KEY,
            (
                "DevEUI=A1B2C3FFFED4E5F6&FPort=2&Payload=0a0b&AS_ID=wican.as&Time=2024-10"
                "-27T03:33:20.000+00:00"
            ),
        ),
        "8ba3d845456124002e5071f2f498e72bd862ec8ba3be00d3438c332b4bf1dabd",
    ),
    (
        "tp_down_s2",
        "tp_down",
        (
            _AS_KEY,
            (
                "DevEUI=A1B2C3FFFED4E5F6&FPort=2&Payload=0a0b&Confirmed=1&AS_ID=wican.as&"
                "Time=2024-10-27T03:33:20.000+00:00&CorrelationID=00000000deadbeef"
            ),
        ),
        "c391f10aa634917b80aa490925b3d1f2cbba0f61e31d8bc551727af8b2dd2603",
    ),
    (
        "tp_body_json",
        "body_sha256",
        (
            (
                '{"DevEUI_uplink":{"Time":"2024-10-27T03:33:20.000+00:00","DevEUI":"A1B2C'
                '3FFFED4E5F6","FPort":2,"FCntUp":17,"payload_hex":"7b22454e47494e455f5250'
                '4d223a343134372c225350454544223a307d","CustomerID":"100000001"}}'
            ),
        ),
        "8d3e9f87497bdc6304fc3b93675566d75934635a81f3d97bea93122d8e15a7ab",
    ),
    (
        "tp_body_untyped",
        "body_sha256",
        (
            (
                '{"DevEUI_uplink":{"Time":"2024-10-27T03:33:20.000+00:00","DevEUI":"A1B2C'
                '3FFFED4E5F6","FPort":"2","FCntUp":"17","payload_hex":"7b22454e47494e455f'
                '52504d223a343134372c225350454544223a307d","CustomerID":"100000001"}}'
            ),
        ),
        "1cc84ae5a4afc1279be22682b9d99f9052213fbd68af9a8f8ffafc4b918657fc",
    ),
    (
        "tp_body_xml",
        "body_sha256",
        (
            (
                '<?xml version="1.0" encoding="utf-8"?>\n<DevEUI_uplink xmlns="http://uri.'
                'actility.com/lora"><Time>2024-10-27T03:33:20.000+00:00</Time><DevEUI>A1B'
                "2C3FFFED4E5F6</DevEUI><FPort>2</FPort><FCntUp>17</FCntUp><payload_hex>7b"
                "22454e47494e455f52504d223a343134372c225350454544223a307d</payload_hex><C"
                "ustomerID>100000001</CustomerID></DevEUI_uplink>"
            ),
        ),
        "0ac0828929f562c811c0c587837b477bb015d8f5ac2b6541fc81c9a36abf5f7c",
    ),
    (
        "az_3",
        "azure_sas",
        ("wicanhub.azure-devices.net%2Fdevices%2Fwican-a1b2c3d4e5f6", _KEY_64, 1730003600),
        (
            "SharedAccessSignature sr=wicanhub.azure-devices.net%2Fdevices%2Fwican-a1"
            "b2c3d4e5f6&sig=FeeQ7QKlSiAFE%2Fk9OAvuNK6tLyf3auLSugSqSl1h6pI%3D&se=17300"
            "03600"
        ),
    ),
    (
        "sw_2",
        "standard_webhooks",
        (
            (
                "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
            ),
            "a1b2c3d4e5f6-3-17",
            1730000000,
            _VALUES,
        ),
        (
            "v1,xAiwxNBPw/i8aWCt/iX09Epk9WXadTGW6jwCe2mIxqQ= v1,tN9NEWpb7YKaG8Vhd4Zy7"
            "fZIFZNuSFXBVMfQKpCV2+M="
        ),
    ),
    (
        "sw_3",
        "standard_webhooks",
        (
            ("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",),
            "a1b2c3d4e5f6-3-17",
            1730000005,
            _VALUES,
        ),
        "v1,D/EySUc/prQAK1i1ouvNfK7yu/vRvJH9/sRxRkm9z70=",
    ),
    (
        "hmac_rfc4231_2",
        "hmac_sha256_hex",
        ("Jefe", "what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        "gh_1",
        "hmac_sha256_hex",
        ("It's a Secret to Everybody", "Hello, World!"),
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    (
        "gh_2",
        "hmac_sha256_hex",
        ("wican-secret", _VALUES),
        "ec3c4a545dfaf61de66e8300d0965f8e22c5c3e7cd47beb2472e5e161660ac62",
    ),
    (
        "stripe_1",
        "hmac_sha256_hex",
        ("wican-secret", '1730000000.{"autopid_data":{"ENGINE_RPM":4147,"SPEED":0}}'),
        "9b1ffa663a3642559cd6a8745a4abf255e2eb93e3f511d81d456d1f5e87f4869",
    ),
    (
        "cd_1",
        "content_digest",
        ('{"hello": "world"}',),
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    ),
    (
        "cd_2",
        "content_digest",
        (_VALUES,),
        "sha-256=:szR2A/n5S/Ewwoc39LW1wK8teEcpTBHmTTd3sUhq3tI=:",
    ),
    (
        "sig_1",
        "rfc9421_hmac",
        (
            (
                "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6p"
                "cl8jsasjlTMtDQ=="
            ),
            (
                '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content'
                '-type": application/json\n"@signature-params": ("date" "@authority" "cont'
                'ent-type");created=1618884473;keyid="test-shared-secret"'
            ),
        ),
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    (
        "sig_2",
        "rfc9421_hmac",
        (
            _KEY_64,
            (
                '"@method": POST\n"@target-uri": https://example.com/ingest?v=1\n"content-d'
                'igest": sha-256=:szR2A/n5S/Ewwoc39LW1wK8teEcpTBHmTTd3sUhq3tI=:\n"content-'
                'type": application/json\n"@signature-params": ("@method" "@target-uri" "c'
                'ontent-digest" "content-type");created=1730000000;keyid="wican";alg="hma'
                'c-sha256"'
            ),
        ),
        "zeHRKu3foSoJOfxs6YrOS+cUX925tzSFsEum0I0nyLU=",
    ),
    ("basic_1", "basic", ("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("basic_2", "basic", ("test", "123£"), "Basic dGVzdDoxMjPCow=="),
    ("basic_3", "basic", ("fleet", "s3cret"), "Basic ZmxlZXQ6czNjcmV0"),
    (
        "dm_body",
        "body_sha256",
        (
            (
                '{"SerNo":123456,"IMEI":"353785725680796","ICCID":"89462046033000000000",'
                '"ProdId":87,"FW":"97.4.51.0","Records":[{"SeqNo":17,"DateUTC":"2024-10-2'
                '7 03:33:20","Reason":11,"Fields":[{"FType":2,"DIn":1,"DOut":0,"DevStat":'
                '0},{"FType":6,"AnalogueData":{"2":1384}},{"FType":7,"AnalogueData":{"100'
                '":4147,"101":0}}]}]}'
            ),
        ),
        "0ddb0edf2fe80da073ff17e111c966a53c3687b167b983987d2a98eecf0c6517",
    ),
    (
        "dm_dyn_1",
        "dynamic_field_url",
        (
            "https://h.example/in/[SERIAL]?a=[CUSTOM1]",
            (("SERIAL", "123456"), ("CUSTOM1", "bus 7/ä")),
        ),
        "https://h.example/in/123456?a=bus%207%2F%C3%A4",
    ),
    (
        "senml_enc_1",
        "senml_encode",
        (
            "a1b2c3d4e5f6",
            1730000000,
            (
                ("ENGINE_RPM", "4147", "rpm"),
                ("SPEED", "0", "km/h"),
                ("COOLANT_TMP", "155", "°C"),
                ("FUEL", "62.35", "%"),
            ),
            "merged",
        ),
        _CAR,
    ),
    (
        "influx_1",
        "body_sha256",
        (
            (
                "wican,device=a1b2c3d4e5f6 ENGINE_RPM=4147,SPEED=0,COOLANT_TMP=155,FUEL=6"
                "2.35 1730000000"
            ),
        ),
        "5d4cb89ae77d47e420fda9067e2f2014f30c17aa5e2fde32c69f3def8e66eb96",
    ),
)
