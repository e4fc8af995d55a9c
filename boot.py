"""Runs before main.py on the device. Nothing here may fail: it is the last way back in."""

import micropython

micropython.alloc_emergency_exception_buf(100)
