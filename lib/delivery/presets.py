"""What the services that people use need: settings of a destination that differ from the defaults.

Imported while settings are read or shown, and given back afterwards.
"""

PRESETS: "dict[str, dict]" = {
    "wican": {
        "title": "WiCAN",
        "hint": "The reference firmware's document, for your own server. https://example.com/ingest",
        "settings": {},
    },
    "mqtt": {
        "title": "MQTT",
        "hint": "A broker: mqtts://broker.example. Topics are those of the reference firmware: wican/ID/can/rx, "
        "retained, and wican/ID/status.",
        "settings": {"type": "mqtt", "body": {"format": "flat"}, "mqtt": {"retain": True}},
    },
    "influxdb": {
        "title": "InfluxDB 2",
        "hint": "https://example.com:8086/api/v2/write?org=ORGANISATION&bucket=BUCKET, and as token one that may write "
        "to that bucket. The time is sent in seconds: keep the query parameter precision.",
        "settings": {
            "method": "POST",
            "query": [{"key": "precision", "value": "s"}],
            "body": {"format": "influx"},
            "auth": {
                "type": "api_key",
                "place": "header",
                "header": "Authorization",
                "prefix": "Token ",
            },
        },
    },
    "home_assistant": {
        "title": "Home Assistant",
        "hint": "A webhook trigger of an automation: https://example.com:8123/api/webhook/ID. The id is the secret. "
        "The values are in trigger.json; allow the webhook from outside if the car is.",
        "settings": {"method": "POST", "body": {"format": "flat"}, "auth": {"type": "none"}},
    },
    "abrp": {
        "title": "A Better Routeplanner",
        "hint": "The token is the car's, from its live data settings (link generic); the query parameter api_key names "
        "the application and comes from Iternio.",
        "settings": {
            "url": "https://api.iternio.com/1/tlm/send",
            "method": "POST",
            "query": [{"key": "api_key", "value": ""}],
            "body": {"format": "abrp"},
            "auth": {"type": "api_key", "place": "body", "header": "token", "prefix": ""},
            "success": {"json_path": "status", "json_value": "ok"},
        },
    },
    "standard_webhooks": {
        "title": "Standard Webhooks",
        "hint": "Signed so that any Standard Webhooks library can verify it; the secret starts with whsec_. What does "
        "not arrive waits in memory and is sent ten times at most.",
        "settings": {
            "method": "POST",
            "sign": {"scheme": "standard_webhooks"},
            "retry": {"attempts": 10, "first_s": 5, "longest_s": 86_400, "timeout_s": 20},
            "queue": {"mode": "ram"},
        },
    },
    "thingsboard": {
        "title": "ThingsBoard",
        "hint": "https://example.com/api/v1/TOKEN/telemetry, with the device's access token in the address.",
        "settings": {
            "method": "POST",
            "body": {"format": "thingsboard"},
            "auth": {"type": "none"},
        },
    },
    "traccar": {
        "title": "Traccar",
        "hint": "The OsmAnd port behind TLS: https://example.com/. The device's identifier there is this one's id. "
        "Select the values that matter: the server takes some 4000 characters.",
        "settings": {
            "method": "POST",
            "body": {"format": "osmand"},
            "auth": {"type": "none"},
        },
    },
    "digital_matter": {
        "title": "Digital Matter OEM Server",
        "hint": "A receiver of its HTTP connector: records wait on flash until they are acknowledged. [SERIAL], [IMEI] "
        "and the other fields may stand in address and headers.",
        "settings": {
            "method": "POST",
            "body": {"format": "digital_matter", "boot": "never"},
            "success": {"accept": [200, 201, 202, 204]},
            "queue": {"mode": "flash", "batch": 10},
        },
    },
    "azure_iot_hub": {
        "title": "Azure IoT Hub",
        "hint": "Paste the device's connection string: it holds the address, the device and its key.",
        "settings": {
            "method": "POST",
            "auth": {"type": "azure_sas"},
            "success": {"status": 204},
            "retry": {"attempts": 5},
            "queue": {"mode": "ram"},
        },
    },
    "thingpark": {
        "title": "ThingPark Enterprise",
        "hint": "A receiver of its basic HTTPS connection: DevEUI_uplink documents with a token made with the tunnel "
        "interface key, 32 hexadecimal digits. What does not arrive at once is lost.",
        "settings": {
            "method": "POST",
            "body": {"format": "thingpark"},
            "sign": {"scheme": "thingpark"},
            "retry": {"attempts": 1},
        },
    },
    "kpn_things": {
        "title": "KPN Things",
        "hint": "A receiver of its HTTPS destination: SenML with Things-Message-Token and Things-Plug-UUID. Three "
        "attempts, port 443, public authorities.",
        "settings": {
            "method": "POST",
            "body": {"format": "senml", "boot": "never"},
            "sign": {"scheme": "kpn"},
            "success": {"status": 200},
            "retry": {"attempts": 3, "first_s": 5, "longest_s": 15, "timeouts_s": [5, 10, 20]},
            "queue": {"mode": "ram", "max_items": 8},
            "tls": {"ciphers": "kpn"},
        },
    },
    "kpn_things_ip": {
        "title": "KPN Things, as a device on the internet",
        "hint": "KPN's own interface: enter urn:dev:DVNUUID: and the device's UUID and a colon as base name, and its "
        "secret.",
        "settings": {
            "url": "https://prod.dm.kpnthings.com/ingestion/ip/senml/v1",
            "method": "POST",
            "body": {"format": "senml", "boot": "never"},
            "sign": {"scheme": "kpn"},
            "retry": {"attempts": 3, "first_s": 5, "longest_s": 15, "timeouts_s": [5, 10, 20]},
            "queue": {"mode": "ram", "max_items": 8},
        },
    },
    "onomondo": {
        "title": "Onomondo connector",
        "hint": "The network adds TLS: enter your server's address as http://, and what the connector listens for, "
        "such as 1.2.3.4:80, as connect_to.",
        "settings": {
            "transport": {"allow_plain": True, "connect_to": "1.2.3.4:80"},
            "retry": {"attempts": 3},
            "queue": {"mode": "ram"},
        },
    },
}


def fill(name: str, given: dict) -> dict:
    """The settings of the preset of that name with those given over them: sections are merged, lists replaced.

    Both stay as they are. Raises KeyError for an unknown name.
    """
    return _merged(PRESETS[name]["settings"], given)


def _merged(below: dict, above: dict) -> dict:
    merged = {key: _copy(item) for key, item in below.items()}
    for key, item in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(item, dict):
            item = _merged(old, item)
        merged[key] = item
    return merged


def _copy(item: object) -> object:
    """Settings made from a preset may be changed; the preset may not."""
    if isinstance(item, dict):
        return _merged(item, {})
    return [_copy(each) for each in item] if isinstance(item, list) else item
