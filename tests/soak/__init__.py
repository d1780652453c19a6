"""Simulated days of a bot among faults: `python -m tests.soak --posts 50000`."""
