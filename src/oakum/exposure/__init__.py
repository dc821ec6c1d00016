"""What a response exposes and to whom: what scan, tests and recorded traffic share."""
