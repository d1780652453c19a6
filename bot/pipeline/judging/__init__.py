"""From evidence to a verdict, a case, and actions written down."""
