"""What is done in the world: the outbox, notices, the flood guard, the digest, the kill switch."""
