"""What people decide, and what their decisions teach."""
