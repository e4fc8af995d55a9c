"""What stands in for the store and the uptime where only secrets and time matter."""


class Clock:
    """An uptime that stands still until it is moved."""

    def __init__(self):
        self.now_ms = 1000

    def ms(self):
        return self.now_ms


class Vault:
    """A store of secrets; `full` ones cannot be written."""

    def __init__(self, **secrets):
        self.secrets = {"web." + name: secrets[name] for name in secrets}
        self.full = False

    def secret(self, key):
        return self.secrets.get(key)

    def save_secrets(self, changes):
        if self.full:
            return [{"field": "", "code": "storage", "message": "It could not be written (28)."}]
        for key in changes:
            self.secrets.pop(key, None)
            if changes[key] is not None:
                self.secrets[key] = changes[key]
        return []
