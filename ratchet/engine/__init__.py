"""One experiment, then many: propose, measure, decide, act on the verdict."""
