"""Signed notes, checkpoints and cosignatures: the specification's example, and everything that is none."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from tlog_world import LOG_KEY, ORIGIN, WITNESS_KEYS, key

from sekisho.ledger import notes
from sekisho.ledger.notes import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    Checkpoint,
    Note,
    Signature,
    UnableToReadKey,
    UnableToReadNote,
    UnableToTrustNote,
    UnableToUseMlDsa,
    parse_checkpoint,
    parse_note,
    parse_signer,
    parse_verifier,
    trusted,
)
from sekisho.ledger.verify import sekisho_verify

# https://c2sp.org/signed-note, its example.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOW = 1_795_000_000


def signed(*signers: notes.Signer, head: Checkpoint = HEAD) -> Note:
    return Note(head.text, tuple(signer.sign(text=head.text, time=NOW) for signer in signers))


def test_the_specifications_example() -> None:
    verifier = parse_verifier(EXAMPLE_KEY)
    note = parse_note(EXAMPLE)
    assert str(verifier) == EXAMPLE_KEY
    assert str(note) == EXAMPLE
    assert list(trusted(note=note, verifiers=[verifier])) == [verifier]
    (_, _, data) = sekisho_verify.parse_signature(EXAMPLE.split("\n")[2])
    public = sekisho_verify.parse_key(EXAMPLE_KEY).public
    assert sekisho_verify.ed25519_holds(public, data, b"This is an example message.\n")


# RFC 8032, section 7.1, tests 1 to 3: (public key, message, signature).
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_ed25519_of_the_verifier(public: str, message: str, signature: str) -> None:
    key_bytes, text, data = (bytes.fromhex(value) for value in (public, message, signature))
    assert sekisho_verify.ed25519_holds(key_bytes, data, text)
    assert not sekisho_verify.ed25519_holds(key_bytes, data, text + b"x")
    beyond_order = data[:32] + (int.from_bytes(data[32:], "little") + sekisho_verify.ORDER).to_bytes(
        32, "little"
    )
    assert not sekisho_verify.ed25519_holds(key_bytes, beyond_order, text)
    for place in range(0, 64, 7):
        altered = bytearray(data)
        altered[place] ^= 1
        assert not sekisho_verify.ed25519_holds(key_bytes, bytes(altered), text)


@pytest.mark.parametrize("kind", [ED25519, COSIGNATURE, ML_DSA_44])
def test_writer_and_verifier_agree_on_every_kind(kind: int) -> None:
    signer = key(ORIGIN, kind)
    note = signed(signer)
    head = sekisho_verify.parse_head(str(note))
    theirs = sekisho_verify.parse_key(str(signer.verifier))
    assert parse_verifier(str(signer.verifier)) == signer.verifier
    assert parse_signer(signer.private_text) == signer
    assert list(trusted(note=note, verifiers=[signer.verifier])) == [signer.verifier]
    assert sekisho_verify.signers(head, [theirs]) == {theirs}
    assert note.signatures[0].time == (None if kind == ED25519 else NOW)


@pytest.mark.parametrize("kind", [ED25519, COSIGNATURE, ML_DSA_44])
@pytest.mark.parametrize("place", [0, 7, 8, 20, 39, 50, -85, -84, -5, -1])
def test_an_altered_signature_is_accepted_by_neither(kind: int, place: int) -> None:
    signer = key(ORIGIN, kind)
    (signature,) = signed(signer).signatures
    data = bytearray(signature.data)
    place = place % len(data)
    data[place] ^= 4
    note = Note(HEAD.text, (Signature(signature.name, signature.key_id, bytes(data)),))
    with pytest.raises(UnableToTrustNote):
        trusted(note=note, verifiers=[signer.verifier])
    with pytest.raises(sekisho_verify.Wrong):
        sekisho_verify.signers(
            sekisho_verify.parse_head(str(note)), [sekisho_verify.parse_key(str(signer.verifier))]
        )


def test_unknown_signatures_are_ignored() -> None:
    stranger = key("stranger.example")
    same_name = key(ORIGIN, number=5)
    note = signed(stranger, same_name, LOG_KEY, *WITNESS_KEYS)
    assert list(trusted(note=note, verifiers=[LOG_KEY.verifier])) == [LOG_KEY.verifier]
    with pytest.raises(UnableToTrustNote, match="No known key"):
        trusted(note=signed(stranger, same_name), verifiers=[LOG_KEY.verifier])


def test_a_wrong_signature_beside_a_right_one_condemns_the_note() -> None:
    note = signed(LOG_KEY, WITNESS_KEYS[0])
    wrong = Signature(WITNESS_KEYS[0].name, WITNESS_KEYS[0].verifier.key_id, bytes(72))
    with pytest.raises(UnableToTrustNote):
        trusted(
            note=Note(note.text, (*note.signatures, wrong)),
            verifiers=[LOG_KEY.verifier, WITNESS_KEYS[0].verifier],
        )


def test_sixteen_signatures_are_read() -> None:
    note = signed(LOG_KEY, *(key(f"w{number}.example", COSIGNATURE) for number in range(15)))
    assert parse_note(str(note)) == note


GOOD = str(signed(LOG_KEY))
LINE = GOOD.split("\n\n")[1]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n",
        HEAD.text,
        HEAD.text + "\n",
        GOOD[:-1],
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("— ", "- "),
        GOOD.replace("— ", "—"),
        GOOD + "\n",
        HEAD.text + "\n" + LINE + "stray\n",
        HEAD.text + "\n— name+plus " + LINE.split(" ")[2],
        HEAD.text + "\n— name AAAA\n",
        HEAD.text + "\n— name !!!!\n",
        HEAD.text + "\n" + LINE * 65,
        "\t" + GOOD,
        "x" * (1 << 20) + "\n" + GOOD,
    ],
)
def test_what_is_no_note(raw: str) -> None:
    with pytest.raises(UnableToReadNote):
        parse_note(raw)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1.0\n{ROOT}\n",
        f"origin\n１\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        f"origin\n9223372036854775808\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-4]}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n{ROOT}\n\nextension\n",
        "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(UnableToReadNote):
        parse_checkpoint(text)
    with pytest.raises(sekisho_verify.Wrong):
        sekisho_verify.parse_head(f"{text}\n{LINE}")


def test_extension_lines_are_carried() -> None:
    head = Checkpoint(ORIGIN, 0, bytes(32), ("a", "b"))
    assert parse_checkpoint(head.text) == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AA==",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("example.com/foo", "example.com/fo o"),
        EXAMPLE_KEY[:-4],
        str(LOG_KEY.verifier).replace("+AQ", "+Bw"),
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(UnableToReadKey):
        parse_verifier(text)


def test_a_private_key_is_never_shown() -> None:
    seed = base64.b64encode(LOG_KEY.seed).decode()
    assert seed not in repr(LOG_KEY)
    with pytest.raises(UnableToReadKey) as refused:
        parse_signer(LOG_KEY.private_text.replace("PRIVATE+KEY+", ""))
    assert seed[4:20] not in str(refused.value)


def test_a_machine_without_ml_dsa_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        @staticmethod
        def from_seed_bytes(_: bytes) -> None:
            raise UnsupportedAlgorithm("no ML-DSA")

    monkeypatch.setattr(notes, "MLDSA44PrivateKey", Missing)
    with pytest.raises(UnableToUseMlDsa, match="ML-DSA-44"):
        key("w.example", ML_DSA_44).sign(text=HEAD.text, time=NOW)
