"""Review of a contract cell by cell, in a local web page or in the terminal."""
