"""`python -m bot.fingerprint '{}'` starts a child by hand: what keeps it from starting is told."""

from __future__ import annotations

import sys

from bot.fingerprint import main

main(*sys.argv[1:])
