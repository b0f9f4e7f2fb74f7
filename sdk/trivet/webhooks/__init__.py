"""Webhooks: Standard Webhooks signatures around thin CloudEvents, to every receiver at least once."""
