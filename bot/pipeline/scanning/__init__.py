"""From a link to evidence: the queue, the scanner, the indexes."""
