"""This user's folder for what can always be made or fetched again: ROM images, umqtt."""

from pathlib import Path

from platformdirs import user_cache_path


def folder() -> Path:
    return user_cache_path("trivet")
