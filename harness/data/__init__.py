"""Tables: read a file in any dialect, infer its columns, and record them in data/dataset.toml."""
