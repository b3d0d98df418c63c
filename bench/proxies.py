"""The proxies that are measured, each with one worker, in their best common tuning.

Equal for all: one worker, keep-alive to the origin without a bound that matters, TCP_DEFER_ACCEPT, SO_REUSEPORT,
X-Forwarded-For added (bench_floor adds a Via), no access log unless `logged`. Where bodies are large, nginx gets buffers that
hold one and HAProxy splices. With TLS all show the same certificate, speak TLS 1.2 and 1.3 with the same ciphers and give tickets.
"""
import os

from machine import PROXY_CORE, free_port, make_certificate, program

TEALGATE = """\
version: 1
listen: {{ address: "127.0.0.1:{port}"{tls} }}
workers: 1
services:
  bench:
    health: none
    pools:
      blue: "127.0.0.1:{origin}"
logs: {{ access: {log} }}
control: {{ socket: {folder}/control.sock, state: {folder} }}
"""

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 16000; multi_accept on; }}
http {{
  access_log {log};
  tcp_nodelay on;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path {folder};
  proxy_temp_path {folder};
  fastcgi_temp_path {folder};
  uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  {buffers}
  upstream origin {{
    server 127.0.0.1:{origin};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} {tls} reuseport deferred backlog=4096;
    {certificate}
    location / {{
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""
NGINX_LARGE_BUFFERS = """\
proxy_buffer_size 128k; proxy_buffers 4 128k; proxy_busy_buffers_size 256k;
  proxy_max_temp_file_size 0; client_body_buffer_size 128k;"""

HAPROXY = """\
global
  nbthread 1
  maxconn 4000
  {log_to}
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 60s
  timeout http-keep-alive 75s
  http-reuse always
  option forwardfor
  backlog 4096
  {log}
  {splice}
frontend bench
  bind 127.0.0.1:{port} defer-accept {tls}
  default_backend origin
backend origin
  server origin 127.0.0.1:{origin}
"""

# The ones that Tealgate prefers with the certificate of a measurement.
TLS12_CIPHER, TLS13_CIPHER = "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"


class Proxy:
    """One proxy of a measurement, in a folder of its own below the stage's."""
    name = ""

    def __init__(self, logged=False):
        self.logged = logged
        self.label = f"{self.name}, access log on" if logged else self.name

    def start(self, stage, builds, origin, large_bodies=False, tls=False):
        self.certificate = make_certificate(stage.folder) if tls else None
        self.port = free_port()
        self.folder = stage.folder / self.label.replace(", ", "-").replace(" ", "-")
        self.folder.mkdir()
        self.log = self.folder / "access.log"
        self.log.touch()
        command = self.command(builds, origin, large_bodies)
        self.process = stage.start(self.folder.name, command, PROXY_CORE, self.port, stdout=self.log, tls=tls)

    def command(self, builds, origin, large_bodies):
        """The command that runs it; writes the configuration it needs."""
        raise NotImplementedError

    def write_config(self, text, **words):
        config = self.folder / "config"
        config.write_text(text.format(port=self.port, folder=self.folder, **words))
        return config

    def forget_log(self):
        os.truncate(self.log, 0)


class Floor(Proxy):
    name = "floor"

    def command(self, builds, origin, large_bodies):
        return [builds / "bench" / "bench_floor", self.port, origin]


class Tealgate(Proxy):
    name = "Tealgate"

    def __init__(self, logged=False, build=None):
        super().__init__(logged)
        self.build = build  # another than the measured one
        if build:
            self.label += f" of {build.name}"

    def command(self, builds, origin, large_bodies):
        shown = f", tls: {{ cert: {self.certificate}, key: {self.certificate} }}" if self.certificate else ""
        config = self.write_config(TEALGATE, origin=origin, log=self.log if self.logged else "off", tls=shown)
        return [(self.build or builds) / "tealgate", "run", "-c", config]

    @property
    def socket(self):
        return self.folder / "control.sock"


class Nginx(Proxy):
    name = "nginx"

    def command(self, builds, origin, large_bodies):
        log = f"{self.log} combined buffer=64k flush=1s" if self.logged else "off"
        config = self.write_config(NGINX, origin=origin, log=log, user="user root;" if os.geteuid() == 0 else "",
                                   buffers=NGINX_LARGE_BUFFERS if large_bodies else "",
                                   tls="ssl" if self.certificate else "", certificate=self.nginx_certificate())
        return [program("nginx"), "-e", "stderr", "-p", self.folder, "-c", config]


    def nginx_certificate(self):
        if not self.certificate:
            return ""
        return (f"ssl_certificate {self.certificate}; ssl_certificate_key {self.certificate}; ssl_protocols TLSv1.2 TLSv1.3; "
                f"ssl_prefer_server_ciphers on; ssl_ciphers {TLS12_CIPHER}; ssl_conf_command Ciphersuites {TLS13_CIPHER};")


class Haproxy(Proxy):
    name = "HAProxy"

    def command(self, builds, origin, large_bodies):
        config = self.write_config(HAPROXY, origin=origin,
                                   log_to="log stdout format raw local0 info" if self.logged else "",
                                   log="log global\n  option httplog" if self.logged else "",
                                   splice="option splice-auto" if large_bodies else "",
                                   tls=f"ssl crt {self.certificate} alpn http/1.1 ciphers {TLS12_CIPHER} ciphersuites {TLS13_CIPHER}"
                                   if self.certificate else "")
        return [program("haproxy"), "-db", "-f", config]
