"""What is new on Reddit: listings, the mod queue, the mod log, permalinks, wiki rules."""
