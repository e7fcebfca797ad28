"""A secret is found however a server writes it, and only the secret gives way."""

from __future__ import annotations

import base64
import html
import json
import time
import tracemalloc
from collections.abc import Callable
from urllib.parse import quote

import pytest
from support import FakeClock, Unthrottled
from support.raw_server import RawServer, http

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.api.blanking import blanked, holds_secret, scrub, shows_secret
from airflow_provider_poweroffice.api.echoes import echoes, scrubbed
from airflow_provider_poweroffice.api.response import Response, answer_of
from airflow_provider_poweroffice.errors import APIStatusError
from airflow_provider_poweroffice.tasks.download import file_name

pytestmark = pytest.mark.finding("D4", "S18")

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0b2sifQ.Zm9v-bar_baz~42="
SECRETS = ["22222222-aaaa-4bbb-8ccc-00000000000f", "33333333aaaa4bbb8ccc00000000beef", TOKEN]
HALF = 10


def each(form: str) -> Callable[[str], str]:
    """Write each letter by its number."""
    return lambda text: "".join(form.format(ord(letter)) for letter in text)


def cut(by: str) -> Callable[[str], str]:
    """Put something between two letters."""
    return lambda text: text[:HALF] + by + text[HALF:]


def base64_of(before: str, after: str = "") -> Callable[[str], str]:
    """Write a secret in Base64, among other text."""
    return lambda text: base64.b64encode(f"{before}{text}{after}".encode()).decode()


json_of, url_of, html_of = each("\\u{:04x}"), each("%{:02X}"), each("&#x{:x};")
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower": str.lower,
    "upper": str.upper,
    "mixed": str.swapcase,
    "JSON": json_of,
    "JSON, upper": each("\\u{:04X}"),
    "JSON in JSON": lambda text: json.dumps(json_of(text))[1:-1],
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json_of(text)))[1:-1],
    "one letter": lambda text: json_of(text[0]) + text[1:],
    "JavaScript": each("\\x{:02x}"),
    "JavaScript, braces": each("\\u{{{:x}}}"),
    "URL": url_of,
    "URL, lower": each("%{:02x}"),
    "URL in URL": lambda text: quote(url_of(text)),
    "URL in URL in URL": lambda text: quote(quote(url_of(text))),
    "URL in JSON": lambda text: json_of(url_of(text)),
    "HTML": html_of,
    "HTML, decimal": each("&#{};"),
    "HTML, padded": each("&#{:07d}"),
    "HTML in HTML": lambda text: html.escape(html_of(text)),
    "HTML, names": lambda text: (
        text.replace("-", "&hyphen;").replace(".", "&period;").replace("=", "&equals;")
    ),
    "JSON in HTML": lambda text: html_of(json_of(text)),
    "JSON in a URL": lambda text: quote(json_of(text)),
    "quoted-printable": each("={:02X}"),
    "soft break": cut("=\r\n"),
    "line": cut("\n"),
    "line of Windows": cut("\r\n  "),
    "line in JSON": cut("\\n"),
    "line in JSON in JSON": cut("\\\\r\\\\n"),
    "blank": cut(" "),
    "tab": cut("\t"),
    "break of HTML": cut("<br />"),
    "possible break": cut("<wbr>"),
    "soft hyphen": cut("\u00ad"),
    "soft hyphen in JSON": cut("\\u00ad"),
    "zero width": cut("\u200b"),
    "zero width in JSON": cut("\\u200b"),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
    "Base64": base64_of(""),
    "Base64, one before": base64_of(":", "\r\nHost: x"),
    "Base64, two before": base64_of("k="),
    "Base64 of a header": base64_of("Authorization: Bearer ", "\r\nHost: x\r\n"),
    "Base64 of URLs": lambda text: base64.urlsafe_b64encode(f"?>~{text}".encode()).decode().rstrip("="),
    "Base64 in lines": lambda text: base64.encodebytes(f"{'header ' * 9}{text}{'x' * 99}".encode()).decode(),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found(spelling: str, secret: str) -> None:
    """In every spelling it is noticed and blanked; what is around it stays."""
    written = SPELLINGS[spelling](secret)
    text = f'Kunde Åse & Sønn 100% sent "{written}" to us'.encode()
    assert holds_secret(text, SECRETS)
    found = blanked(text, SECRETS)
    assert found.startswith('Kunde Åse & Sønn 100% sent "'.encode())
    assert found.endswith(b'" to us')
    assert b"***" in found
    assert written.encode()[4:-4] not in found
    assert not holds_secret(found, SECRETS)


@pytest.mark.parametrize("spelling", ["plain", "lower", "upper", "JSON", "JSON, upper"])
def test_letters_outside_ascii(spelling: str) -> None:
    """A password may have them, which bytes do not bring into lower case."""
    secret = "pass&ord%41 ÆØÅ€~"
    text = f'{{"sent": "{SPELLINGS[spelling](secret)}"}}'.encode()
    assert blanked(text, [secret]) == b'{"sent": "***"}'
    assert holds_secret(text, [secret])


def test_backslashes() -> None:
    """A password may have them, which JSON writes twice, and JSON within JSON four times."""
    secret = 'domain\\user\\"Pass'
    text = json.dumps({"sent": secret, "log": json.dumps({"sent": secret.upper()})}).encode()
    found = blanked(text, [secret])
    assert json.loads(found) == {"sent": "***", "log": '{"sent": "***"}'}
    assert shows_secret(text, [secret])
    assert not holds_secret(found, [secret])


