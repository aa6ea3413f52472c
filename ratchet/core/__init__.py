"""Values and rules: no files except the config, no git, no clock, no child processes."""
