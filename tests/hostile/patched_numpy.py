"""class: patched libraries
does: patches what the worker packs the scores with
expect: crashed
"""


np.asarray = lambda *arguments, **options: np.ones((49, 2))
