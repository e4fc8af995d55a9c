"""Whether a cert set would work, judged before it is stored: every problem at once, each with a sentence.

No signature is checked here: Mbed TLS does that when a connection is made.
"""

from trust import contents, details, fitness, pem

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from trust.contents import Refuse
    from trust.keys import PrivateKey
    from trust.x509 import Certificate

    Problem = dict[str, str]

_LARGEST = {"ca": 32768, "cert": 16384, "key": 8192}  # bytes, as uploaded and as kept
_MOST = {"ca": 16, "cert": 5}


def check(
    ca: "bytes | None", cert: "bytes | None", key: "bytes | None", now: "str | None"
) -> "tuple[dict[str, object], list[Problem]]":
    """Facts and problems of what a set will hold; None for a file it will not have.

    `now` is "YYYYMMDDHHMMSS" (UTC), or None while the clock is not set: dates are not judged then. The facts are
    {"ca": [details of each certificate], "cert": [the same, in the file's order], "key": its kind or None}, of what
    can be read. A problem is {"field": "ca", "cert" or "key", "code": …, "message": one sentence or two}.
    """
    problems: list[Problem] = []
    authorities = _certificates("ca", ca, _refuser("ca", problems))
    _judge_authorities(authorities, now, _refuser("ca", problems))
    chain = _certificates("cert", cert, _refuser("cert", problems))
    leaves = _judge_chain(chain, now, _refuser("cert", problems))
    private = _private_key(key, _refuser("key", problems))
    _judge_pair(cert is not None, key is not None, leaves, private, problems)
    facts: dict[str, object] = {
        "ca": [details.of(one, now) for one in authorities],
        "cert": [details.of(one, now) for one in chain],
        "key": private.kind if private else None,
    }
    return facts, problems


def _refuser(field: str, problems: "list[Problem]") -> "Refuse":
    def refuse(code: str, message: str) -> None:
        problems.append({"field": field, "code": code, "message": message})

    return refuse


def _certificates(field: str, data: "bytes | None", refuse: "Refuse") -> "list[Certificate]":
    """The certificates of a file, each once."""
    if data is None or _too_large(field, len(data), refuse):
        return []
    found: list[Certificate] = []
    for one in contents.certificates(data, refuse):
        if any(other.der == one.der for other in found):
            refuse("duplicate", f"{_named(one)} is in it twice; once is enough.")
        else:
            found.append(one)
    if len(found) > _MOST[field]:
        message = "There are %d certificates in it; at most %d can be used."
        refuse("too_many", message % (len(found), _MOST[field]))
    else:
        kept = sum([pem.encoded_size("CERTIFICATE", len(one.der)) for one in found])
        _too_large(field, kept, refuse)
    return found


def _too_large(field: str, size: int, refuse: "Refuse") -> bool:
    if size <= _LARGEST[field]:
        return False
    message = "It is too large: %d bytes of PEM text, and at most %d can be kept."
    refuse("too_large", message % (size, _LARGEST[field]))
    return True


def _private_key(data: "bytes | None", refuse: "Refuse") -> "PrivateKey | None":
    if data is None or _too_large("key", len(data), refuse):
        return None
    found = contents.private_key(data, refuse)
    weak = fitness.key(found.kind) if found else None
    if weak:
        refuse(weak[0], f"The file {weak[1]}.")
    return found


def _judge_authorities(found: "list[Certificate]", now: "str | None", refuse: "Refuse") -> None:
    for one in found:
        _judge_fitness(one, refuse)
        signs = one.is_ca and fitness.may(one, fitness.SIGNS_CERTIFICATES)
        if not signs and not one.self_signed:  # a self-signed one may stand for itself
            issuer = one.issuer or "without a name"
            message = "%s is not an authority's; upload that of its authority, %s."
            refuse("not_authority", message % (_named(one), issuer))
    late = [_date_problem(one, now) for one in found]
    if None not in late:  # with another that is valid today, a warning in its details is enough
        for problem in late:
            refuse(*problem)  # type: ignore[misc]  # none of them is None


