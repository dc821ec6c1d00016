"""Whose data a response shows, and the verdict of each cell of the matrix."""
