"""From one CSV to a project directory: the split, the plan, the files, the report."""
