"""class: past the static check
does: uses a door of numpy that is not called open
expect: rejected | harmless baseline
"""


def steal():
    return np.lib._datasource.DataSource().open(PATH).read()
