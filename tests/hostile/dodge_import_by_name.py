"""class: past the static check
does: lets pandas import a module by its name
expect: rejected | harmless baseline
"""


def steal():
    return pd.compat._optional.import_optional_dependency("io").open(PATH).read()
