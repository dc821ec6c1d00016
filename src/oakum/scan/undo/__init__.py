"""What a run changes is written down before, and put back: journal, undo log, restore."""
