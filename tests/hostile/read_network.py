"""class: reading the table
does: fetches the table from the network
expect: rejected | harmless baseline
"""

import urllib.request


def steal():
    return urllib.request.urlopen("https://archive.ics.uci.edu/ml/heart.csv", timeout=2).read().decode()
