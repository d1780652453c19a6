"""Somebody says "that's me": what they are answered, who may know what, and their own file."""
