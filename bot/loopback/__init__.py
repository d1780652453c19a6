"""Simulators on loopback: hosts, mail, the network. For the demo, benchmarks and tests only."""
