"""What all commands have in common: options, the files they are given, how they end."""