@pytest.mark.parametrize("secret", SECRETS)
def test_a_page_is_asked_for_less(secret: str) -> None:
    """Of a page only the spellings are found that a serializer of JSON makes, in any case."""
    for spelling in ("plain", "lower", "upper", "JSON", "one letter"):
        assert shows_secret(f'[{{"Name":"{SPELLINGS[spelling](secret)}"}}]'.encode(), [secret])
    assert not shows_secret(b'[{"Name":"\\u00e5"}]', [secret])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Storgata 1\r\n0155 Oslo",
        "\\u0041\\x41%41&#65;=41&amp;\0",
        "%&#;\\u00\\x&#x;&;%zz=ZZ&#999;\\",
        "22222222-aaaa-4bbb-8ccc-00000000000e",
        "2222 2222",
        base64.b64encode(b"Authorization: Bearer something else").decode(),
    ],
)
def test_all_else_stays(text: str) -> None:
    """A text without a secret is given as it is, and no short secret is found across blanks."""
    assert scrub(text, [*SECRETS, "22222222"[:5] + "x"]) == text
    assert blanked(text.encode(), SECRETS) == text.encode()


def test_each_occurrence_gives_way() -> None:
    """Several secrets, several times, beside each other and within each other, half a pair among them."""
    one, two = SECRETS[:2]
    assert scrub(f"{one}{two} \ud83d {one.upper()}, {url_of(two)}", SECRETS) == "****** \ud83d ***, ***"
    assert scrub("secret-key-of-mine", ["secret-key", "key-of-mine"]) == "***"


@pytest.mark.finding("S4")
@pytest.mark.parametrize(
    "unit",
    ["\\", "\\u0041", "%41", "%25", "&#65;", "&#", "&amp;", "=41", " ", "\0", "\\n", "<br", "2", "\\\\u00"],
)
def test_no_text_takes_long(unit: str) -> None:
    """A hostile text of 256 KB is searched in the time that its length takes."""
    began = time.process_time()
    blanked((unit * 262_144)[:262_144].encode(), SECRETS, may_be_cut=True)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("unit", ['{"Name": "Salg \\"og\\" service"}', "&amp;", "\\n"])
def test_no_text_takes_much_memory(unit: str) -> None:
    """A page that repeats a key may have 256 MB: it takes some tens of bytes for each, not hundreds."""
    text = (unit * 262_144)[:262_144].encode() + SECRETS[0].encode()
    size = len(text)
    tracemalloc.start()
    try:
        assert blanked(text, SECRETS).endswith(b"***")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * size


KEYS = Credentials(
    application_key="11111111-aaaa-4bbb-8ccc-000000000001",
    client_key=SECRETS[0],
    subscription_key=SECRETS[1],
)


def client_of(server: RawServer) -> Client:
    """Open a client with fake time."""
    return Client(KEYS, host=server.url, clock=FakeClock(), throttle=Unthrottled())


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "utf-7", "cp500", "iso-8859-1", "no-such"])
def test_texts_in_any_charset(charset: str) -> None:
    """What a declared charset hides is noticed, and shows in no form of the answer."""
    said = f"Åse sent {SECRETS[1]} +1 to us".encode("latin-1" if charset == "no-such" else charset)
    answer = Response(200, {"Content-Type": f"text/plain; charset={charset}"}, said, "GET", "/x")
    assert echoes(answer, (*SECRETS,), ())
    found = scrubbed(answer, (*SECRETS,))
    assert SECRETS[1] not in repr((found.text, found.body, found.content))
    assert found.text == f"{'�' if charset == 'no-such' else 'Å'}se sent *** +1 to us"


def test_a_header_that_is_named_like_a_key() -> None:
    """Names of headers are blanked as well as their values."""
    echo = f"X-{SECRETS[1]}: 1\r\nX-Echo: {url_of(SECRETS[0])}\r\n".encode()
    with RawServer(http(b"{}", headers=echo)) as server, client_of(server) as client:
        seen = repr(dict(client.request("GET", "Customers/1").headers))
        server.answer = http(b"{}", status="400 Bad Request", headers=echo)
        with pytest.raises(APIStatusError) as error:
            client.request("GET", "Customers/1")
    for shown in (seen, repr(dict(answer_of(error.value).headers))):
        assert SECRETS[1] not in shown
        assert url_of(SECRETS[0]) not in shown


@pytest.mark.parametrize("name", ['filename="{}.pdf"', "filename*=UTF-8''{}.pdf"])
def test_the_head_of_a_file(name: str) -> None:
    """What a receipt takes of a file's headers, its name and type, holds no key; the file is as it came."""
    given = f"{SECRETS[1]}-{url_of(TOKEN)}" if "*" in name else SECRETS[1]
    headers = f"Content-Disposition: attachment; {name.format(given)}\r\n".encode()
    kind = f"application/pdf; for={SECRETS[0]}".encode()
    with RawServer(http(b"%PDF", headers=headers, kind=kind)) as server, client_of(server) as client:
        server.token = http(f'{{"access_token":"{TOKEN}","expires_in":1200}}'.encode())
        found = client.download("Documents/1")
        with found.body as file:
            assert file.seek(0) == 0
            assert file.read() == b"%PDF"
    assert file_name(found.head) in {"***.pdf", "***-***.pdf"}
    assert found.head.headers["Content-Type"] == "application/pdf; for=***"


def test_tokens_that_were_replaced() -> None:
    """An answer to a call of an earlier token, which may still be valid, does not show it either."""
    with RawServer() as server, client_of(server) as client:
        for number in range(3):
            server.token = http(b'{"access_token":"tok.en-number-%d","expires_in":1200}' % number)
            client.auth.token(instead_of=client.auth.token() if number else None)
        server.answer = http(b'{"a":["tok.en-number-0","tok.en-number-1","tok.en-number-2"]}')
        assert client.request("GET", "Customers/1").body == {"a": ["***"] * 3}
