"""The doctor names every rule file that is wrong, with file, line and reason, and is content with those that are right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from amends.cli.environment import read
from amends.cli.findings import Level
from amends.cli.rule_checks import RULES
from amends.clocks.models import Closure
from amends.core import clock
from amends.routing.models import RuleSetState, RuleSetVersion
from tests.people import House

pytestmark = pytest.mark.django_db

ALERT_RULES = """\
version = "1"
[[rule]]
says = "Everything new goes to the team."
event = "new_case"
levels = [["team"]]
"""


def wrong() -> list[str]:
    findings = [finding for check in RULES for finding in check(read({}))]
    return [finding.what for finding in findings if finding.level is Level.BAD]


def test_what_comes_with_amends_is_well(house: House) -> None:
    findings = [list(check(read({}))) for check in RULES]
    assert [[one.level for one in some] for some in findings] == [[Level.GOOD]] * len(RULES)


def test_every_wrong_pack_of_a_folder_is_named_not_only_the_first(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    settings.AMENDS_PACKS_DIR = str(tmp_path)
    (tmp_path / "one.yaml").write_text("key: one\nversion: never\n")
    (tmp_path / "two.yaml").write_text("key: [two\n")
    first, second = wrong()
    assert first.startswith(f"{tmp_path / 'one.yaml'}, line 2: version: ")
    assert second.startswith(f"{tmp_path / 'two.yaml'}, line ")


def test_a_folder_for_packs_that_is_not_there_is_named(house: House, settings: Settings, tmp_path: Path) -> None:
    settings.AMENDS_PACKS_DIR = str(tmp_path / "nowhere")
    assert [one.endswith("this folder for rule packs is not there") for one in wrong()] == [True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"timezone": "Mars/Phobos"}, "there is no time zone 'Mars/Phobos'"),
        ({"country": "DE", "subdivision": "QQ"}, "'QQ' is not a part of DE"),
    ],
)
def test_a_unit_that_cannot_be_counted_with_is_named(house: House, changes: dict[str, str], said: str) -> None:
    for name, value in changes.items():
        setattr(house.london, name, value)
    house.london.save(update_fields=list(changes))
    (found,) = wrong()
    assert f"The unit {house.london.key!r}" in found
    assert said in found


def test_a_unit_that_never_opens_is_named(house: House) -> None:
    today = clock.now().date()
    for year in range(3):
        first = today + timedelta(days=360 * year - 5)
        Closure.objects.create(unit=house.london, first=first, last=first + timedelta(days=362), name="Closed")
    (found,) = wrong()
    assert "no working day within" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ALERT_RULES.replace('"team"]', '"everybody"]'), "line 5: rule.0.levels.0.0: Input should be 'owner'"),
        (ALERT_RULES.replace("new_case", "old_case"), "line 4: rule.0.event: "),
        (ALERT_RULES + "minutes = 0\n", "line 6: rule.0.minutes: "),
        (ALERT_RULES + "minuets = 5\n", "line 6: rule.0.minuets: Extra inputs are not permitted"),
        (ALERT_RULES.replace("levels", "# levels"), "line 2: rule.0.levels: Field required"),
        (ALERT_RULES.replace('"1"', "1 2"), "line 1: "),
        ("", "line 1: version: Field required"),
    ],
)
def test_wrong_alert_rules_are_named_with_their_line(
    house: House, settings: Settings, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "alerts.toml").write_text(text)
    settings.AMENDS_ALERT_RULES = str(tmp_path / "alerts.toml")
    (found,) = wrong()
    assert found.startswith(f"{tmp_path / 'alerts.toml'}, {said}"), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[webhooks.pager]\nurl = "ftp://x"\nsecret = "0123456789abcdef"\n', "line 2: webhooks.pager.url: "),
        ('[webhooks.pager]\nurl = "https://example.com/"\nsecret = "hunter2"\n', "line 3: webhooks.pager.secret: "),
        ('[webhooks.pager]\nurl = "https://example.com/"\n', "line 1: webhooks.pager.secret: Field required"),
        ('[services]\nchat = "no address"\n', "line 2: services.chat: "),
        ('[servcies]\nchat = "slack://x/y"\n', "line 1: servcies: Extra inputs are not permitted"),
        ("[services\n", "line 1: "),
    ],
)
def test_a_wrong_file_of_services_is_named_with_its_line_and_without_its_secrets(
    house: House, settings: Settings, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "outside.toml").write_text(text)
    settings.AMENDS_ALERTS_FILE = str(tmp_path / "outside.toml")
    (found,) = wrong()
    assert found.startswith(f"{tmp_path / 'outside.toml'}, {said}"), found
    assert "hunter2" not in found


@pytest.mark.parametrize("name", ["AMENDS_ALERT_RULES", "AMENDS_ALERTS_FILE", "AMENDS_ESCALATION_CRITERIA"])
def test_a_rule_file_that_is_not_there_is_named(house: House, settings: Settings, tmp_path: Path, name: str) -> None:
    setattr(settings, name, str(tmp_path / "gone.toml"))
    (found,) = wrong()
    assert "gone.toml: the file cannot be read (No such file or directory)" in found


def test_wrong_letters_and_a_wrong_choice_of_letters_are_named(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    settings.AMENDS_LETTERS_DIR = str(tmp_path)
    (tmp_path / "acknowledgement.en.toml").write_text('kind = "acknowledgement"\nlanguage = 5\n')
    (tmp_path / "letter_choice.toml").write_text(
        'version = "1"\nsource = "us"\n[[rule]]\nsays = "To all"\nletter = "acknowledgement"\nwho = "all"\n'
    )
    found = sorted(wrong())
    assert [one.partition(": ")[0] for one in found] == [
        f"{tmp_path / 'acknowledgement.en.toml'}, line 2",
        f"{tmp_path / 'letter_choice.toml'}, line 6",
    ]


def test_wrong_criteria_playbooks_and_causes_are_named(house: House, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text('version = "1"\n[[rule]]\nsays = 5\n')
    (tmp_path / "playbook.yaml").write_text("key: x\n")
    (tmp_path / "causes.yml").write_text("groups: [\n")
    settings.AMENDS_ESCALATION_CRITERIA = str(tmp_path / "criteria.toml")
    settings.AMENDS_PLAYBOOKS_DIR = str(tmp_path)
    settings.AMENDS_CAUSES_FILE = str(tmp_path / "causes.yml")
    found = wrong()
    assert len(found) == 3
    for name in ("criteria.toml, line ", "playbook.yaml: ", "causes.yml: "):
        assert any(name in one for one in found), found


def test_routing_rules_that_name_a_team_that_is_gone_are_named(house: House) -> None:
    rules = {"rules": [{"name": "To the moon", "when": {}, "to": {"team": "moon"}}]}
    RuleSetVersion.objects.create(state=RuleSetState.DRAFT, rules=rules)
    (found,) = wrong()
    assert found.startswith("The routing rules in the draft: ")
    RuleSetVersion.objects.update(rules={"rules": "none"})
    (found,) = wrong()
    assert "The routing rules in the draft: " in found
