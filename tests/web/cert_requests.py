"""Requests about certificates, as scripts and browsers send them."""

import json
import time

from page_server import BASIC, HOST, told

BASE = "/api/v1/certificates"
GARAGE = BASE + "/garage"  # which the destinations Fleet and Spare use
VAN = BASE + "/van"  # which none uses
CLOCK = "/api/v1/clock"


def text(data):
    return data.decode() if isinstance(data, bytes) else data


def send(port, path, method="PUT", **fields):
    """(status, document) of a request with these members as JSON."""
    body = json.dumps({name: text(value) for name, value in fields.items()}).encode()
    return told(port, path, method, {"Content-Type": "application/json"}, body)


def form(port, path, fields, boundary="------------------------d74496d66958873e"):
    """The same as a form; each field is (file name or None, content)."""
    body = b""
    for name, (file, content) in fields.items():
        disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        head += "Content-Type: application/octet-stream\r\n\r\n" if file else "\r\n"
        body += head.encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    content_type = f"multipart/form-data; boundary={boundary}"
    return told(port, path, "PUT", {"Content-Type": content_type}, body)


def send_number(port, value):
    """(status, document) of setting the clock."""
    return told(port, CLOCK, "POST", {}, json.dumps({"unix_s": value}).encode())


def head(method, path, length, headers=BASIC):
    """A request without its body of `length` bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(received):
    return int(received.split(b" ", 2)[1])


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
