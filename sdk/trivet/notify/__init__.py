"""Telling owners what happened, what we do and what they can do: in their language, over the channels that they
chose, at an hour that suits them, and only what their consent covers.
"""
