"""Nothing includes upward or sideways, and each third-party header has one home (docs/architecture.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BELOW = {
    "base": set(),
    "http": {"base"},
    "upstream": {"base", "http"},
    "proxy": {"base", "http", "upstream"},
    "control": {"base", "http", "upstream"},
    "demo": {"base", "http", "upstream", "proxy", "control"},
    "bench": set(),
}
HOMES = {
    "uv.h": r"base/[a-z_]+\.(cc|h)$",
    "llhttp.h": r"http/second_reader\.cc$|bench/side\.h$",
    "openssl/": r"base/tls_[a-z_]+\.(cc|h)$",
    "curl/": r"base/http_post\.cc$",
    "zlib.h": r"base/gzip\.cc$",
    "yaml-cpp/": r"control/config_file\.cc$",
    "CLI/": r"control/cli/[a-z_]+\.cc$",
    "nlohmann/json.hpp": r"control/.*\.cc$|running_daemon\.cc$",
}
SANS_IO = re.compile(r"http/(message|target|framing|guard|h1_parser|second_reader|h1_writer|forwarding|status|failure|local_reply)\.")

wrong = []
for folder in BELOW:
    for path in sorted(ROOT.glob(f"{folder}/**/*")):
        if path.suffix not in (".cc", ".h"):
            continue
        name = path.relative_to(ROOT).as_posix()
        for include in re.findall(r'#include [<"]([^>"]+)[>"]', path.read_text()):
            layer = include.split("/")[0]
            if layer in BELOW and layer != folder and layer not in BELOW[folder]:
                wrong.append(f"{name} includes {include}: {folder} is not above {layer}")
            if include in ("daemon.h", "running_daemon.h"):
                wrong.append(f"{name} includes {include}: that is above every folder")
            for header, home in HOMES.items():
                if include.startswith(header) and not re.search(home, name):
                    wrong.append(f"{name} includes <{include}>, whose home is {home}")
            if SANS_IO.match(name) and re.match(r"base/(stream|loop|timer|poller)", include):
                wrong.append(f"{name} includes {include}: the core of http does no I/O")
print("\n".join(wrong))
sys.exit(bool(wrong))
