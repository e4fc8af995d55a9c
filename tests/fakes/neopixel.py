"""One WS2812 on a pin."""

shown = []


class NeoPixel:
    def __init__(self, pin, count):
        self._pin = pin.number
        self._colours = [(0, 0, 0)] * count

    def __setitem__(self, index, colour):
        self._colours[index] = colour

    def write(self):
        shown.append((self._pin, self._colours[0]))
