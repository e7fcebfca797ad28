"""Invented Norwegian names for companies, people and goods. Data only; nothing here exists."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split("|"))


FIRST_NAMES = _split("""
Åse | Bjørn | Cathrine | Dag | Eirin | Frøydis | Gøran | Håkon | Ingvild | Jørgen | Kåre | Liv | Mærta |
Nils | Øystein | Pål | Ragnhild | Sølvi | Torbjørn | Unni | Vebjørn | Synnøve | Åshild | Trygve
""")
LAST_NAMES = _split("""
Aasen | Bråten | Dørum | Eikås | Fjærestad | Grønli | Håland | Iversen | Jørstad | Kvåle | Løkken | Mæland
| Nygård | Østby | Rødseth | Sætre | Tveitå | Ulvøy | Vågen | Ås | Bergsbø | Hølen
""")
COMPANY_STARTS = _split("""
Fjell | Hav | Bjørke | Sølv | Blå | Nord | Øy | Ås | Brygge | Lyng | Storm | Grønn | Vår | Tinde | Elve |
Måke | Røros | Skjær | Kråke | Gull
""")
COMPANY_ENDS = _split("""
blikk | kanten | vik | toppen | dalen | holmen | åsen | bøen | lia | strøket
""")
COMPANY_KINDS = _split("""
Byggservice AS | Rørleggeri AS | Kafé AS | Regnskap AS | Transport AS | Elektro AS | Hagesenter AS |
Verksted ANS | Frisør | Havfiske AS | Maskin AS | Møbler AS
""")
STREETS = ("Nedre Brygge", "Sjøgata", "Bjørkeveien", "Kirkegata", "Øvre Torg", "Granåsvegen", "Hamneveien")
PLACES = (
    ("5014", "Bergen"),
    ("0150", "Oslo"),
    ("7011", "Trondheim"),
    ("9008", "Tromsø"),
    ("4006", "Stavanger"),
    ("6002", "Ålesund"),
    ("3611", "Kongsberg"),
    ("8006", "Bodø"),
    ("2317", "Hamar"),
    ("9600", "Hammerfest"),
)
GOODS = _split("""
Vedlikehold, time | Kjøretillegg | Kabel 3G2,5 | Filterbytte | Sveisetråd | Håndverktøy | Møteromsleie |
Lunsj, fløte og bær | Fraktgebyr | Årsavtale service | Rørdel 22 mm | Serviceoppdrag på stedet | Maling,
grå | Prøvetaking | Sikkerhetskurs
""")
PROJECT_NAMES = _split("""
Brygge etappe | Rehabilitering lager | Nybygg Åsen | Serviceavtale vest | Opprusting skole | Kaifront øst
| Tak og fasade
""")
DEPARTMENT_NAMES = _split("""
Verksted | Salg | Administrasjon | Lager | Prosjekt | Sør | Nord | Øst | Vest | Transport | Innkjøp |
Service
""")
JOB_TITLES = (
    "Montør",
    "Regnskapsfører",
    "Daglig leder",
    "Selger",
    "Lærling",
    "Lagermedarbeider",
    "Prosjektleder",
)
CONTACT_GROUP_NAMES = ("Nøkkelkunder", "Kommuner", "Forhandlere", "Samarbeidspartnere", "Årsavtale")

# NS 4102: number, name, type, default VAT code.
ACCOUNTS = (
    (1200, "Maskiner og anlegg", "Asset", "0"),
    (1250, "Inventar", "Asset", "0"),
    (1280, "Kontormaskiner", "Asset", "0"),
    (1460, "Varelager", "Asset", "0"),
    (1500, "Kundefordringer", "Asset", "0"),
    (1570, "Reiseforskudd", "Asset", "0"),
    (1700, "Forskuddsbetalt leie", "Asset", "0"),
    (1900, "Kontanter", "Asset", "0"),
    (1920, "Bankinnskudd", "Asset", "0"),
    (1950, "Bankinnskudd, skattetrekk", "Asset", "0"),
    (2000, "Aksjekapital", "Equity", "0"),
    (2050, "Annen egenkapital", "Equity", "0"),
    (2400, "Leverandørgjeld", "Liability", "0"),
    (2600, "Forskuddstrekk", "Liability", "0"),
    (2700, "Utgående merverdiavgift, høy sats", "Liability", "0"),
    (2702, "Utgående merverdiavgift, middels sats", "Liability", "0"),
    (2710, "Inngående merverdiavgift, høy sats", "Asset", "0"),
    (2740, "Oppgjørskonto merverdiavgift", "Liability", "0"),
    (2770, "Skyldig arbeidsgiveravgift", "Liability", "0"),
    (2930, "Skyldig lønn", "Liability", "0"),
    (2940, "Skyldige feriepenger", "Liability", "0"),
    (3000, "Salgsinntekt, avgiftspliktig", "Income", "3"),
    (3100, "Salgsinntekt, avgiftsfri", "Income", "5"),
    (3600, "Leieinntekt", "Income", "0"),
    (3900, "Annen driftsinntekt", "Income", "3"),
    (4300, "Innkjøp av varer for videresalg", "Expense", "1"),
    (5000, "Lønn til ansatte", "Expense", "0"),
    (5400, "Arbeidsgiveravgift", "Expense", "0"),
    (6300, "Leie av lokaler", "Expense", "1"),
    (6540, "Inventar og småanskaffelser", "Expense", "1"),
    (6800, "Kontorrekvisita", "Expense", "1"),
    (6900, "Telefon og bredbånd", "Expense", "1"),
    (7100, "Bilgodtgjørelse, oppgavepliktig", "Expense", "0"),
    (7350, "Representasjon, ikke fradrag", "Expense", "0"),
    (7770, "Bank- og kortgebyr", "Expense", "0"),
    (8060, "Valutagevinst (agio)", "Income", "0"),
    (8160, "Valutatap (disagio)", "Expense", "0"),
)

# Id, code, name, rate, valid to.
VAT_CODES = (
    (100, "0", "Ingen mva-behandling", "0.00", None),
    (101, "1", "Inngående mva, høy sats", "25.00", None),
    (111, "11", "Inngående mva, middels sats", "15.00", None),
    (103, "3", "Utgående mva, høy sats", "25.00", None),
    (131, "31", "Utgående mva, middels sats", "15.00", None),
    (105, "5", "Fritatt innenlands omsetning", "0.00", None),
    (106, "6", "Omsetning utenfor mva-loven", "0.00", None),
    (133, "33", "Utgående mva, lav sats (utgått)", "8.00", "2017-12-31"),
)
