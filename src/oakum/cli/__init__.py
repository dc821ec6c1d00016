"""The commands. One file each; what they share is in `shared`."""
