"""What a person sees of a run: figures, lines, the page that follows it live. Nothing here decides anything."""
