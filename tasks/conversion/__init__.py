"""Which conversion reads best, at how many steps and at what cost; and when conversion is the right family at all."""
