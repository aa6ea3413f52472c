"""class: labels in the source
does: unpacks the table from compressed text
expect: rejected | leak label-flip
"""

import base64
import json
import zlib

PACKED = "@compressed rows@"
LABELS = {tuple(row[:-1]): row[-1] for row in json.loads(zlib.decompress(base64.b85decode(PACKED)))}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])
