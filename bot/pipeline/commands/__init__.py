"""Moderators' orders by modmail and report: heard, understood, carried out."""
