"""One experiment, then many: propose, measure, decide, settle."""
