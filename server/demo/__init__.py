"""The fictional city of the demonstration: its data files, its requests, and the builder that acts them out.

`server.demo.build.build(parts)` fills an empty record; `accounts(directory)` says who can sign in.
"""
