"""One module a kind of job; heavy imports wait until a command runs, so `--help` is quick."""
