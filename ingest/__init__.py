"""Messages in; each touchpoint recorded once, or quarantined with a reason."""
