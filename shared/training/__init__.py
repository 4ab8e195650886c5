"""The candidate that the bucket calls for, and its artefacts."""
