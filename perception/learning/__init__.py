"""What helps a network learn: losses, dead neurons found and revived, temperature."""
