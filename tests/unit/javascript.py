"""What JavaScript makes of a body, without JavaScript: `stringify(parse(body))`."""

import json


def is_index(key):
    return key.encode().isdigit() and str(int(key)) == key and int(key) < 2**32 - 1


def stringify(item):
    """ECMAScript's JSON.stringify for what a body may hold; `item` comes from `parse`."""
    if isinstance(item, Pairs):
        numbered = sorted(
            [pair for pair in item.pairs if is_index(pair[0])], key=lambda p: int(p[0])
        )
        named = [pair for pair in item.pairs if not is_index(pair[0])]
        return (
            "{" + ",".join([stringify(k) + ":" + stringify(v) for k, v in numbered + named]) + "}"
        )
    if isinstance(item, list):
        return "[" + ",".join([stringify(each) for each in item]) + "]"
    if isinstance(item, Literal):
        return item.text
    return '"' + "".join([escape(character) for character in item]) + '"'


def escape(character):
    short = {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
    if character in short:
        return short[character]
    return "\\u%04x" % ord(character) if ord(character) < 32 else character


class Pairs:
    def __init__(self, pairs):
        self.pairs = pairs


class Literal:
    """A number, true, false or null; a number must stand as JavaScript would print it."""

    def __init__(self, text):
        self.text = text
        if text not in ("true", "false", "null"):
            whole, point, decimals = text.partition(".")
            digits = whole[1:] if whole[0] == "-" else whole
            assert digits.isdigit() and (digits == "0" or digits[0] != "0"), text
            assert not point or (decimals.isdigit() and decimals[-1] != "0"), text
            assert text != "-0", text


def parse(text):
    """A strict JSON reader: keeps the order of keys, refuses blanks and duplicate keys."""
    item, end = parse_at(text, 0)
    assert end == len(text), text[end:]
    return item


def parse_at(text, at):
    if text[at] == "{":
        return parse_object(text, at)
    if text[at] == "[":
        return parse_array(text, at)
    end = at
    if text[at] == '"':
        end += 1
        while text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        return json.loads(text[at : end + 1]), end + 1
    while text[end] not in ",]}":
        end += 1
    return Literal(text[at:end]), end


def parse_array(text, at):
    items = []
    at += 1
    while text[at] != "]":
        assert not items or text[at] == ",", text[at:]
        item, at = parse_at(text, at + 1 if items else at)
        items.append(item)
    return items, at + 1


def parse_object(text, at):
    pairs = []
    at += 1
    while text[at] != "}":
        assert not pairs or text[at] == ",", text[at:]
        key, at = parse_at(text, at + 1 if pairs else at)
        assert text[at] == ":" and key not in [known for known, _ in pairs], key
        item, at = parse_at(text, at + 1)
        pairs.append((key, item))
    return Pairs(pairs), at + 1
