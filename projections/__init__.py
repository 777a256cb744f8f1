"""Read models: disposable, rebuilt from the log."""
