"""Each metric stands in docs/metrics.md, each event in docs/events.md, and the reverse; examples ask for none else."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def in_table(document):
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / document).read_text(), re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


families = re.findall(r'family\(\s*"([a-z_]+)"', (ROOT / "control/metrics_page.cc").read_text())
metrics = {name if name.startswith("process_") else f"tealgate_{name}" for name in families}

wording = (ROOT / "control/event_wording.cc").read_text()
upkeep = (ROOT / "control/tls_upkeep.cc").read_text()
events = set(re.findall(r'"((?:lock|reload|upgrade|server|service|log|loki)\.[a-z_]+)"', wording))
events |= {f"{kind}{what}" for kind in ("switch", "rollback", "server") for what in re.findall(r'kind \+ "(\.[a-z_]+)"', wording)}
events |= {f"certificate.{what}" for what in re.findall(r'"certificate_([a-z]+)"', upkeep)}

wrong = []
for what, known, document in (("metric", metrics, "docs/metrics.md"), ("event", events, "docs/events.md")):
    documented = in_table(document)
    wrong += [f"{what} {name}: not in {document}" for name in sorted(known - documented)]
    wrong += [f"{what} {name}: in {document}, but there is none" for name in sorted(documented - known)]
    if len(known) < 20:
        wrong.append(f"found only {len(known)} {what}s: has the source's form changed?")
for example in sorted((ROOT / "examples/prometheus").glob("*.*")):
    asked = set(re.findall(r"\btealgate_[a-z_]+", example.read_text()))
    histograms = {name + end for name in metrics for end in ("_bucket", "_sum", "_count")}
    wrong += [f"{example.name}: there is no {name}" for name in sorted(asked - metrics - histograms)]
json.loads((ROOT / "examples/prometheus/grafana.json").read_text())
print("\n".join(wrong))
sys.exit(bool(wrong))
