"""A refusal of the measurement names the boxes of the page that it is read on, never an option of the command line."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient

from isotherm.app.web.page_words import CONFIRMED, on_the_page
from isotherm.errors import PairInDoubt
from isotherm.exchange.origin import Origin, check_pair
from isotherm.exchange.voxel_source import ImageFile
from tests.app.web.inline import write


def of_day(day: int) -> Origin:
    return Origin("P", "", "", date(2025, 1, day), None, "CT", "")


def test_swapped_scans_name_the_box_to_tick_that_stands_on_the_page(client: TestClient) -> None:
    with pytest.raises(PairInDoubt, match="--confirm-pair") as caught:
        check_pair([of_day(9)], [of_day(2)])
    said = on_the_page(str(caught.value))
    assert "confirm" not in said
    assert f"are both the right way around; if so, begin again and tick “{CONFIRMED}”." in said
    assert write(client, "/who", name="ada").status_code == 303
    assert f'{CONFIRMED} <span class="soft">(asked for only where ' in client.get("/assess").text


def test_an_image_is_called_as_its_box_is() -> None:
    early, late = (ImageFile("x.nii", f"{which} image") for which in ("earlier", "later"))
    assert on_the_page(f"{early.start} is no image.").startswith("The file of “Scan before ablation” 'x.nii' is")
    assert on_the_page(f"Look at {late}.") == "Look at the file of “Scan after ablation” 'x.nii'."
