"""What a rule asks of a post, its author and the evidence."""
