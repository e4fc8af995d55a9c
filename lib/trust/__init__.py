"""What the device trusts: named certificate sets and the certificates in them."""
