"""GraphQL in a scan: choosing queries, writing them, reading their answers.

Pure, and needs graphql-core: whoever wants it imports it where it is used.
"""
