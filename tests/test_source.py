"""A citation can be found and checked, or it is refused."""

import pytest

from isotherm.source import Citation

GOOD = {"title": "A trial", "year": 2018, "where": "Table 2", "doi": "10.1097/SLA.0000000000002064"}


def test_a_citation_reads_as_one_line():
    citation = Citation(**GOOD, pmid="27763897", journal="Ann Surg 2018;267:132-141")
    line = "A trial; Ann Surg 2018;267:132-141; doi 10.1097/SLA.0000000000002064; pmid 27763897; Table 2"
    assert str(citation) == line


def test_without_a_journal_the_year_stands_in_its_place():
    citation = Citation(title="COLLISION", year=2018, where="eligibility", trial="NCT03088150", pmcid="PMC11615634")
    assert str(citation) == "COLLISION; 2018; PMC11615634; NCT03088150; eligibility"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"where": " "}, "does not say where"),
        ({"title": ""}, "without a title"),
        ({"year": 18}, "the year 18"),
        ({"doi": ""}, "cannot be found"),
        ({"doi": "https://doi.org/10.1097/x"}, "is not a DOI"),
        ({"pmid": "PMC12"}, "is not a PMID"),
        ({"pmcid": "11615634"}, "is not a PMCID"),
    ],
)
def test_a_citation_that_cannot_be_checked_is_refused(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        Citation(**(GOOD | wrong))


@pytest.mark.parametrize("number", [{"pmid": "27763897"}, {"trial": "NCT03088150"}, {"journal": "AJR 2014;203:W181"}])
def test_any_one_identifier_is_enough(number):
    assert Citation(title="T", year=2014, where="abstract", **number).identifiers() == number
