"""Everything one test starts, in one temporary folder, and ended with the test: app servers, scripted
origins, daemons."""
import contextlib
import pathlib
import shutil
import tempfile

from harness.daemon import Daemon
from harness.origins import GunicornOrigin, NodeOrigin, TomcatOrigin
from harness.scripted import ScriptedOrigin


class Stage:
    def __init__(self, binary):
        self.binary = binary
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tealgate-test-"))
        self._ends = contextlib.ExitStack()
        self._ends.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.origins = []
        self._daemons = 0

    def close(self):
        self._ends.close()

    def also_close(self, thing):
        """`thing.close()` is called at the end, before what was begun earlier is ended."""
        self._ends.callback(thing.close)
        return thing

    def _origin(self, kind, pool, name, **settings):
        origin = self.also_close(kind(self.folder, pool, name))
        vars(origin).update(settings)
        origin.begin()
        self.origins.append(origin)
        return origin

    def node(self, pool, name, certificate=None):
        """With a certificate it speaks TLS."""
        return self._origin(NodeOrigin, pool, name, certificate=certificate)

    def gunicorn(self, pool, name):
        return self._origin(GunicornOrigin, pool, name)

    def tomcat(self, pool, name):
        return self._origin(TomcatOrigin, pool, name)

    def wait_for_origins(self):
        for origin in self.origins:
            origin.wait_until_ready()

    def scripted(self, *script, **settings):
        return self.also_close(ScriptedOrigin(*script, **settings))

    def daemon(self, config, start=True):
        self._daemons += 1
        daemon = Daemon(self.folder / f"tealgate-{self._daemons}", self.binary, config)
        self._ends.callback(daemon.close)
        return daemon.start() if start else daemon
