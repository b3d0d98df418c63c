"""TLS handshakes at a listener, with openssl and Python's ssl: names and certificates, versions and ciphers, ALPN,
tickets, stapling, clients' certificates, and what the server behind it is told."""
import ssl

import pytest

from harness.secure import VERSIONS, SecureWire
from harness.tls_scene import TlsScene
from harness.waiting import eventually
from harness.wire import Wire, head

GET = head("GET", "/", host="shop.test")
PROXY_LINE = b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n"
NAME_FIELD = "X-Forwarded-Client-Name"


def subject_shown(scene, *words, name="shop.test"):
    """The CN of the certificate that a client is shown."""
    said = scene.s_client(*words, name=name)
    return said.split("subject=CN = ")[1].split("\n")[0]


@pytest.fixture
def scene(stage):
    return TlsScene(stage)


# Names and certificates


def test_the_name_decides_on_the_certificate_and_the_key_on_the_kind(stage):
    scene = TlsScene(stage)
    wild = scene.authority.issue("wild", "DNS:*.example.test")
    full = scene.authority.issue("full", "DNS:a.example.test", "DNS:b.example.test")
    rsa = scene.authority.issue("rsa", "DNS:a.example.test", "DNS:shop.test", key="rsa")
    scene.listen["tls"]["certificates"] = [one.files for one in (wild, full, rsa)]
    scene.reload()
    assert subject_shown(scene, name="x.example.test") == "wild"
    assert subject_shown(scene, name="A.Example.Test") == "full"
    assert subject_shown(scene, name="b.example.test") == "full"
    assert subject_shown(scene, name="x.y.example.test") == "shop.test", "a wildcard is for one label"
    assert subject_shown(scene, name="example.test") == "shop.test"
    assert subject_shown(scene, name="unknown.test") == "shop.test"
    assert subject_shown(scene, name=None) == "shop.test"
    only_rsa = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
    assert subject_shown(scene, *only_rsa, name="a.example.test") == "rsa"
    assert subject_shown(scene, *only_rsa, name="shop.test") == "rsa"
    assert subject_shown(scene, "-tls1_3", "-sigalgs", "RSA-PSS+SHA256", name="a.example.test") == "rsa"
    assert subject_shown(scene, "-tls1_3", "-sigalgs", "ECDSA+SHA256", name="a.example.test") == "full"
    assert "Verify return code: 0 (ok)" in scene.s_client(name="a.example.test")


def test_the_chain_goes_along(scene):
    assert scene.s_client("-showcerts").count("-----BEGIN CERTIFICATE-----") == 2


def test_a_reload_shows_the_new_certificate_and_leaves_connections_alone(scene):
    with scene.wire() as old:
        assert old.exchange(GET).status == 200
        new = scene.authority.issue("new", "DNS:shop.test")
        scene.listen["tls"] |= new.files
        scene.reload()
        assert subject_shown(scene) == "new"
        assert old.exchange(GET).status == 200


def test_an_expired_certificate_is_not_taken_by_a_reload(scene):
    expired = scene.authority.issue("expired", "DNS:shop.test", expired=True)
    scene.listen["tls"] |= expired.files
    scene.daemon.write_config(scene.config_now())
    done = scene.daemon.cli("reload")
    assert done.returncode != 0 and "has expired at" in done.stdout + done.stderr
    assert subject_shown(scene) == "shop.test"
    done = scene.daemon.cli("check", scene.daemon.config_path)
    assert done.returncode != 0 and "has expired at" in done.stdout + done.stderr


# Versions, ciphers, protocols


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_versions_with_forward_secrecy(scene, version):
    said = scene.s_client(version)
    assert "Verify return code: 0 (ok)" in said and "Server Temp Key: X25519" in said
    assert "Compression: NONE" in said and "Cipher is (NONE)" not in said
    assert "Server Temp Key: ECDH, prime256v1" in scene.s_client(version, "-groups", "P-256")


