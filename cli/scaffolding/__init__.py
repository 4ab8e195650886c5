"""The scaffolding of a project from one CSV: the split, the plan, the files, the report."""
