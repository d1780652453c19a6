"""A Reddit on loopback, with the shapes that PRAW meets."""
