"""A contract compiled for the gateway: which objects requests name, and what is looked up."""
