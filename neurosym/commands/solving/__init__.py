"""What the command solve does: puzzles by proof, programs as Prolog runs them, and search in spikes."""
