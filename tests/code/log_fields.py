"""Each field of the access log, and each end word, stands in docs/logs.md, and the reverse."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
documents = (ROOT / "docs/logs.md").read_text()
source = (ROOT / "proxy/access_log.cc").read_text()
failures = (ROOT / "http/failure.cc").read_text()


def column(heading):
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", documents, re.S | re.M).group(1)
    return set(re.findall(r"^\| `([a-z_]+)`", section, re.M))


written = set(re.findall(r'(?:field|add_text|add_time)\((?:json, )?"([a-z_]+)"', source))
written |= set(re.findall(r'key\("([a-z_]+)"\)', source))
ends = set(re.findall(r'\{(?:\d+|[a-z_]+), "([a-z_]+)"', failures))
wrong = [f"field {name}: written, not in docs/logs.md" for name in sorted(written - column("Fields"))]
wrong += [f"field {name}: in docs/logs.md, never written" for name in sorted(column("Fields") - written)]
wrong += [f"end {name}: not in docs/logs.md" for name in sorted(ends - column("End words"))]
wrong += [f"end {name}: in docs/logs.md, but no failure has it" for name in sorted(column("End words") - ends)]
if len(written) < 15 or len(ends) < 15:
    wrong.append(f"found only {len(written)} fields and {len(ends)} end words: has the source's form changed?")
print("\n".join(wrong))
sys.exit(bool(wrong))
