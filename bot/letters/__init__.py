"""Reads what hosts write back: a stranger's mail in, plain bounded facts out. Pure."""

from bot.letters.answers import Delivery, Letter, read_letter

__all__ = ["Delivery", "Letter", "read_letter"]
