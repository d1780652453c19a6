"""What becomes of notices after they have left: looks at their media, answers, reminders, and what a person can do."""
