"""Runs under Unix MicroPython: looks roots up in a bundle and loads what it finds.

roots_probe.py BUNDLE    with one subject (DER Name, hexadecimal) on each line of standard input

Each is answered by the SHA-256 of the roots found, one line with those of one subject separated by blanks; after the
last one, what Mbed TLS says to the very beginning of a certificate.
"""

import sys
from binascii import hexlify, unhexlify
from hashlib import sha256

import tls
from trust import roots


def loaded(der):
    """The root's hash, once Mbed TLS has taken it as an authority."""
    tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).load_verify_locations(der)
    return hexlify(sha256(der).digest()).decode()


def main(bundle):
    ders = []
    for line in sys.stdin:
        ders = roots.find(bundle, [roots.key(unhexlify(line.strip()))])
        print(" ".join([loaded(der) for der in ders]))
    try:
        loaded(ders[0][:-1])
    except ValueError as error:
        print("refused:", error)


main(sys.argv[1])
