"""GraphQL in a scan: choosing queries, writing them, reading their responses.

Pure. It needs graphql-core, so it is imported only where it is used.
"""
