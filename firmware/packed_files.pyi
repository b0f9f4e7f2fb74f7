"""The board's packed files as bytes, in a base image that has everything frozen: made by `trivet build`."""

FILES: dict[str, bytes]
