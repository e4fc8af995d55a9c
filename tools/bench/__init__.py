"""`make bench`: how fast and how small the firmware is, measured in one run against named peers.

It prints a table and writes `build/bench.json`, a list of {name, unit, ours, peer, ratio, target, ok}; the
exit status is 1 if a target is missed. `ratio` says how many times better we are than the peer, whichever
direction is better. Rows without a target are there to be read.

Everything runs on this machine: the firmware's own modules under Unix MicroPython (64 bits, for heap sizes the 32-bit
build, whose objects are as large as the ESP32's), the car and its adapter as a process of `simulator` (an STN chip on
a UART of 115200 baud, control units that take 15 ms to answer), the server as a process of `collector`.

- requests and values per second: the petrol car's standard PIDs, asked for as fast as the adapter answers. The peer is
  the reference firmware's polling, which asks for one parameter at a time, waits until the adapter is sure that nothing
  more comes, and pauses 100 ms; it runs as a small program on the same simulator. (It is published to reach 6, in newer
  versions 23 requests per second on a real car.) Median of several spells for us, the best for the peer.
- sweep: all 246 parameters of an electric car (17 requests) once. The peer, as above, sends one request per parameter
  with the request's commands before it; it neither decodes nor stores, so its time is a lower bound. Its sweep is
  measured in full, twice.
- decoding: compiled expressions, value as exact text, against `eval` of each expression as Python text with floats, the
  obvious way. The answers change from round to round. "heap growth" is what stays after a garbage collection.
- deliveries: POST requests on a kept, verified TLS connection against MicroPython's `requests.post`, which connects
  anew each time and verifies nothing; it writes each header by itself, which costs it 80 ms of delayed acknowledgements
  a request. The second row shows our client without keeping. Same server, TLS 1.2, EC P-256; the best of three spells.
- live heap: what the whole firmware holds while it polls the 246 parameters, delivers over TLS and serves its
page, after
  a garbage collection; modules as bytecode (`mpy-cross`), as a device carries them. The peer is the same from sources.
- imports: loading all modules as bytecode, against from sources.
"""
