"""`import slots_kit` works in every test of this folder: pytest puts it on the path because this file lies there."""
