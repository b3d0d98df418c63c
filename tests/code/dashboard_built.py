"""dashboard/built, which the daemon carries, is what the sources in dashboard/src give: built again, it has the same bytes.

Without Node, or without what package-lock.json pins, there is nothing to build with: skipped, with 77."""
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "dashboard"
COMMITTED = DASHBOARD / "built"

if not shutil.which("node") or not (DASHBOARD / "node_modules/esbuild").is_dir():
    print("skipped: needs node, and `npm ci --prefix dashboard --ignore-scripts`")
    sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["node", "build.mjs", folder], cwd=DASHBOARD, check=True, stdout=subprocess.DEVNULL)
    names = sorted(set(os.listdir(folder)) | set(os.listdir(COMMITTED)))
    _, different, missing = filecmp.cmpfiles(folder, COMMITTED, names, shallow=False)
wrong = [f"dashboard/built/{name}: not what the sources give; run dashboard/build" for name in sorted(different + missing)]
if '"resolved"' in (DASHBOARD / "package-lock.json").read_text():
    wrong.append("dashboard/package-lock.json names a registry")
print("\n".join(wrong))
sys.exit(bool(wrong))
