"""The fictional city of the demonstration: its data files, its requests, and the builder that acts them out."""
