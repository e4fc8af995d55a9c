"""Which cipher suites a destination may be restricted to, by the names of Mbed TLS.

Source of `kpn`: KPN Things, "HTTPS destination", table of cipher suites; of its 41 those that firmware for this chip
can have at all.
"""

_GCM = (
    "ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
    "ECDHE-RSA-WITH-AES-256-GCM-SHA384",
    "ECDHE-RSA-WITH-AES-128-GCM-SHA256",
)
_OTHERS = (
    "ECDHE-ECDSA-WITH-AES-256-CBC-SHA384",
    "ECDHE-ECDSA-WITH-AES-128-CBC-SHA256",
    "ECDHE-ECDSA-WITH-AES-256-CCM",
    "ECDHE-ECDSA-WITH-AES-128-CCM",
    "ECDHE-ECDSA-WITH-AES-256-CCM-8",
    "ECDHE-ECDSA-WITH-AES-128-CCM-8",
    "ECDHE-RSA-WITH-AES-256-CBC-SHA384",
    "ECDHE-RSA-WITH-AES-128-CBC-SHA256",
)
_POLICIES = {"kpn": _GCM + _OTHERS, "strict": _GCM}


def of(policy: str) -> "list[str]":
    """The suites of a policy (kpn or strict) that this firmware has, the best first; perhaps none."""
    import tls  # MicroPython only

    known = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).get_ciphers()
    wanted = ["TLS-" + name for name in _POLICIES[policy]]
    return [name for name in wanted if name in known]
