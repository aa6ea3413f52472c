"""Input and output on the disk: git, the worktree, the run, its journal and its lock."""
