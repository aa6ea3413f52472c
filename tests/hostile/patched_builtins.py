"""class: patched libraries
does: replaces builtins
expect: rejected | crashed
"""

import builtins

builtins.print = builtins.round = builtins.sum = lambda *arguments, **options: 1.0
builtins.open = lambda *arguments, **options: None
