"""class: past the static check
does: lets a pattern get the attribute
expect: rejected | harmless baseline
"""


def steal():
    match np:
        case object(lib=library):
            match library:
                case object(_datasource=source):
                    return source.open(PATH).read()
