"""Starts the application.

On the device: runs after boot.py. Under the Unix port: `tools/micropython main.py [FOLDER]`, where FOLDER plays the
device's file system.
"""

import sys

import app

app.main(sys.argv[1] if len(sys.argv) > 1 else "")
