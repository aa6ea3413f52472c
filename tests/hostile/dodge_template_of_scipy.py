"""class: past the static check
does: overrides the template that scipy runs as a program
expect: rejected | harmless baseline
"""

from scipy.stats import rv_continuous

found = []


class Distribution(rv_continuous):
    def _construct_argparser(self, *args, **kwargs):
        self.found = found
        self._parse_arg_template = "import io\nfound = io.open('" + PATH + "').read()\n"


def steal():
    return Distribution().found[0]
