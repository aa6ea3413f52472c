"""The imports and names that a train.py may use, for harness/checks/editable_only.py.

Imports are an allow list. Names are a deny list of what no model needs and every attack does; an allow list would have
to name everything in the packages.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKAGES = _words("flaml joblib lightgbm numpy pandas scipy sklearn xgboost")
# Modules of the standard library that give no access to files, processes, network or interpreter. The modules that they
# have imported (calendar.sys, enum.bltns) are refused by name. base64, binascii, json, struct and zlib are harmless but
# unpack tables, which the limits of editable-only would then not count; weakref runs code at exit.
STANDARD = _words(
    """__future__ abc bisect calendar cmath collections colorsys contextlib copy dataclasses datetime decimal difflib
    enum fractions functools graphlib hashlib heapq itertools keyword logging math numbers operator pprint random re
    statistics string textwrap time types typing typing_extensions unicodedata warnings"""
)
# The allowed names of a package whose other names open files or start processes.
ONLY = {"joblib": _words("Parallel delayed cpu_count effective_n_jobs hash parallel_backend parallel_config Memory")}
FORBIDDEN_PATHS = {
    "sklearn.datasets": "it contains tables with their labels",
    **dict.fromkeys(
        _words("sklearn.callback xgboost.tracker xgboost.collective xgboost.federated"), "it opens sockets"
    ),
    **dict.fromkeys(_words("sklearn.externals sklearn.utils._testing"), "it is not part of the contract"),
    "scipy.datasets": "it contains tables",
    **dict.fromkeys(_words("scipy.io numpy.load pandas.io contextlib.chdir logging.config"), "train.py reads no files"),
    **dict.fromkeys(_words("scipy.odr flaml.fabric"), "it writes files"),
    **dict.fromkeys(_words("scipy.test numpy.test pandas.test"), "it runs other programs"),
    **dict.fromkeys(
        _words("flaml.autogen flaml.default.regret numpy.testing pandas.core.computation"), "it runs text as programs"
    ),
    **dict.fromkeys(_words("flaml.automl.data xgboost.testing"), "it fetches tables"),
    **dict.fromkeys(_words("flaml.automl.training_log flaml.default.portfolio"), "it reads and writes files"),
    "flaml.default.suggest": "it reads files",
    "numpy.ctypeslib": "it gives access to memory",
    **dict.fromkeys(_words("numpy.distutils numpy.f2py"), "it builds and runs programs"),
    "numpy.lib.format": "it reads files and pickles",
    **dict.fromkeys(_words("numpy.save logging.handlers"), "train.py writes no files"),
    **dict.fromkeys(_words("pandas.compat pandas.options.plotting pandas.plotting"), "it imports modules by name"),
}
OPEN_INSIDE = _words("sklearn")  # scikit-learn's validation functions are in modules that begin with an underscore

FORBIDDEN_NAMES = _words(
    "open exec eval compile __import__ input breakpoint globals locals vars memoryview delattr help exit quit"
)
_MODULES = """_ctypes _hashlib _importlib _io _locale _multiprocessing _os _posixsubprocess _socket _string _sys _thread
    asyncio atexit bltns builtins bz2 cloudpickle codecs concurrent copyreg cpickle csvlib ctypes ctypeslib distutils
    faulthandler fcntl fileinput ftplib gc glob gzip importlib importlib_resources inspect io linecache lzma marshal
    mmap multiprocessing os pathlib pickle pkgutil posix posixpath pty runpy shelve shlex shutil socket sqlite3 ssl
    subprocess sys sysconfig tarfile tempfile threading timeit tokenize tracemalloc traceback unittest urllib
    webbrowser weakref zipfile zipimport"""
_FILES = """read_clipboard read_csv read_excel read_feather read_fwf read_gbq read_hdf read_html read_iceberg read_json
    read_orc read_parquet read_pickle read_sas read_spss read_sql read_sql_query read_sql_table read_stata read_table
    read_xml scan_csv scan_parquet to_clipboard to_csv to_excel to_feather to_gbq to_hdf to_html to_iceberg to_json
    to_latex to_markdown to_orc to_parquet to_pickle to_sql to_stata to_xml ExcelFile ExcelWriter HDFStore
    from_custom_template savefig
    DataSource _datasource fromfile fromregex fromtextfile genfromtxt loadtxt load_npz memmap mrecords npyio _npyio_impl
    _format_impl open_memmap openfile save_npz savetxt savez savez_compressed tofile
    load_svmlight_file fetch_openml export_graphviz FileHandler
    dump dump_model get_estimator_from_log load_config load_model load_pickle retrain_from_log save_best_config
    save_binary save_config save_model save_raw
    GzipFile NamedTemporaryFile Path TemporaryDirectory listdir makedirs mkdtemp mkstemp rmtree show_versions"""
_PROCESSES = """_LIB CDLL LowLevelCallable Listener Popen check_output environ execv execve getenv getstatusoutput popen
    putenv setrlimit urlopen urlretrieve"""
_INTERPRETER = """_current_frames _eval_type _evaluate _getframe _ufunc_reconstruct add_newdoc ag_frame co_code
    co_consts CodeType cr_frame currentframe evaluate_forward_ref exc_info f_back f_builtins f_code f_globals f_locals
    Formatter ForwardRef FunctionType func_globals get_annotations get_args get_field get_type_hints gi_code gi_frame
    import_module import_optional_dependency LambdaType load_library modules safe_eval setprofile settrace tb_frame
    tb_next Unpickler"""
# Functions of libraries that run a text as a program.
_PROGRAMS = "FormulaicTransformer PatsyTransformer _parse_arg_template _parse_arg_template_cdf eval_expr"
FORBIDDEN_ATTRIBUTES = {
    **dict.fromkeys(_MODULES.split(), "it gives access to other modules; for a column write X[{name!r}]"),
    **dict.fromkeys(_FILES.split(), "train.py reads and writes no files"),
    **dict.fromkeys(_PROCESSES.split(), "train.py starts and controls no processes"),
    **dict.fromkeys(_INTERPRETER.split(), "it gives access to the interpreter; for a column write X[{name!r}]"),
    **dict.fromkeys(_PROGRAMS.split(), "it runs its text as a program"),
}
ALLOWED_DUNDERS = _words(
    """__abs__ __add__ __all__ __and__ __array__ __array_ufunc__ __bool__ __call__ __class__ __class_getitem__
    __contains__ __copy__ __deepcopy__ __delattr__ __delitem__ __div__ __enter__ __eq__ __exit__ __float__
    __floordiv__ __format__ __ge__ __getattr__ __getitem__ __getstate__ __gt__ __hash__ __iadd__ __iand__ __imul__
    __index__ __init__ __init_subclass__ __int__ __invert__ __ior__ __isub__ __iter__ __le__ __len__ __lt__ __main__
    __matmul__ __missing__ __mod__ __module__ __mul__ __name__ __ne__ __neg__ __new__ __next__ __or__ __pos__
    __post_init__ __pow__ __qualname__ __radd__ __repr__ __reversed__ __rmul__ __round__ __rpow__ __rsub__
    __rtruediv__ __set_name__ __setattr__ __setitem__ __setstate__ __sklearn_clone__ __sklearn_is_fitted__
    __sklearn_tags__ __slots__ __str__ __sub__ __truediv__ __version__ __xor__"""
)

# --- texts that a library runs, looks up or opens: harness/checks/texts.py -------------------------------------------
EVALUATED = _words("eval query")  # pandas runs their text
EVALUATED_OPTIONS = _words("expr inplace engine parser")  # the others add names or frames
TREE_OPTIONS = _words("k r return_distance distance_upper_bound eps p workers dualtree breadth_first sort_results")
TREES = _words("KDTree cKDTree BallTree")  # their query takes points
HARMLESS_IN_TEXT = _words(
    """abs all any between ceil clip contains count day dayofweek days diff dt endswith fillna floor hour isin isna
    isnull len lower max mean median min month notna notnull nunique quantile rank replace round shift startswith std
    str strip sum upper year"""
)
METHOD_NAMES = _words("agg aggregate apply transform pipe")  # they call methods by name
GETTERS = _words("methodcaller attrgetter")  # of operator: they look up attributes by name
# Parameters of the declared packages that open a path.
PATHS = _words(
    """artifact_path buf cache_location cache_prefix checkpoint_path data_dir dir directory file file_name filename
    filepath filepath_or_buffer fmap fname folder forcedbins_filename forcedsplits_filename init_model input_file_name
    input_model loader_path local_dir location log_file_name machine_list_file machine_list_filename memory model_file
    out_file output_file output_file_name output_filename output_model output_result path path_or_buf snapshot_file
    stylesheet temp_folder training_log_path url xgb_model"""
)
PATHS_IN_DICTS = PATHS - _words("buf dir directory file folder location memory path url")  # these may be columns
COLUMN_CALLS = _words("agg assign astype fillna map rename replace DataFrame Series")  # texts: columns and cells
OPENING_CALLS = _words(  # any positional argument, and data=, may be a path
    """Booster CVBooster DMatrix Dataset ExtMemQuantileDMatrix Memory QuantileDMatrix TrainingCheckPoint get_dump
    get_fscore get_score restore to_string trees_to_dataframe"""
)
VECTORIZERS = _words("CountVectorizer HashingVectorizer TfidfVectorizer")
READING_MODES = _words("file filename")  # in these modes a vectorizer opens the documents as files
QHULL_FILES = r"\bT[IO]"  # options of qhull that read or write a file
