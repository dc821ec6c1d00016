"""Real applications with published flaws and their repairs: installed, seeded, scanned, scored.

A tool of Oakum's own folder, not part of the wheel. `python -m field run parse --version 8.6.74`
runs one version of one product on the loopback interface, and `python -m field score` prints what
the runs found. Nothing of a product is kept here: it comes from its package registry by name and
version.
"""
