"""What can be wrong with a credential, said so that a person knows what to do."""

from trivet.errors import TrivetError


class CredentialError(TrivetError):
    """The text says what is wrong and what to do."""
