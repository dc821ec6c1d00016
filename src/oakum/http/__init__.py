"""What RFCs say of JSON and HTTP, written once: pointers, tokens, addresses, media types."""
