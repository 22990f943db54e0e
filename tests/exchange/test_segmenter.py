"""Any program may draw the mask: it sees a copy, is ended when it must be, and what it wrote is checked."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from isotherm.errors import BadGeometry, BadSetting, EmptyMask, NoSuchLabel, SegmenterFailed, UnreadableFile
from isotherm.exchange.image_files import read_volume
from isotherm.exchange.segmenter import Segmenter, run_segmenter
from isotherm.imaging.volume import Grid, Volume
from tests.exchange.made_up import as_nifti

pytestmark = pytest.mark.skipif(os.name != "posix", reason="programs are written as scripts with a first line")

GRID = Grid((6, 8, 9), (2.0, 0.8, 0.7), (-30.0, 12.5, 400.0))
IMAGE = Volume(np.random.default_rng(0).integers(-100, 200, GRID.shape_kji).astype(np.int16), GRID)

COPIES = """
    import nibabel, numpy, sys
    image = nibabel.load(sys.argv[1])
    labels = (image.get_fdata() > 0).astype(numpy.uint8)
    nibabel.Nifti1Image(labels, image.affine).to_filename(sys.argv[2])
"""


def program(folder: Path, body: str, name: str = "draw me") -> Path:
    """Write a program whose name needs quoting."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(body))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def drawn(folder: Path, body: str, *, timeout_s: float = 60.0, label: str | None = None) -> np.ndarray:
    command = f"'{program(folder, body)}' {{image}} {{out}}"
    (read,) = run_segmenter(Segmenter(command, timeout_s), IMAGE, of="organ", label=label)
    assert read.mask.grid.same_as(IMAGE.grid)
    return read.mask.voxels


def test_a_program_gets_the_image_and_its_mask_comes_back_on_the_images_grid(tmp_path: Path) -> None:
    assert np.array_equal(drawn(tmp_path, COPIES), IMAGE.voxels > 0)


def test_it_does_not_learn_what_opens_the_pacs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", "pass-SECRET")
    looks = COPIES + "    import os\n    assert 'HOME' in os.environ and 'SECRET' not in str(dict(os.environ))\n"
    assert drawn(tmp_path, looks).any()


def test_no_shell_sees_the_command(tmp_path: Path) -> None:
    path = program(tmp_path, COPIES)
    with pytest.raises(SegmenterFailed):
        run_segmenter(Segmenter(f"'{path}' {{image}} $(touch {tmp_path}/owned) {{out}}; touch {tmp_path}/owned"),
                      IMAGE, of="organ")  # fmt: skip
    assert not (tmp_path / "owned").exists()


def test_one_label_of_several_is_chosen(tmp_path: Path) -> None:
    three = COPIES.replace("(image.get_fdata() > 0)", "(1 * (image.get_fdata() > 0) + 1 * (image.get_fdata() > 100))")
    assert np.array_equal(drawn(tmp_path, three, label="2"), IMAGE.voxels > 100)
    with pytest.raises(NoSuchLabel, match="several labels"):
        drawn(tmp_path, three)


def test_a_failure_is_told_with_the_last_words_and_without_folders(tmp_path: Path) -> None:
    with pytest.raises(SegmenterFailed, match=r"code 3: no weights in 'best\.pth'$"):
        drawn(tmp_path, "import sys\nprint('\\n'.join(['noise'] * 9000) + \"\\nno weights in '/home/anna/w/best.pth'\","
              " file=sys.stderr)\nsys.exit(3)")  # fmt: skip
    with pytest.raises(SegmenterFailed, match="code 1 and said nothing"):
        drawn(tmp_path, "raise SystemExit(1)")


def test_a_traceback_of_the_program_becomes_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SegmenterFailed) as raised:
        drawn(tmp_path, "raise ValueError('x' * 5000 + '\\x1b[31m')")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_a_program_that_writes_nothing_or_too_much(tmp_path: Path) -> None:
    with pytest.raises(SegmenterFailed, match="wrote no mask"):
        drawn(tmp_path, "pass")
    with pytest.raises(SegmenterFailed, match="wrote 2 masks"):
        drawn(tmp_path, "import os, sys\nos.mkdir(sys.argv[2])\n"
              "[open(sys.argv[2] + f'/{n}.nii.gz', 'w') for n in (1, 2)]")  # fmt: skip


