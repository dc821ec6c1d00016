"""Undoes what a run changes: the undo log, its entries, and what recognises an object again."""
