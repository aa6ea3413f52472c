"""Values and rules: no files, no git, no clock, no child processes."""
