"""Runs before main.py on the device. Nothing here may fail: it is the last way back in.

The application of one of the two slots gets onto the path for modules; if there is none that may run, what is beside
them stays there, and main.py starts safe mode.
"""

import sys

import micropython

micropython.alloc_emergency_exception_buf(100)
root = sys.argv[1] if len(sys.argv) > 1 else ""  # as for main.py
sys.path.insert(0, root + "/rescue")
try:
    import board
    from device import boot

    boot.prepare(board, root)
except Exception as error:
    sys.print_exception(error)
