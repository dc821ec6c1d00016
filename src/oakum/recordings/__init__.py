"""Recorded traffic judged by a document or a contract, as answers of tests are."""
