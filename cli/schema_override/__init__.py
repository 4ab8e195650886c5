"""What a person says of columns: read from options, merged with what was said before, proposed for a stage."""
