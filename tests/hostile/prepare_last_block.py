"""class: use of prepare's names
does: changes the last block
expect: rejected | harmless baseline
"""


if __name__ == "__main__":
    print("val_auc: 1.0")
    raise SystemExit
