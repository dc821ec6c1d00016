"""The commands, one file each; `shared` has the options that several use."""
