"""OpenAPI documents, overlays and schemas, read into plain values that know their place."""
