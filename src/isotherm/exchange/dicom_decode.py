"""Decodes compressed frames in a process of its own: damaged data end this process, never the one that asked.

The libraries behind are written in C and C++, and some end the whole process on damaged data (GDCM does, on JPEG).
`Decoder` starts this file as a program, sends one frame after the other and gets numbers back; whatever else the
program says is thrown away. Run-length encoding is decoded in Python, and needs none of this.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from typing import Any, BinaryIO

import numpy as np
from pydicom.pixels.decoders import base as pydicom_decoders

from isotherm.exchange.dicom_item import quietly

decoders: Any = pydicom_decoders

RLE = "1.2.840.10008.1.2.5"

LENGTH = struct.Struct("<Q")

PATIENCE_S = 60.0
"""A frame that takes longer is damaged; most take a hundredth of a second, starting the program one second."""

MOST_MESSAGE = 2**32
"""Bytes of one message; more are a mistake of the program that answers."""


class NotDecoded(Exception):
    """The frame is damaged, or the program has ended over it."""


class Decoder:
    """A program that decodes frames, started with the first one and ended with the context."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def decode(self, frame: bytes, told: dict[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
        """Return the stored numbers of one frame, shape (j, i).

        Parameters
        ----------
        frame : bytes
            As it lies in the file.
        told : dict
            Options of pydicom's decoders (rows, columns, bits_allocated, ...) and the transfer syntax.

        Raises
        ------
        NotDecoded
        """
        if told["syntax"] == RLE:
            return unpacked(frame, told)
        program = self._program or self._start()
        assert program.stdin is not None
        assert program.stdout is not None
        timer = threading.Timer(PATIENCE_S, program.kill)
        timer.start()
        try:
            _send(program.stdin, json.dumps(told).encode(), frame)
            head, data = json.loads(_take(program.stdout)), _take(program.stdout)
            if not head["fine"]:
                raise NotDecoded
            return np.frombuffer(data, np.dtype(str(head["dtype"]))).reshape(head["shape"])
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            self._end()
            raise NotDecoded from error
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "isotherm.exchange.dicom_decode"]
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self._program

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        program.kill()
        # Pipes are closed by hand: what is left in them belongs to nobody.
        for pipe in (program.stdin, program.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        program.wait()


def _send(stream: BinaryIO | Any, *messages: bytes) -> None:
    for message in messages:
        stream.write(LENGTH.pack(len(message)))
        stream.write(message)
    stream.flush()


def _take(stream: BinaryIO | Any) -> bytes:
    (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    if length > MOST_MESSAGE:
        raise EOFError
    return _exactly(stream, length)


def _exactly(stream: BinaryIO | Any, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def unpacked(frame: bytes, told: dict[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
    """Decode one frame in this process.

    Raises
    ------
    NotDecoded
    """
    options = {name: value for name, value in told.items() if name != "syntax"}
    try:
        with quietly():
            array, _ = decoders.get_decoder(told["syntax"]).as_array(frame, raw=True, index=0, **options)
    except Exception as error:  # each decoder has failures of its own
        raise NotDecoded from error
    return np.ascontiguousarray(array)


def serve(stdin: BinaryIO | Any, stdout: BinaryIO | Any) -> None:
    """Decode frames until nobody asks any more."""
    while True:
        try:
            told, frame = json.loads(_take(stdin)), _take(stdin)
        except (EOFError, struct.error):
            return
        try:
            array = unpacked(frame, told)
            head, data = {"fine": True, "dtype": array.dtype.str, "shape": array.shape}, array.tobytes()
        except NotDecoded:
            head, data = {"fine": False}, b""
        _send(stdout, json.dumps(head).encode(), data)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
