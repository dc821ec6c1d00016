"""Answers to an editor's requests about a contract, for `oakum language-server`."""
