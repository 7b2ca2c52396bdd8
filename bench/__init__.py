"""Figures of speed and size, each a ratio or a count taken side by side in one run (`make bench`)."""
