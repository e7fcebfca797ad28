"""
Secrets of a connection stay where they belong: with the host, a known identity service, or a named server.

The attacker of these tests may edit a connection and press Test, but may not read it: Airflow gives a test
the stored secrets as long as host and port are unchanged.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import Connection
from support.tap import Tap

from airflow_provider_poweroffice.hooks.base import ClientHook
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.hooks.database import database_hook
from airflow_provider_poweroffice.hooks.destinations import ENTRA_HOSTS
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.hooks.settings import read_settings
from airflow_provider_poweroffice.provider_info import get_provider_info
from poweroffice_sandbox import D365FOSandbox, Sandbox

TRUSTED = "AIRFLOW__POWEROFFICE__TRUSTED_TOKEN_HOSTS"
HOST = "https://contoso.operations.dynamics.com"
CLIENT_ID = "11111111-2222-3333-4444-555555555555"
SECRET = "Xy18Q~stored-s3cret-that-nobody-may-read_01"


def edited(conn_id: str = "x", **extra: Any) -> Connection:
    """Give a stored connection to Finance & Operations whose extras were edited."""
    text = json.dumps({"tenant_id": "contoso.com"} | extra)
    fields = {"conn_type": "d365fo", "host": HOST, "login": CLIENT_ID, "password": SECRET}
    return Connection(conn_id=conn_id, extra=text, **fields)


@pytest.fixture
def thief() -> Iterator[Tap]:
    """Run a server that keeps what it is sent."""
    with Tap() as running:
        yield running


@pytest.mark.finding("S1")
@pytest.mark.parametrize("extra", ["authority", "token_url"])
@pytest.mark.parametrize("host", ENTRA_HOSTS)
@pytest.mark.parametrize("form", ["https://{}", "{}", "HTTPS://{}:443", "https://{}/tenant/"])
def test_known_identity_services(extra: str, host: str, form: str) -> None:
    """Those of all clouds are trusted, however a URL is spelled."""
    settings = read_settings(edited(**{extra: form.format(host)}))
    assert host in settings.credentials.token_endpoint
    assert read_settings(edited(**{extra: form.format(host.upper())}))


EVIL = [
    "https://evil.example",
    "evil.example",
    "https://login.microsoftonline.com@evil.example",
    "https://login.microsoftonline.com:443@evil.example/",
    "https://login.microsoftonline.com%40evil.example",
    "https://login.microsoftonline.com.evil.example",
    "https://evil.example/login.microsoftonline.com",
    "https://evil.example\\@login.microsoftonline.com",
    "https://evil.example\\.login.microsoftonline.com",
    "https:\\\\evil.example",
    "https://evil.example#@login.microsoftonline.com",
    "https://evil.example?login.microsoftonline.com",
    "https://evil-login.microsoftonline.com",
    "https://xlogin.microsoftonline.com",
    "https://login.microsoftonline.com.",
    "https://login.microsoftonline.com:444",
    "https://login.microsoftonline.com:0443x",
    "http://login.microsoftonline.com",
    "http://login.microsoftonline.com:443",
    "https://login.microsoftonline.\u0441om",  # Cyrillic
    "https://login.microsoftonline\u3002com.evil.example",
    "https://\uff4cogin.microsoftonline.com.evil.example",
    "https://login.microsoftonline.com\u200b.evil.example",
    "\ufeffhttps://evil.example",
    "https://login.micro\tsoftonline.com.evil.example",
    "https://login.microsoftonline.com\n.evil.example",
    "https://evil.example\u2028login.microsoftonline.com",
    "https://xn--ogin-microsoftonline-x.com",
    HOST + ":444",
    HOST + ".evil.example",
    HOST + "@evil.example",
    HOST.replace("https", "http"),
    "https://localhost",
    "https://127.0.0.1:8443",
    "https://[::1]:8443",
    "ftp://login.microsoftonline.com",
    "//evil.example",
    "https:evil.example",
    "https:///evil.example",
]


@pytest.mark.finding("S1")
@pytest.mark.parametrize("extra", ["authority", "token_url", "system_url"])
@pytest.mark.parametrize("url", EVIL)
@pytest.mark.parametrize("allow_http", [False, True])
def test_other_servers(extra: str, url: str, allow_http: bool) -> None:
    """No extra leads a secret or a token to another server, whatever else the extras say."""
    with pytest.raises(ValueError, match=f"extra {extra}"):
        read_settings(edited(**{extra: url}, allow_http=allow_http, verify=False))


@pytest.mark.finding("S1")
def test_own_server() -> None:
    """AD FS or an API beside the environment, on its own server, needs nothing."""
    own = HOST.replace("contoso", "Contoso")
    found = read_settings(edited(authority=own, system_url=HOST + ":443/namespaces/AXSF")).credentials
    assert found.token_endpoint.startswith(own)
    assert read_settings(edited(token_url=HOST + "/adfs/oauth2/token"))


@pytest.mark.finding("S1")
@pytest.mark.parametrize(
    ("trusted", "url", "good"),
    [
        ("fs.contoso.com", "https://fs.contoso.com/adfs", True),
        ("FS.contoso.com", "https://fs.Contoso.com", True),
        ("a.example, fs.contoso.com", "https://fs.contoso.com", True),
        ("a.example\n fs.contoso.com:8443 ", "https://fs.contoso.com:8443", True),
        ("https://fs.contoso.com/", "https://fs.contoso.com", True),
        ("http://fs.contoso.com:8080", "http://fs.contoso.com:8080", True),
        ("[::1]:8443", "https://[::1]:8443", True),
        ("", "https://fs.contoso.com", False),
        ("fs.contoso.com", "http://fs.contoso.com", False),
        ("fs.contoso.com", "http://fs.contoso.com:443", False),
        ("fs.contoso.com", "https://fs.contoso.com:8443", False),
        ("fs.contoso.com:8443", "https://fs.contoso.com", False),
        ("fs.contoso.com", "https://fs.contoso.com.evil.example", False),
        ("fs.contoso.com", "https://evil.example", False),
    ],
)
@pytest.mark.parametrize("extra", ["authority", "token_url", "system_url"])
def test_servers_named_outside(
    trusted: str, url: str, good: bool, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs Airflow may name further servers, by host and port."""
    monkeypatch.setenv(TRUSTED, trusted)
    conn = edited(**{extra: url}, allow_http=True)
    if good:
        read_settings(conn)
    else:
        with pytest.raises(ValueError, match=f"extra {extra}.*no secret or token is sent.*{TRUSTED}"):
            read_settings(conn)


