"""Nautobot: an inventory of racks and devices in Django, with permissions for each object kind."""
