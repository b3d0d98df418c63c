"""Options and fixtures of the black-box tests. README.md in tests/ says how to run them."""
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness.stage import Stage  # noqa: E402
from harness.upgrades import set_reaper  # noqa: E402

LONGEST, LONGEST_LONG = 600, 1800  # seconds for one test
ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the full counts")


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(program): skipped where the program is missing")
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGALRM, give_up)


def interrupt(*_):
    """SIGTERM cleans up like Ctrl-C."""
    raise KeyboardInterrupt


def give_up(*_):
    raise AssertionError("the test took too long")


@pytest.fixture(autouse=True)
def bounded(request):
    """No test runs for ever, whatever hangs."""
    signal.alarm(LONGEST_LONG if request.config.getoption("--long") else LONGEST)
    yield
    signal.alarm(0)


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        if not pathlib.Path(marker.args[0]).exists():
            pytest.skip(f"{marker.args[0]} is not installed")


@pytest.fixture(scope="session")
def binary():
    path = pathlib.Path(os.environ.get("TEALGATE_BINARY", ROOT / "build" / "dev" / "tealgate")).absolute()
    if not path.exists():
        pytest.fail(f"{path} does not exist: build it, or name it in TEALGATE_BINARY")
    return path


@pytest.fixture
def stage(binary):
    stage = Stage(binary)
    yield stage
    stage.close()


@pytest.fixture
def stage_without_daemon():
    """For tests of the harness itself."""
    stage = Stage(None)
    yield stage
    stage.close()


@pytest.fixture(scope="session")
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def is_sanitized():
    """A build with sanitizers: slower, and its memory says nothing."""
    return os.environ.get("TEALGATE_SANITIZED") == "1"


@pytest.fixture
def reaper():
    """Daemons that others replaced are this process's to wait for."""
    set_reaper(True)
    yield
    set_reaper(False)
