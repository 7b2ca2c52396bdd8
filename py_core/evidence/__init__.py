"""A case's evidence as one file: its form, its check and what the check found in words. Needs no record and no network."""
