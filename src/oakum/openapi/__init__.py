"""Reads OpenAPI documents, overlays and schemas into plain values that keep their location in the
file."""