@pytest.mark.parametrize(
    "words",
    [
        ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
        ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
        ("-tls1_2", "-cipher", "AES128-SHA:AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
        ("-tls1_3", "-groups", "X448"),
    ],
)
def test_what_is_old_or_weak_is_refused(scene, words):
    said = scene.s_client(*words)
    assert "alert" in said and "Cipher is (NONE)" in said, said
    assert scene.line(end="tls_failed")["detail"]


def test_only_1_3_where_that_is_wanted(stage):
    scene = TlsScene(stage, tls={"min_version": "1.3"})
    assert "Cipher is (NONE)" in scene.s_client("-tls1_2")
    assert "New, TLSv1.3" in scene.s_client("-tls1_3")


def test_the_operators_ciphers(stage):
    scene = TlsScene(stage, tls={"ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"})
    assert "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384" in scene.s_client("-tls1_2")
    assert "Cipher is (NONE)" in scene.s_client("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"), "ECDHE-ECDSA-AES128-GCM-SHA256"),
        (("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"), "ECDHE-ECDSA-CHACHA20-POLY1305"),
        (("-ciphersuites", "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), "TLS_AES_128_GCM_SHA256"),
        (("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), "TLS_CHACHA20_POLY1305_SHA256"),
    ],
)
def test_the_order_of_ciphers_is_ours_but_for_clients_without_aes(scene, words, chosen):
    assert f"Cipher is {chosen}\n" in scene.s_client(*words)


def test_alpn(scene):
    assert "ALPN protocol: http/1.1" in scene.s_client("-alpn", "h2,http/1.1")
    assert "ALPN protocol: http/1.1" in scene.s_client("-alpn", "http/1.0,http/1.1")
    assert "ALPN protocol: http/1.0" in scene.s_client("-alpn", "http/1.0"), "curl --http1.0 offers nothing else"
    assert "No ALPN negotiated" in scene.s_client()
    said = scene.s_client("-alpn", "h2")
    assert "no application protocol" in said and "Cipher is (NONE)" in said


def test_renegotiation_is_refused(scene):
    said = scene.s_client("-tls1_2", orders=b"R\n")
    assert "RENEGOTIATING" in said and "no renegotiation" in said and "Secure Renegotiation IS supported" in said


def test_an_ocsp_response_is_stapled_to_its_certificate(scene):
    assert "OCSP response: no response sent" in scene.s_client("-status")
    scene.authority.staple(scene.shop)
    other = scene.authority.issue("other", "DNS:other.test")
    scene.listen["tls"] |= scene.shop.files | {"certificates": [other.files]}
    scene.reload()
    for version in ("-tls1_2", "-tls1_3"):
        said = scene.s_client("-status", version)
        assert "OCSP Response Status: successful" in said and "Cert Status: good" in said
    assert "OCSP response: no response sent" in scene.s_client("-status", name="other.test")


# Tickets


def resumed(scene, context, session, times=20):
    """How many of these new connections, at whatever worker, resume it."""
    count = 0
    for _ in range(times):
        with SecureWire(scene.port, context, session=session) as wire:
            assert wire.exchange(GET).status == 200
            count += wire.tls.session_reused
    return count


def session_of(scene, context):
    with SecureWire(scene.port, context) as wire:
        assert wire.exchange(GET).status == 200 and not wire.tls.session_reused
        return wire.tls.session


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_is_good_at_every_worker_and_after_a_reload(scene, version):
    context = scene.authority.context(version=version)
    session = session_of(scene, context)
    assert session.has_ticket and session.ticket_lifetime_hint == 86_400
    assert resumed(scene, context, session) == 20
    new = scene.authority.issue("new", "DNS:shop.test")
    scene.listen["tls"] |= new.files
    scene.daemon.write_config(scene.config_now())
    scene.daemon.hang_up()
    eventually(lambda: subject_shown(scene) == "new", what="the reload")
    assert resumed(scene, context, session) == 20


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_resumes(scene, stage, version):
    file = stage.folder / "session"
    asks = head("GET", "/", "Connection: close", host="shop.test")
    assert "\nNew, TLS" in scene.s_client(version, "-ign_eof", "-sess_out", file, given=asks)
    assert "\nReused, TLS" in scene.s_client(version, "-ign_eof", "-sess_in", file, given=asks)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_of_another_daemon_leads_to_a_whole_handshake(scene, version):
    context = scene.authority.context(version=version)
    session = session_of(scene, context)
    scene.daemon.stop()
    scene.daemon.start()
    scene.port = scene.daemon.port
    assert resumed(scene, context, session, times=3) == 0


# Clients' certificates


def mutual(stage, word, **settings):
    scene = TlsScene(stage, **settings)
    scene.listen["tls"] |= {"client_certificates": word, "client_ca": str(scene.authority.cert)}
    scene.reload()
    return scene


def name_seen(scene):
    return scene.origin.requests[-1].all(NAME_FIELD)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clients_name_is_verified_and_told(stage, version):
    scene = mutual(stage, "required")
    client = scene.authority.issue("client", "DNS:client.test", "email:a@client.test")
    assert scene.ask(certificate=client, version=version).status == 200
    assert name_seen(scene) == ["client.test"]
    with pytest.raises((ssl.SSLError, ConnectionError)):
        scene.ask(version=version)
    assert "peer did not return a certificate" in scene.line(end="tls_failed")["detail"]
    assert len(scene.origin.requests) == 1


def test_names_of_every_kind(stage):
    scene = mutual(stage, "required")
    for names, subject, told in [
        (["URI:spiffe://shop/job"], "/CN=other", "spiffe://shop/job"),
        (["email:a@b.test"], "/CN=other", "a@b.test"),
        (["IP:10.0.0.1"], "/CN=common name", "common%20name"),
        ([], "/CN=José 100%", "Jos%C3%A9%20100%25"),
        ([], "/O=nobody", None),
    ]:
        client = scene.authority.issue("client", *names, subject=subject)
        assert scene.ask(certificate=client).status == 200
        assert name_seen(scene) == ([told] if told else []), subject


@pytest.mark.parametrize("kind", ["expired", "another CA"])
def test_a_certificate_that_is_not_to_be_trusted_is_refused(stage, kind):
    scene = mutual(stage, "optional")
    if kind == "expired":
        bad = scene.authority.issue("client", "DNS:client.test", expired=True)
    else:
        bad = type(scene.authority)(stage.folder / "evil").issue("client", "DNS:client.test")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        scene.ask(certificate=bad)
    assert "certificate verify failed" in scene.line(end="tls_failed")["detail"]
    assert scene.ask().status == 200 and name_seen(scene) == []


FORGED = ["X-Forwarded-Client-Name: admin", "X_Forwarded_Client_Name: admin", "x-forwarded-client_name: admin"]


@pytest.mark.parametrize("field", FORGED)
def test_nobody_forges_the_name(stage, field):
    scene = mutual(stage, "optional", more=["127.0.0.1:0"])
    client = scene.authority.issue("client", "DNS:client.test")

    def fields_like_it():
        fields = scene.origin.requests[-1].fields
        return [(name, value) for name, value in fields if name.replace("_", "-") == NAME_FIELD.lower()]

    assert scene.ask("/", "GET", field, certificate=client).status == 200
    assert fields_like_it() == [(NAME_FIELD.lower(), "client.test")]
    assert scene.ask("/", "GET", field).status == 200
    assert fields_like_it() == []
    with Wire(scene.daemon.ports[1]) as plain:
        assert plain.exchange(head("GET", "/", field)).status == 200
    assert fields_like_it() == []


def test_a_trusted_proxy_tells_a_name_but_not_in_place_of_its_own_certificates(stage):
    scene = mutual(stage, "optional", config={"trusted_proxies": ["127.0.0.1"]})
    assert scene.ask("/", "GET", FORGED[0]).status == 200
    assert name_seen(scene) == ["admin"]
    client = scene.authority.issue("client", "DNS:client.test")
    assert scene.ask("/", "GET", FORGED[0], certificate=client).status == 200
    assert name_seen(scene) == ["client.test"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_resumed_session_keeps_its_name_and_a_new_ca_does_not_know_it(stage, version):
    scene = mutual(stage, "required")
    context = scene.authority.context(scene.authority.issue("client", "DNS:client.test"), version)
    session = session_of(scene, context)
    assert resumed(scene, context, session) == 20
    assert name_seen(scene) == ["client.test"]
    other = type(scene.authority)(stage.folder / "other")
    scene.listen["tls"]["client_ca"] = str(other.cert)
    scene.reload()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        resumed(scene, context, session)
    assert len(scene.origin.requests) == 21


# What comes with a request


@pytest.mark.parametrize("cut", ["whole", "in bytes"])
def test_a_proxy_header_comes_before_the_handshake(stage, cut):
    scene = TlsScene(stage, listen={"proxy_protocol": True}, config={"trusted_proxies": ["127.0.0.1"]})
    with scene.wire(shakes=False) as wire:
        begin = PROXY_LINE + wire.socket.hello()
        for piece in [begin] if cut == "whole" else [bytes([byte]) for byte in begin]:
            wire.raw.sendall(piece)
        wire.socket.shake_hands()
        assert wire.exchange(GET).status == 200
    assert scene.origin.requests[-1].field("x-forwarded-for") == "192.0.2.7"
    assert scene.line(client_ip="192.0.2.7")["scheme"] == "https"
    with scene.wire(shakes=False) as wire, pytest.raises((ssl.SSLError, ConnectionError)):
        wire.socket.shake_hands()
    assert scene.line(end="proxy_protocol")["status"] == 0
