"""Tables: read a file of any kind, understand its columns, cut it into rows to learn from and rows to be scored by."""
