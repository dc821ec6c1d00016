"""The gate on trial: leaks seeded before a healthy API, harmless changes, contracts that are wider.

A tool of Oakum's own folder, for `oakum gate --self-test`; not part of the wheel.
"""
