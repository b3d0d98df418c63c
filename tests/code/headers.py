"""Every header compiles by itself and opens with a comment that says what it is."""
import concurrent.futures
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = sys.argv[1] if len(sys.argv) > 1 else "c++"
FOLDERS = ("base", "http", "upstream", "proxy", "control", "demo")


def check(path):
    name = path.relative_to(ROOT).as_posix()
    found = [] if path.read_text().startswith("// ") else [f"{name}: no comment at the top"]
    result = subprocess.run(
        [COMPILER, "-std=c++20", "-fsyntax-only", f"-I{ROOT}", "-x", "c++", path], capture_output=True, text=True)
    return found + ([f"{name} does not compile alone:\n{result.stderr}"] if result.returncode else [])


headers = [path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/**/*.h"))]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    wrong = [line for found in pool.map(check, headers) for line in found]
print("\n".join(wrong))
sys.exit(bool(wrong))
