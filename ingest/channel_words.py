"""What source systems call our channels: words to guess by, for a person to look over."""

from collections.abc import Iterable

from journeys.service import CHANNELS, Channel

_WORDS: dict[Channel, tuple[str, ...]] = {
    "web": (
        *("internet", "verkko", "verkkopalvelu", "netti", "sähköinen", "sähköinen asiointi"),
        *("online", "www", "website", "webb", "webbplats", "nätet", "e-tjänst", "portaali"),
    ),
    "phone": ("puhelin", "puhelu", "soitto", "puhelinpalvelu", "telefon", "samtal", "telephone"),
    "office": (
        *("toimipiste", "asiakaspalvelu", "palvelupiste", "käynti", "paikan päällä", "tiski"),
        *("besök", "kontor", "desk", "counter", "visit", "in person"),
    ),
    "email": ("sähköposti", "meili", "e-post", "epost", "e-mail"),
    "chat": ("chatti", "chatt", "chatbot"),
    "paper": ("kirje", "posti", "paperi", "paperilomake", "brev", "post", "papper", "letter"),
    "sms": ("tekstiviesti", "textmeddelande", "sms-viesti", "text message"),
}
_CHANNELS = {word: channel for channel, words in _WORDS.items() for word in (channel, *words)}


def guess_channels(words: Iterable[str]) -> tuple[dict[str, Channel], list[str]]:
    """Guess what words for channels mean.

    Returns:
        Channel by word, of the words that are no channel as they stand but mean one; and the words
        that nothing is known of. Both in the order given.

    Examples:
        >>> guess_channels(["Puhelin", "web", "Faksi"])
        ({'Puhelin': 'phone'}, ['Faksi'])
    """
    known: dict[str, Channel] = {}
    unknown: list[str] = []
    for word in words:
        channel = _CHANNELS.get(" ".join(word.casefold().split()))
        if word in CHANNELS:
            continue
        if channel is None:
            unknown.append(word)
        else:
            known[word] = channel
    return known, unknown
