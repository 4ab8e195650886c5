"""Functions in processes of their own: warm ones, and packaged ones in an isolated interpreter."""
