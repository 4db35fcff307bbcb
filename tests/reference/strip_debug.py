"""Takes the debug information out of TorchScript archives: it names the folders of the machine that they were made on.

To be run on the archives that `crates/checkpoint/tests/fixtures/make.py` and `clip_fixtures.py` write, before they are committed:

    tests/reference/.venv/bin/python tests/reference/strip_debug.py FILE…
"""

import os
import sys
import zipfile

ALIGNMENT = 64  # of each entry's data, as PyTorch writes them


def strip(path):
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(path + ".new", "w") as stripped:
        for entry in archive.infolist():
            if entry.filename.endswith(".debug_pkl"):
                continue
            copy = zipfile.ZipInfo(entry.filename)
            copy.compress_type = entry.compress_type
            padding = -(stripped.fp.tell() + 34 + len(entry.filename.encode())) % ALIGNMENT
            copy.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            stripped.writestr(copy, archive.read(entry))
    os.replace(path + ".new", path)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        strip(path)
