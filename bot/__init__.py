"""gifwarden: finds known fakes behind GIF and video links on Reddit and gets them taken down."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("gifwarden")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
