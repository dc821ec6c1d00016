"""I Hate Money: shared expenses in Flask. The caller is a project, by HTTP Basic, not a person."""
