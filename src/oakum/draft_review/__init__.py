"""Review of a contract, cell by cell, in a page of this machine or in the terminal."""
