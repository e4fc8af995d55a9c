"""Body formats, one module each; `document(group, status)` gives the bytes that go on the wire."""
