"""Where spiking networks run: formats and simulators of others, compared spike by spike."""
