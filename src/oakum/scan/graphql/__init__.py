"""GraphQL as a scan asks it: what to ask of a schema, in which words, and how answers are read.

Pure, and needs graphql-core: whoever wants it imports it where it is used.
"""
