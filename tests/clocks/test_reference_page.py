"""The reference page is written from the packs and is current."""

from amends.clocks.library import mismatches, packs
from amends.clocks.packfile import parse_pack
from amends.clocks.reference import PAGE, page


def test_the_page_of_the_rule_packs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m amends.clocks.reference"


def test_the_page_names_every_clock_and_says_what_is_not_confirmed() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    rules = [rule for pack in packs().values() for rule in pack.clocks]
    assert len(rows) == len(rules)
    for row, rule in zip(rows, rules, strict=True):
        assert f"`{rule.name}`" in row
        assert ("*unconfirmed*" in row) == (rule.certainty == "unconfirmed")
        assert rule.source.document in row


def test_the_pack_in_the_guide_is_a_pack_and_its_example_comes_out() -> None:
    guide = (PAGE.parent / "clocks.md").read_text(encoding="utf-8")
    written = guide.split("```yaml\n")[1].split("```")[0]
    pack = parse_pack(written, "northlight.yaml")
    assert [mismatches(pack, example) for example in pack.examples] == [[]]
