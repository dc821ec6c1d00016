"""Further requests to documented endpoints whose responses decide cells, each kind in a module."""
