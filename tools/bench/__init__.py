"""`make bench`: how fast and how small the firmware is, measured in one run against named peers.

It prints a table and writes `build/bench.json`, a list of {name, unit, ours, peer, ratio, target, ok}; the exit status
is 1 if a target is missed. `ratio` says how many times better we are than the peer, whichever direction is better.
Rows without a target are there to be read.

Everything runs on this machine: the firmware's own modules under Unix MicroPython (64 bits; for heap sizes the 32-bit
build, whose objects are as large as the ESP32's), the car and its adapter as a process of `simulator` (an STN chip on
a UART of 115200 baud, control units that take 15 ms to answer), the server as a process of `collector`.

- polling: requests and values per second, the petrol car's standard PIDs asked for as fast as the adapter answers,
  median of three spells. The peer is the reference firmware's way of polling: one request a parameter, which lasts
  until the adapter is sure that nothing more comes, then a pause of 100 ms. It runs as a small program on the same
  simulator; its best sweep of two counts. (On real cars it is said to reach 6, in later versions 23 requests a second.)
- sweep: all 246 parameters of an electric car, which are in 17 answers, once; "the first" includes learning how long
  each answer is. The peer, as above, sends one request a parameter and before each all commands the profile gives for
  it. It neither decodes nor stores anything. Nothing is scaled: it sweeps all parameters, twice; the best counts.
- decoding: compiled expressions that give exact text, against `eval` of each expression as Python text with floats,
  the obvious way; best of five spells. The answers change from round to round, so that no value is the one before.
  "Heap growth" is what a round leaves behind a garbage collection, "heap taken" what it takes until then.
- body encoding: the default document of the 246 values of a large car, written from the group with exactly the digits
  they have, against `json.dumps` of a ready-made dict of the same values as floats and ints; best of seven spells.
- deliveries: POST requests of some 300 bytes on a kept, verified TLS connection, each with all that a destination does
  for it from the finished document to the verdict on the answer, against MicroPython's `requests.post`, which connects
  anew each time and verifies nothing, and writes line by line, which costs it 80 ms of delayed acknowledgements. "A
  connection each" is our client without keeping. Same server, TLS 1.2, EC P-256; best of three.
- TLS handshakes: of six destinations, each with its own connection, that send a thousand documents in turn.
- six destinations: the real ones with their tasks and the values of the large car, a document a second each. One server
  takes the connection and never says a word, one takes three seconds to answer, four are well. Lateness is how long
  after its due time an attempt of those four begins; due times that passed without a document count as a whole second.
  Measured for 23 s, from the moment when all but the dead one have delivered; 99 of 100 documents are no later.
- live heap: what the whole firmware holds while it polls the 246 parameters, delivers them over TLS and listens for
  visitors of its page, after a garbage collection. The modules are bytecode (`mpy-cross`) on the heap, as on a device
  with stock MicroPython; what was there before the imports (the interpreter's and the measuring script's own) is
  included. The lowest of ten samples counts, because the collector also keeps what merely looks referenced; the highest
  is shown. 1 KB is 1024 bytes. The peer is the same firmware from sources.
- imports: what main.py imports, as bytecode against from sources.
- default bundle, memory over one CA: an open connection whose server was verified through the default bundle, against
  one by a cert set with nothing but the authority that is needed; the peer has all authorities of the bundle loaded.
  The bundle is the real one and a private root, below which the server is, with an intermediate. 32 bits, bytecode, a
  process each; the lowest of three. Both heaps count: MicroPython's after garbage collections, and the C library's,
  from which Mbed TLS takes its memory here, as its own trace (`mtrace`) tells it, without what its bookkeeping costs.
- peak memory, of connections from files to the first answer: the C library's peak and the smallest heap with which
  MicroPython manages, with interpreter and modules. The two need not come at the same time: it is an upper limit.
- first contact: from files to the first answer, which takes a connection on which the server shows its certificates,
  the look-up and a verified connection, against one connection with all of the bundle loaded, read from the same file.
  This machine is quick to read the bundle, so the peer wins here; it would not fit into the device. "Authority
  remembered" is every later connection; its peer is a cert set with one authority. Medians of 40 each, in turn.
- page until usable: what the firmware sends of its page, heads of the answers included, before somebody can log in and
  see values: shell and first script. The peer is the reference firmware's page, which is one file, by its size when
  compressed: homepage.html, and homepage_full.html for "all of it" (it is said to send 102 KB, uncompressed). Our other
  pages are in a second script, loaded when one of them is opened; later visits load nothing anew. The time is what this
  machine takes; requests for values are not counted on either side.
"""
