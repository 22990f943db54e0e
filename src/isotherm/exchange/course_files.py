"""course.toml → Course: every mistake with file, line and key, all at once, and never with a value."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import cast

from isotherm.clinical.course import Course
from isotherm.errors import BadCourse
from isotherm.exchange.course_shapes import course_shape
from isotherm.exchange.text_files import text_of
from isotherm.printable import printable
from isotherm.toml_form import parsed

NAME = "course.toml"


def read_course(
    path: str | os.PathLike[str], *, today: date, lesions: Collection[str], case_id: str = "", root: Path | None = None
) -> Course:
    """Read the course of one patient from a file; docs/board.md tells its form.

    Parameters
    ----------
    path : path
    today : date
        No day in the file may be later.
    lesions : collection of str
        Ids of the lesions of the case; others are refused.
    case_id : str
        Id of the case, which must be the patient's key here where both are told.
    root : Path, optional
        The folder that holds the images; else that of the file. No name in the file leads out of it.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    BadCourse
        Every problem that was found, one line each.
    """
    file = Path(path)
    text = text_of(file, called="course", example=f"{NAME} of one patient")
    return course_from(text, today=today, lesions=lesions, case_id=case_id, name=printable(file.name),
                       root=file.parent if root is None else root)  # fmt: skip


def course_from(
    text: str, *, today: date, lesions: Collection[str], root: Path, case_id: str = "", name: str = NAME
) -> Course:
    """Read a course from the text of a file; `name` is what errors call it.

    Raises
    ------
    BadCourse
    """
    if not text.strip():
        raise BadCourse(("", f"{name} is empty; `isotherm case --init DIR` writes a form to fill in."))
    table, document = parsed(text, name, BadCourse, private=True)
    course = document.noun(course_shape(today, lesions, root, case_id), table, ())
    document.refuse()
    return cast("Course", course)
