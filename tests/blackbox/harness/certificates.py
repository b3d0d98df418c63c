"""A certificate authority of the tests' own, made with the openssl command into a test's folder."""
import base64
import datetime
import hashlib
import ssl
import subprocess

KEYS = {
    "ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["-newkey", "rsa:2048"],
}


def openssl(*words, given=None):
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, timeout=60)
    assert done.returncode == 0, f"openssl {words}: {done.stderr.decode()}"
    return done.stdout


class Certificate:
    """Files of one certificate: `cert` with its chain, `key`, and an OCSP response once there is one."""

    def __init__(self, folder, name):
        self.name = name
        self.leaf, self.key, self.cert = (folder / f"{name}.{end}" for end in ("leaf.pem", "key", "pem"))
        self.ocsp = None

    @property
    def files(self):
        """As the config wants them."""
        files = {"cert": str(self.cert), "key": str(self.key)}
        return files | {"ocsp": str(self.ocsp)} if self.ocsp else files

    @property
    def serial(self):
        return openssl("x509", "-in", self.leaf, "-noout", "-serial").decode().strip().removeprefix("serial=")

    @property
    def key_hash(self):
        """What Chromium calls the SPKI's hash."""
        public = openssl("x509", "-in", self.leaf, "-noout", "-pubkey")
        return base64.b64encode(hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", given=public)).digest()).decode()


class Authority:
    def __init__(self, folder, name="The tests' own CA"):
        self.folder = folder
        folder.mkdir()
        self.cert, self._key = folder / "ca.pem", folder / "ca.key"
        words = ["-x509", *KEYS["ecdsa"], "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        openssl("req", *words, "-keyout", self._key, "-out", self.cert)

    def issue(self, name, *names, key="ecdsa", expired=False, subject=None, since=-1, days=60):
        """A certificate for `names` (subjectAltNames as openssl writes them: `DNS:shop.test`); without any, none."""
        made = Certificate(self.folder, name)
        request = openssl("req", "-utf8", *KEYS[key], "-nodes", "-subj", subject or f"/CN={name}", "-keyout", made.key)
        alternative = f"subjectAltName={','.join(names)}\n" if names else ""
        extensions = self.folder / "extensions"
        extensions.write_text(f"[ext]\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n{alternative}")
        made.leaf.write_bytes(self._sign(request, extensions, (-9, -2) if expired else (since, days)))
        made.cert.write_bytes(made.leaf.read_bytes() + self.cert.read_bytes())
        return made

    def _sign(self, request, extensions, span):
        """With `openssl ca`, which alone lets a certificate's time be in the past."""
        for name, content in (("index.txt", ""), ("index.txt.attr", "unique_subject = no\n")):
            (self.folder / name).touch()
            (self.folder / name).write_text(content)
        config, asked = self.folder / "ca.conf", self.folder / "asked.pem"
        asked.write_bytes(request)
        config.write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.folder}/index.txt\nnew_certs_dir={self.folder}\nrand_serial=yes\n"
            f"certificate={self.cert}\nprivate_key={self._key}\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            "email_in_dn=no\n[any]\ncommonName=optional\norganizationName=optional\n"
        )
        times = ["-startdate", day(span[0]), "-enddate", day(span[1])]
        words = ["-config", config, "-batch", "-notext", "-extfile", extensions, "-extensions", "ext", "-in", asked]
        return openssl("ca", *words, "-utf8", *times)

    def staple(self, certificate):
        """Makes an OCSP response that the certificate is good."""
        index = self.folder / f"{certificate.name}.index"
        index.write_text(f"V\t{day(60)}\t\t{certificate.serial}\tunknown\t/CN={certificate.name}\n")
        certificate.ocsp = self.folder / f"{certificate.name}.ocsp"
        words = ["-CA", self.cert, "-rsigner", self.cert, "-rkey", self._key, "-issuer", self.cert, "-ndays", "2"]
        openssl("ocsp", "-index", index, *words, "-cert", certificate.leaf, "-respout", certificate.ocsp, "-noverify")

    def server_context(self, certificate, asks_for_one=False, version=None):
        """A server's context that shows `certificate`; with `asks_for_one`, clients must show one of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.cert, certificate.key)
        if asks_for_one:
            context.load_verify_locations(self.cert)
            context.verify_mode = ssl.CERT_REQUIRED
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def context(self, certificate=None, version=None):
        """A client's context that trusts this authority alone."""
        context = ssl.create_default_context(cafile=str(self.cert))
        if certificate:
            context.load_cert_chain(certificate.cert, certificate.key)
        if version:
            context.minimum_version = context.maximum_version = version
        return context


def day(number):
    """That many days from now, as openssl writes it."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=number)
    return moment.strftime("%y%m%d%H%M%SZ")
