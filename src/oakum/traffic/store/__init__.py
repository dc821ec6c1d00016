"""Calls and counts kept as Parquet, queried by DuckDB or Spark."""
