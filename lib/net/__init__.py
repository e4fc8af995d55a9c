"""The device's network side: connections, TLS, HTTP, addresses."""
