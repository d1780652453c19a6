"""What follows when a notice has left."""
