"""Benign media and drawn people, made on the spot."""
