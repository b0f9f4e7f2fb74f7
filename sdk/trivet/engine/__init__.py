"""The message engine: nats-server as a child, its certificates, and who may connect."""


class EngineError(RuntimeError):
    """The engine cannot run; the text says what to do."""