@pytest.mark.finding("S1")
@pytest.mark.parametrize(
    "entry", ["*", "*.contoso.com", "a@b", "a b/c", "fs.contoso.com/path", "fs:99999", "ftp://a"]
)
def test_bad_entry(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is not a host is refused by the option's name; it has no second meaning."""
    monkeypatch.setenv(TRUSTED, entry)
    with pytest.raises(ValueError, match=r"\[poweroffice\] trusted_token_hosts"):
        read_settings(edited(authority="https://fs.contoso.com"))


@pytest.mark.finding("S1")
def test_option_is_declared() -> None:
    """Airflow lists the option with the provider's configuration."""
    options = get_provider_info()["config"]["poweroffice"]["options"]
    assert options["trusted_token_hosts"]["default"] == ""


@pytest.mark.finding("S1")
@pytest.mark.parametrize(
    "name", ["authority", "token_url", "system_url", "rate_limit_backend", "resource", "tenant_id"]
)
def test_test_button(name: str, thief: Tap, fo: D365FOSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One extra is changed, host and port are not: no request reaches the other server, of any protocol."""
    fields = json.loads(fo.connection_json())
    fields["extra"] |= {"rate_limit_backend": "redis://limits.example", "rate_limit_password": "of-redis"}
    fields["extra"][name] = thief.url.replace("http", "redis") if name == "rate_limit_backend" else thief.url
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields))
    done, says = D365FOHook("kqzj").test_connection()
    assert thief.seen == []
    assert done == (name == "rate_limit_backend"), says
    assert "kqzj" not in says
    if name in {"authority", "token_url", "system_url"}:
        assert f"extra {name}" in says


@pytest.fixture
def silent() -> Iterator[tuple[int, list[bytes]]]:
    """Run a server that takes whatever it is sent and answers nothing."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.settimeout(2)
                    heard.append(peer.recv(4096))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.finding("S1")
@pytest.mark.parametrize("on_unreachable", ["error", "local"])
@pytest.mark.parametrize("password", ["rate_limit_password", "url"])
def test_redis_is_not_opened(
    silent: tuple[int, list[bytes]],
    sandbox: Sandbox,
    on_unreachable: str,
    password: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Test button keeps the limit of its own process: no byte goes to the Redis server of the extras."""
    port, heard = silent
    fields = json.loads(sandbox.connection_json())
    inside = ":of-redis@" if password == "url" else ""
    fields["extra"] |= {
        "rate_limit_backend": f"redis://{inside}127.0.0.1:{port}/0",
        "rate_limit_on_unreachable": on_unreachable,
        **({} if inside else {password: "of-redis"}),
    }
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields))
    done, says = PowerOfficeHook("kqzj").test_connection()
    assert done, says
    assert "The Redis server of rate_limit_backend was not asked." in says
    assert ("rate_limit_password" in says) == bool(inside)
    assert "of-redis" not in says
    assert heard == []


@pytest.mark.finding("S1")
@pytest.mark.parametrize("changed", [{"verify": False}, {"ca_bundle": "/tmp/of-the-attacker.pem"}])  # noqa: S108
def test_certificates_in_a_test(changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A test checks certificates as the machine does, unless all servers asked are named outside."""
    usual = read_settings(edited(**changed))
    assert usual.verify is not True
    assert usual.for_test().verify is True
    assert "Certificates were checked as this machine checks them" in usual.remarks
    monkeypatch.setenv(TRUSTED, "contoso.operations.dynamics.com")
    assert read_settings(edited(**changed)).for_test().verify is True  # the secret goes to Entra ID, too
    own = read_settings(edited(**changed, authority=HOST))
    assert own.for_test().verify == own.verify
    assert own.remarks == ""
    on_go = json.dumps({"subscription_api_key": "0123456789abcdef0123456789abcdef"} | changed)
    fields = {"conn_type": "poweroffice", "login": CLIENT_ID, "password": CLIENT_ID[::-1]}
    settings = read_settings(Connection(conn_id="po", extra=on_go, **fields))
    assert (settings.verify is True, settings.for_test().verify) == (False, True)


@pytest.mark.finding("S1")
def test_a_test_is_short() -> None:
    """The extras cannot make a test wait for longer than by default."""
    settings = read_settings(edited(connect_timeout=1e6, read_timeout=1e6)).for_test()
    assert (settings.timeouts.connect, settings.timeouts.read) == (10, 120)
    settings = read_settings(edited(connect_timeout=1, read_timeout=2)).for_test()
    assert (settings.timeouts.connect, settings.timeouts.read) == (1, 2)


@pytest.mark.finding("S1")
def test_clear_subscription_key_is_told(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Test button warns of a key that Airflow shows."""
    fields = json.loads(sandbox.connection_json())
    fields["extra"]["subscription_key"] = fields["extra"].pop("subscription_api_key")
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields))
    done, says = PowerOfficeHook("kqzj").test_connection()
    assert done, says
    assert "Warning: Airflow shows extra subscription_key" in says
    assert sandbox.keys().subscription_key not in says


@pytest.mark.finding("S1")
@pytest.mark.parametrize(
    "changed", [{"login": ""}, {"extra": '{"rate_limit_share": 7}'}, {"host": "ftp://x"}]
)
@pytest.mark.parametrize("kind", ["poweroffice", "d365fo"])
def test_test_names_no_connection(
    kind: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow tests under a random name, which says nothing to whoever reads the answer."""
    fields = {"conn_type": kind, "host": HOST, "login": "a", "password": "b", "extra": "{}"}
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields | changed))
    hook = PowerOfficeHook("kqzj") if kind == "poweroffice" else D365FOHook("kqzj")
    done, says = hook.test_connection()
    assert not done
    assert "kqzj" not in says.lower()
    assert "connection '" not in says


@pytest.mark.finding("S1")
def test_verify_off_is_logged(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that trusts any server says so in one line."""
    fields = json.loads(sandbox.connection_json())
    fields["extra"]["verify"] = False
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields))
    with caplog.at_level(logging.WARNING), PowerOfficeHook("kqzj") as hook:
        hook.client.request("GET", "ClientIntegrationInformation")
        hook.client.request("GET", "ClientIntegrationInformation")
    assert [record.message for record in caplog.records if "verify is off" in record.message] == [
        "verify is off in the connection: any server that answers is trusted, and gets the keys"
    ]


STRAY = [
    "{} ",
    " {}",
    "{}\n",
    "\t{}",
    "{}\r\n",
    "{}\u00a0",
    "\ufeff{}",
    "{}\u200b",
    "{}\u2028",
    "{}\x00",
    "\u202e{}",
]


@pytest.mark.finding("R23")
@pytest.mark.parametrize("stray", [*STRAY, "{0}\u200b{0}", "{0}\n{0}"])
@pytest.mark.parametrize("field", ["client_id", "client_secret", "tenant_id"])
def test_stray_characters(stray: str, field: str) -> None:
    """A blank, a line's end or an invisible character beside a key is refused, as PowerOffice's is."""
    extra = {"tenant_id": stray.format("contoso.com")} if field == "tenant_id" else {}
    conn = edited(**extra)
    if field == "client_id":
        conn.login = stray.format(CLIENT_ID)
    if field == "client_secret":
        conn.password = stray.format(SECRET)
    with pytest.raises(ValueError, match=f"{field} has spaces around it or characters") as caught:
        read_settings(conn)
    assert SECRET not in str(caught.value)
    assert CLIENT_ID not in str(caught.value)


WRONG: dict[str, dict[str, Any]] = {
    "number": {"connect_timeout": "abc"},
    "flag": {"verify": "perhaps"},
    "limit": {"rate_limit_share": 3},
    "redis": {"rate_limit_backend": "redis://u:r3dis-Passw0rd@h:x/0"},
    "word": {"rate_limit_backend": "redis://h/0", "rate_limit_password": "r3dis-Passw0rd", "verify": "?"},
    "company": {"client_api_keys": {"a b": "client-key-of-a-b"}, "token_version": "v7"},
    "destination": {"authority": "https://evil.example", "client_api_keys": "{"},
    "version": {"token_version": "v7", "api_version": "v7"},
    "certificates": {"ca_bundle": "/no/such.pem"},
}


@pytest.mark.finding("S12")
@pytest.mark.parametrize("kind", ["poweroffice", "d365fo"])
@pytest.mark.parametrize("wrong", WRONG)
def test_no_frame_of_a_wrong_connection_holds_keys(
    monkeypatch: pytest.MonkeyPatch, kind: str, wrong: str
) -> None:
    """What is wrong in a connection is told, and no frame that an error tracker shows holds its keys."""
    extra = {"subscription_api_key": "subscription-key", "tenant_id": "contoso.com"} | WRONG[wrong]
    fields = {"conn_type": kind, "host": HOST, "login": CLIENT_ID, "password": SECRET, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps(fields))
    hooks: dict[str, type[ClientHook]] = {"poweroffice": PowerOfficeHook, "d365fo": D365FOHook}
    uses: list[Callable[[], object]] = [lambda: hooks[kind]("wrong").client]
    uses.append(lambda: PowerOfficeHook("wrong").companies())
    uses.append(lambda: database_hook("wrong"))
    for use in uses:
        with pytest.raises(ValueError, match=r".") as caught:
            use()
        error: BaseException | None = caught.value
        frames = caught.value.__traceback__.tb_next  # type: ignore[union-attr] # below this one
        while error is not None:
            told = traceback.TracebackException(type(error), error, frames, capture_locals=True)
            text = "".join(told.format(chain=False))
            for secret in (SECRET, CLIENT_ID, "subscription-key", "r3dis-Passw0rd", "client-key-of-a-b"):
                assert secret not in text
            error = error.__cause__ or error.__context__
            frames = error.__traceback__ if error else None


LEADS_OUT = [
    "../../files/outside",
    "..",
    ".",
    "a/b",
    "a\\b",
    "usmf\n",
    "usmf ",
    "\u200busm",
    "us\u00e6",
    "a%2f",
    "None",
]


@pytest.mark.finding("S14")
@pytest.mark.parametrize("company", [*LEADS_OUT, "usmfx", "us-1", "*", "'", "\uff55smf", "us\x00"])
def test_legal_entity(company: str) -> None:
    """A company becomes part of paths and filters: one to four letters and digits, wherever it is from."""
    with pytest.raises(ValueError, match=r"company .* is not a legal entity"):
        read_settings(edited(), company)
    if company == company.strip():
        with pytest.raises(ValueError, match=r"company .* is not a legal entity"):
            read_settings(edited(company=company))
    assert read_settings(edited(company="DAT"), "usmf").credentials.company == "usmf"


GUID = "5f0c2a11-93be-4d07-8a6e-1b2c3d4e5f60"
HEX = "5f0c2a1193be4d078a6e1b2c3d4e5f60"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl"
PASTED = [
    GUID,
    GUID.upper(),
    HEX,
    f"{{{GUID}}}",
    f"{GUID}:{GUID[::-1]}",
    f" {GUID}\n",
    GUID.replace("-", "\u2013"),
    GUID.replace("-", "\u200b-"),
    " ".join(GUID),
    JWT,
    f"Bearer {JWT}",
    SECRET,
    "Basic dXNlcjpwYXNzd29yZA==",
    "rediss//:pa55word@limits.example",
    "redis:pa55word@limits.example",
    "https://user:pa55word@x.example",
]
FIELDS = [
    "environment",
    "api_version",
    "connect_timeout",
    "read_timeout",
    "requests_per_second",
    "rate_limit_share",
    "rate_limit_backend",
    "rate_limit_on_unreachable",
    "verify",
    "allow_http",
    "ca_bundle",
    "client_api_keys",
    "company",
    "host",
    "conn_type",
    "tenant_id",
    "token_version",
    "system_url",
    "authority",
    "token_url",
]


@pytest.mark.finding("S20")
@pytest.mark.parametrize("kind", ["poweroffice", "d365fo"])
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("pasted", PASTED)
def test_pasted_keys_are_not_printed(
    kind: str, field: str, pasted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in the wrong field is in no message, wherever the message comes from."""
    extra: dict[str, Any] = {"tenant_id": "contoso.com", "subscription_api_key": "0" * 32}
    fields: dict[str, Any] = {"conn_type": kind, "host": "https://127.0.0.1:1", "login": "a", "password": "b"}
    company = None
    if field in {"host", "conn_type"}:
        fields[field] = pasted
    elif field == "company":
        company = pasted
    elif field == "client_api_keys":
        extra[field] = {pasted: "b"}
    else:
        extra[field] = pasted
    monkeypatch.setenv("AIRFLOW_CONN_KQZJ", json.dumps(fields | {"extra": extra}))
    if field == "tenant_id" and pasted.lower() == GUID:
        return  # that is what a tenant looks like
    hook = PowerOfficeHook("kqzj", company=company)
    shown = []
    try:
        _ = hook.client.connection.retry
    except ValueError as error:
        shown.append(str(error))
    if fields["host"] == "https://127.0.0.1:1":
        shown.append(hook.test_connection()[1])
    parts = {GUID, GUID.upper(), HEX, JWT, SECRET, "pa55word", "dXNlcjpwYXNzd29yZA==", pasted.strip()}
    found = [part for part in parts for text in shown if part in text]
    assert found == [], shown


@pytest.mark.finding("S20")
def test_harmless_values_are_printed() -> None:
    """A message still says what was wrong where nothing looks like a key."""
    for text in (
        "moon",
        "v7",
        "/etc/ssl/certs/ca-certificates.crt",
        "https://contoso-uat-2026.example.com/x",
        "5",
    ):
        with pytest.raises(ValueError, match=f"not '{text}'"):
            read_settings(edited(verify=text))
