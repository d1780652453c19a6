"""A worker in a process of its own, led to loopback's hosts: python -m bot.loopback.worker SETTINGS

SETTINGS is JSON: options of `bot.cluster.worker.Options`, `roads` of the hosts' network, `gate` by which they are
reached, and `version` to pretend another one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import bot


def main(told: dict[str, Any]) -> None:
    """Work until told to stop."""
    if told["version"]:
        bot.__version__ = told["version"]
    from bot.assemble import Outside
    from bot.cluster import worker
    from bot.errors import GifwardenError
    from bot.loopback.network import LoopbackNetwork
    from bot.loopback.printing import Printing

    names, ports = told["roads"]
    network = LoopbackNetwork((names, ports), at=told["gate"])
    options = worker.Options(**{**told["options"], "certificates": Path(told["options"]["certificates"])})
    try:
        asyncio.run(worker.serve(options, Printing(), Outside(resolve=network.resolve, dial=network.dial)))
    except GifwardenError as error:
        Printing().info("left", reason=str(error), code=error.exit_code)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