def test_a_mask_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="not a NIfTI image"):
        drawn(tmp_path, "import sys\nopen(sys.argv[2], 'w').write('hello' * 200)")
    with pytest.raises(EmptyMask):
        drawn(tmp_path, COPIES.replace("> 0", "> 9999"))
    with pytest.raises(BadGeometry, match="another grid"):
        drawn(tmp_path, COPIES.replace("image.affine)", "image.affine)")
              .replace("labels,", "labels[:-1],"))  # fmt: skip


def test_a_mask_in_another_place_is_refused(tmp_path: Path) -> None:
    moved = COPIES.replace("labels = ", "image.affine[0, 3] += 5.0\n    labels = ")
    with pytest.raises(BadGeometry, match="another grid"):
        drawn(tmp_path, moved)


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    body = f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        time.sleep(60)
    """
    with pytest.raises(SegmenterFailed, match="longer than 4 s"):
        drawn(tmp_path, body, timeout_s=4.0)
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_refuses_to_end_is_ended(tmp_path: Path) -> None:
    body = f"""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
        time.sleep(60)
    """
    with pytest.raises(SegmenterFailed, match="longer than"):
        drawn(tmp_path, body, timeout_s=4.0)
    assert gone(int((tmp_path / "pid").read_text()))


def test_ctrl_c_ends_the_program_and_its_children(tmp_path: Path) -> None:
    body = f"""
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid.part")!r}, "w").write(str(child.pid))
        os.rename({str(tmp_path / "pid.part")!r}, {str(tmp_path / "pid")!r})
        time.sleep(60)
    """
    path, image = program(tmp_path, body), as_nifti(tmp_path / "image.nii.gz", IMAGE.voxels, GRID)
    # Whoever starts the tests may have made them deaf to Ctrl-C.
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from isotherm.app.cli import main
sys.exit(main(sys.argv[1:]))
"""
    ours = subprocess.Popen([sys.executable, "-c", code, "segment", str(image), "--segmenter",
                             f"'{path}' {{image}} {{out}}"], stderr=subprocess.PIPE, text=True)  # fmt: skip
    for _ in range(600):
        if (tmp_path / "pid").exists():
            break
        time.sleep(0.1)
    ours.send_signal(signal.SIGINT)
    _, said = ours.communicate(timeout=60)
    assert ours.returncode == 130
    assert "Traceback" not in said
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Say whether a process comes to its end within a few seconds; one that nobody waits for counts as ended."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("command", ["", "draw", "draw {image}", "draw {out}", "draw '{image} {out}"])
def test_a_command_without_its_places_is_refused(command: str) -> None:
    with pytest.raises(BadSetting, match="--segmenter"):
        Segmenter(command)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e9])
def test_a_time_limit_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(BadSetting, match="time limit"):
        Segmenter("draw {image} {out}", seconds)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(SegmenterFailed, match="'no-such-program' is not there"):
        run_segmenter(Segmenter("no-such-program {image} {out}"), IMAGE, of="organ")


class TestTotalSegmentator:
    """The program of this name on the path is a fake that takes the real one's options."""

    FAKE = """
        import argparse, nibabel, numpy
        parser = argparse.ArgumentParser()
        parser.add_argument("-i", required=True)
        parser.add_argument("-o", required=True)
        for option in ("--ml", "--fast", "--quiet"):
            parser.add_argument(option, action="store_true", required=True)
        told = parser.parse_args()
        image = nibabel.load(told.i)
        labels = numpy.zeros(image.shape, dtype=numpy.uint8)
        labels[2:5, 2:5, 1:4] = 5
        nibabel.Nifti1Image(labels, image.affine).to_filename(told.o)
    """

    def test_it_is_called_by_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, self.FAKE, "TotalSegmentator")
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        (read,) = run_segmenter(Segmenter("totalsegmentator"), IMAGE, of="organ", label="5")
        assert int(read.mask.voxels.sum()) == 27

    def test_where_it_is_not_installed_a_sentence_says_how_and_what_it_downloads(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SegmenterFailed, match=r"isotherm\[totalsegmentator\].*downloads weights.*network"):
            run_segmenter(Segmenter("TotalSegmentator"), IMAGE, of="organ")


def test_the_image_that_came_in_is_never_touched(tmp_path: Path) -> None:
    path = as_nifti(tmp_path / "image.nii.gz", IMAGE.voxels, GRID)
    before = path.read_bytes()
    image = read_volume(path).volume
    spoils = COPIES + "    open(sys.argv[1], 'w').write('spoilt')\n"
    run_segmenter(Segmenter(f"'{program(tmp_path, spoils)}' {{image}} {{out}}"), image, of="organ")
    assert path.read_bytes() == before
