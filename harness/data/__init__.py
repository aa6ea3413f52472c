"""Tables: read a file of any kind, understand its columns and write down what was understood."""
