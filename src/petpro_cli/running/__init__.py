"""What each command does, imported when it runs: its ``--help`` needs none of it, and no NumPy."""
