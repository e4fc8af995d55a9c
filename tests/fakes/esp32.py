"""The chip's `esp32`: NVS that outlives a start, and the line that wakes it."""

HEAP_DATA = 4

stored = {}
commits = [0]
wakes = []


class NVS:
    def __init__(self, namespace):
        assert len(namespace) <= 15
        self._namespace = namespace
        self._open = {}

    def get_i32(self, key):
        return self._get(key)

    def _get(self, key):
        assert len(key) <= 15
        if (self._namespace, key) not in stored:
            raise OSError(-4354)  # ESP_ERR_NVS_NOT_FOUND
        return stored[self._namespace, key]

    def set_i32(self, key, value):
        assert len(key) <= 15 and -(1 << 31) <= value < 1 << 31
        self._open[self._namespace, key] = value

    def commit(self):
        stored.update(self._open)
        commits[0] += 1


def wake_on_ext0(pin, level):
    wakes.append((None if pin is None else pin.number, level))
