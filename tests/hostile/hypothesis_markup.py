"""class: hostile HYPOTHESIS
does: has a hypothesis of markup
expect: harmless baseline
"""

HYPOTHESIS = "[red]<script>alert(1)</script> | `$(reboot)` {prompt} %s =1+1"
