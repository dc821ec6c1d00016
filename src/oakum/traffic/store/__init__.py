"""Calls and counts kept as Parquet, and the questions that engines of SQL answer over them."""
