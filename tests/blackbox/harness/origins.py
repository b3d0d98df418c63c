"""The real app servers of the tests (apps/): each on a reserved port, so that it can be stopped and started
again as the next version at the same address."""
import os
import pathlib
import shutil
import subprocess

from harness.ports import Port
from harness.processes import Child
from harness.wire import request

APPS = pathlib.Path(__file__).resolve().parent.parent / "apps"
TOMCAT_HOME = pathlib.Path("/usr/share/tomcat10")
LONGEST_START = 240  # seconds; four JVMs at once on a busy machine
SERVLET_API = "/usr/share/java/tomcat10-servlet-api.jar"


class Origin:
    """One app server. Subclasses say how it is started and what it prints when it listens."""

    says_when_ready = ""

    def __init__(self, folder, pool, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.pool = pool
        self.name = name
        self.version = 0
        self.port = Port()
        self.child = None

    @property
    def address(self):
        return self.port.address

    def begin(self):
        """Starts the next version without waiting for it."""
        self.version += 1
        environment = {
            "APP_PORT": str(self.port.number),
            "APP_POOL": self.pool,
            "APP_SERVER": self.name,
            "APP_VERSION": f"v{self.version}",
        }
        log = self.folder / f"v{self.version}.log"
        self.child = Child(self.arguments(), log, {**environment, **self.environment()}, self.folder)

    def wait_until_ready(self):
        self.child.wait_for_output(self.says_when_ready, LONGEST_START)

    def start(self):
        self.begin()
        self.wait_until_ready()
        return self

    def stop(self):
        """SIGTERM: it finishes what is in flight."""
        self.child.terminate(30)
        self.child.close()

    def kill(self):
        self.child.close()

    def close(self):
        if self.child is not None:
            self.child.close()
        self.port.close()

    def ask(self, target, method="GET"):
        message = request(self.port.number, target, method)
        assert message.status in (200, 503), f"{self.name}: {target}: {message.status}"
        return message

    def make_sick(self, why="db: connection refused"):
        self.ask("/break?why=" + why.replace(" ", "%20"))

    def mend(self):
        self.ask("/mend")

    def take_ids(self):
        """{POST id: (how often begun, how often executed)} since the last call."""
        rows = (line.split(" ") for line in self.ask("/ids?clear=1").body.decode().splitlines())
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}

    def arguments(self):
        raise NotImplementedError

    def environment(self):
        return {}


class NodeOrigin(Origin):
    says_when_ready = "listening on port"

    certificate = None  # speaks TLS with one

    def arguments(self):
        return ["/usr/bin/node", APPS / "app_node.js"]

    def environment(self):
        shown = self.certificate
        return {"APP_TLS_CERT": str(shown.cert), "APP_TLS_KEY": str(shown.key)} if shown else {}


class GunicornOrigin(Origin):
    says_when_ready = "Booting worker"

    def arguments(self):
        options = ["--worker-class", "gthread", "--workers", "1", "--threads", "16", "--keep-alive", "5"]
        options += ["--bind", self.address, "--chdir", APPS, "--backlog", "511", "--worker-tmp-dir", self.folder]
        return ["/usr/bin/python3", "-m", "gunicorn", *options, "app_gunicorn:application"]

    def environment(self):
        return {"PYTHONDONTWRITEBYTECODE": "1"}


class TomcatOrigin(Origin):
    says_when_ready = "Server startup in"

    def __init__(self, folder, pool, name):
        super().__init__(folder, pool, name)
        self._lay_out(compiled_servlet(pathlib.Path(folder)))

    def _lay_out(self, classes):
        for part in ("conf", "logs", "temp", "work"):
            (self.folder / part).mkdir()
        application = self.folder / "webapps" / "ROOT" / "WEB-INF"
        application.mkdir(parents=True)
        shutil.copytree(classes, application / "classes")
        shutil.copy(APPS / "tomcat" / "web.xml", application)
        shutil.copy(APPS / "tomcat" / "server.xml", self.folder / "conf")
        loader = 'common.loader="${catalina.home}/lib","${catalina.home}/lib/*.jar"\n'
        (self.folder / "conf" / "catalina.properties").write_text(loader)

    def arguments(self):
        return [TOMCAT_HOME / "bin" / "catalina.sh", "run"]

    def environment(self):
        options = f"-Dapp.port={self.port.number} -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto"
        return {
            "CATALINA_HOME": str(TOMCAT_HOME),
            "CATALINA_BASE": str(self.folder),
            "CATALINA_OPTS": options,
            "JAVA_HOME": java_home(),
        }


def java_home():
    return str(pathlib.Path(os.path.realpath(shutil.which("java"))).parent.parent)


def compiled_servlet(folder):
    """The folder of the servlet's classes, compiled once a folder."""
    classes = folder / "servlet-classes"
    if not classes.exists():
        command = ["javac", "-nowarn", "-cp", SERVLET_API, "-d", str(classes), str(APPS / "tomcat" / "App.java")]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return classes
