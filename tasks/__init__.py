"""Problems with a score."""
