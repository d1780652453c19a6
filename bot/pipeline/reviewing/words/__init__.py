"""What is said of a case, of what was found and of what was done, in the same words at every door."""
