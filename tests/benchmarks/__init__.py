"""Measurements that can be repeated: python -m tests.benchmarks.NAME. Not tests: they depend on the machine."""
