"""Notebooks in percent form: read them as pages of the documentation, or run each as a script."""
