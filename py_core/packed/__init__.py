"""The short form of an exchange (docs/sync-protocol.md, "Packed frames"): what the other side can work out is left out.

Bytes in, values out, without any I/O; every change that is rebuilt here is bit-identical to the one that was packed.
"""
