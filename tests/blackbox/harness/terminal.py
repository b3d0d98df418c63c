"""A terminal of a given size with a shell in it: tmux with a server of its own, whose end ends all."""
import os
import subprocess

from harness.waiting import eventually

PROMPT = "ready> "


class Terminal:
    def __init__(self, folder, environment, columns=80, rows=24):
        self._tmux = ["tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null"]
        shell = ["env", f"PS1={PROMPT}", "ENV=", "sh", "-i"]
        size = ["-x", str(columns), "-y", str(rows)]
        environment = {**environment, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        environment.pop("TMUX", None)
        subprocess.run([*self._tmux, "-u", "new-session", "-d", *size, *shell], env=environment, check=True, timeout=20)
        self._do("set", "-g", "status", "off")
        self._do("set", "-g", "window-size", "manual")
        self.resize(columns, rows)
        self.wait_for_prompt()

    def _do(self, *words):
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True, timeout=20)
        return done.stdout

    def type(self, text):
        """Text and Enter."""
        self._do("send-keys", "-l", text)
        self._do("send-keys", "Enter")

    def press(self, *keys):
        """tmux's names: q, Space, Tab, C-z."""
        self._do("send-keys", *keys)

    def resize(self, columns, rows):
        self._do("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self):
        return self._do("capture-pane", "-p").split("\n")[:-1]

    def coloured(self):
        """The same with the escape sequences of its colours."""
        return self._do("capture-pane", "-p", "-e")

    def screen(self):
        return "\n".join(self.lines())

    def wait_for(self, text, within=20.0):
        try:
            eventually(lambda: text in self.screen(), within, f"{text!r} in the terminal")
        except AssertionError as late:
            raise AssertionError(f"{late}:\n{self.screen()}") from late

    def wait_for_prompt(self):
        eventually(lambda: self.screen().rstrip().endswith(PROMPT.strip()), 20.0, "the prompt")

    def is_on_other_screen(self):
        return self._do("display-message", "-p", "#{alternate_on}").strip() == "1"

    def shows_cursor(self):
        return self._do("display-message", "-p", "#{cursor_flag}").strip() == "1"

    def modes(self):
        """What stty says of it."""
        device = self._do("display-message", "-p", "#{pane_tty}").strip()
        return subprocess.run(["stty", "-a", "-F", device], capture_output=True, text=True, check=True).stdout

    def close(self):
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=20)


def plain(environment):
    """Without what would decide about colours."""
    return {name: value for name, value in {**os.environ, **environment}.items() if name != "NO_COLOR"}
