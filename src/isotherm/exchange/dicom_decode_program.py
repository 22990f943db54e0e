"""The program that decodes frames for `dicom_decode.Decoder`, from standard input to standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydicom.pixels.decoders import base as pydicom_decoders

from isotherm.exchange.dicom_decode import send, take

decoders: Any = pydicom_decoders


def serve(stdin: Any, stdout: Any) -> None:
    """Decode frames until nobody asks any more."""
    while True:
        try:
            told, frame = json.loads(take(stdin)), take(stdin)
        except EOFError:
            return
        try:
            array, _ = decoders.get_decoder(told.pop("syntax")).as_array(frame, raw=True, index=0, **told)
            head, data = {"fine": True, "dtype": array.dtype.str, "shape": array.shape}, array.tobytes()
        except Exception:  # each decoder has failures of its own
            head, data = {"fine": False}, b""
        send(stdout, json.dumps(head).encode(), data)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
