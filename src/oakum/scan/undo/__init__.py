"""Undoes what a run changes: the journal, the undo log, restore."""
