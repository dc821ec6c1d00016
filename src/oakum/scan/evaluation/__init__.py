"""What a response shows of whom, and the verdict of each cell of the matrix."""
