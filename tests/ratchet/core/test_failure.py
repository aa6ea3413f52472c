"""The reason of a crash names the file and the line that the output names, whatever tool printed it."""

import pytest

from ratchet.core.failure import failure_text

PYTHON = """Traceback (most recent call last):
  File "/run/tree/benchmark.py", line 12, in <module>
    main()
  File "/run/tree/src/fast.py", line 7, in main
    return json.loads(text)
  File "/usr/lib/python3.12/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
"""
CHAINED = f"""{PYTHON}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/run/tree/benchmark.py", line 20, in <module>
    raise RuntimeError("no data")
RuntimeError: no data
make: *** [Makefile:3: bench] Error 1
"""
SYNTAX = """  File "/run/tree/src/fast.py", line 3
    def fast(x:
            ^
SyntaxError: '(' was never closed
"""
PYTEST = """F                                                                        [100%]
=================================== FAILURES ===================================
____________________________________ test_a ____________________________________

    def test_a():
>       assert add(1, 2) == 3
E       assert 4 == 3
E        +  where 4 = add(1, 2)

test_calculator.py:4: AssertionError
=========================== short test summary info ============================
FAILED test_calculator.py::test_a - assert 4 == 3
1 failed in 0.01s
"""
COLLECTION = """==================================== ERRORS ====================================
_____________________ ERROR collecting test_calculator.py ______________________
test_calculator.py:1: in <module>
    from calculator import add
E     File "/run/tree/calculator.py", line 1
E       def add(a, b:
E               ^
E   SyntaxError: '(' was never closed
=========================== short test summary info ============================
ERROR test_calculator.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
"""
NODE = """/run/tree/lib/fast.js:3
  throw new TypeError("no");
  ^

TypeError: no
    at JSON.parse (<anonymous>)
    at fast (/run/tree/node_modules/x/index.js:9:1)
    at main (/run/tree/lib/fast.js:3:9)
    at node:internal/main/run_main_module:28:49
"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: empty
	at java.base/java.util.ArrayList.get(ArrayList.java:427)
	at bench.Main.main(Main.java:5)
"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.fast(...)
	/run/tree/fast.go:8
main.main()
	/run/tree/main.go:5 +0x1d
exit status 2
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (PYTHON, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0) (src/fast.py:7)"),
        (CHAINED, "RuntimeError: no data (benchmark.py:20)"),
        (SYNTAX, "SyntaxError: '(' was never closed (src/fast.py:3)"),
        (PYTEST, "assert 4 == 3 (test_calculator.py:4)"),
        (COLLECTION, "SyntaxError: '(' was never closed (calculator.py:1)"),
        (NODE, "TypeError: no (lib/fast.js:3:9)"),
        (JAVA, 'Exception in thread "main" java.lang.IllegalStateException: empty (Main.java:5)'),
        (GO, "panic: runtime error: index out of range [3] with length 3 (main.go:5)"),
        ("thread 'main' panicked at src/main.rs:2:5:\nboom\n", "boom (src/main.rs:2:5)"),
        ("error[E0425]: no value `x`\n --> src/main.rs:4:9\n", "error[E0425]: no value `x` (src/main.rs:4:9)"),
        ("main.c: In function 'f':\nmain.c:10:5: error: 'x' undeclared\n", "error: 'x' undeclared (main.c:10:5)"),
        ("a.h:1:1: warning: old\nmain.c:2: error: no\n", "error: no (main.c:2)"),
        ("src/a.ts(3,5): error TS2322: no\n", "error TS2322: no (src/a.ts:3:5)"),
        ("# bench\n./main.go:5:2: undefined: x\n", "undefined: x (main.go:5:2)"),
        ("lib/main.dart:3:5: Error: no\n", "Error: no (lib/main.dart:3:5)"),
        ("./bench.sh: line 3: hyperfine: command not found\n", "hyperfine: command not found (bench.sh:3)"),
        ("bench.rb:3:in 'f': no (NameError)\n\tfrom bench.rb:9\n", "no (NameError) (bench.rb:3)"),
        ("no such thing at bench.pl line 4.\n", "no such thing (bench.pl:4)"),
    ],
)
def test_the_reason_names_message_file_and_line(output: str, reason: str) -> None:
    assert failure_text([output], "/run/tree") == reason


@pytest.mark.parametrize(
    "output",
    [
        "",
        "out of memory\n",
        "12:30:05: started\n",
        "bench.py:10: DeprecationWarning: old\nkilled\n",
        "bench.py:11: INFO epoch 3\n",
        "score: 3\n",
    ],
)
def test_an_output_that_names_no_failing_line_gives_nothing(output: str) -> None:
    assert failure_text([output], "/run/tree") == ""


def test_a_long_message_does_not_cut_off_the_place() -> None:
    text = failure_text([SYNTAX.replace("never closed", "x" * 2000)], "/run/tree")
    assert text.endswith("… (src/fast.py:3)")
    assert len(text) < 400