def _judge_fitness(one: "Certificate", refuse: "Refuse") -> None:
    for code, text in fitness.findings(one):
        refuse(code, f"{_named(one)} {text}.")


def _date_problem(one: "Certificate", now: "str | None") -> "tuple[str, str] | None":
    if now is None or one.not_before <= now <= one.not_after:
        return None
    if now > one.not_after:
        message = "%s expired on %s; upload its successor."
        return "expired", message % (_named(one), details.date(one.not_after))
    message = "%s is not valid before %s; the device's clock says %s."
    start, today = details.date(one.not_before), details.date(now)
    return "not_yet_valid", message % (_named(one), start, today)


def _judge_chain(
    chain: "list[Certificate]", now: "str | None", refuse: "Refuse"
) -> "list[Certificate]":
    """Returns those that the key may belong to: the first, unless the order is beyond recognition."""
    for one in chain:
        _judge_fitness(one, refuse)
        problem = _date_problem(one, now)
        if problem:
            refuse(*problem)
    ordered = _ordered(chain)
    if chain and not ordered:
        refuse("broken_chain", _gap(chain))
        return chain
    if ordered != chain:
        names = ", then ".join([one.subject or "the one without a name" for one in ordered])
        refuse("chain_order", f"The certificates are in the wrong order; it must be: {names}.")
    if ordered:
        _judge_leaf(ordered[0], refuse)
    return ordered[:1]


def _judge_leaf(leaf: "Certificate", refuse: "Refuse") -> None:
    if leaf.is_ca:
        message = "%s is an authority's; a client certificate that the authority signed is wanted."
        refuse("authority", message % _named(leaf))
    elif not leaf.for_clients:
        message = "%s is not made for clients; ask for one with the usage clientAuth."
        refuse("not_for_clients", message % _named(leaf))
    elif not fitness.may(leaf, fitness.SIGNS_DATA):
        message = "%s is not made for clients; ask for one with the usage digitalSignature."
        refuse("not_for_clients", message % _named(leaf))


def _ordered(chain: "list[Certificate]") -> "list[Certificate]":
    """The same, leaf first and each followed by its issuer; empty if they are no chain."""
    if len(chain) < 2:
        return chain
    left = list(chain)
    issuers = [one.issuer_raw for one in chain if not one.self_signed]
    wanted = [one.subject_raw for one in chain if one.subject_raw not in issuers][:1]
    ordered = []
    while left:
        following = [one for one in left if one.subject_raw in wanted]
        if not following:
            return []
        ordered.append(following[0])
        left.remove(following[0])
        wanted = [following[0].issuer_raw]
    return ordered


def _gap(chain: "list[Certificate]") -> str:
    for at in range(len(chain) - 1):
        if chain[at].issuer_raw != chain[at + 1].subject_raw:
            message = "%s was not issued by the one that follows it (%s); it must be the leaf, then its issuers."
            return message % (_named(chain[at]), chain[at + 1].subject)
    return "The certificates are no chain."


def _judge_pair(
    has_cert: bool,
    has_key: bool,
    leaves: "list[Certificate]",
    private: "PrivateKey | None",
    problems: "list[Problem]",
) -> None:
    if has_cert and not has_key:
        _refuser("key", problems)("field_empty", "The client certificate needs its private key.")
    elif has_key and not has_cert:
        _refuser("cert", problems)("field_empty", "The private key needs its client certificate.")
    elif leaves and private and not any(_may_belong(private, one) for one in leaves):
        message = "The private key does not belong to the certificate of %s."
        name = leaves[0].subject or "the client"
        _refuser("key", problems)("key_mismatch", message % name)


def _may_belong(private: "PrivateKey", certificate: "Certificate") -> bool:
    try:
        return private.matches(certificate.spki) is not False
    except ValueError:
        return False


def _named(certificate: "Certificate") -> str:
    if certificate.subject:
        return f"The certificate of {certificate.subject}"
    return "A certificate without a name"
