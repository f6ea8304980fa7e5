"""The command line: files in, answers out, on the core alone."""
