"""Compressed frames are decoded in a process of its own: damaged data end that process, never the one that asked.

The libraries behind are written in C and C++, and some end the whole process on damaged data (GDCM does, on JPEG).
`Decoder` starts `dicom_decode_program` and sends it one frame after the other; whatever else the program says is thrown
away.
"""

from __future__ import annotations

import json
import struct
import subprocess
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.exchange.own_program import PYTHON

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

    def decode(self, frame: bytes, told: dict[str, Any]) -> npt.NDArray[Any]:
        """Return the stored numbers of one frame, shape (j, i).

        Parameters
        ----------
        frame : bytes
            Encapsulated, as it lies in a file.
        told : dict
            Options of pydicom's decoders (rows, columns, bits_allocated, ...) and the transfer syntax.

        Raises
        ------
        NotDecoded
        """
        program = self._program or self._start()
        assert program.stdin is not None
        assert program.stdout is not None
        timer = threading.Timer(PATIENCE_S, program.kill)
        timer.start()
        try:
            send(program.stdin, json.dumps(told).encode(), frame)
            head, data = json.loads(take(program.stdout)), take(program.stdout)
            if not head["fine"]:
                raise NotDecoded
            return np.frombuffer(data, np.dtype(str(head["dtype"]))).reshape(head["shape"])
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            self._end()
            raise NotDecoded from error
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*PYTHON, "-m", "isotherm.exchange.dicom_decode_program"]
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self._program

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        program.kill()
        for pipe in (program.stdin, program.stdout):
            with suppress(OSError):  # what is left in a pipe belongs to nobody
                if pipe is not None:
                    pipe.close()
        program.wait()


def send(stream: Any, *messages: bytes) -> None:
    """Write messages, each behind its length."""
    for message in messages:
        stream.write(LENGTH.pack(len(message)))
        stream.write(message)
    stream.flush()


def take(stream: Any) -> bytes:
    """Read one message.

    Raises
    ------
    EOFError
        The stream has ended.
    """
    (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    if length > MOST_MESSAGE:
        raise EOFError
    return _exactly(stream, length)


def _exactly(stream: Any, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
